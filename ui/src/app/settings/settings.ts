import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { Title } from '@angular/platform-browser';
import { Router, RouterLink } from '@angular/router';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import type { Site, SitePatch } from '../api/model';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { Missing } from '../frame/missing';
import { Field } from '../kit/field';
import { problemText } from '../kit/failed';
import { Switch } from '../kit/switch';
import { Say } from '../kit/toasts';
import { ZoneSelect } from '../kit/zone-select';
import { Snippet } from '../setup/snippet';
import { cleanDomain } from '../sites/domain';
import { Danger } from './danger';
import { Section } from './section';

/** A site's settings. */
@Component({
  selector: 'hk-settings',
  imports: [Danger, Field, FormsModule, Missing, RouterLink, Section, Snippet, Switch, TranslocoPipe, ZoneSelect],
  templateUrl: './settings.html',
  host: { class: 'mx-auto block max-w-4xl py-6' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Settings {
  readonly site = input.required<string>();

  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly say = inject(Say);
  private readonly texts = inject(TranslocoService);
  private readonly title = inject(Title);

  protected readonly found = computed(() => this.session.site(this.site()));
  protected readonly mayEdit = computed(() => ['owner', 'admin', 'editor'].includes(this.found()?.role ?? ''));
  protected readonly domain = signal('');
  protected readonly zone = signal('UTC');
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | null>(null);

  constructor() {
    effect(() => {
      const site = this.found();
      if (!site) return;
      untracked(() => {
        this.domain.set(site.domain);
        this.zone.set(site.timezone);
        this.title.setTitle(`${this.texts.translate('settings.title')} · ${site.domain} · HitKeep`);
      });
    });
  }

  protected error(field: string): string {
    const p = this.problem();
    return p?.field === field ? problemText(this.texts, p) : '';
  }

  protected async save(): Promise<void> {
    const domain = cleanDomain(this.domain());
    const site = await this.change({ domain, timezone: this.zone() });
    if (site && site.domain !== this.site()) await this.router.navigate(['/', site.domain, 'settings'], { replaceUrl: true });
  }

  protected async change(part: SitePatch): Promise<Site | null> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      const site = await firstValueFrom(this.api.changeSite(this.found()!.id, part));
      this.session.putSite(site);
      this.say.done('common.saved');
      return site;
    } catch (err) {
      const p = toProblem(err);
      this.problem.set(p);
      if (!p.field) this.say.failed(problemText(this.texts, p), p.hint);
      return null;
    } finally {
      this.busy.set(false);
    }
  }
}
