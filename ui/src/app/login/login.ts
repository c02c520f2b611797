import { ChangeDetectionStrategy, Component, effect, inject, input, signal } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { Router } from '@angular/router';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import { toProblem } from '../api/problem';
import { Session } from '../api/session';
import { Brand } from '../frame/brand';
import { Field } from '../kit/field';
import { problemText } from '../kit/failed';

@Component({
  selector: 'hk-login',
  imports: [Brand, Field, FormsModule, TranslocoPipe],
  templateUrl: './login.html',
  host: { role: 'main', class: 'mx-auto flex min-h-dvh max-w-sm flex-col justify-center px-4 py-10' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LoginPage {
  /** where to go after, from the link */
  readonly next = input<string>();

  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly texts = inject(TranslocoService);

  protected readonly status = this.session.status;
  protected readonly email = signal('');
  protected readonly password = signal('');
  protected readonly busy = signal(false);
  protected readonly error = signal('');
  protected readonly forgotten = signal(false);

  constructor() {
    effect(() => {
      const demo = this.status()?.demo_login;
      if (!demo) return;
      this.email.set(demo.email);
      this.password.set(demo.password);
    });
  }

  protected async submit(): Promise<void> {
    this.busy.set(true);
    this.error.set('');
    try {
      const { user } = await firstValueFrom(this.api.logIn(this.email().trim(), this.password()));
      this.session.signedIn(user);
      await this.router.navigateByUrl(inside(this.next()));
    } catch (err) {
      const p = toProblem(err);
      this.error.set(p.status === 401 ? this.texts.translate('login.wrong') : problemText(this.texts, p));
    } finally {
      this.busy.set(false);
    }
  }
}

/** Only a path of this page: a link must not lead a fresh login elsewhere. */
function inside(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/';
}
