import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { problemText } from '../kit/failed';
import { Field } from '../kit/field';
import { Say } from '../kit/toasts';

@Component({
  selector: 'hk-password-form',
  imports: [Field, FormsModule, TranslocoPipe],
  template: `
    <form class="max-w-sm space-y-5" (ngSubmit)="submit()">
      <input type="text" class="hidden" autocomplete="username" name="username" [value]="user()?.email" readonly />
      <hk-field for="current" [label]="'password.current' | transloco" [error]="error('current')">
        <input id="current" name="current" type="password" class="input" autocomplete="current-password" required [attr.aria-invalid]="!!error('current')" [(ngModel)]="current" />
      </hk-field>
      <hk-field for="password" [label]="'password.new' | transloco" [hint]="'password.hint' | transloco" [error]="error('password')">
        <input id="password" name="password" type="password" class="input" autocomplete="new-password" required aria-describedby="password-note" [attr.aria-invalid]="!!error('password')" [(ngModel)]="password" />
      </hk-field>
      <button class="btn btn-primary" [disabled]="busy() || !current() || !password()">{{ 'password.change' | transloco }}</button>
    </form>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PasswordForm {
  private readonly api = inject(Api);
  private readonly say = inject(Say);
  private readonly texts = inject(TranslocoService);
  protected readonly user = inject(Session).user;
  protected readonly current = signal('');
  protected readonly password = signal('');
  protected readonly busy = signal(false);
  private readonly problem = signal<Problem | null>(null);

  protected error(field: string): string {
    const p = this.problem();
    // The server may name no field: then it is the current password it refused.
    return p && (p.field ?? 'current') === field ? problemText(this.texts, p) : '';
  }

  protected async submit(): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      await firstValueFrom(this.api.changePassword(this.current(), this.password()));
      this.current.set('');
      this.password.set('');
      this.say.done('password.changed');
    } catch (err) {
      this.problem.set(toProblem(err));
    } finally {
      this.busy.set(false);
    }
  }
}
