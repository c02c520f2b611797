import { httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import type { Login } from '../api/model';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { agoText, momentText } from '../format/date';
import { Failed, problemText } from '../kit/failed';
import { Say } from '../kit/toasts';
import { Section } from '../settings/section';
import { Scheme, type Choice } from '../theme/scheme';
import { PasswordForm } from './password-form';

/** The signed-in person's own settings. */
@Component({
  selector: 'hk-account',
  imports: [Failed, PasswordForm, Section, TranslocoPipe],
  templateUrl: './account.html',
  host: { class: 'mx-auto block max-w-4xl py-6' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Account {
  private readonly api = inject(Api);
  private readonly texts = inject(TranslocoService);
  private readonly say = inject(Say);
  protected readonly user = inject(Session).user;
  protected readonly scheme = inject(Scheme);
  protected readonly themes: { choice: Choice; icon: string }[] = [
    { choice: 'light', icon: 'pi-sun' },
    { choice: 'dark', icon: 'pi-moon' },
    { choice: 'system', icon: 'pi-desktop' },
  ];
  protected readonly logins = httpResource<Login[]>(() => '/api/logins');
  protected readonly ago = agoText;
  protected readonly moment = momentText;

  constructor() {
    inject(Title).setTitle(`${this.texts.translate('account.title')} · HitKeep`);
  }

  protected problem(): Problem {
    return toProblem(this.logins.error());
  }

  protected async end(login: Login): Promise<void> {
    try {
      await firstValueFrom(this.api.deleteLogin(login.id));
      this.logins.reload();
      this.say.done('account.loginEnded');
    } catch (err) {
      this.say.failed(problemText(this.texts, toProblem(err)));
    }
  }
}
