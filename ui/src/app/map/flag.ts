import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import sprite from '../../assets/flags.svg';

/** A country's flag out of the local sprite; decoration, the name stands beside it. */
@Component({
  selector: 'hk-flag',
  template: `<svg class="h-3.5 w-[1.3125rem] rounded-[2px] ring-1 ring-black/10 dark:ring-white/15" aria-hidden="true"><use [attr.href]="sprite + '#' + code().toLowerCase()" /></svg>`,
  host: { class: 'inline-flex flex-none' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Flag {
  readonly code = input.required<string>();
  protected readonly sprite = sprite;
}
