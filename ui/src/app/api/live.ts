import { signal, type Signal } from '@angular/core';
import { sitePath } from './api';

/** What a site's stream says. */
export interface Live {
  /** visitors of the last five minutes; null until the stream has said */
  readonly current: Signal<number | null>;
  /** counts up with each "hits" event */
  readonly hits: Signal<number>;
  /** true once the site's first hit arrived while we were listening */
  readonly first: Signal<boolean>;
  close(): void;
}

/**
 * Listens to a site until closed. The browser reconnects by itself. A hidden
 * page lets go of its stream: over http/1.1 a browser has six connections to a
 * server, and six tabs would take them all.
 */
export function listen(siteId: string): Live {
  const current = signal<number | null>(null);
  const hits = signal(0);
  const first = signal(false);
  let source: EventSource | null = null;
  const open = () => {
    source = new EventSource(`${sitePath(siteId)}/live`);
    source.addEventListener('current', (e) => {
      const { visitors } = JSON.parse((e as MessageEvent<string>).data) as { visitors: number };
      current.set(visitors);
    });
    source.addEventListener('hits', () => hits.update((n) => n + 1));
    source.addEventListener('first', () => first.set(true));
  };
  const close = () => {
    source?.close();
    source = null;
  };
  const turn = () => {
    if (document.hidden) return close();
    if (source) return;
    open();
    hits.update((n) => n + 1); // what came meanwhile
  };
  document.addEventListener('visibilitychange', turn);
  if (!document.hidden) open();
  return {
    current,
    hits,
    first,
    close: () => {
      document.removeEventListener('visibilitychange', turn);
      close();
    },
  };
}
