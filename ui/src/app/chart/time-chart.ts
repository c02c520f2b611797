import { ChangeDetectionStrategy, Component, DestroyRef, ElementRef, afterNextRender, computed, inject, input, output, signal } from '@angular/core';
import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import { TranslocoPipe, TranslocoService } from '@jsverse/transloco';
import type { ChartMetric, Interval } from '../api/query';
import { describeChange, metricText } from '../format/number';
import { bucketText, tickText } from './labels';
import { ceiling, runs, tickIndices, type Point } from './series';

const HEIGHT = 272;
const TOP = 12;
const BOTTOM = 28;
const LEFT = 44;
const RIGHT = 12;
const TICK_WIDTH = 72;


/** A line over time, with the period before as a second, lighter one. */
@Component({
  selector: 'hk-time-chart',
  imports: [TranslocoPipe],
  templateUrl: './time-chart.html',
  host: { class: 'block relative' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TimeChart {
  readonly points = input.required<Point[]>();
  readonly metric = input.required<ChartMetric>();
  readonly interval = input.required<Interval>();
  readonly name = input.required<string>();
  readonly zoomable = input(true);
  readonly zoom = output<Point>();

  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly texts = inject(TranslocoService);
  protected readonly width = signal(0);
  protected readonly height = HEIGHT;
  protected readonly base = HEIGHT - BOTTOM;
  protected readonly left = LEFT;
  protected readonly right = computed(() => this.width() - RIGHT);
  protected readonly at = signal<number | null>(null);

  constructor() {
    const destroy = inject(DestroyRef);
    afterNextRender(() => {
      const observer = new ResizeObserver(([entry]) => this.width.set(Math.floor(entry.contentRect.width)));
      observer.observe(this.host.nativeElement);
      destroy.onDestroy(() => observer.disconnect());
    });
  }

  private readonly x = computed(() => scaleLinear([0, Math.max(1, this.points().length - 1)], [LEFT + 4, this.right() - 4]));
  private readonly top = computed(() => ceiling(this.points(), this.metric()));
  private readonly y = computed(() => scaleLinear([0, this.top()], [this.base, TOP]));

  protected readonly yTicks = computed(() =>
    [0, 0.25, 0.5, 0.75, 1]
      .map((part) => part * this.top())
      .filter((v) => this.top() > 4 || Number.isInteger(v) || this.metric() === 'views_per_visit')
      .map((value) => ({ y: this.y()(value), text: metricText(this.metric(), value) })),
  );

  protected readonly xTicks = computed(() => {
    const labels = this.points().map((p) => p.label);
    const room = Math.floor((this.right() - LEFT) / TICK_WIDTH);
    return tickIndices(labels.length, room).map((i) => ({ x: this.x()(i), text: tickText(labels[i], this.interval(), labels) }));
  });

  protected readonly shape = computed(() => {
    const points = this.points();
    const x = this.x();
    const y = this.y();
    const draw = line<number>((i) => x(i), (i) => y(points[i].value ?? 0)).curve(curveMonotoneX);
    const fill = area<number>((i) => x(i), this.base, (i) => y(points[i].value ?? 0)).curve(curveMonotoneX);
    const before = line<Point>((_, i) => x(i), (p) => y(p.before ?? 0)).defined((p) => p.before !== null).curve(curveMonotoneX);
    const { solid, dashed } = runs(points);
    return {
      lines: solid.map((run) => draw(run) ?? ''),
      fills: [...solid, ...(dashed ? [dashed] : [])].map((run) => fill(run) ?? ''),
      dashed: dashed ? draw(dashed) : null,
      before: points.some((p) => p.before !== null) ? before(points) : null,
      // A point with no neighbour has no line to be seen by.
      dots: [...solid, ...(dashed ? [dashed] : [])].filter((run) => run.length === 1).map(([i]) => ({ x: x(i), y: y(points[i].value ?? 0) })),
    };
  });

  protected readonly hover = computed(() => {
    const i = this.at();
    const p = i === null ? undefined : this.points()[i];
    if (i === null || !p) return null;
    const x = this.x()(i);
    return {
      point: p,
      x,
      y: p.value === null ? null : this.y()(p.value),
      beforeY: p.before === null ? null : this.y()(p.before),
      title: bucketText(p.label, this.interval()),
      value: p.future ? '' : metricText(this.metric(), p.value, true),
      before: metricText(this.metric(), p.before, true),
      beforeTitle: p.beforeLabel ? bucketText(p.beforeLabel, this.interval()) : this.texts.translate<string>('chart.before'),
      change: p.future || p.partial ? null : describeChange(this.metric(), p.value, p.change),
      flip: x > this.width() / 2,
    };
  });

  /** What the slider says to a screen reader. */
  protected readonly spoken = computed(() => {
    const h = this.hover();
    if (!h) return this.name();
    const before = h.point.before === null ? '' : `; ${h.beforeTitle}: ${h.before}`;
    return `${h.title}: ${h.value || this.texts.translate('chart.future')}${before}`;
  });

  protected move(event: PointerEvent): void {
    const { left } = this.host.nativeElement.getBoundingClientRect();
    this.step(Math.round(this.x().invert(event.clientX - left)));
  }

  protected key(event: KeyboardEvent): void {
    const last = this.points().length - 1;
    const now = this.at() ?? last + 1;
    const to: Record<string, number> = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last };
    if (event.key in to) this.step(to[event.key]);
    else if (event.key === 'Enter') this.pick();
    else if (event.key === 'Escape' && this.at() !== null) this.at.set(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  protected pick(): void {
    const p = this.hover()?.point;
    if (p && !p.future && this.zoomable()) this.zoom.emit(p);
  }

  private step(i: number): void {
    this.at.set(Math.min(Math.max(i, 0), this.points().length - 1));
  }
}
