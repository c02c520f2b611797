import { ChangeDetectionStrategy, Component, computed, inject, output } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { valueText } from '../format/names';
import { Board } from './board';
import { replaceFilter, shortName } from './filters';

/** The filters in force, each to be edited or taken off. */
@Component({
  selector: 'hk-pills',
  imports: [TranslocoPipe],
  template: `
    @if (pills().length) {
      <ul class="flex flex-wrap items-center gap-2 pb-3" [attr.aria-label]="'filter.active' | transloco" data-test="pills">
        @for (p of pills(); track p.text) {
          <li class="flex max-w-full items-center rounded-full border border-line bg-card text-[0.8125rem] shadow-card">
            <button type="button" class="flex min-w-0 items-center gap-1.5 rounded-l-full py-1.5 pr-1 pl-3.5" (click)="edit.emit($index)">
              <span class="sr-only">{{ 'filter.edit' | transloco }}:</span>
              <span class="flex-none text-ink-3">{{ 'dimension.' + p.name | transloco }} {{ 'operator.' + p.op | transloco }}</span>
              <span class="truncate font-medium">{{ p.values }}</span>
            </button>
            <button type="button" class="grid size-7 flex-none place-items-center rounded-full text-ink-3 hover:text-ink" (click)="remove($index)" [attr.aria-label]="('filter.remove' | transloco) + ': ' + p.values"><i class="pi pi-times text-[0.6875rem]" aria-hidden="true"></i></button>
          </li>
        }
        <li><button type="button" class="btn btn-ghost btn-sm" (click)="board.change({ filters: [] })">{{ 'filter.clear' | transloco }}<kbd class="kbd hidden fine:inline-flex">Esc</kbd></button></li>
      </ul>
    }
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Pills {
  readonly edit = output<number>();
  protected readonly board = inject(Board);
  protected readonly pills = computed(() =>
    this.board.view().filters.map((f, i) => ({
      op: f.op,
      name: shortName(f.dimension),
      values: f.values.map((v) => valueText(f.dimension, v)).join(', '),
      text: `${i} ${f.op} ${f.dimension} ${f.values}`,
    })),
  );

  protected remove(index: number): void {
    this.board.change({ filters: replaceFilter(this.board.view().filters, index, null) });
  }
}
