import { describe, expect, it } from 'vitest';
import { describeChange, duration, metricText, percent, short } from './number';

describe('short', () => {
  it.each([
    [0, '0'], [7, '7'], [999, '999'], [1000, '1k'], [1234, '1.2k'], [9949, '9.9k'], [12_345, '12.3k'], [99_940, '99.9k'], [99_960, '100k'],
    [123_456, '123k'], [999_499, '999k'], [999_960, '1M'], [3_400_000, '3.4M'], [2_500_000_000, '2.5B'], [-1500, '-1.5k'],
  ])('%d is %s', (n, text) => expect(short(n, 'en-US')).toBe(text));

  it('follows the locale', () => expect(short(1234, 'de-DE')).toBe('1,2k'));
});

describe('duration', () => {
  it.each([[0, '0s'], [59, '59s'], [59.6, '1m 00s'], [65, '1m 05s'], [3599, '59m 59s'], [3600, '1h 00m'], [7384, '2h 03m']])('%d is %s', (n, text) => expect(duration(n)).toBe(text));
});

describe('metricText', () => {
  it('shows a dash for a ratio over nothing, and 0 for 0', () => {
    expect(metricText('bounce_rate', null)).toBe('–');
    expect(metricText('visit_duration', undefined)).toBe('–');
    expect(metricText('bounce_rate', 0)).toBe('0%');
  });
  it('gives each metric its unit', () => {
    expect(metricText('visitors', 12_345)).toBe('12.3k');
    expect(metricText('visitors', 12_345, true)).toMatch(/12.345/);
    expect(metricText('bounce_rate', 43.26, true)).toBe(percent(43.26));
    expect(metricText('views_per_visit', 2.413)).toMatch(/2.41/);
    expect(metricText('visit_duration', 90)).toBe('1m 30s');
  });
});

describe('describeChange', () => {
  it('never shows infinity', () => {
    expect(describeChange('visitors', 12, null)).toMatchObject({ direction: 'new', text: '' });
    expect(describeChange('visitors', 0, null)).toMatchObject({ direction: 'unknown', text: '' });
  });
  it('does not boast', () => expect(describeChange('visitors', 60_000, 8588)).toMatchObject({ direction: 'up', text: '>999%' }));
  it('welcomes a lower bounce rate, in points', () => {
    expect(describeChange('bounce_rate', 40, -2.14)).toEqual({ direction: 'down', tone: 'good', text: '2.1 pp' });
    expect(describeChange('bounce_rate', 40, 3)).toMatchObject({ direction: 'up', tone: 'bad' });
  });
  it('welcomes more of anything else', () => {
    expect(describeChange('visitors', 40, 12.4)).toEqual({ direction: 'up', tone: 'good', text: '12%' });
    expect(describeChange('visits', 40, -0.6)).toMatchObject({ direction: 'down', tone: 'bad', text: '0.6%' });
    expect(describeChange('visits', 40, 0.04)).toMatchObject({ direction: 'flat', tone: 'neutral' });
  });
});
