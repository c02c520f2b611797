import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { Badge } from '../kit/badge';
import type { Line } from './rows';
import type { Tab } from './tabs';

/** Rows with a bar behind; a click filters by the row. */
@Component({
  selector: 'hk-row-list',
  imports: [Badge, TranslocoPipe],
  template: `
    <ul class="gap-x-6" [class]="wide() ? 'grid sm:grid-cols-2' : ''">
      @for (r of rows(); track r.value) {
        <li class="group/row relative mb-1 flex h-8 items-center">
          <button type="button" class="flex h-8 w-full min-w-0 items-center rounded-md pr-2 text-left text-[0.8125rem] outline-offset-[-2px] hover:bg-hover" [attr.aria-pressed]="chosen().has(r.value)" [attr.data-value]="r.value" (click)="picked.emit(r.value)">
            <span class="relative flex h-8 min-w-0 flex-1 items-center gap-2 px-2">
              <span class="absolute inset-y-0 left-0 rounded-md transition-[width] duration-300" [class]="chosen().has(r.value) ? 'bg-accent/30' : 'bg-bar'" [style.width.%]="r.width * 100" aria-hidden="true"></span>
              @if (tab().icon !== 'none') {
                <hk-badge [kind]="tab().icon" [value]="r.value" class="relative" />
              }
              <span class="relative truncate" [class.italic]="r.unset" [class.text-ink-2]="r.unset" [class.font-semibold]="chosen().has(r.value)" [title]="r.name">{{ r.name }}</span>
              @if (isPage()) {
                <span class="w-4 flex-none"></span>
              }
            </span>
            @if (r.share) {
              <span class="num pl-3 text-xs text-ink-3 opacity-0 group-focus-within/row:opacity-100 group-hover/row:opacity-100 max-sm:hidden">{{ r.share }}</span>
            }
            <span class="num min-w-12 flex-none pl-3 text-right font-medium" [title]="r.exact">{{ r.number }}</span>
          </button>
          @if (isPage() && r.value.startsWith('/')) {
            <a class="absolute right-28 hidden size-6 place-items-center rounded bg-card text-ink-3 group-focus-within/row:grid group-hover/row:grid hover:text-accent max-sm:!hidden" [href]="'https://' + domain() + r.value" target="_blank" rel="noopener noreferrer" [attr.aria-label]="('panel.visit' | transloco) + ' ' + r.name"><i class="pi pi-external-link text-[0.6875rem]" aria-hidden="true"></i></a>
          }
        </li>
      }
    </ul>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RowList {
  readonly rows = input.required<Line[]>();
  readonly tab = input.required<Tab>();
  readonly chosen = input.required<Set<string>>();
  readonly domain = input.required<string>();
  readonly wide = input(false);
  readonly picked = output<string>();

  protected isPage(): boolean {
    return this.tab().dimension.endsWith('page');
  }
}
