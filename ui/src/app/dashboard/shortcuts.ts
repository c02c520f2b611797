import type { Board } from './board';
import { RANGE_KEYS, shift, type RangeKey } from './ranges';
import type { Comparison } from './view';

/** What the keys can do beyond the board. */
export interface Reach {
  board: Board;
  help(): void;
  search(): void;
  calendar(): void;
  /** the n-th site of the list, from 0 */
  site(n: number): void;
}

const RANGE_BY_KEY = new Map(Object.entries(RANGE_KEYS).map(([range, key]) => [key.toLowerCase(), range as RangeKey]));

/** Keys are for the page: not while typing, not under a dialog, not with Ctrl, Alt or Cmd. */
export function runShortcut(event: KeyboardEvent, reach: Reach): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  if (document.querySelector('.cdk-overlay-pane, .p-dialog')) return;
  const act = action(event.key, reach);
  if (!act) return;
  event.preventDefault();
  act();
}

function action(key: string, reach: Reach): (() => void) | null {
  const { board } = reach;
  const range = RANGE_BY_KEY.get(key.toLowerCase());
  if (range === 'custom') return () => reach.calendar();
  if (range) return () => board.change({ range: { key: range } });
  if (/^[1-9]$/.test(key)) return () => reach.site(Number(key) - 1);
  switch (key) {
    case 'ArrowLeft': return () => move(board, -1);
    case 'ArrowRight': return () => move(board, 1);
    case 'x': case 'X': return () => board.change({ compare: after<Comparison>(['previous', 'year', 'none'], board.view().compare) });
    case 'i': case 'I': return () => board.change({ interval: after(board.intervals().allowed, board.interval()) });
    case 'Escape': return board.view().filters.length ? () => board.change({ filters: [] }) : null;
    case '/': return () => reach.search();
    case '?': return () => reach.help();
    default: return null;
  }
}

export function move(board: Board, direction: 1 | -1): void {
  const range = shift(board.view().range, board.today(), direction);
  if (range) board.change({ range });
}

function after<T>(all: readonly T[], now: T): T {
  return all[(all.indexOf(now) + 1) % all.length];
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role="slider"], [role="tablist"], [role="menu"]') !== null && !(target instanceof HTMLInputElement && target.type === 'checkbox');
}
