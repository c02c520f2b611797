import { ChangeDetectionStrategy, Component, computed, inject, input, linkedSignal, model, signal } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { valueText } from '../format/names';
import { short } from '../format/number';
import { Badge } from '../kit/badge';
import { Board } from './board';
import { toQueryFilters, type Filter, type Operator } from './filters';
import { matching } from './matching';

const SHOWN = 8;

/** Several values of a dimension, with suggestions out of the site's own data. */
@Component({
  selector: 'hk-value-picker',
  imports: [Badge, TranslocoPipe],
  templateUrl: './value-picker.html',
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ValuePicker {
  readonly dimension = input.required<string>();
  readonly operator = input.required<Operator>();
  readonly others = input.required<Filter[]>();
  readonly values = model.required<string[]>();

  private readonly board = inject(Board);
  protected readonly typed = linkedSignal({ source: this.dimension, computation: () => '' });
  private readonly search = linkedSignal({ source: this.dimension, computation: () => '' });
  protected readonly at = linkedSignal({ source: () => [this.search(), this.dimension()], computation: () => -1 });
  private timer: ReturnType<typeof setTimeout> | undefined;

  protected readonly report = this.board.report(
    () => {
      const base = this.board.base();
      if (!base) return undefined;
      const metric = this.dimension() === 'event:name' ? 'events' : 'visitors';
      return {
        ...base,
        filters: [...toQueryFilters(this.others()), ...matching(this.dimension(), this.search())],
        metrics: [metric],
        dimensions: [this.dimension()],
        order_by: [[metric, 'desc']],
        pagination: { limit: SHOWN + 12, offset: 0 },
      };
    },
    () => 'values ' + this.dimension(),
  );
  protected readonly options = computed(() =>
    (this.report.answer()?.report.results ?? [])
      .map((r) => ({ value: r.dimensions[0], name: this.name(r.dimensions[0]), number: short(r.metrics[0] ?? 0) }))
      .filter((o) => !this.values().includes(o.value))
      .slice(0, SHOWN),
  );
  protected readonly icon = computed(() => (this.dimension() === 'visit:country' ? 'flag' : 'none'));
  protected readonly open = signal(true);

  protected name(value: string): string {
    return valueText(this.dimension(), value);
  }

  protected type(text: string): void {
    this.typed.set(text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search.set(text.trim()), 200);
  }

  protected key(event: KeyboardEvent): void {
    const last = this.options().length - 1;
    if (event.key === 'ArrowDown') this.at.update((i) => Math.min(i + 1, last));
    else if (event.key === 'ArrowUp') this.at.update((i) => Math.max(i - 1, -1));
    else if (event.key === 'Backspace' && !this.typed()) this.values.update((v) => v.slice(0, -1));
    else if (event.key === 'Enter' && (this.at() >= 0 || this.typed().trim())) this.enter();
    else return;
    if (event.key !== 'Backspace') event.preventDefault();
  }

  /** The suggestion under the cursor, else what was typed: countries by their code only. */
  private enter(): void {
    const picked = this.options()[this.at()]?.value;
    const text = this.typed().trim();
    if (picked !== undefined) this.add(picked);
    else if (this.dimension() === 'visit:country') {
      if (this.options().length) this.add(this.options()[0].value);
    } else this.add(text);
  }

  protected add(value: string): void {
    if (!this.values().includes(value)) this.values.update((v) => [...v, value]);
    clearTimeout(this.timer);
    this.typed.set('');
    this.search.set('');
  }

  protected remove(value: string): void {
    this.values.update((v) => v.filter((x) => x !== value));
  }
}
