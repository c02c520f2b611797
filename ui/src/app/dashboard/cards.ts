import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { CHART_METRICS, type ChartMetric } from '../api/query';
import type { LiveReport } from '../api/report';
import { describeChange, metricText } from '../format/number';
import { Delta } from '../kit/delta';
import { Failed } from '../kit/failed';
import { Tip } from '../kit/tip';

/** The six numbers; the chosen one is on the chart below. */
@Component({
  selector: 'hk-cards',
  imports: [Delta, Failed, Tip, TranslocoPipe],
  template: `
    @if (report().problem(); as p) {
      <hk-failed [problem]="p" (retry)="report().retry()" class="min-h-24" />
    } @else {
      <div class="grid grid-cols-2 overflow-hidden rounded-t-[0.8125rem] sm:grid-cols-3 lg:grid-cols-6" role="group" [attr.aria-label]="'cards.label' | transloco" [attr.aria-busy]="report().stale()">
        @for (c of cards(); track c.metric) {
          <button
            type="button"
            class="group relative flex min-h-24 flex-col items-start justify-start border-line px-4 py-3.5 text-left outline-offset-[-2px] transition-colors max-sm:odd:border-r max-sm:[&:nth-child(n+3)]:border-t sm:max-lg:[&:not(:nth-child(3n))]:border-r sm:max-lg:[&:nth-child(n+4)]:border-t lg:not-last:border-r hover:bg-hover sm:px-5"
            [attr.aria-pressed]="metric() === c.metric"
            [attr.data-test]="'card-' + c.metric"
            [hkTip]="('definition.' + c.metric | transloco) + (c.exact ? '\\n' + c.exact : '')"
            hkTipAt="bottom"
            (click)="pick.emit(c.metric)"
          >
            @if (metric() === c.metric) {
              <span class="absolute inset-x-0 top-0 h-[3px] bg-accent" aria-hidden="true"></span>
            }
            <span class="block max-w-full truncate text-[0.8125rem]" [class]="metric() === c.metric ? 'font-semibold text-accent' : 'font-medium text-ink-2'">{{ 'metric.' + c.metric | transloco }}</span>
            @if (loaded()) {
              <span class="mt-1 flex flex-wrap items-baseline gap-x-2 transition-opacity" [class.opacity-50]="report().stale()">
                <span class="num text-[1.625rem] leading-8 font-semibold tracking-tight">{{ c.text }}</span>
                <hk-delta [change]="c.change" />
              </span>
            } @else {
              <span class="skeleton mt-2 block h-7 w-20"></span>
            }
          </button>
        }
      </div>
    }
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Cards {
  readonly report = input.required<LiveReport>();
  readonly metric = input.required<ChartMetric>();
  readonly pick = output<ChartMetric>();

  protected readonly loaded = computed(() => this.report().answer() !== undefined);
  protected readonly cards = computed(() => {
    const answer = this.report().answer();
    const row = answer?.report.results[0];
    const compared = answer?.query.include?.comparisons !== undefined;
    return CHART_METRICS.map((metric, i) => {
      const value = row?.metrics[i] ?? (metric === 'visitors' || metric === 'visits' || metric === 'pageviews' ? 0 : null);
      const text = metricText(metric, value);
      const exact = metricText(metric, value, true);
      return {
        metric,
        text,
        exact: exact === text ? '' : exact,
        change: compared ? describeChange(metric, value, row?.comparison?.change?.[i]) : null,
      };
    });
  });
}
