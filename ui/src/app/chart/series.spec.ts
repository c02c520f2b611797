import { describe, expect, it } from 'vitest';
import type { Report } from '../api/query';
import { toCsv } from './csv';
import { bucketText, tickText } from './labels';
import { ceiling, holds, runs, series, tickIndices, type Point } from './series';

const NOW = '2026-11-23 14:20:00';

function report(rows: Report['results'], meta: Report['meta']): Report {
  return { results: rows, meta, query: {} as Report['query'] };
}

function point(value: number | null, more: Partial<Point> = {}): Point {
  return { label: '', value, partial: false, future: false, before: null, beforeLabel: null, change: null, ...more };
}

describe('series', () => {
  const labels = ['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24'];
  it('has zeros up to now and nothing after', () => {
    const points = series(report([{ dimensions: ['2026-11-22'], metrics: [5] }], { time_labels: labels }), 'visitors', 'day', NOW);
    expect(points.map((p) => p.value)).toEqual([0, 5, 0, null]);
    expect(points.map((p) => p.partial)).toEqual([false, false, true, false]);
    expect(points.map((p) => p.future)).toEqual([false, false, false, true]);
    expect(points.every((p) => p.before === null)).toBe(true);
  });
  it('has no value for a ratio over nothing', () => {
    expect(series(report([], { time_labels: labels }), 'bounce_rate', 'day', NOW).map((p) => p.value)).toEqual([null, null, null, null]);
  });
  it('believes the server about the bucket that is running', () => {
    expect(series(report([], { time_labels: labels, partial_from: 1 }), 'visitors', 'day', NOW).map((p) => p.value)).toEqual([0, 0, null, null]);
  });
  it('tells two hours of one label apart', () => {
    const twice = ['2026-10-25 02:00:00', '2026-10-25 02:00:00'];
    const rows = [{ dimensions: [twice[0]], metrics: [1] }, { dimensions: [twice[1]], metrics: [2] }];
    const points = series(report(rows, { time_labels: twice, time_label_result_indices: [0, 1] }), 'visitors', 'hour', NOW);
    expect(points.map((p) => p.value)).toEqual([1, 2]);
  });
  it('has the period before, also after now', () => {
    const rows = [
      { dimensions: ['2026-11-23'], metrics: [5], comparison: { dimensions: ['2026-11-19'], metrics: [4], change: [25] } },
      { dimensions: ['2026-11-24'], metrics: [0], comparison: { dimensions: ['2026-11-20'], metrics: [9], change: [-100] } },
    ];
    const points = series(report(rows, { time_labels: labels, comparison_time_labels: ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'] }), 'visitors', 'day', NOW);
    expect(points.map((p) => p.before)).toEqual([0, 0, 4, 9]);
    expect(points.map((p) => p.value)).toEqual([0, 0, 5, null]);
    expect(points[0].beforeLabel).toBe('2026-11-17');
  });
});

describe('holds', () => {
  it.each([['minute', '2026-11-23 14:20:00'], ['hour', '2026-11-23 14:00:00'], ['day', '2026-11-23'], ['week', '2026-11-23'], ['week', '2026-11-17'], ['month', '2026-11-01']] as const)('%s %s', (interval, label) => expect(holds(label, interval, NOW)).toBe(true));
  it('ends with the bucket', () => {
    expect(holds('2026-11-16', 'week', NOW)).toBe(false);
    expect(holds('2026-11-23 13:00:00', 'hour', NOW)).toBe(false);
  });
});

describe('runs', () => {
  it('breaks at nothing and dashes into the running bucket', () => {
    const points = [point(1), point(2), point(null), point(4), point(5, { partial: true }), point(null)];
    expect(runs(points)).toEqual({ solid: [[0, 1], [3]], dashed: [3, 4] });
  });
  it('has a running bucket alone', () => expect(runs([point(null), point(3, { partial: true })])).toEqual({ solid: [], dashed: [1] }));
});

describe('axes', () => {
  it('ends above every value, at a round number', () => {
    for (const most of [0, 1, 3, 9, 10, 99, 389, 455, 1000, 123_456]) {
      const top = ceiling([point(most)], 'visitors');
      expect(top).toBeGreaterThanOrEqual(most);
      expect(top).toBeGreaterThan(0);
      expect(top).toBeLessThanOrEqual(Math.max(2, most * 2.6));
    }
  });
  it('counts the period before too', () => expect(ceiling([point(1, { before: 900 })], 'visitors')).toBeGreaterThanOrEqual(900));
  it('ends bounce rates at 100%', () => expect(ceiling([point(72)], 'bounce_rate')).toBe(100));
  it('has ticks that fit', () => {
    expect(tickIndices(28, 14)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26]);
    expect(tickIndices(1440, 12).length).toBeLessThanOrEqual(12);
    expect(tickIndices(0, 5)).toEqual([]);
    expect(tickIndices(5, 0)).toEqual([]);
  });
  it('names buckets', () => {
    expect(bucketText('2020-11-23', 'week', 'en-GB')).toBe('23 Nov 2020 – 29 Nov 2020');
    expect(bucketText('2020-11-01', 'month', 'en-GB')).toBe('November 2020');
    expect(tickText('2020-11-23 14:00:00', 'hour', ['2020-11-23 00:00:00', '2020-11-23 23:00:00'], 'en-GB')).toBe('14:00');
  });
});

describe('csv', () => {
  it('quotes what needs it', () => expect(toCsv([['a', 1, null], ['x,"y"', -2.5, '']])).toBe('a,1,\r\n"x,""y""",-2.5,\r\n'));
  it('disarms formulas', () => expect(toCsv([['=1+1', '@x', '-a']])).toBe("'=1+1,'@x,'-a\r\n"));
});
