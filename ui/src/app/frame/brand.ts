import { ChangeDetectionStrategy, Component, input } from '@angular/core';

/** The mark: a keep whose merlons are a bar chart. */
@Component({
  selector: 'hk-brand',
  template: `
    <svg viewBox="0 0 32 32" class="size-7" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M7 25V13h4.5v5h2V8h5v10h2v-7H25v14z" fill="var(--on-accent)" />
    </svg>
    @if (!mark()) {
      <span class="text-[0.9375rem] font-semibold tracking-tight">HitKeep</span>
    }
  `,
  host: { class: 'inline-flex items-center gap-2.5' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Brand {
  readonly mark = input(false);
}
