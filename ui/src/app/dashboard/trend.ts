import { CdkMenuModule } from '@angular/cdk/menu';
import { ChangeDetectionStrategy, Component, computed, effect, inject, signal, untracked } from '@angular/core';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import type { ChartMetric, Interval } from '../api/query';
import { download, toCsv } from '../chart/csv';
import { series, type Point } from '../chart/series';
import { TimeChart } from '../chart/time-chart';
import { wallClock } from '../format/date';
import { Failed } from '../kit/failed';
import { Board } from './board';
import { Cards } from './cards';
import { bucketSpan, named } from './ranges';
import { TrendTable } from './trend-table';

/** The six numbers and the one of them over time. */
@Component({
  selector: 'hk-trend',
  imports: [Cards, CdkMenuModule, Failed, TimeChart, TranslocoPipe, TrendTable],
  templateUrl: './trend.html',
  host: { class: 'card block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Trend {
  protected readonly board = inject(Board);
  private readonly texts = inject(TranslocoService);
  protected readonly asTable = signal(false);

  protected readonly totals = this.board.totals;

  protected readonly report = this.board.report(
    () => {
      const base = this.board.base();
      if (!base) return undefined;
      return { ...base, metrics: [this.board.view().metric], dimensions: [`time:${this.board.interval()}`], include: { time_labels: true, comparisons: this.board.comparisons() } };
    },
    () => 'trend',
  );

  /** What the shown answer is of: while the next one loads, the page's own state is ahead of it. */
  protected readonly shown = computed(() => {
    const answer = this.report.answer();
    if (!answer) return null;
    const metric = answer.query.metrics[0] as ChartMetric;
    const interval = (answer.query.dimensions?.[0] ?? 'time:day').slice(5) as Interval;
    const now = wallClock(new Date(), this.board.zone());
    return { metric, interval, points: series(answer.report, metric, interval, now) };
  });
  protected readonly name = computed(() => this.texts.translate<string>(`metric.${this.shown()?.metric ?? 'visitors'}`));

  constructor() {
    effect(() => {
      const from = this.totals.answer()?.report.meta.data_from;
      if (from) untracked(() => this.board.first.set(from.slice(0, 10)));
    });
  }

  protected zoomable = computed(() => {
    const shown = this.shown();
    return shown !== null && shown.interval !== 'minute' && shown.interval !== 'hour';
  });

  protected zoom(point: Point): void {
    const span = bucketSpan(point.label, this.shown()!.interval, this.board.span());
    this.board.change({ range: named(span, this.board.today()), interval: null });
  }

  protected pick(metric: ChartMetric): void {
    this.board.change({ metric });
  }

  protected export(): void {
    const shown = this.shown();
    if (!shown) return;
    const rows = shown.points.filter((p) => !p.future).map((p) => [p.label, p.value, ...(p.before === null ? [] : [p.beforeLabel, p.before])]);
    const head = ['time', shown.metric, ...(rows.some((r) => r.length > 2) ? ['time_before', `${shown.metric}_before`] : [])];
    const { from, to } = this.board.span();
    download(`${this.board.site()?.domain}-${shown.metric}-${from}-${to}.csv`, toCsv([head, ...rows]));
  }
}
