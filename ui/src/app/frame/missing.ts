import { ChangeDetectionStrategy, Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';

@Component({
  selector: 'hk-missing',
  imports: [RouterLink, TranslocoPipe],
  template: `
    <div class="mx-auto max-w-md py-24 text-center">
      <h1 class="text-xl font-semibold tracking-tight">{{ 'missing.title' | transloco }}</h1>
      <p class="mt-2 text-ink-2">{{ 'missing.text' | transloco }}</p>
      <a routerLink="/sites" class="btn mt-6">{{ 'missing.back' | transloco }}</a>
    </div>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Missing {}
