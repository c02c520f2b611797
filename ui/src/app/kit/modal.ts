import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { Dialog } from 'primeng/dialog';

/** A dialog over the page: traps focus, closes on Escape and outside. */
@Component({
  selector: 'hk-modal',
  imports: [Dialog, TranslocoPipe],
  template: `
    <p-dialog
      [visible]="true"
      (visibleChange)="closed.emit()"
      [modal]="true"
      [draggable]="false"
      [resizable]="false"
      [dismissableMask]="true"
      [blockScroll]="true"
      [header]="heading()"
      [closeAriaLabel]="'common.close' | transloco"
      [style]="{ width: width(), maxWidth: 'calc(100vw - 1rem)' }"
      [contentStyle]="{ 'overflow-y': 'auto' }"
    >
      <ng-content />
    </p-dialog>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Modal {
  readonly heading = input.required<string>();
  readonly width = input('34rem');
  readonly closed = output();
}
