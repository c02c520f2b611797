import { addDays, addMonths, utc, type Day } from '../format/date';

/** The weeks of a month, each seven days, with the days of its neighbours. */
export function weeksOf(month: Day, firstDay: number): Day[][] {
  const first = month.slice(0, 8) + '01';
  const weekday = utc(first).getUTCDay() || 7;
  let day = addDays(first, -((weekday - firstDay + 7) % 7));
  const end = addMonths(first, 1);
  const weeks: Day[][] = [];
  while (day < end) {
    const from = day;
    weeks.push(Array.from({ length: 7 }, (_, i) => addDays(from, i)));
    day = addDays(day, 7);
  }
  return weeks;
}

/** Where a key moves the focus in a calendar; null for keys that do not move. */
export function moved(day: Day, key: string, firstDay: number): Day | null {
  const inWeek = ((utc(day).getUTCDay() || 7) - firstDay + 7) % 7;
  switch (key) {
    case 'ArrowLeft': return addDays(day, -1);
    case 'ArrowRight': return addDays(day, 1);
    case 'ArrowUp': return addDays(day, -7);
    case 'ArrowDown': return addDays(day, 7);
    case 'Home': return addDays(day, -inWeek);
    case 'End': return addDays(day, 6 - inWeek);
    case 'PageUp': return addMonths(day, -1);
    case 'PageDown': return addMonths(day, 1);
    default: return null;
  }
}

export function clamp(day: Day, min: Day | null, max: Day): Day {
  if (min && day < min) return min;
  return day > max ? max : day;
}
