import { ChangeDetectionStrategy, Component, inject, output, signal } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import { SCOPES, type Scope } from '../api/model';
import { toProblem, type Problem } from '../api/problem';
import { Session } from '../api/session';
import { problemText } from '../kit/failed';
import { Copy } from '../kit/copy';
import { Field } from '../kit/field';
import { Modal } from '../kit/modal';

/** Makes a token, then shows its secret, this once. */
@Component({
  selector: 'hk-token-form',
  imports: [Copy, Field, FormsModule, Modal, TranslocoPipe],
  template: `
    <hk-modal [heading]="(secret() ? 'tokens.made' : 'tokens.add') | transloco" (closed)="closed.emit()">
      @if (secret(); as s) {
        <p class="text-ink-2">{{ 'tokens.once' | transloco }}</p>
        <div class="mt-4 flex items-center gap-2 rounded-xl border border-line bg-sunken p-2 pl-4">
          <code class="code min-w-0 flex-1 break-all" data-test="secret">{{ s }}</code><hk-copy [text]="s" />
        </div>
        <div class="mt-6 flex justify-end"><button type="button" class="btn btn-primary" (click)="closed.emit()">{{ 'common.done' | transloco }}</button></div>
      } @else {
        <form class="space-y-5" (ngSubmit)="submit()">
          @if (general()) {
            <div class="notice notice-bad" role="alert"><i class="pi pi-exclamation-circle mt-1" aria-hidden="true"></i><p>{{ general() }}</p></div>
          }
          <hk-field for="token-name" [label]="'tokens.name' | transloco" [hint]="'tokens.nameHint' | transloco" [error]="error('name')">
            <input id="token-name" name="name" class="input" maxlength="100" required [(ngModel)]="name" />
          </hk-field>
          <fieldset>
            <legend class="mb-2 text-[0.8125rem] font-medium">{{ 'tokens.scopes' | transloco }}</legend>
            @for (s of all; track s) {
              <label class="flex cursor-pointer items-start gap-3 rounded-lg px-2 py-1.5 hover:bg-hover">
                <input type="checkbox" class="mt-1 accent-(--accent)" [checked]="scopes().includes(s)" (change)="toggle(s)" />
                <span><code class="code">{{ s }}</code><span class="block text-xs text-ink-3">{{ 'scope.' + s | transloco }}</span></span>
              </label>
            }
          </fieldset>
          <hk-field for="token-site" [label]="'tokens.site' | transloco" [error]="error('site')">
            <select id="token-site" name="site" class="input" [(ngModel)]="site">
              <option value="">{{ 'tokens.allSites' | transloco }}</option>
              @for (s of sites(); track s.id) {
                <option [value]="s.id">{{ s.domain }}</option>
              }
            </select>
          </hk-field>
          <div class="flex justify-end gap-2">
            <button type="button" class="btn" (click)="closed.emit()">{{ 'common.cancel' | transloco }}</button>
            <button class="btn btn-primary" [disabled]="busy() || !name().trim() || !scopes().length">{{ 'tokens.submit' | transloco }}</button>
          </div>
        </form>
      }
    </hk-modal>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TokenForm {
  readonly made = output();
  readonly closed = output();
  private readonly api = inject(Api);
  private readonly texts = inject(TranslocoService);
  protected readonly sites = inject(Session).sites;
  protected readonly all = SCOPES;
  protected readonly name = signal('');
  protected readonly scopes = signal<Scope[]>(['stats:read']);
  protected readonly site = signal('');
  protected readonly busy = signal(false);
  protected readonly secret = signal('');
  private readonly problem = signal<Problem | null>(null);

  protected toggle(scope: Scope): void {
    this.scopes.update((s) => (s.includes(scope) ? s.filter((x) => x !== scope) : [...s, scope]));
  }

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
      const token = await firstValueFrom(this.api.addToken(this.name().trim(), this.scopes(), this.site() || null));
      this.secret.set(token.token);
      this.made.emit();
    } catch (err) {
      this.problem.set(toProblem(err));
    } finally {
      this.busy.set(false);
    }
  }
}
