import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import type { Change } from '../format/number';

/** How a number moved: arrow, size, and a colour that says whether that is welcome. */
@Component({
  selector: 'hk-delta',
  imports: [TranslocoPipe],
  template: `
    @if (change(); as c) {
      @switch (c.direction) {
        @case ('new') {
          <span class="text-xs font-medium text-ink-3">{{ 'change.new' | transloco }}</span>
        }
        @case ('unknown') {}
        @default {
          <span class="num text-xs font-medium whitespace-nowrap" [class]="c.tone === 'good' ? 'text-good' : c.tone === 'bad' ? 'text-bad' : 'text-ink-3'">
            <span aria-hidden="true">{{ c.direction === 'up' ? '↑' : c.direction === 'down' ? '↓' : '' }}</span>
            <span class="sr-only">{{ 'change.' + c.direction | transloco }} </span>{{ c.text }}
          </span>
        }
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Delta {
  readonly change = input.required<Change | null>();
}
