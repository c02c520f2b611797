import { addDays, addMonths, daysBetween, type Day } from '../format/date';
import type { DateRange, Interval } from '../api/query';

export const RANGES = ['today', 'yesterday', '24h', '7d', '28d', '30d', '91d', 'month', 'lastmonth', 'year', '6mo', '12mo', 'all', 'custom'] as const;
export type RangeKey = (typeof RANGES)[number];

/** The range a report is over; from and to are set for custom only, both included. */
export interface Range {
  key: RangeKey;
  from?: Day;
  to?: Day;
}

export interface Span {
  from: Day;
  to: Day;
}

/** The keys that choose a range, as shown in the menu and in the help. */
export const RANGE_KEYS: Partial<Record<RangeKey, string>> = {
  today: 'D', yesterday: 'E', '24h': 'H', '7d': 'W', '28d': 'F', '30d': 'T', '91d': 'N', month: 'M', lastmonth: 'P', year: 'Y', '6mo': 'S', '12mo': 'L', all: 'A', custom: 'C',
};

const ROLLING: Partial<Record<RangeKey, number>> = { '7d': 7, '28d': 28, '30d': 30, '91d': 91 };

/**
 * What the query says. Rolling ranges are sent as dates: here they include
 * today, so that the page is live, while the API's own words end yesterday.
 */
export function toDateRange(range: Range, today: Day): DateRange {
  if (range.key === 'today') return 'day';
  if (range.key === '24h' || range.key === 'all') return range.key;
  const span = resolve(range, today, today);
  return [span.from, span.to];
}

/** The days a range covers. first is the site's first day with data, for "all". */
export function resolve(range: Range, today: Day, first: Day): Span {
  const rolling = ROLLING[range.key];
  if (rolling) return { from: addDays(today, 1 - rolling), to: today };
  switch (range.key) {
    case 'yesterday': return { from: addDays(today, -1), to: addDays(today, -1) };
    case '24h': return { from: addDays(today, -1), to: today };
    case 'month': return { from: today.slice(0, 8) + '01', to: today };
    case 'lastmonth': {
      const start = addMonths(today.slice(0, 8) + '01', -1);
      return { from: start, to: addDays(addMonths(start, 1), -1) };
    }
    case 'year': return { from: today.slice(0, 5) + '01-01', to: today };
    case '6mo': return { from: addMonths(today.slice(0, 8) + '01', -5), to: today };
    case '12mo': return { from: addMonths(today.slice(0, 8) + '01', -11), to: today };
    case 'all': return { from: first, to: today };
    case 'custom': return { from: range.from ?? today, to: range.to ?? today };
    default: return { from: today, to: today };
  }
}

/** Whether the range reaches to now, so that fresh hits belong in it. */
export function includesToday(range: Range, today: Day): boolean {
  return resolve(range, today, today).to >= today;
}

/**
 * The period next to a range: one month or year for calendar ranges, else its
 * own length. Null where it would begin after today, or for "all".
 */
export function shift(range: Range, today: Day, direction: 1 | -1): Range | null {
  if (range.key === 'all') return null;
  const span = range.key === '24h' ? { from: today, to: today } : resolve(range, today, today);
  const whole = wholeMonths(span, range.key);
  const next = whole
    ? { from: addMonths(span.from, direction * whole), to: addDays(addMonths(span.from, direction * whole + whole), -1) }
    : { from: addDays(span.from, direction * daysBetween(span.from, span.to)), to: addDays(span.to, direction * daysBetween(span.from, span.to)) };
  if (next.from > today) return null;
  return named({ from: next.from, to: next.to > today ? today : next.to }, today);
}

/** Months a span stands for: 1, 6, 12, or 0 where it is counted in days. */
function wholeMonths(span: Span, key: RangeKey): number {
  if (key === 'month' || key === 'lastmonth') return 1;
  if (key === '6mo') return 6;
  if (key === 'year' || key === '12mo') return 12;
  if (!span.from.endsWith('-01')) return 0;
  for (const months of [1, 6, 12]) {
    if (addDays(addMonths(span.from, months), -1) === span.to) return months;
  }
  return 0;
}

/** A span under its short name where it has one, so that links stay alive. */
export function named(span: Span, today: Day): Range {
  for (const key of ['today', 'yesterday', 'lastmonth'] as const) {
    const known = resolve({ key }, today, today);
    if (known.from === span.from && known.to === span.to) return { key };
  }
  return { key: 'custom', ...span };
}

/** The buckets a range may be cut into, finest first, and the one it starts with. */
export function intervals(days: number): { allowed: Interval[]; initial: Interval } {
  if (days <= 1) return { allowed: ['minute', 'hour'], initial: 'hour' };
  if (days <= 2) return { allowed: ['hour', 'day'], initial: 'hour' };
  if (days <= 7) return { allowed: ['hour', 'day'], initial: 'day' };
  if (days <= 31) return { allowed: ['day', 'week'], initial: 'day' };
  if (days <= 100) return { allowed: ['day', 'week', 'month'], initial: 'day' };
  if (days <= 366) return { allowed: ['day', 'week', 'month'], initial: days <= 190 ? 'week' : 'month' };
  return { allowed: ['week', 'month'], initial: 'month' };
}

/** The days a bucket covers, cut to the range: what a click on it zooms to. */
export function bucketSpan(label: string, interval: Interval, within: Span): Span {
  const from = label.slice(0, 10);
  const to = interval === 'week' ? addDays(from, 6) : interval === 'month' ? addDays(addMonths(from, 1), -1) : from;
  return { from: from < within.from ? within.from : from, to: to > within.to ? within.to : to };
}
