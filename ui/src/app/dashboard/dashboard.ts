import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked, viewChild } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { Router } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import { listen, type Live } from '../api/live';
import { Session } from '../api/session';
import { Say } from '../kit/toasts';
import { Missing } from '../frame/missing';
import { Waiting } from '../setup/waiting';
import { Board } from './board';
import { FilterDialog } from './filter-dialog';
import { Details } from './details';
import { Help } from './help';
import { Panel } from './panel';
import { Pills } from './pills';
import { runShortcut } from './shortcuts';
import { GROUPS, tabByKey } from './tabs';
import { Toolbar } from './toolbar';
import { Trend } from './trend';

/** One site's numbers on one page. */
@Component({
  selector: 'hk-dashboard',
  imports: [Details, FilterDialog, Help, Missing, Panel, Pills, Toolbar, TranslocoPipe, Trend, Waiting],
  templateUrl: './dashboard.html',
  providers: [Board],
  host: { '(document:keydown)': 'key($event)' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Dashboard {
  /** domain or id, from the path */
  readonly site = input.required<string>();

  protected readonly board = inject(Board);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly say = inject(Say);
  private readonly title = inject(Title);
  private readonly toolbar = viewChild(Toolbar);

  protected readonly groups = GROUPS;
  protected readonly found = computed(() => this.session.site(this.site()));
  protected readonly live = signal<Live | null>(null);
  protected readonly skipWaiting = signal(false);
  protected readonly waiting = computed(() => !this.found()?.first_hit_at && !this.skipWaiting());
  /** index of the filter that is being edited; -1 a new one; null none */
  protected readonly editing = signal<number | null>(null);
  protected readonly help = signal(false);
  protected readonly details = computed(() => {
    const key = this.board.view().details;
    return key ? (tabByKey(key) ?? null) : null;
  });

  constructor() {
    effect((cleanup) => this.enter(cleanup));
    effect(() => {
      if (this.live()?.hits()) untracked(() => this.board.freshHits());
    });
    effect(() => {
      if (this.live()?.first()) untracked(() => this.firstHit());
    });
  }

  /** A site comes on the page: its state, its title, its stream. */
  private enter(cleanup: (run: () => void) => void): void {
    const id = this.found()?.id;
    const domain = this.found()?.domain;
    if (!id || !domain) return;
    this.title.setTitle(`${domain} · HitKeep`);
    const site = untracked(this.found)!;
    untracked(() => this.board.open(site));
    const live = listen(id);
    untracked(() => this.live.set(live));
    cleanup(() => live.close());
  }

  protected async firstHit(): Promise<void> {
    if (this.found()?.first_hit_at) return;
    await this.session.loadSites(true);
    this.say.done('waiting.arrived');
  }

  protected key(event: KeyboardEvent): void {
    if (this.waiting()) return;
    runShortcut(event, {
      board: this.board,
      help: () => this.help.set(true),
      search: () => this.toolbar()?.openSites(),
      calendar: () => this.toolbar()?.openCalendar(),
      site: (n) => {
        const site = this.session.sites()?.[n];
        if (site) void this.router.navigate(['/', site.domain]);
      },
    });
  }
}
