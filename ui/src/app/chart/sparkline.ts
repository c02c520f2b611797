import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';

const WIDTH = 240;
const HEIGHT = 48;

/** The course of a number, without axes. */
@Component({
  selector: 'hk-sparkline',
  template: `
    <svg [attr.viewBox]="'0 0 ' + width + ' ' + height" preserveAspectRatio="none" class="block h-12 w-full" aria-hidden="true">
      <path [attr.d]="shape().fill" fill="var(--accent-line)" fill-opacity="0.12" />
      <path [attr.d]="shape().line" fill="none" stroke="var(--accent-line)" stroke-width="1.75" vector-effect="non-scaling-stroke" stroke-linejoin="round" />
    </svg>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Sparkline {
  readonly values = input.required<number[]>();
  protected readonly width = WIDTH;
  protected readonly height = HEIGHT;
  protected readonly shape = computed(() => {
    const values = this.values();
    const x = scaleLinear([0, Math.max(1, values.length - 1)], [0, WIDTH]);
    const y = scaleLinear([0, Math.max(1, ...values)], [HEIGHT - 1, 3]);
    return {
      line: line<number>((_, i) => x(i), (v) => y(v)).curve(curveMonotoneX)(values) ?? '',
      fill: area<number>((_, i) => x(i), HEIGHT, (v) => y(v)).curve(curveMonotoneX)(values) ?? '',
    };
  });
}
