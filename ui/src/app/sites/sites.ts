import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { RouterLink } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import { Session } from '../api/session';
import { SiteCard } from './site-card';

/** All sites, each with its last 24 hours. */
@Component({
  selector: 'hk-sites',
  imports: [RouterLink, SiteCard, TranslocoPipe],
  template: `
    <div class="flex flex-wrap items-center gap-3 py-6">
      <h1 class="text-xl font-semibold tracking-tight">{{ 'sites.title' | transloco }}</h1>
      <div class="ml-auto flex items-center gap-2 max-sm:w-full">
        @if ((sites()?.length ?? 0) > 1) {
          <label class="relative max-sm:flex-1">
            <span class="sr-only">{{ 'sites.search' | transloco }}</span>
            <i class="pi pi-search absolute top-1/2 left-3 -translate-y-1/2 text-ink-3" aria-hidden="true"></i>
            <input #box class="input h-9 pl-9 sm:w-56" type="search" [placeholder]="'sites.search' | transloco" (input)="search.set(box.value)" />
          </label>
        }
        <a routerLink="/sites/new" class="btn btn-primary"><i class="pi pi-plus text-[0.75rem]" aria-hidden="true"></i>{{ 'sites.add' | transloco }}</a>
      </div>
    </div>
    <ul class="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
      @for (s of found(); track s.id) {
        <li class="min-w-0"><hk-site-card [site]="s" /></li>
      }
    </ul>
    @if (!sites()?.length) {
      <div class="card px-6 py-16 text-center">
        <h2 class="font-semibold">{{ 'sites.none' | transloco }}</h2>
        <p class="mt-1 text-ink-2">{{ 'sites.noneText' | transloco }}</p>
      </div>
    } @else if (!found().length) {
      <p class="py-16 text-center text-ink-2">{{ 'common.nothingFound' | transloco }}</p>
    }
  `,
  host: { '(document:keydown./)': 'focus($event)' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Sites {
  protected readonly sites = inject(Session).sites;
  protected readonly search = signal('');
  protected readonly found = computed(() => {
    const wanted = this.search().trim().toLowerCase();
    return (this.sites() ?? []).filter((s) => s.domain.includes(wanted)).sort((a, b) => a.domain.localeCompare(b.domain));
  });

  constructor() {
    inject(Title).setTitle('HitKeep');
  }

  protected focus(event: Event): void {
    const box = document.querySelector<HTMLInputElement>('hk-sites input[type="search"]');
    if (!box || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    box.focus();
  }
}
