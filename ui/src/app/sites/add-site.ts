import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { Router, RouterLink } from '@angular/router';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { Field } from '../kit/field';
import { problemText } from '../kit/failed';
import { browserZone, ZoneSelect } from '../kit/zone-select';
import { cleanDomain } from './domain';

@Component({
  selector: 'hk-add-site',
  imports: [Field, FormsModule, RouterLink, TranslocoPipe, ZoneSelect],
  template: `
    <h1 class="text-xl font-semibold tracking-tight">{{ 'sites.add' | transloco }}</h1>
    <form class="card mt-5 space-y-5 p-5 sm:p-6" (ngSubmit)="submit()">
      @if (general()) {
        <div class="notice notice-bad" role="alert"><i class="pi pi-exclamation-circle mt-1" aria-hidden="true"></i><p>{{ general() }}</p></div>
      }
      <hk-field for="domain" [label]="'sites.domain' | transloco" [hint]="'sites.domainHint' | transloco" [error]="error('domain')">
        <input id="domain" name="domain" class="input" inputmode="url" autocapitalize="none" spellcheck="false" placeholder="example.com" required aria-describedby="domain-note" [attr.aria-invalid]="!!error('domain')" [(ngModel)]="domain" />
      </hk-field>
      <hk-field for="zone" [label]="'sites.zone' | transloco" [hint]="'sites.zoneHint' | transloco" [error]="error('timezone')">
        <hk-zone-select inputId="zone" [(value)]="zone" />
      </hk-field>
      <div class="flex justify-end gap-2">
        <a routerLink="/sites" class="btn">{{ 'common.cancel' | transloco }}</a>
        <button class="btn btn-primary" [disabled]="busy() || !domain()">{{ 'sites.add' | transloco }}</button>
      </div>
    </form>
  `,
  host: { class: 'mx-auto block max-w-md py-8' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class AddSite {
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly texts = inject(TranslocoService);
  protected readonly domain = signal('');
  protected readonly zone = signal(browserZone());
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | null>(null);

  protected error(field: string): string {
    const p = this.problem();
    return p?.field === field ? problemText(this.texts, p) : '';
  }

  protected general(): string {
    const p = this.problem();
    return p && !p.field ? problemText(this.texts, p) : '';
  }

  protected async submit(): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      const site = await firstValueFrom(this.api.addSite(cleanDomain(this.domain()), this.zone()));
      this.session.putSite(site);
      await this.router.navigate(['/', site.domain]);
    } catch (err) {
      this.problem.set(toProblem(err));
    } finally {
      this.busy.set(false);
    }
  }
}
