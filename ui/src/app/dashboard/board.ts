import { DestroyRef, Injectable, computed, inject, signal, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router, type Params as RouterParams } from '@angular/router';
import type { Site } from '../api/model';
import { CHART_METRICS, type Metric, type Query } from '../api/query';
import { liveReport, type LiveReport } from '../api/report';
import { today } from '../format/date';
import { toQueryFilters, toggleFilter, type Filter } from './filters';
import { includesToday, intervals, resolve, toDateRange, type RangeKey } from './ranges';
import { daysBetween } from '../format/date';
import { readView, writeView, type View } from './view';

const FALLBACK: RangeKey = '28d';
const REFRESH_MS = 1000;
/** A refresh waits this many times as long as the slowest query of the last one took. */
const REST = 4;

/**
 * The state of one dashboard. The link holds all of it: a change is a
 * navigation, so the browser's back undoes it and a copied link shows it.
 */
@Injectable()
export class Board {
  private readonly route = inject(ActivatedRoute);
  private readonly router = inject(Router);
  private readonly params = toSignal(this.route.queryParams, { requireSync: true });

  readonly site = signal<Site | null>(null);
  readonly view = computed(() => readView(this.params(), FALLBACK));
  /** counts up when fresh hits belong in what is shown */
  readonly tick = signal(0);
  /** the site's first day with data, once a report has told */
  readonly first = signal<string | null>(null);
  readonly zone = computed(() => this.site()?.timezone ?? 'UTC');
  private readonly minute = signal(0);
  readonly today = computed(() => {
    this.minute();
    return today(this.zone());
  });
  readonly span = computed(() => resolve(this.view().range, this.today(), this.first() ?? this.site()?.created_at.slice(0, 10) ?? this.today()));
  readonly intervals = computed(() => (this.view().range.key === '24h' ? intervals(1) : intervals(daysBetween(this.span().from, this.span().to))));
  readonly interval = computed(() => {
    const wanted = this.view().interval;
    return wanted && this.intervals().allowed.includes(wanted) ? wanted : this.intervals().initial;
  });

  /** What every query of the page says. */
  readonly base = computed<Pick<Query, 'site_id' | 'date_range' | 'filters'> | null>(() => {
    const site = this.site();
    if (!site) return null;
    const { range, filters } = this.view();
    return { site_id: site.id, date_range: toDateRange(range, this.today()), filters: toQueryFilters(filters) };
  });
  readonly comparisons = computed<NonNullable<Query['include']>['comparisons']>(() => {
    const { compare, range } = this.view();
    if (compare === 'none' || range.key === 'all') return undefined;
    return { mode: compare === 'year' ? 'year_over_year' : 'previous_period' };
  });

  private cost = 0;
  /** The sums of the whole page: the cards show them, the panels' shares are of them. */
  readonly totals = this.report(
    () => {
      const base = this.base();
      return base ? { ...base, metrics: [...CHART_METRICS, 'events'], include: { comparisons: this.comparisons() } } : undefined;
    },
    () => 'totals',
  );

  constructor() {
    const timer = setInterval(() => this.minute.update((n) => n + 1), 60_000);
    inject(DestroyRef).onDestroy(() => {
      clearInterval(timer);
      clearTimeout(this.waiting);
    });
  }

  /** Opens a site: with the range last used here, or today for a new one. */
  open(site: Site): void {
    const period = untracked(this.params)['period'] as string | undefined;
    const usual = recall(site.id) ?? (isNew(site) ? 'today' : FALLBACK);
    this.first.set(null);
    if (!period && usual !== FALLBACK) {
      void this.router.navigate([], { relativeTo: this.route, queryParams: { period: usual }, queryParamsHandling: 'merge', replaceUrl: true });
    }
    this.site.set(site);
  }

  change(part: Partial<View>, replaceUrl = false): void {
    const view = { ...untracked(this.view), ...part };
    const site = untracked(this.site);
    if (site && part.range && part.range.key !== 'custom') remember(site.id, part.range.key);
    void this.router.navigate([], { relativeTo: this.route, queryParams: writeView(view, FALLBACK) as RouterParams, replaceUrl });
  }

  toggle(filter: Filter): void {
    this.change({ filters: toggleFilter(untracked(this.view).filters, filter), details: null });
  }

  report(query: () => Query | undefined, scope: () => string): LiveReport {
    return liveReport(query, () => `${this.site()?.id} ${scope()}`, this.tick, (ms) => (this.cost = Math.max(this.cost, ms)));
  }

  /** A metric over everything on the page; null while unknown or where another query is shown. */
  total(metric: Metric): number | null {
    const answer = this.totals.answer();
    const at = answer?.query.metrics.indexOf(metric) ?? -1;
    return answer && at >= 0 && !this.totals.stale() ? (answer.report.results[0]?.metrics[at] ?? null) : null;
  }

  private refreshed = 0;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  /** Fresh hits: refresh, where today is in the range; rarely where queries are slow. */
  freshHits(): void {
    if (this.waiting || document.hidden || !includesToday(this.view().range, this.today())) return;
    const rest = this.refreshed + Math.max(REFRESH_MS, this.cost * REST) - Date.now();
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      this.refreshed = Date.now();
      this.cost = 0;
      this.tick.update((n) => n + 1);
    }, Math.max(0, rest));
  }
}

function isNew(site: Site): boolean {
  const since = site.first_hit_at ?? site.created_at;
  return Date.now() - new Date(since).getTime() < 2 * 86_400_000;
}

function remember(site: string, key: RangeKey): void {
  try {
    localStorage.setItem(`hk-range-${site}`, key);
  } catch {
    // Storage is blocked: the next visit starts with the usual range.
  }
}

function recall(site: string): RangeKey | null {
  try {
    return localStorage.getItem(`hk-range-${site}`) as RangeKey | null;
  } catch {
    return null;
  }
}
