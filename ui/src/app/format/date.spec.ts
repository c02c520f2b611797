import { describe, expect, it } from 'vitest';
import { addDays, addMonths, agoText, dayText, daysBetween, spanText, today, wallClock } from './date';
import { pickLanguage, pickLocale, weekStart } from './locale';

describe('days', () => {
  it('adds across months, years and leap days', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('2028-03-01', -1)).toBe('2028-02-29');
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28');
    expect(addMonths('2026-03-31', -13)).toBe('2025-02-28');
  });
  it('counts both ends', () => {
    expect(daysBetween('2026-11-23', '2026-11-23')).toBe(1);
    // Clocks go back on 25 October in Berlin: days are days all the same.
    expect(daysBetween('2026-10-24', '2026-10-26')).toBe(3);
  });
});

describe('wallClock', () => {
  const at = new Date('2026-11-23T23:30:05Z');
  it('is the zone’s own', () => {
    expect(wallClock(at, 'Europe/Berlin')).toBe('2026-11-24 00:30:05');
    expect(wallClock(at, 'America/New_York')).toBe('2026-11-23 18:30:05');
    expect(wallClock(at, 'Asia/Kathmandu')).toBe('2026-11-24 05:15:05');
    expect(today('Europe/Berlin', at)).toBe('2026-11-24');
  });
  it('says 00 at midnight, not 24', () => expect(wallClock(new Date('2026-01-01T00:00:00Z'), 'UTC')).toBe('2026-01-01 00:00:00'));
});

describe('texts', () => {
  it('follow the locale', () => {
    expect(dayText('2020-11-03', 'en-GB')).toBe('3 Nov 2020');
    expect(dayText('2020-11-03', 'en-US')).toBe('Nov 3, 2020');
    expect(spanText('2020-11-01', '2020-11-28', 'en-GB')).toMatch(/^1.+28 Nov 2020$/);
    expect(spanText('2020-11-01', '2020-11-01', 'en-GB')).toMatch(/Sun.*1 Nov 2020/);
  });
  it('tell how long ago', () => {
    const now = Date.parse('2026-11-23T12:00:00Z');
    expect(agoText('2026-11-23T11:57:00Z', now, 'en')).toBe('3 minutes ago');
    expect(agoText('2026-11-22T12:00:00Z', now, 'en')).toBe('yesterday');
    expect(agoText('2024-11-22T12:00:00Z', now, 'en')).toBe('2 years ago');
  });
});

describe('locale', () => {
  it('keeps the person’s region with the texts’ language', () => {
    expect(pickLanguage(['fr-FR', 'en-US'])).toBe('en');
    expect(pickLocale(['de-DE', 'en-US'], 'en')).toBe('en-DE');
    expect(pickLocale(['de'], 'en')).toBe('en-DE');
    expect(pickLocale([], 'en')).toBe('en');
  });
  it('knows where the week begins', () => {
    expect(weekStart('en-GB')).toBe(1);
    expect(weekStart('en-US')).toBe(7);
  });
});
