import { ChangeDetectionStrategy, Component, ElementRef, computed, inject, input, output, resource, signal } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';

interface World {
  width: number;
  height: number;
  countries: Record<string, { d: string; x: number; y: number; r: number }>;
}

/** A country's value: text is its line in the tooltip. */
export interface Country {
  code: string;
  name: string;
  value: number;
  text: string;
}

/** The world, each country tinted by its share of the largest. */
@Component({
  selector: 'hk-world-map',
  imports: [TranslocoPipe],
  template: `
    @if (world.value(); as w) {
      <svg [attr.viewBox]="'0 0 ' + w.width + ' ' + w.height" class="h-full w-full" role="img" [attr.aria-label]="'map.label' | transloco" (pointermove)="move($event)" (pointerleave)="at.set(null)" (click)="click($event)">
        @for (s of shapes(); track s.code) {
          <path [attr.data-code]="s.code" [attr.d]="s.d" [style.fill]="s.fill" stroke="var(--map-line)" stroke-width="0.6" class="transition-[fill] duration-150 hover:brightness-90 dark:hover:brightness-125" [class.cursor-pointer]="s.known" />
          @if (s.dot) {
            <circle [attr.data-code]="s.code" [attr.cx]="s.x" [attr.cy]="s.y" r="4.5" [style.fill]="s.fill" stroke="var(--map-line)" stroke-width="0.8" class="cursor-pointer" />
          }
        }
      </svg>
      @if (hover(); as h) {
        <div class="pointer-events-none absolute z-10 -translate-x-1/2 -translate-y-full rounded-lg border border-line bg-raised px-3 py-1.5 text-[0.8125rem] whitespace-nowrap shadow-pop" [style.left.px]="h.x" [style.top.px]="h.y - 10">
          <span class="font-medium">{{ h.name }}</span> <span class="num ml-1.5 text-ink-2">{{ h.text }}</span>
        </div>
      }
    }
  `,
  host: { class: 'block relative' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class WorldMap {
  readonly countries = input.required<Country[]>();
  readonly picked = output<string>();

  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  protected readonly world = resource({ loader: () => import('../../assets/world.json').then((m) => m.default as World) });
  protected readonly at = signal<{ code: string; x: number; y: number } | null>(null);
  private readonly byCode = computed(() => new Map(this.countries().map((c) => [c.code, c])));

  protected readonly shapes = computed(() => {
    const world = this.world.value();
    if (!world) return [];
    const known = this.byCode();
    const most = Math.max(1, ...this.countries().map((c) => c.value));
    return Object.entries(world.countries).map(([code, shape]) => {
      const value = known.get(code)?.value ?? 0;
      return { code, ...shape, known: value > 0, dot: shape.r > 0 && value > 0, fill: tint(value / most) };
    });
  });

  protected readonly hover = computed(() => {
    const at = this.at();
    const country = at && this.byCode().get(at.code);
    return country ? { ...at, name: country.name, text: country.text } : null;
  });

  protected move(event: PointerEvent): void {
    const code = codeOf(event);
    const { left, top, width } = this.host.nativeElement.getBoundingClientRect();
    const x = Math.min(Math.max(event.clientX - left, 70), width - 70);
    this.at.set(code ? { code, x, y: event.clientY - top } : null);
  }

  protected click(event: MouseEvent): void {
    const code = codeOf(event);
    if (code && this.byCode().has(code)) this.picked.emit(code);
  }
}

function codeOf(event: Event): string | null {
  return (event.target as Element).getAttribute('data-code');
}

/** Five steps on a square-root scale: small countries stay visible beside large ones. */
function tint(share: number): string {
  if (share <= 0) return 'var(--map)';
  const step = Math.ceil(Math.sqrt(share) * 5);
  return `color-mix(in oklab, var(--accent-line) ${10 + step * 17}%, var(--map))`;
}
