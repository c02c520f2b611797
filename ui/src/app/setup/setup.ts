import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { Router } from '@angular/router';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { Brand } from '../frame/brand';
import { Field } from '../kit/field';
import { problemText } from '../kit/failed';
import { browserZone, ZoneSelect } from '../kit/zone-select';
import { cleanDomain } from '../sites/domain';

const SHORTEST = 10;

/** The first start: the owner's account and the first site, behind a one-time link. */
@Component({
  selector: 'hk-setup',
  imports: [Brand, Field, FormsModule, TranslocoPipe, ZoneSelect],
  templateUrl: './setup.html',
  host: { role: 'main', class: 'mx-auto block max-w-md px-4 py-10 sm:py-16' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Setup {
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly texts = inject(TranslocoService);

  // After "#", so that the token is in no server's log.
  protected readonly token = location.hash.slice(1);
  protected readonly status = this.session.status;
  protected readonly email = signal('');
  protected readonly password = signal('');
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
    if (!p || p.field) return '';
    if (p.status === 403) return this.texts.translate('setup.badToken');
    return problemText(this.texts, p);
  }

  protected async submit(): Promise<void> {
    if (this.password().length < SHORTEST) {
      this.problem.set({ status: 0, code: 'invalid', field: 'password', message: this.texts.translate('password.short', { n: SHORTEST }) });
      return;
    }
    this.busy.set(true);
    this.problem.set(null);
    try {
      const domain = cleanDomain(this.domain());
      const { user, site } = await firstValueFrom(this.api.setUp({ token: this.token, email: this.email().trim(), password: this.password(), domain, timezone: this.zone() }));
      this.session.signedIn(user);
      await this.router.navigate(['/', site.domain]);
    } catch (err) {
      this.problem.set(toProblem(err));
    } finally {
      this.busy.set(false);
    }
  }
}
