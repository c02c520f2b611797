import { ChangeDetectionStrategy, Component, computed, inject, signal, viewChild } from '@angular/core';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { Drop } from '../kit/drop';
import { spanText } from '../format/date';
import { Board } from './board';
import { Calendar } from './calendar';
import { includesToday, RANGE_KEYS, resolve, type RangeKey, type Span } from './ranges';

const MENU: RangeKey[][] = [['today', 'yesterday', '24h'], ['7d', '28d', '30d', '91d'], ['month', 'lastmonth'], ['year', '6mo', '12mo'], ['all']];

/** The period: a list of usual ones, and a calendar. */
@Component({
  selector: 'hk-range-picker',
  imports: [Calendar, Drop, TranslocoPipe],
  template: `
    <hk-drop #drop [label]="('range.choose' | transloco) + ': ' + name()" align="end" look="btn w-full sm:rounded-none" (openChange)="calendar.set(false)" data-test="range">
      <i class="pi pi-calendar text-ink-3 max-sm:hidden" aria-hidden="true"></i>
      <span class="num truncate">{{ name() }}</span>
      <i class="pi pi-chevron-down text-[0.625rem] text-ink-3" aria-hidden="true"></i>
      <ng-template>
        @if (calendar()) {
          <hk-calendar [from]="board.span().from" [to]="board.span().to" [min]="board.first()" [max]="board.today()" (picked)="pick($event)" (back)="turn(false)" />
        } @else {
          <div class="w-60">
            @for (group of menu; track $index) {
              @if (!$first) {
                <div class="menu-line"></div>
              }
              @for (key of group; track key) {
                <button type="button" class="menu-item" [attr.aria-current]="key === board.view().range.key ? 'true' : null" (click)="choose(key)" [title]="spanOf(key)" [attr.cdkFocusInitial]="key === board.view().range.key ? '' : null">
                  <span [class.font-semibold]="key === board.view().range.key" [class.text-accent]="key === board.view().range.key">{{ 'range.' + key | transloco }}</span>
                  <kbd class="kbd ml-auto hidden fine:inline-flex" aria-hidden="true">{{ keys[key] }}</kbd>
                </button>
              }
            }
            <div class="menu-line"></div>
            <button type="button" class="menu-item" (click)="turn(true)">{{ 'range.custom' | transloco }}<kbd class="kbd ml-auto hidden fine:inline-flex" aria-hidden="true">C</kbd></button>
            <p class="num border-t border-line px-2.5 pt-2 pb-1 text-xs text-ink-3 mt-1.5">{{ covered() }}{{ live() ? ', ' + ('range.withToday' | transloco) : '' }}</p>
          </div>
        }
      </ng-template>
    </hk-drop>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RangePicker {
  protected readonly board = inject(Board);
  private readonly drop = viewChild.required(Drop);
  protected readonly calendar = signal(false);
  protected readonly menu = MENU;
  protected readonly keys = RANGE_KEYS;
  private readonly texts = inject(TranslocoService);
  protected readonly name = computed(() => {
    const { key } = this.board.view().range;
    return key === 'custom' ? this.covered() : this.texts.translate(`range.${key}`);
  });
  protected readonly covered = computed(() => spanText(this.board.span().from, this.board.span().to));

  protected readonly live = computed(() => includesToday(this.board.view().range, this.board.today()));

  /** The days a choice would cover, so that nobody has to guess whether today is in. */
  protected spanOf(key: RangeKey): string {
    if (key === 'all' && !this.board.first()) return '';
    const span = resolve({ key }, this.board.today(), this.board.first() ?? this.board.today());
    return spanText(span.from, span.to);
  }

  showCalendar(): void {
    this.drop().open.set(true);
    this.turn(true);
  }

  /** Between the list and the calendar. */
  protected turn(calendar: boolean): void {
    this.calendar.set(calendar);
    this.drop().reposition();
  }

  protected choose(key: RangeKey): void {
    this.drop().close();
    this.board.change({ range: { key } });
  }

  protected pick(span: Span): void {
    this.drop().close();
    this.board.change({ range: { key: 'custom', ...span } });
  }
}
