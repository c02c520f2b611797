import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import type { Problem } from '../api/problem';

/** A part that could not be loaded: what happened, and another try. */
@Component({
  selector: 'hk-failed',
  imports: [TranslocoPipe],
  template: `
    <div class="flex h-full flex-col items-center justify-center gap-1 px-4 py-6 text-center" role="alert">
      <p class="text-[0.8125rem] font-medium">{{ text() }}</p>
      @if (problem().hint) {
        <p class="text-xs text-ink-3">{{ problem().hint }}</p>
      }
      <button type="button" class="btn btn-sm mt-2" (click)="retry.emit()"><i class="pi pi-refresh text-ink-3" aria-hidden="true"></i>{{ 'common.retry' | transloco }}</button>
    </div>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Failed {
  readonly problem = input.required<Problem>();
  readonly retry = output();
  private readonly texts = inject(TranslocoService);
  protected readonly text = computed(() => problemText(this.texts, this.problem()));
}

/** What to say of a problem: the server's own words where it gave some. */
export function problemText(texts: TranslocoService, p: Problem): string {
  if (p.code === 'offline') return texts.translate('problem.offline');
  if (p.status === 429) return texts.translate('problem.slowDown', { seconds: p.retryAfter ?? 60 });
  return p.message || texts.translate('problem.unknown');
}
