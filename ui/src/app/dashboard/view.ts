import { CHART_METRICS, INTERVALS, type ChartMetric, type Interval } from '../api/query';
import { readFilter, writeFilter, type Filter } from './filters';
import { RANGES, type Range, type RangeKey } from './ranges';
import { GROUPS, type GroupKey } from './tabs';

export const COMPARISONS = ['previous', 'year', 'none'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** All that a dashboard shows, and all of it is in the link. */
export interface View {
  range: Range;
  compare: Comparison;
  filters: Filter[];
  metric: ChartMetric;
  /** null: what suits the range */
  interval: Interval | null;
  /** the open tab of each panel, where it is not the first */
  tabs: Partial<Record<GroupKey, string>>;
  /** the tab whose full list is open */
  details: string | null;
}

/** Parameters of a link; an array for those that repeat. */
export type Params = Record<string, string | string[] | undefined>;

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The view of a link. What it does not understand it leaves at the default. */
export function readView(params: Params, fallback: RangeKey = '28d'): View {
  return {
    range: readRange(params, fallback),
    compare: oneOf(COMPARISONS, one(params['compare'])) ?? 'previous',
    filters: many(params['f']).map(readFilter).filter((f) => f !== null),
    metric: oneOf(CHART_METRICS, one(params['metric'])) ?? 'visitors',
    interval: oneOf(INTERVALS, one(params['interval'])) ?? null,
    tabs: Object.fromEntries(
      GROUPS.flatMap((g) => {
        const tab = g.tabs.find((t) => t.key === one(params[g.key]));
        return tab && tab !== g.tabs[0] ? [[g.key, tab.key]] : [];
      }),
    ),
    details: GROUPS.flatMap((g) => g.tabs).find((t) => t.key === one(params['details']))?.key ?? null,
  };
}

function readRange(params: Params, fallback: RangeKey): Range {
  const key = oneOf(RANGES, one(params['period'])) ?? fallback;
  if (key !== 'custom') return { key };
  const from = one(params['from']) ?? '';
  const to = one(params['to']) ?? from;
  if (!DAY.test(from) || !DAY.test(to) || from > to) return { key: fallback };
  return { key, from, to };
}

/** The parameters of a view; defaults are left out, so a plain link stays plain. */
export function writeView(view: View, fallback: RangeKey = '28d'): Params {
  const params: Params = {};
  if (view.range.key !== fallback) params['period'] = view.range.key;
  if (view.range.key === 'custom') {
    params['from'] = view.range.from;
    params['to'] = view.range.to;
  }
  if (view.compare !== 'previous') params['compare'] = view.compare;
  if (view.filters.length) params['f'] = view.filters.map(writeFilter);
  if (view.metric !== 'visitors') params['metric'] = view.metric;
  if (view.interval) params['interval'] = view.interval;
  for (const [group, tab] of Object.entries(view.tabs)) params[group] = tab;
  if (view.details) params['details'] = view.details;
  return params;
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function many(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function oneOf<T extends string>(known: readonly T[], value: string | undefined): T | undefined {
  return known.find((k) => k === value);
}
