import { httpResource } from '@angular/common/http';
import { computed, effect, linkedSignal, untracked, type Signal } from '@angular/core';
import { toProblem, type Problem } from './problem';
import type { Query, Report } from './query';

export interface Answer {
  query: Query;
  report: Report;
}

/** A query that follows its inputs and keeps its last answer while the next one loads. */
export interface LiveReport {
  /** the answer to show, with the query it answers; undefined before the first */
  readonly answer: Signal<Answer | undefined>;
  /** the answer shown belongs to the query before: show it dimmed */
  readonly stale: Signal<boolean>;
  readonly problem: Signal<Problem | null>;
  retry(): void;
}

/**
 * query: undefined asks nothing. scope: an answer of another scope (another
 * site or dimension) is never shown, not even dimmed. tick: each new value asks
 * again without dimming; took hears how many ms that was.
 */
export function liveReport(query: () => Query | undefined, scope: () => string, tick: Signal<number>, took?: (ms: number) => void): LiveReport {
  const asked = computed(query, { equal: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const resource = httpResource<Report>(() => {
    const body = asked();
    return body && { url: '/api/v2/query', method: 'POST', body };
  });
  const kept = linkedSignal<{ scope: string; answer: Answer | undefined }, { scope: string; answer: Answer | undefined }>({
    source: () => {
      const body = asked();
      return { scope: scope(), answer: body && resource.hasValue() ? { query: body, report: resource.value() } : undefined };
    },
    computation: (now, before) => (now.answer || before?.value.scope !== now.scope ? now : before.value),
  });
  let last = untracked(tick);
  let asking = 0;
  effect(() => {
    const now = tick();
    if (now === last) return;
    last = now;
    untracked(() => {
      if (resource.status() === 'resolved' && resource.reload()) asking = performance.now();
    });
  });
  effect(() => {
    if (resource.status() !== 'resolved' || !asking) return;
    took?.(performance.now() - asking);
    asking = 0;
  });
  return {
    answer: computed(() => kept().answer),
    stale: computed(() => resource.status() === 'loading' && kept().answer !== undefined),
    problem: computed(() => (resource.status() === 'error' ? toProblem(resource.error()) : null)),
    retry: () => resource.reload(),
  };
}
