import type { QueryFilter } from '../api/query';
import { valueText } from '../format/names';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Filters that find a text in a dimension. Countries are searched by their
 * names, which the server does not know: the codes that match are named.
 */
export function matching(dimension: string, text: string): QueryFilter[] {
  if (!text) return [];
  if (dimension !== 'visit:country') return [['contains', dimension, [text], { case_sensitive: false }]];
  return [['is', dimension, countryCodes(text)]];
}

/** ISO codes whose name or code holds the text; a code that no country has where none does. */
export function countryCodes(text: string): string[] {
  const wanted = text.toLowerCase();
  // Codes of countries that are no more (DD) stand for their successors: leave them out.
  const all = [...LETTERS].flatMap((a) => [...LETTERS].map((b) => a + b)).filter((code) => new Intl.Locale(`und-${code}`).region === code);
  const found = all.filter((code) => {
    const name = valueText('visit:country', code);
    return name !== code && (name.toLowerCase().includes(wanted) || code.toLowerCase() === wanted);
  });
  return found.length ? found : ['ZZ'];
}
