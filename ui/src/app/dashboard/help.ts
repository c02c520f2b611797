import { ChangeDetectionStrategy, Component, output } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { Modal } from '../kit/modal';
import { RANGE_KEYS } from './ranges';

/** The keys of the page. */
@Component({
  selector: 'hk-help',
  imports: [Modal, TranslocoPipe],
  template: `
    <hk-modal [heading]="'help.title' | transloco" width="38rem" (closed)="closed.emit()">
      <div class="grid gap-x-10 gap-y-1 text-[0.8125rem] sm:grid-cols-2">
        <dl>
          @for (r of ranges; track r.key) {
            <div class="flex items-center border-b border-line py-1.5">
              <dt>{{ 'range.' + r.name | transloco }}</dt>
              <dd class="ml-auto"><kbd class="kbd">{{ r.key }}</kbd></dd>
            </div>
          }
        </dl>
        <dl>
          @for (o of others; track o[0]) {
            <div class="flex items-center border-b border-line py-1.5">
              <dt>{{ 'help.' + o[0] | transloco }}</dt>
              <dd class="ml-auto flex gap-1">
                @for (k of o[1]; track k) {
                  <kbd class="kbd">{{ k }}</kbd>
                }
              </dd>
            </div>
          }
        </dl>
      </div>
    </hk-modal>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Help {
  readonly closed = output();
  protected readonly ranges = Object.entries(RANGE_KEYS).map(([name, key]) => ({ name, key }));
  protected readonly others: [string, string[]][] = [
    ['shift', ['←', '→']],
    ['compare', ['X']],
    ['interval', ['I']],
    ['clear', ['Esc']],
    ['search', ['/']],
    ['site', ['1', '…', '9']],
    ['zoom', ['Enter']],
    ['help', ['?']],
  ];
}
