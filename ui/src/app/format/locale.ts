/** Languages that have texts. Add one with its file in src/i18n. */
export const LANGUAGES = ['en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first of the browser's languages that has texts; else English. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    const known = LANGUAGES.find((l) => l === base);
    if (known) return known;
  }
  return 'en';
}

/**
 * The locale for numbers and dates: the texts' language with the conventions
 * of the person's region, so that an English page in Germany says "23 Nov" and
 * uses a 24-hour clock.
 */
export function pickLocale(wanted: readonly string[], language: Language): string {
  for (const tag of wanted) {
    try {
      const { region } = new Intl.Locale(tag).maximize();
      if (region) return `${language}-${region}`;
    } catch {
      // Not a language tag: try the next.
    }
  }
  return language;
}

const wanted = globalThis.navigator?.languages ?? ['en-US'];
export const language = pickLanguage(wanted);
export const locale = pickLocale(wanted, language);

/** First day of the week in a locale: 1 Monday to 7 Sunday. */
export function weekStart(of: string): number {
  const info = new Intl.Locale(of) as Intl.Locale & {
    getWeekInfo?(): { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return info.getWeekInfo?.().firstDay ?? info.weekInfo?.firstDay ?? 1;
}
