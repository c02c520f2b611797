import { ChangeDetectionStrategy, Component, computed, inject, signal, viewChild } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import type { Site } from '../api/model';
import { Session } from '../api/session';
import { Drop } from '../kit/drop';
import { Board } from './board';

/** The site's name, and under it the others, with search. */
@Component({
  selector: 'hk-site-switcher',
  imports: [Drop, RouterLink, TranslocoPipe],
  template: `
    <hk-drop #drop [label]="('sites.switch' | transloco) + ': ' + (board.site()?.domain ?? '')" look="btn max-w-full border-transparent bg-transparent px-2 text-base font-semibold tracking-tight" (openChange)="search.set('')">
      <span class="truncate">{{ board.site()?.domain }}</span>
      <i class="pi pi-chevron-down text-[0.6875rem] text-ink-3" aria-hidden="true"></i>
      <ng-template>
        <div class="w-72 max-w-full">
          <input class="input mb-1.5 h-9" type="search" cdkFocusInitial [placeholder]="'sites.search' | transloco" [attr.aria-label]="'sites.search' | transloco" [value]="search()" (input)="search.set($any($event.target).value)" (keydown.enter)="go(found()[0])" />
          <ul class="max-h-80 overflow-y-auto">
            @for (s of found(); track s.id; let i = $index) {
              <li>
                <a class="menu-item" [routerLink]="['/', s.domain]" (click)="drop.close()" [attr.aria-current]="s.id === board.site()?.id ? 'page' : null">
                  <span class="truncate" [class.font-semibold]="s.id === board.site()?.id">{{ s.domain }}</span>
                  @if (s.id === board.site()?.id) {
                    <i class="pi pi-check ml-auto text-accent" aria-hidden="true"></i>
                  } @else if (i < 9 && !search()) {
                    <kbd class="kbd ml-auto hidden fine:inline-flex">{{ i + 1 }}</kbd>
                  }
                </a>
              </li>
            } @empty {
              <li class="px-2.5 py-3 text-center text-[0.8125rem] text-ink-3">{{ 'common.nothingFound' | transloco }}</li>
            }
          </ul>
          <div class="menu-line"></div>
          <a class="menu-item" routerLink="/sites/new" (click)="drop.close()"><i class="pi pi-plus text-ink-3" aria-hidden="true"></i>{{ 'sites.add' | transloco }}</a>
        </div>
      </ng-template>
    </hk-drop>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SiteSwitcher {
  protected readonly board = inject(Board);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly drop = viewChild.required(Drop);
  protected readonly search = signal('');
  protected readonly found = computed(() => {
    const wanted = this.search().trim().toLowerCase();
    return (this.session.sites() ?? []).filter((s) => s.domain.toLowerCase().includes(wanted));
  });

  show(): void {
    this.drop().open.set(true);
  }

  protected go(site: Site | undefined): void {
    if (!site) return;
    this.drop().close();
    void this.router.navigate(['/', site.domain]);
  }
}
