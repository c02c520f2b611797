import { ChangeDetectionStrategy, Component, input } from '@angular/core';

/** A label, its control, and below it the hint or what is wrong. */
@Component({
  selector: 'hk-field',
  template: `
    <label class="mb-1.5 block text-[0.8125rem] font-medium" [attr.for]="for()">{{ label() }}</label>
    <ng-content />
    @if (error()) {
      <p class="mt-1.5 flex gap-1.5 text-[0.8125rem] text-bad" role="alert" [id]="for() + '-note'">
        <i class="pi pi-exclamation-circle mt-0.5" aria-hidden="true"></i>{{ error() }}
      </p>
    } @else if (hint()) {
      <p class="mt-1.5 text-[0.8125rem] text-ink-3" [id]="for() + '-note'">{{ hint() }}</p>
    }
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Field {
  readonly for = input.required<string>();
  readonly label = input.required<string>();
  readonly hint = input('');
  readonly error = input('');
}
