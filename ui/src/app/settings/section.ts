import { ChangeDetectionStrategy, Component, input } from '@angular/core';

/** A part of a settings page: what it is about on the left, its controls in a card. */
@Component({
  selector: 'hk-section',
  template: `
    <section class="mt-6 grid gap-4 border-t border-line pt-6 md:grid-cols-[16rem_1fr] md:gap-10">
      <div>
        <h2 class="text-[0.9375rem] font-semibold tracking-tight">{{ heading() }}</h2>
        <p class="mt-1 text-[0.8125rem] leading-5 text-ink-2">{{ text() }}</p>
      </div>
      <div class="min-w-0"><ng-content /></div>
    </section>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Section {
  readonly heading = input.required<string>();
  readonly text = input('');
}
