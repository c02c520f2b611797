import type { Interval, Metric, Report, Row } from '../api/query';
import { addDays, type Label } from '../format/date';

/** One bucket of the chart. */
export interface Point {
  label: Label;
  /** null: nothing to divide by, or not yet come */
  value: number | null;
  /** the bucket that now is in: its value still grows */
  partial: boolean;
  future: boolean;
  before: number | null;
  beforeLabel: Label | null;
  change: number | null;
}

const ratios = new Set<Metric>(['bounce_rate', 'views_per_visit', 'visit_duration', 'exit_rate', 'time_on_page', 'scroll_depth']);

/**
 * The points of a report over time. now is the wall clock of the report's
 * zone. A count without a row is 0 up to now and nothing after; a ratio
 * without a row is nothing.
 */
export function series(report: Report, metric: Metric, interval: Interval, now: Label): Point[] {
  const labels = report.meta.time_labels ?? report.results.map((r) => r.dimensions[0]);
  const rowOf = rowsByLabel(report, labels);
  const beforeLabels = report.meta.comparison_time_labels ?? [];
  const compared = report.results.some((r) => r.comparison) || beforeLabels.length > 0;
  const empty = ratios.has(metric) ? null : 0;
  const partial = report.meta.partial_from ?? labels.findIndex((l) => holds(l, interval, now));
  return labels.map((label, i) => {
    const row = rowOf(i);
    const future = partial >= 0 ? i > partial : label > now;
    const beforeLabel = row?.comparison?.dimensions[0] ?? beforeLabels[i] ?? null;
    return {
      label,
      value: future ? null : row ? (row.metrics[0] ?? null) : empty,
      partial: i === partial,
      future,
      before: !compared || !beforeLabel ? null : row?.comparison ? (row.comparison.metrics[0] ?? null) : empty,
      beforeLabel,
      change: row?.comparison?.change?.[0] ?? null,
    };
  });
}

/**
 * The row of the i-th label. The server says which it is: when clocks go back,
 * two hours have one label.
 */
function rowsByLabel(report: Report, labels: Label[]): (i: number) => Row | undefined {
  const indices = report.meta.time_label_result_indices;
  if (indices) return (i) => (indices[i] === null ? undefined : report.results[indices[i]]);
  const rows = new Map(report.results.map((r) => [r.dimensions[0], r]));
  return (i) => rows.get(labels[i]);
}

/** Whether the bucket of a label holds the moment now. */
export function holds(label: Label, interval: Interval, now: Label): boolean {
  const day = now.slice(0, 10);
  switch (interval) {
    case 'minute': return label.slice(0, 16) === now.slice(0, 16);
    case 'hour': return label.slice(0, 13) === now.slice(0, 13);
    case 'day': return label.slice(0, 10) === day;
    case 'week': return label.slice(0, 10) <= day && day < addDays(label.slice(0, 10), 7);
    case 'month': return label.slice(0, 7) === day.slice(0, 7);
  }
}

/**
 * Runs of points that a line can join. The line into the incomplete bucket is
 * a run of its own, to be dashed.
 */
export function runs(points: Point[]): { solid: number[][]; dashed: number[] | null } {
  const solid: number[][] = [];
  let run: number[] = [];
  let dashed: number[] | null = null;
  points.forEach((p, i) => {
    if (p.value === null) {
      if (run.length) solid.push(run);
      run = [];
    } else if (p.partial) {
      dashed = run.length ? [i - 1, i] : [i];
      if (run.length) solid.push(run);
      run = [];
    } else run.push(i);
  });
  if (run.length) solid.push(run);
  return { solid, dashed };
}

/** Indices of the x labels: evenly spread, at most as many as there is room for. */
export function tickIndices(count: number, room: number): number[] {
  if (count === 0 || room < 1) return [];
  const step = Math.max(1, niceStep(count / room));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

function niceStep(least: number): number {
  const steps = [1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 15, 20, 24, 28, 30, 60, 90, 120, 180, 240, 360];
  return steps.find((s) => s >= least) ?? Math.ceil(least);
}

/** The upper end of the y axis: round, above every value, never 0. */
export function ceiling(points: Point[], metric: Metric): number {
  const most = Math.max(0, ...points.flatMap((p) => [p.value ?? 0, p.before ?? 0]));
  if (metric === 'bounce_rate') return most > 60 ? 100 : niceAbove(most || 100);
  if (metric === 'visit_duration') return secondsAbove(most);
  return niceAbove(most || 1, metric !== 'views_per_visit');
}

/** The least of 1, 2, 2.5, 4, 5, 8, 10 times a power of ten that is not below n; whole halves for counts. */
function niceAbove(n: number, whole = false): number {
  const power = 10 ** Math.floor(Math.log10(n));
  const found = [1, 2, 2.5, 4, 5, 8, 10].map((m) => m * power).find((m) => m >= n * 1.02 && (!whole || m % 2 === 0));
  return found ?? 20 * power;
}

function secondsAbove(n: number): number {
  const steps = [10, 20, 60, 120, 240, 300, 600, 1200, 1800, 3600, 7200];
  return steps.find((s) => s >= n * 1.02) ?? niceAbove(n);
}
