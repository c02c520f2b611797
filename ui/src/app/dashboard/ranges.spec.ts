import { describe, expect, it } from 'vitest';
import { bucketSpan, includesToday, intervals, named, RANGES, resolve, shift, toDateRange, type Range } from './ranges';

const TODAY = '2026-11-23';

describe('resolve', () => {
  it.each([
    ['today', '2026-11-23', '2026-11-23'], ['yesterday', '2026-11-22', '2026-11-22'], ['7d', '2026-11-17', '2026-11-23'], ['28d', '2026-10-27', '2026-11-23'],
    ['month', '2026-11-01', '2026-11-23'], ['lastmonth', '2026-10-01', '2026-10-31'], ['year', '2026-01-01', '2026-11-23'], ['6mo', '2026-06-01', '2026-11-23'],
    ['12mo', '2025-12-01', '2026-11-23'], ['all', '2025-02-03', '2026-11-23'],
  ] as const)('%s is %s to %s', (key, from, to) => expect(resolve({ key }, TODAY, '2025-02-03')).toEqual({ from, to }));
});

describe('toDateRange', () => {
  it('sends the days that the page names, today included', () => {
    expect(toDateRange({ key: '28d' }, TODAY)).toEqual(['2026-10-27', TODAY]);
    expect(toDateRange({ key: 'today' }, TODAY)).toBe('day');
    expect(toDateRange({ key: '24h' }, TODAY)).toBe('24h');
    expect(toDateRange({ key: 'custom', from: '2026-01-02', to: '2026-01-05' }, TODAY)).toEqual(['2026-01-02', '2026-01-05']);
  });
  it('agrees with what the page says it covers', () => {
    for (const key of RANGES) {
      const sent = toDateRange({ key, from: '2026-03-01', to: '2026-03-09' }, TODAY);
      if (Array.isArray(sent)) {
        const span = resolve({ key, from: '2026-03-01', to: '2026-03-09' }, TODAY, TODAY);
        expect(sent).toEqual([span.from, span.to]);
      }
    }
  });
});

describe('shift', () => {
  const back = (range: Range) => shift(range, TODAY, -1);
  it('goes back by the range’s own length', () => {
    expect(back({ key: 'today' })).toEqual({ key: 'yesterday' });
    expect(back({ key: 'yesterday' })).toEqual({ key: 'custom', from: '2026-11-21', to: '2026-11-21' });
    expect(back({ key: '7d' })).toEqual({ key: 'custom', from: '2026-11-10', to: '2026-11-16' });
  });
  it('goes by calendar months and years', () => {
    expect(back({ key: 'month' })).toEqual({ key: 'lastmonth' });
    expect(back({ key: 'lastmonth' })).toEqual({ key: 'custom', from: '2026-09-01', to: '2026-09-30' });
    expect(back({ key: 'custom', from: '2026-03-01', to: '2026-03-31' })).toEqual({ key: 'custom', from: '2026-02-01', to: '2026-02-28' });
    expect(back({ key: 'year' })).toEqual({ key: 'custom', from: '2025-01-01', to: '2025-12-31' });
  });
  it('never goes into the future', () => {
    expect(shift({ key: 'today' }, TODAY, 1)).toBeNull();
    expect(shift({ key: '28d' }, TODAY, 1)).toBeNull();
    expect(shift({ key: 'all' }, TODAY, -1)).toBeNull();
    expect(shift({ key: 'yesterday' }, TODAY, 1)).toEqual({ key: 'today' });
    expect(shift({ key: 'lastmonth' }, TODAY, 1)).toEqual({ key: 'custom', from: '2026-11-01', to: TODAY });
  });
  it('comes back to where it was', () => {
    const there = back({ key: 'lastmonth' })!;
    expect(shift(there, TODAY, 1)).toEqual({ key: 'lastmonth' });
  });
});

describe('intervals', () => {
  it('offers what the range allows, and starts with one of them', () => {
    for (let days = 1; days < 2000; days += 7) {
      const { allowed, initial } = intervals(days);
      expect(allowed).toContain(initial);
      const hours = days * 24;
      if (allowed.includes('hour')) expect(hours).toBeLessThanOrEqual(24 * 7);
      if (allowed.includes('minute')) expect(days).toBe(1);
    }
    expect(intervals(28).initial).toBe('day');
    expect(intervals(365).initial).toBe('month');
  });
});

describe('zooming', () => {
  it('stays within the range', () => {
    const within = { from: '2026-10-27', to: TODAY };
    expect(bucketSpan('2026-10-26', 'week', within)).toEqual({ from: '2026-10-27', to: '2026-11-01' });
    expect(bucketSpan('2026-11-01', 'month', within)).toEqual({ from: '2026-11-01', to: TODAY });
    expect(bucketSpan('2026-11-03', 'day', within)).toEqual({ from: '2026-11-03', to: '2026-11-03' });
  });
  it('uses the short name where there is one', () => {
    expect(named({ from: TODAY, to: TODAY }, TODAY)).toEqual({ key: 'today' });
    expect(named({ from: '2026-11-01', to: '2026-11-02' }, TODAY).key).toBe('custom');
  });
});

it('knows which ranges are live', () => {
  expect(includesToday({ key: '28d' }, TODAY)).toBe(true);
  expect(includesToday({ key: 'lastmonth' }, TODAY)).toBe(false);
});
