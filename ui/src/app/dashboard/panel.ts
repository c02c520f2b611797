import { CdkMenuModule } from '@angular/cdk/menu';
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { Failed } from '../kit/failed';
import { NOT_SET } from '../format/names';
import { WorldMap, type Country } from '../map/world-map';
import { Board } from './board';
import { chosen } from './filters';
import { lines, type Line } from './rows';
import { RowList } from './row-list';
import { ownFilters, type Group, type Tab } from './tabs';

/** Rows shown before "details". */
const ROWS = 9;
const COUNTRIES = 300;
/** Rows under the map. */
const TOP = 3;

/** One card of lists under tabs; loads and fails by itself. */
@Component({
  selector: 'hk-panel',
  imports: [CdkMenuModule, Failed, RowList, TranslocoPipe, WorldMap],
  templateUrl: './panel.html',
  host: { class: 'card flex min-w-0 flex-col' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Panel {
  readonly group = input.required<Group>();
  /** over the page's whole width: rows in two columns */
  readonly wide = input(false);

  protected readonly board = inject(Board);
  protected readonly topRows = TOP;
  protected readonly tab = computed<Tab>(() => {
    const { key, tabs } = this.group();
    return tabs.find((t) => t.key === this.board.view().tabs[key]) ?? tabs[0];
  });
  protected readonly plain = computed(() => this.group().tabs.filter((t) => !t.nested));
  protected readonly nested = computed(() => this.group().tabs.filter((t) => t.nested));
  /** the filters that make a row of this list look chosen */
  protected readonly chosen = computed(() => chosen(this.board.view().filters, this.tab().dimension));

  protected readonly report = this.board.report(
    () => {
      const base = this.board.base();
      const tab = this.tab();
      if (!base) return undefined;
      return { ...base, filters: [...(base.filters ?? []), ...ownFilters(tab)], metrics: [tab.metric], dimensions: [tab.dimension], order_by: [[tab.metric, 'desc']], pagination: { limit: tab.map ? COUNTRIES : ROWS, offset: 0 } };
    },
    () => this.tab().key,
  );
  /** What shares are of; events without the pageviews that the list leaves out. */
  private readonly whole = computed(() => {
    const all = this.board.total(this.tab().metric);
    return all !== null && this.tab().without ? all - (this.board.total('pageviews') ?? 0) : all;
  });
  protected readonly rows = computed<Line[] | null>(() => {
    const answer = this.report.answer();
    if (!answer || answer.query.dimensions?.[0] !== this.tab().dimension) return null;
    return lines(answer, this.tab(), this.whole());
  });
  /** Nothing to list: no rows, or all there is is "(not set)". */
  protected readonly empty = computed(() => this.rows()?.every((r) => r.value === NOT_SET) ?? false);
  /** The text that says why. */
  protected readonly why = computed(() => {
    if (this.board.view().filters.length && !this.rows()?.length) return 'panel.noneForFilters';
    if (this.tab().nested) return 'panel.noCampaigns';
    if (this.tab().key === 'event') return 'panel.noEvents';
    if (!this.rows()?.length) return 'panel.none';
    return this.tab().key === 'region' || this.tab().key === 'city' ? 'panel.noPlaces' : 'panel.notKnown';
  });
  protected readonly countries = computed<Country[]>(() => (this.rows() ?? []).filter((r) => !r.unset).map((r) => ({ code: r.value, name: r.name, value: r.raw, text: r.share ? `${r.number} · ${r.share}` : r.number })));

  protected open(key: string): void {
    const { key: group, tabs } = this.group();
    const next = { ...this.board.view().tabs };
    if (key === tabs[0].key) delete next[group];
    else next[group] = key;
    this.board.change({ tabs: next }, true);
  }

  /** Arrow keys move between tabs, as in any tab list. */
  protected key(event: KeyboardEvent): void {
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role="tab"]')];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = all[(at + step + all.length) % all.length];
    next.focus();
    next.click();
  }

  protected pick(value: string): void {
    this.board.toggle({ op: 'is', dimension: this.tab().dimension, values: [value] });
  }

  protected details(): void {
    this.board.change({ details: this.tab().map ? 'country' : this.tab().key });
  }
}
