import { httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, DestroyRef, computed, effect, inject, input, output, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import { sitePath } from '../api/api';
import type { Install, Site } from '../api/model';
import { Snippet } from './snippet';
import { asksForPrivacy, causes } from './causes';

const ASK_MS = 3000;
const QUIET_MS = 25_000;

/** A site without a hit: the snippet, and a look-out for the first pageview. */
@Component({
  selector: 'hk-waiting',
  imports: [RouterLink, Snippet, TranslocoPipe],
  templateUrl: './waiting.html',
  host: { class: 'mx-auto block max-w-2xl py-10 sm:py-14' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Waiting {
  readonly site = input.required<Site>();
  readonly arrived = output();
  readonly skipped = output();

  private readonly ticks = signal(0);
  private readonly quiet = computed(() => this.ticks() * ASK_MS >= QUIET_MS);
  protected readonly install = httpResource<Install>(() => `${sitePath(this.site().id)}/install`);
  protected readonly causes = computed(() =>
    causes(this.install.hasValue() ? this.install.value() : undefined, {
      domain: this.site().domain,
      privacy: this.site().honor_dnt && asksForPrivacy(),
      quiet: this.quiet(),
    }),
  );

  constructor() {
    // The stream tells of the first hit; this asks why others were not taken.
    const timer = setInterval(() => {
      this.ticks.update((n) => n + 1);
      if (!this.install.isLoading()) this.install.reload();
    }, ASK_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
    effect(() => {
      if (this.install.hasValue() && this.install.value().first_hit_at) this.arrived.emit();
    });
  }
}
