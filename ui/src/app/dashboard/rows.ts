import type { Answer } from '../api/report';
import { NOT_SET, valueText } from '../format/names';
import { exact, metricText, percent } from '../format/number';
import type { Tab } from './tabs';

/** One line of a panel. */
export interface Line {
  value: string;
  /** what a person reads */
  name: string;
  unset: boolean;
  number: string;
  exact: string;
  /** of the whole, "" where that is not known */
  share: string;
  /** of the largest, 0 to 1 */
  width: number;
  raw: number;
}

/** The lines of an answer; total is the metric over all rows, or null. */
export function lines(answer: Answer, tab: Tab, total: number | null): Line[] {
  const most = Math.max(1, ...answer.report.results.map((r) => r.metrics[0] ?? 0));
  return answer.report.results.map((row) => {
    const raw = row.metrics[0] ?? 0;
    const value = row.dimensions[0];
    return {
      value,
      name: valueText(tab.dimension, value),
      unset: value === NOT_SET,
      number: metricText(tab.metric, raw),
      exact: exact(raw),
      share: total ? percent((raw / total) * 100) : '',
      width: raw / most,
      raw,
    };
  });
}

/** The first letter and a hue of its own, for the tile before a name. */
export function tileOf(name: string): { letter: string; hue: number } {
  let hash = 0;
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)!) % 360;
  return { letter: (name.match(/[\p{L}\p{N}]/u)?.[0] ?? '·').toUpperCase(), hue: hash };
}
