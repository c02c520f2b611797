import { DestroyRef, Injectable, computed, inject, signal, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router, type Params as RouterParams } from '@angular/router';
import type { Site } from '../api/model';
import type { Query } from '../api/query';
import { liveReport, type LiveReport } from '../api/report';
import { today } from '../format/date';
import { toQueryFilters, toggleFilter, type Filter } from './filters';
import { includesToday, intervals, resolve, toDateRange, type RangeKey } from './ranges';
import { daysBetween } from '../format/date';
import { readView, writeView, type View } from './view';

const FALLBACK: RangeKey = '28d';
const REFRESH_MS = 1000;

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

  constructor() {
    const timer = setInterval(() => this.minute.update((n) => n + 1), 60_000);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
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
    return liveReport(query, () => `${this.site()?.id} ${scope()}`, this.tick);
  }

  /** Fresh hits: refresh at most once a second, where today is in the range. */
  freshHits = throttle(() => {
    if (includesToday(this.view().range, this.today()) && !document.hidden) this.tick.update((n) => n + 1);
  });
}

function throttle(run: () => void): () => void {
  let last = 0;
  let waiting = false;
  return () => {
    if (waiting) return;
    const rest = last + REFRESH_MS - Date.now();
    const go = () => {
      waiting = false;
      last = Date.now();
      run();
    };
    if (rest <= 0) return go();
    waiting = true;
    setTimeout(go, rest);
  };
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
