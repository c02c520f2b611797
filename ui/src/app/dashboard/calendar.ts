import { ChangeDetectionStrategy, Component, ElementRef, Injector, afterNextRender, computed, inject, input, linkedSignal, output, signal } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { addDays, addMonths, monthText, spanText, utc, type Day } from '../format/date';
import { locale, weekStart } from '../format/locale';
import { clamp, moved, weeksOf } from './month';
import type { Span } from './ranges';

/** A month to choose a first and a last day in, by mouse or arrow keys. */
@Component({
  selector: 'hk-calendar',
  imports: [TranslocoPipe],
  templateUrl: './calendar.html',
  host: { class: 'block w-74 max-w-full p-1.5' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Calendar {
  readonly from = input.required<Day>();
  readonly to = input.required<Day>();
  readonly min = input<Day | null>(null);
  readonly max = input.required<Day>();
  readonly picked = output<Span>();
  readonly back = output();

  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly injector = inject(Injector);
  private readonly firstDay = weekStart(locale);
  /** the day that has the focus, and whose month is shown */
  protected readonly at = linkedSignal(() => clamp(this.to(), this.min(), this.max()));
  /** the first end, once chosen */
  protected readonly start = signal<Day | null>(null);
  private readonly over = signal<Day | null>(null);

  protected readonly heading = computed(() => monthText(this.at(), locale, 'long'));
  protected readonly weekdays = computed(() =>
    weeksOf(this.at(), this.firstDay)[0].map((day) => ({ short: this.weekday(day, 'narrow'), long: this.weekday(day, 'long') })),
  );
  /** The days marked: the range so far, or the one in force. */
  protected readonly marked = computed<Span>(() => {
    const start = this.start();
    if (!start) return { from: this.from(), to: this.to() };
    const other = this.over() ?? this.at();
    return start <= other ? { from: start, to: other } : { from: other, to: start };
  });
  protected readonly summary = computed(() => spanText(this.marked().from, this.marked().to));
  protected readonly weeks = computed(() =>
    weeksOf(this.at(), this.firstDay).map((week) =>
      week.map((day) => ({
        day,
        number: utc(day).getUTCDate(),
        name: new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle: 'full' }).format(utc(day)),
        other: day.slice(0, 7) !== this.at().slice(0, 7),
        disabled: day > this.max() || (this.min() !== null && day < this.min()!),
        end: day === this.marked().from || day === this.marked().to,
        within: day > this.marked().from && day < this.marked().to,
        today: day === this.max(),
      })),
    ),
  );

  constructor() {
    afterNextRender(() => this.focus());
  }

  protected key(event: KeyboardEvent): void {
    // The focus follows after the next paint: for quick fingers the day that counts is `at`, not
    // the button that still has it.
    if (event.key === 'Enter') {
      event.preventDefault();
      return this.choose(this.at());
    }
    const to = moved(this.at(), event.key, this.firstDay);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    this.at.set(clamp(to, this.min(), this.max()));
    this.over.set(null);
    afterNextRender(() => this.focus(), { injector: this.injector });
  }

  protected turn(months: number): void {
    const to = addMonths(this.at().slice(0, 8) + '01', months);
    this.at.set(clamp(months > 0 ? to : addDays(addMonths(to, 1), -1), this.min(), this.max()));
  }

  protected choose(day: Day): void {
    const start = this.start();
    this.at.set(day);
    if (start) this.picked.emit(start <= day ? { from: start, to: day } : { from: day, to: start });
    else this.start.set(day);
  }

  protected hover(day: Day | null): void {
    this.over.set(day);
  }

  private focus(): void {
    this.host.nativeElement.querySelector<HTMLElement>('[tabindex="0"][data-day]')?.focus();
  }

  private weekday(day: Day, length: 'narrow' | 'long'): string {
    return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: length }).format(utc(day));
  }
}
