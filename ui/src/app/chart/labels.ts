import type { Interval } from '../api/query';
import { addDays, dayText, monthText, timeText, type Label } from '../format/date';
import { locale } from '../format/locale';

/** A bucket in full, for the tooltip and the table. */
export function bucketText(label: Label, interval: Interval, of = locale): string {
  switch (interval) {
    case 'minute': return `${dayText(label, of)}, ${timeText(label, of)}`;
    case 'hour': return `${dayText(label, of, true)}, ${timeText(label, of)}`;
    case 'day': return dayText(label, of, true);
    case 'week': return `${dayText(label, of)} – ${dayText(addDays(label.slice(0, 10), 6), of)}`;
    case 'month': return monthText(label, of, 'long');
  }
}

/** A bucket on the axis: as short as the other labels allow. */
export function tickText(label: Label, interval: Interval, all: Label[], of = locale): string {
  const oneDay = all.length > 0 && all[0].slice(0, 10) === all[all.length - 1].slice(0, 10);
  switch (interval) {
    case 'minute': return timeText(label, of);
    case 'hour': return oneDay || all.length <= 25 ? timeText(label, of) : label.slice(11, 13) === '00' ? dayText(label, of) : timeText(label, of);
    case 'month': return monthText(label, of);
    default: return dayText(label, of);
  }
}
