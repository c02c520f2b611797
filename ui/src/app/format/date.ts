import { locale } from './locale';

/** A calendar day, YYYY-MM-DD, in no zone. */
export type Day = string;
/** A wall-clock label of a bucket: "2026-11-23" or "2026-11-23 14:00:00". */
export type Label = string;

const MS_PER_DAY = 86_400_000;
const cache = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, of: string): Intl.DateTimeFormat {
  const key = of + JSON.stringify(options);
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.DateTimeFormat(of, options)));
  return found;
}

/** A label as UTC, for arithmetic and for printing with timeZone UTC. */
export function utc(label: Label): Date {
  const [day, time = '00:00:00'] = label.split(/[ T]/);
  return new Date(`${day}T${time.slice(0, 8)}Z`);
}

export function dayOf(date: Date): Day {
  return date.toISOString().slice(0, 10);
}

export function addDays(day: Day, n: number): Day {
  return dayOf(new Date(utc(day).getTime() + n * MS_PER_DAY));
}

export function addMonths(day: Day, n: number): Day {
  const d = utc(day);
  const target = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + n, 1));
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(d.getUTCDate(), last));
  return dayOf(target);
}

/** Days from a to b, both included. */
export function daysBetween(a: Day, b: Day): number {
  return Math.round((utc(b).getTime() - utc(a).getTime()) / MS_PER_DAY) + 1;
}

/** The wall clock of a zone at an instant, as a label with seconds. */
export function wallClock(at: Date, zone: string): Label {
  const parts = format(
    { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    'en-CA',
  ).formatToParts(at);
  const get = (type: string) => parts.find((p) => p.type === type)?.value ?? '00';
  return `${get('year')}-${get('month')}-${get('day')} ${get('hour')}:${get('minute')}:${get('second')}`;
}

export function today(zone: string, now = new Date()): Day {
  return wallClock(now, zone).slice(0, 10);
}

const thisYear = () => String(new Date().getUTCFullYear());

/** 23 Nov, or 23 Nov 2025 in another year; the order is the locale's. */
export function dayText(label: Label, of = locale, weekday = false): string {
  const year = label.startsWith(thisYear()) ? undefined : 'numeric';
  return format({ timeZone: 'UTC', day: 'numeric', month: 'short', year, weekday: weekday ? 'short' : undefined }, of).format(utc(label));
}

export function monthText(label: Label, of = locale, length: 'short' | 'long' = 'short'): string {
  return format({ timeZone: 'UTC', month: length, year: 'numeric' }, of).format(utc(label));
}

export function timeText(label: Label, of = locale): string {
  return format({ timeZone: 'UTC', hour: 'numeric', minute: '2-digit' }, of).format(utc(label));
}

/** 1 – 28 Nov 2026; one day alone with its weekday. */
export function spanText(from: Day, to: Day, of = locale): string {
  if (from === to) return format({ timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }, of).format(utc(from));
  const year = from.startsWith(thisYear()) && to.startsWith(thisYear()) ? undefined : 'numeric';
  return format({ timeZone: 'UTC', day: 'numeric', month: 'short', year }, of).formatRange(utc(from), utc(to));
}

/** An instant in the browser's zone: 23 Nov 2026, 14:05. */
export function momentText(iso: string, of = locale): string {
  return format({ dateStyle: 'medium', timeStyle: 'short' }, of).format(new Date(iso));
}

/** "3 minutes ago", "in 2 days". */
export function agoText(iso: string, now = Date.now(), of = locale): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, 'second'], [3600, 'minute'], [86_400, 'hour'], [2_592_000, 'day'], [31_536_000, 'month'], [Infinity, 'year']];
  const sizes = [1, 60, 3600, 86_400, 2_592_000, 31_536_000];
  const i = steps.findIndex(([limit]) => Math.abs(seconds) < limit);
  return new Intl.RelativeTimeFormat(of, { numeric: 'auto' }).format(Math.round(seconds / sizes[i]), steps[i][1]);
}
