import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { Router } from '@angular/router';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import type { Site } from '../api/model';
import { toProblem } from '../api/problem';
import { Session } from '../api/session';
import { problemText } from '../kit/failed';
import { Field } from '../kit/field';
import { Modal } from '../kit/modal';
import { Say } from '../kit/toasts';

/** Deleting a site, confirmed by typing its name. */
@Component({
  selector: 'hk-danger',
  imports: [Field, Modal, TranslocoPipe],
  template: `
    <div class="card flex flex-wrap items-center gap-4 p-5">
      <div class="min-w-48 flex-1">
        <h3 class="text-[0.8125rem] font-medium">{{ 'settings.delete' | transloco }}</h3>
        <p class="mt-0.5 text-[0.8125rem] text-ink-3">{{ 'settings.deleteText' | transloco }}</p>
      </div>
      <button type="button" class="btn btn-danger" (click)="asking.set(true)">{{ 'settings.delete' | transloco }}…</button>
    </div>
    @if (asking()) {
      <hk-modal [heading]="'settings.deleteTitle' | transloco: { domain: site().domain }" (closed)="asking.set(false)">
        <form class="space-y-5" (submit)="$event.preventDefault(); remove()">
          <p class="text-ink-2">{{ 'settings.deleteWarning' | transloco }}</p>
          <hk-field for="confirm" [label]="'settings.deleteConfirm' | transloco: { domain: site().domain }">
            <input id="confirm" class="input" autocomplete="off" autocapitalize="none" spellcheck="false" [value]="typed()" (input)="typed.set($any($event.target).value)" />
          </hk-field>
          <div class="flex justify-end gap-2">
            <button type="button" class="btn" (click)="asking.set(false)">{{ 'common.cancel' | transloco }}</button>
            <button class="btn btn-danger" [disabled]="typed() !== site().domain || busy()">{{ 'settings.delete' | transloco }}</button>
          </div>
        </form>
      </hk-modal>
    }
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Danger {
  readonly site = input.required<Site>();
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly say = inject(Say);
  private readonly texts = inject(TranslocoService);
  protected readonly asking = signal(false);
  protected readonly typed = signal('');
  protected readonly busy = signal(false);

  protected async remove(): Promise<void> {
    const { id, domain } = this.site();
    if (this.typed() !== domain) return;
    this.busy.set(true);
    try {
      await firstValueFrom(this.api.deleteSite(id));
      await this.router.navigate(['/sites']);
      this.session.dropSite(id);
      this.say.done('settings.deleted', { domain });
    } catch (err) {
      const p = toProblem(err);
      this.say.failed(problemText(this.texts, p), p.hint);
      this.busy.set(false);
    }
  }
}
