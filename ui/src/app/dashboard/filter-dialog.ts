import { ChangeDetectionStrategy, Component, computed, inject, input, linkedSignal, output } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { TranslocoPipe } from '@jsverse/transloco';
import { Modal } from '../kit/modal';
import { Board } from './board';
import { FILTER_DIMENSIONS, OPERATORS, replaceFilter, shortName, type Filter, type Operator } from './filters';
import { ValuePicker } from './value-picker';

/** Makes or changes one filter. */
@Component({
  selector: 'hk-filter-dialog',
  imports: [FormsModule, Modal, TranslocoPipe, ValuePicker],
  template: `
    <hk-modal [heading]="(index() < 0 ? 'filter.add' : 'filter.edit') | transloco" (closed)="closed.emit()">
      <form class="space-y-4" (ngSubmit)="save()">
        <div class="grid gap-4 sm:grid-cols-2">
          <div>
            <label for="filter-dimension" class="mb-1.5 block text-[0.8125rem] font-medium">{{ 'filter.dimension' | transloco }}</label>
            <select id="filter-dimension" class="input" name="dimension" [ngModel]="draft().dimension" (ngModelChange)="draft.set({ op: draft().op, dimension: $event, values: [] })">
              @for (d of dimensions; track d) {
                <option [value]="d">{{ 'dimension.' + short(d) | transloco }}</option>
              }
            </select>
          </div>
          <div>
            <label for="filter-operator" class="mb-1.5 block text-[0.8125rem] font-medium">{{ 'filter.operator' | transloco }}</label>
            <select id="filter-operator" class="input" name="operator" [ngModel]="draft().op" (ngModelChange)="setOperator($event)">
              @for (o of operators; track o) {
                <option [value]="o">{{ 'operator.' + o | transloco }}</option>
              }
            </select>
          </div>
        </div>
        <hk-value-picker [dimension]="draft().dimension" [operator]="draft().op" [others]="others()" [values]="draft().values" (valuesChange)="draft.set({ op: draft().op, dimension: draft().dimension, values: $event })" />
        <div class="flex items-center gap-2 pt-1">
          @if (index() >= 0) {
            <button type="button" class="btn btn-danger" (click)="remove()">{{ 'filter.remove' | transloco }}</button>
          }
          <button type="button" class="btn ml-auto" (click)="closed.emit()">{{ 'common.cancel' | transloco }}</button>
          <button type="submit" class="btn btn-primary" [disabled]="!draft().values.length">{{ 'filter.apply' | transloco }}</button>
        </div>
      </form>
    </hk-modal>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FilterDialog {
  /** of the filter in the view; -1 for a new one */
  readonly index = input.required<number>();
  readonly closed = output();
  private readonly board = inject(Board);
  protected readonly dimensions = FILTER_DIMENSIONS;
  protected readonly operators = OPERATORS;
  protected readonly short = shortName;
  protected readonly draft = linkedSignal<Filter>(() => this.board.view().filters[this.index()] ?? { op: 'is', dimension: 'event:page', values: [] });
  /** suggestions are of what the filters on other dimensions leave */
  protected readonly others = computed(() => replaceFilter(this.board.view().filters, this.index(), null).filter((f) => f.dimension !== this.draft().dimension));

  protected setOperator(op: Operator): void {
    this.draft.update((f) => ({ ...f, op }));
  }

  protected save(): void {
    if (!this.draft().values.length) return;
    this.put(this.draft());
  }

  protected remove(): void {
    this.put(null);
  }

  private put(filter: Filter | null): void {
    this.board.change({ filters: replaceFilter(this.board.view().filters, this.index(), filter) });
    this.closed.emit();
  }
}
