import { describe, expect, it } from 'vitest';
import { clamp, moved, weeksOf } from './month';

describe('weeksOf', () => {
  it('holds the whole month in whole weeks', () => {
    const weeks = weeksOf('2026-11-23', 1);
    expect(weeks[0][0]).toBe('2026-10-26');
    expect(weeks.at(-1)?.at(-1)).toBe('2026-12-06');
    expect(weeks.every((w) => w.length === 7)).toBe(true);
  });
  it('begins on Sunday where weeks do', () => expect(weeksOf('2026-11-01', 7)[0][0]).toBe('2026-11-01'));
  it('needs four weeks for a February that fits', () => expect(weeksOf('2027-02-01', 1)).toHaveLength(4));
});

describe('moved', () => {
  it.each([
    ['ArrowLeft', '2026-10-31'], ['ArrowDown', '2026-11-08'], ['ArrowUp', '2026-10-25'], ['Home', '2026-10-26'], ['End', '2026-11-01'], ['PageUp', '2026-10-01'], ['PageDown', '2026-12-01'],
  ])('%s goes to %s', (key, day) => expect(moved('2026-11-01', key, 1)).toBe(day));
  it('leaves other keys alone', () => expect(moved('2026-11-01', 'a', 1)).toBeNull());
});

it('keeps within the days with data', () => {
  expect(clamp('2026-01-01', '2026-02-01', '2026-03-01')).toBe('2026-02-01');
  expect(clamp('2026-04-01', null, '2026-03-01')).toBe('2026-03-01');
});
