import { ChangeDetectionStrategy, Component, computed, inject, input, linkedSignal, output, signal } from '@angular/core';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import type { Metric, Query } from '../api/query';
import { toProblem } from '../api/problem';
import { download, toCsv } from '../chart/csv';
import { NOT_SET, valueText } from '../format/names';
import { describeChange, metricText } from '../format/number';
import { Badge } from '../kit/badge';
import { Delta } from '../kit/delta';
import { Failed, problemText } from '../kit/failed';
import { Modal } from '../kit/modal';
import { Say } from '../kit/toasts';
import { Board } from './board';
import { matching } from './matching';
import { shortName } from './filters';
import { ownFilters, type Tab } from './tabs';

const PAGE = 50;
const EXPORT = 10_000;

/** A list in full: search, sort, pages, more columns, CSV. */
@Component({
  selector: 'hk-details',
  imports: [Badge, Delta, Failed, Modal, TranslocoPipe],
  templateUrl: './details.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Details {
  readonly tab = input.required<Tab>();
  readonly closed = output();

  protected readonly board = inject(Board);
  private readonly api = inject(Api);
  private readonly texts = inject(TranslocoService);
  private readonly say = inject(Say);

  protected readonly name = computed(() => shortName(this.tab().dimension));
  protected readonly columns = computed<Metric[]>(() => [this.tab().metric, ...this.tab().extra]);
  protected readonly search = signal('');
  protected readonly order = linkedSignal<Metric, { metric: Metric; down: boolean }>({ source: () => this.tab().metric, computation: (metric) => ({ metric, down: true }) });
  protected readonly page = linkedSignal({ source: () => [this.search(), this.order(), this.tab().key], computation: () => 0 });
  protected readonly pageSize = PAGE;

  protected readonly report = this.board.report(() => this.query(PAGE, this.page() * PAGE), () => this.tab().key + ' details');

  protected readonly rows = computed(() => {
    const answer = this.report.answer();
    return answer?.report.results.map((row) => ({
      value: row.dimensions[0],
      name: valueText(this.tab().dimension, row.dimensions[0]),
      unset: row.dimensions[0] === NOT_SET,
      cells: row.metrics.map((v, i) => ({ text: metricText(answer.query.metrics[i], v), exact: metricText(answer.query.metrics[i], v, true) })),
      change: answer.query.include?.comparisons ? describeChange(answer.query.metrics[0], row.metrics[0], row.comparison?.change?.[0]) : null,
    }));
  });
  protected readonly total = computed(() => this.report.answer()?.report.meta.total_rows ?? null);
  protected readonly more = computed(() => {
    const total = this.total();
    const shown = this.rows()?.length ?? 0;
    return total === null ? shown === PAGE : (this.page() + 1) * PAGE < total;
  });

  private query(limit: number, offset: number): Query | undefined {
    const base = this.board.base();
    if (!base) return undefined;
    const { metric, down } = this.order();
    return {
      ...base,
      filters: [...(base.filters ?? []), ...ownFilters(this.tab()), ...matching(this.tab().dimension, this.search())],
      metrics: this.columns(),
      dimensions: [this.tab().dimension],
      order_by: [[metric, down ? 'desc' : 'asc']],
      include: { total_rows: true, comparisons: this.board.comparisons() },
      pagination: { limit, offset },
    };
  }

  private timer: ReturnType<typeof setTimeout> | undefined;

  protected type(text: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search.set(text.trim()), 250);
  }

  protected sort(metric: Metric): void {
    this.order.update((o) => ({ metric, down: o.metric === metric ? !o.down : true }));
  }

  protected pick(value: string): void {
    this.board.toggle({ op: 'is', dimension: this.tab().dimension, values: [value] });
  }

  protected async export(): Promise<void> {
    const query = this.query(EXPORT, 0);
    if (!query) return;
    try {
      const report = await firstValueFrom(this.api.query(query));
      const rows = report.results.map((r) => [r.dimensions[0], ...r.metrics]);
      const { from, to } = this.board.span();
      download(`${this.board.site()?.domain}-${this.name()}-${from}-${to}.csv`, toCsv([[this.name(), ...this.columns()], ...rows]));
    } catch (err) {
      this.say.failed(problemText(this.texts, toProblem(err)));
    }
  }
}
