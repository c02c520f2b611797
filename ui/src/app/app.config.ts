import { provideHttpClient, withFetch, withInterceptors } from '@angular/common/http';
import { type ApplicationConfig, inject, isDevMode, provideAppInitializer, provideBrowserGlobalErrorListeners, provideZonelessChangeDetection } from '@angular/core';
import { provideRouter, withComponentInputBinding, withInMemoryScrolling } from '@angular/router';
import { provideTransloco, TranslocoService } from '@jsverse/transloco';
import { MessageService } from 'primeng/api';
import { providePrimeNG } from 'primeng/config';
import { firstValueFrom } from 'rxjs';
import { expired } from './api/expired';
import { routes } from './app.routes';
import { language, LANGUAGES } from './format/locale';
import { Texts } from './format/texts';
import { preset } from './theme/preset';

const layers = 'theme, base, primeng, components, utilities';

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideZonelessChangeDetection(),
    provideRouter(routes, withComponentInputBinding(), withInMemoryScrolling({ scrollPositionRestoration: 'enabled' })),
    provideHttpClient(withFetch(), withInterceptors([expired])),
    provideTransloco({
      config: { availableLangs: [...LANGUAGES], defaultLang: language, prodMode: !isDevMode(), reRenderOnLangChange: false },
      loader: Texts,
    }),
    // Texts before the first page: no key is ever seen.
    provideAppInitializer(() => firstValueFrom(inject(TranslocoService).load(language))),
    providePrimeNG({
      theme: { preset, options: { darkModeSelector: '.dark', cssLayer: { name: 'primeng', order: layers } } },
      csp: { nonce: document.querySelector('[ngCspNonce]')?.getAttribute('ngCspNonce') ?? undefined },
    }),
    MessageService,
  ],
};
