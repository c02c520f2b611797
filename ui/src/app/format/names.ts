import { locale } from './locale';

const countries = new Intl.DisplayNames([locale], { type: 'region' });
const languages = new Intl.DisplayNames([locale], { type: 'language' });

export const NOT_SET = '(not set)';

/** What a person reads for a dimension's value: country and language codes become names. */
export function valueText(dimension: string, value: string): string {
  if (value === NOT_SET) return value;
  try {
    if (dimension === 'visit:country' && /^[A-Z]{2}$/.test(value)) return countries.of(value) ?? value;
    if (dimension === 'visit:language') return languages.of(value) ?? value;
  } catch {
    // A code that Intl does not know is shown as it is.
  }
  return value;
}
