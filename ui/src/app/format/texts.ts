import { Injectable } from '@angular/core';
import type { Translation, TranslocoLoader } from '@jsverse/transloco';
import { from, type Observable } from 'rxjs';
import type { Language } from './locale';

/** Each language is a chunk of its own, fetched with the page. */
const files: Record<Language, () => Promise<{ default: Translation }>> = {
  en: () => import('../../i18n/en.json'),
};

@Injectable({ providedIn: 'root' })
export class Texts implements TranslocoLoader {
  getTranslation(lang: string): Observable<Translation> {
    return from(files[lang as Language]().then((m) => m.default));
  }
}
