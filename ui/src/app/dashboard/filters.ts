import type { QueryFilter } from '../api/query';

export const OPERATORS = ['is', 'is_not', 'contains'] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Filter {
  op: Operator;
  dimension: string;
  values: string[];
}

/** Dimensions a person can filter by, in the order of the dialog. */
export const FILTER_DIMENSIONS = [
  'event:page', 'visit:entry_page', 'visit:exit_page', 'event:hostname',
  'visit:channel', 'visit:source', 'visit:referrer',
  'visit:utm_source', 'visit:utm_medium', 'visit:utm_campaign', 'visit:utm_term', 'visit:utm_content',
  'visit:country', 'visit:region', 'visit:city', 'visit:language',
  'visit:browser', 'visit:os', 'visit:device', 'visit:screen', 'event:name',
] as const;

/** One filter in a link: op,dimension,value,... with "," and "\" escaped. */
export function writeFilter(f: Filter): string {
  return [f.op, shortName(f.dimension), ...f.values].map((part) => part.replace(/[\\,]/g, '\\$&')).join(',');
}

/** The filter of a link, or null where it makes no sense (an old or broken link). */
export function readFilter(text: string): Filter | null {
  const parts: string[] = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) parts[parts.length - 1] += text[++i];
    else if (text[i] === ',') parts.push('');
    else parts[parts.length - 1] += text[i];
  }
  const [op, name, ...values] = parts;
  const dimension = FILTER_DIMENSIONS.find((d) => shortName(d) === name);
  if (!dimension || !isOperator(op) || values.length === 0 || values.every((v) => v === '')) return null;
  return { op, dimension, values };
}

/** "page" for "event:page": no two dimensions share the part after the colon. */
export function shortName(dimension: string): string {
  return dimension.slice(dimension.indexOf(':') + 1);
}

function isOperator(op: string): op is Operator {
  return (OPERATORS as readonly string[]).includes(op);
}

export function toQueryFilters(filters: Filter[]): QueryFilter[] {
  return filters.map((f) => (f.op === 'contains' ? [f.op, f.dimension, f.values, { case_sensitive: false }] : [f.op, f.dimension, f.values]));
}

/** filters with one more; the same one twice takes it off again. */
export function toggleFilter(filters: Filter[], added: Filter): Filter[] {
  const text = writeFilter(added);
  const without = filters.filter((f) => writeFilter(f) !== text);
  return without.length < filters.length ? without : [...filters, added];
}

/** filters with the one at index changed; null removes it; index -1 adds. */
export function replaceFilter(filters: Filter[], index: number, next: Filter | null): Filter[] {
  if (index < 0) return next ? [...filters, next] : filters;
  return filters.flatMap((f, i) => (i !== index ? [f] : next ? [next] : []));
}

/** The values a dimension must have, from its "is" filters: marks rows as chosen. */
export function chosen(filters: Filter[], dimension: string): Set<string> {
  return new Set(filters.filter((f) => f.op === 'is' && f.dimension === dimension).flatMap((f) => f.values));
}
