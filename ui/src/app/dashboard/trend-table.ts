import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import type { ChartMetric, Interval } from '../api/query';
import { bucketText } from '../chart/labels';
import type { Point } from '../chart/series';
import { metricText } from '../format/number';

/** The chart's numbers as a table. */
@Component({
  selector: 'hk-trend-table',
  imports: [TranslocoPipe],
  template: `
    <div class="h-68 overflow-y-auto" tabindex="0" role="region" [attr.aria-label]="'metric.' + metric() | transloco">
      <table class="num w-full text-[0.8125rem]">
        <thead class="sticky top-0 bg-card text-left text-xs text-ink-3">
          <tr>
            <th scope="col" class="px-2 py-1.5 font-medium">{{ 'interval.' + interval() | transloco }}</th>
            <th scope="col" class="px-2 py-1.5 text-right font-medium">{{ 'metric.' + metric() | transloco }}</th>
            @if (compared()) {
              <th scope="col" class="px-2 py-1.5 text-right font-medium">{{ 'chart.before' | transloco }}</th>
            }
          </tr>
        </thead>
        <tbody>
          @for (r of rows(); track r.label) {
            <tr class="border-t border-line">
              <th scope="row" class="px-2 py-1.5 text-left font-normal">{{ r.title }}</th>
              <td class="px-2 py-1.5 text-right">{{ r.value }}</td>
              @if (compared()) {
                <td class="px-2 py-1.5 text-right text-ink-2">{{ r.before }}</td>
              }
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TrendTable {
  readonly points = input.required<Point[]>();
  readonly metric = input.required<ChartMetric>();
  readonly interval = input.required<Interval>();
  protected readonly compared = computed(() => this.points().some((p) => p.before !== null));
  protected readonly rows = computed(() =>
    this.points().filter((p) => !p.future).map((p) => ({
      label: p.label,
      title: bucketText(p.label, this.interval()),
      value: metricText(this.metric(), p.value, true),
      before: metricText(this.metric(), p.before, true),
    })),
  );
}
