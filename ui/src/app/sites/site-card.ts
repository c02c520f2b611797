import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import type { Site } from '../api/model';
import { liveReport } from '../api/report';
import { Sparkline } from '../chart/sparkline';
import { series } from '../chart/series';
import { wallClock } from '../format/date';
import { describeChange, exact, short } from '../format/number';
import { Delta } from '../kit/delta';

/** A site at a glance: visitors of 24 hours, their change, their course. */
@Component({
  selector: 'hk-site-card',
  imports: [Delta, RouterLink, Sparkline, TranslocoPipe],
  template: `
    <a class="card block h-full p-5 transition-colors hover:border-line-strong" [routerLink]="['/', site().domain]">
      <div class="flex items-center gap-2">
        <h2 class="truncate text-[0.9375rem] font-semibold tracking-tight" [title]="site().domain">{{ site().domain }}</h2>
        @if (site().role === 'viewer') {
          <span class="ml-auto flex-none text-xs text-ink-3">{{ 'role.viewer' | transloco }}</span>
        }
      </div>
      @if (!site().first_hit_at) {
        <p class="mt-3 flex h-24 items-center gap-2 text-[0.8125rem] text-ink-3"><span class="size-2 rounded-full bg-live motion-safe:animate-[ripple_2s_ease-out_infinite]" aria-hidden="true"></span>{{ 'waiting.title' | transloco }}</p>
      } @else {
        <div class="mt-3 h-12">
          @if (course().length) {
            <hk-sparkline [values]="course()" />
          } @else if (!failed()) {
            <div class="skeleton h-full opacity-60"></div>
          }
        </div>
        <p class="mt-3 flex h-9 items-baseline gap-2">
          @if (total(); as t) {
            <span class="num text-xl font-semibold tracking-tight" [title]="t.exact">{{ t.text }}</span>
            <span class="text-[0.8125rem] text-ink-3">{{ 'sites.visitors24' | transloco }}</span>
            <hk-delta class="ml-auto" [change]="t.change" />
          } @else if (failed()) {
            <span class="text-[0.8125rem] text-ink-3">{{ 'problem.unknown' | transloco }}</span>
          } @else {
            <span class="skeleton h-5 w-24"></span>
          }
        </p>
      }
    </a>
  `,
  host: { class: 'block h-full' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SiteCard {
  readonly site = input.required<Site>();
  private readonly still = signal(0);

  private readonly totals = liveReport(
    () => (this.site().first_hit_at ? { site_id: this.site().id, metrics: ['visitors'], date_range: '24h', include: { comparisons: { mode: 'previous_period' } } } : undefined),
    () => this.site().id,
    this.still,
  );
  private readonly hours = liveReport(
    () => (this.site().first_hit_at ? { site_id: this.site().id, metrics: ['visitors'], date_range: '24h', dimensions: ['time:hour'], include: { time_labels: true } } : undefined),
    () => this.site().id,
    this.still,
  );
  protected readonly failed = computed(() => this.totals.problem() !== null);
  protected readonly total = computed(() => {
    const answer = this.totals.answer();
    if (!answer) return null;
    const row = answer.report.results[0];
    const value = row?.metrics[0] ?? 0;
    return { text: short(value), exact: exact(value), change: describeChange('visitors', value, row?.comparison?.change?.[0]) };
  });
  protected readonly course = computed(() => {
    const answer = this.hours.answer();
    const now = wallClock(new Date(), this.site().timezone);
    return answer ? series(answer.report, 'visitors', 'hour', now).filter((p) => !p.future).map((p) => p.value ?? 0) : [];
  });
}
