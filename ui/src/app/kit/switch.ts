import { ChangeDetectionStrategy, Component, input, model } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { ToggleSwitch } from 'primeng/toggleswitch';

@Component({
  selector: 'hk-switch',
  imports: [FormsModule, ToggleSwitch],
  template: `<p-toggleswitch [inputId]="inputId()" [disabled]="disabled()" [ngModel]="value()" (ngModelChange)="value.set($event)" />`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Switch {
  readonly inputId = input.required<string>();
  readonly value = model.required<boolean>();
  readonly disabled = input(false);
}
