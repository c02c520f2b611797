import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { tileOf } from '../dashboard/rows';
import { Flag } from '../map/flag';

const DEVICES: Record<string, string> = { Desktop: 'pi-desktop', Mobile: 'pi-mobile', Tablet: 'pi-tablet', TV: 'pi-desktop', Console: 'pi-play' };

/** The small picture before a name: a flag, a device, or a lettered tile. All local. */
@Component({
  selector: 'hk-badge',
  imports: [Flag],
  template: `
    @switch (kind()) {
      @case ('flag') {
        @if (isCountry()) {
          <hk-flag [code]="value()" />
        } @else {
          <i class="pi pi-globe text-ink-3" aria-hidden="true"></i>
        }
      }
      @case ('device') {
        <i class="pi text-ink-3" [class]="device()" aria-hidden="true"></i>
      }
      @case ('tile') {
        <span class="grid size-[1.125rem] place-items-center rounded-[5px] text-[0.625rem] font-semibold" [style.background]="'oklch(var(--tile-l) 0.05 ' + tile().hue + ')'" [style.color]="'oklch(var(--tile-ink) 0.09 ' + tile().hue + ')'" aria-hidden="true">{{ tile().letter }}</span>
      }
    }
  `,
  host: { class: 'inline-flex w-[1.3125rem] flex-none justify-center' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Badge {
  readonly kind = input.required<'flag' | 'device' | 'tile' | 'none'>();
  readonly value = input.required<string>();
  protected readonly isCountry = computed(() => /^[A-Z]{2}$/.test(this.value()));
  protected readonly device = computed(() => DEVICES[this.value()] ?? 'pi-question-circle');
  protected readonly tile = computed(() => tileOf(this.value()));
}
