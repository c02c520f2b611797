import { httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import type { Token } from '../api/model';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { agoText, momentText } from '../format/date';
import { Failed, problemText } from '../kit/failed';
import { Modal } from '../kit/modal';
import { Say } from '../kit/toasts';
import { TokenForm } from './token-form';

/** API tokens: made, listed, revoked. The secret is shown once. */
@Component({
  selector: 'hk-tokens',
  imports: [Failed, Modal, TokenForm, TranslocoPipe],
  templateUrl: './tokens.html',
  host: { class: 'mx-auto block max-w-4xl py-6' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Tokens {
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly say = inject(Say);
  private readonly texts = inject(TranslocoService);
  protected readonly tokens = httpResource<Token[]>(() => '/api/tokens');
  protected readonly adding = signal(false);
  protected readonly revoking = signal<Token | null>(null);
  protected readonly ago = agoText;
  protected readonly moment = momentText;

  constructor() {
    inject(Title).setTitle(`${this.texts.translate('tokens.title')} · HitKeep`);
  }

  protected problem(): Problem {
    return toProblem(this.tokens.error());
  }

  protected siteName(id: string): string {
    return this.session.site(id)?.domain ?? id;
  }

  protected async revoke(token: Token): Promise<void> {
    this.revoking.set(null);
    try {
      await firstValueFrom(this.api.deleteToken(token.id));
      this.tokens.reload();
      this.say.done('tokens.revoked', { name: token.name });
    } catch (err) {
      this.say.failed(problemText(this.texts, toProblem(err)));
    }
  }
}
