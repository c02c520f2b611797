import { CdkMenuModule } from '@angular/cdk/menu';
import { ChangeDetectionStrategy, Component, computed, inject, input, output, viewChild } from '@angular/core';
import { RouterLink } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import { Tip } from '../kit/tip';
import { Board } from './board';
import { RangePicker } from './range-picker';
import { shift } from './ranges';
import { move } from './shortcuts';
import { SiteSwitcher } from './site-switcher';
import { COMPARISONS } from './view';

/** Which site, who is there now, and what period is looked at. */
@Component({
  selector: 'hk-toolbar',
  imports: [CdkMenuModule, RangePicker, RouterLink, SiteSwitcher, Tip, TranslocoPipe],
  templateUrl: './toolbar.html',
  host: { class: 'sticky top-0 z-20 -mx-4 block bg-bg/95 px-4 py-3 backdrop-blur-sm sm:-mx-6 sm:px-6' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Toolbar {
  readonly current = input.required<number | null>();
  readonly addFilter = output();
  readonly help = output();

  protected readonly board = inject(Board);
  private readonly switcher = viewChild.required(SiteSwitcher);
  private readonly picker = viewChild.required(RangePicker);
  protected readonly comparisons = COMPARISONS;
  protected readonly canSettings = computed(() => this.board.site() !== null);
  protected readonly next = computed(() => shift(this.board.view().range, this.board.today(), 1));
  protected readonly before = computed(() => shift(this.board.view().range, this.board.today(), -1));

  protected go(direction: 1 | -1): void {
    move(this.board, direction);
  }

  openSites(): void {
    this.switcher().show();
  }

  openCalendar(): void {
    this.picker().showCalendar();
  }
}
