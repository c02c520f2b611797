import { locale } from './locale';
import type { Metric } from '../api/query';

const cache = new Map<string, Intl.NumberFormat>();

function format(of: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = of + JSON.stringify(options);
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.NumberFormat(of, options)));
  return found;
}

/** 950, 1.2k, 34k, 3.4M: at most three digits. The exact value goes in a title. */
export function short(n: number, of = locale): string {
  const abs = Math.abs(n);
  if (abs < 1000) return format(of, { maximumFractionDigits: 1 }).format(n);
  const steps: [number, string][] = [[1e3, 'k'], [1e6, 'M'], [1e9, 'B']];
  // The step whose rounded value stays below 1000: 999,960 is 1M, not 1000k.
  const [size, unit] = steps.find(([s]) => Math.round(abs / s) < 1000) ?? steps[2];
  const value = n / size;
  const digits = Math.abs(value) < 99.95 ? 1 : 0;
  return format(of, { maximumFractionDigits: digits }).format(value) + unit;
}

/** 12,345 */
export function exact(n: number, of = locale): string {
  return format(of, { maximumFractionDigits: 2 }).format(n);
}

/** 12.3% of a percentage (0 to 100). */
export function percent(n: number, of = locale, digits = 1): string {
  return format(of, { style: 'percent', maximumFractionDigits: digits }).format(n / 100);
}

/** Seconds as 45s, 1m 05s, 2h 03m. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  const pad = (n: number) => String(n).padStart(2, '0');
  if (s < 3600) return `${Math.floor(s / 60)}m ${pad(s % 60)}s`;
  return `${Math.floor(s / 3600)}h ${pad(Math.floor((s % 3600) / 60))}m`;
}

/** A metric's value as shown; "–" where there is nothing to divide by. */
export function metricText(metric: Metric, value: number | null | undefined, exactly = false): string {
  if (value === null || value === undefined) return '–';
  switch (metric) {
    case 'bounce_rate':
    case 'exit_rate':
    case 'scroll_depth':
    case 'percentage':
      return percent(value, locale, exactly ? 1 : 0);
    case 'visit_duration':
    case 'engaged_time':
    case 'time_on_page':
      return duration(value);
    case 'views_per_visit':
      return format(locale, { maximumFractionDigits: 2 }).format(value);
    default:
      return exactly ? exact(value) : short(value);
  }
}

/** How a value moved, ready to show. */
export interface Change {
  /** "12%", "2.1 pp", "" where it is new or unknown */
  text: string;
  direction: 'up' | 'down' | 'flat' | 'new' | 'unknown';
  /** whether the move is welcome: fewer bounces are */
  tone: 'good' | 'bad' | 'neutral';
}

const points = new Set<Metric>(['bounce_rate', 'exit_rate', 'scroll_depth', 'percentage']);
/** Above it a change says only that there was hardly anything before. */
const MOST = 999;
const lowerIsBetter = new Set<Metric>(['bounce_rate', 'exit_rate']);

/**
 * change: percent, or percentage points for rates; null where the earlier
 * value is nothing or 0. Then a value now is "new", never infinity.
 */
export function describeChange(metric: Metric, value: number | null | undefined, change: number | null | undefined): Change {
  if (change === null || change === undefined) {
    return { text: '', direction: value ? 'new' : 'unknown', tone: 'neutral' };
  }
  const rounded = Math.abs(change) < 10 ? Math.round(change * 10) / 10 : Math.round(change);
  if (rounded === 0) return { text: percent(0), direction: 'flat', tone: 'neutral' };
  const size = Math.abs(rounded);
  const most = size > MOST ? `>${percent(MOST)}` : percent(size);
  const text = points.has(metric) ? `${exact(size)} pp` : most;
  const up = rounded > 0;
  return { text, direction: up ? 'up' : 'down', tone: up !== lowerIsBetter.has(metric) ? 'good' : 'bad' };
}
