import type { Metric, QueryFilter } from '../api/query';

export type GroupKey = 'sources' | 'pages' | 'locations' | 'devices' | 'behaviour';

/** One list of a panel. */
export interface Tab {
  /** in the link, and the name of its text */
  key: string;
  dimension: string;
  /** the number of a row, by which the rows are ordered */
  metric: Metric;
  /** further columns of the full list */
  extra: Metric[];
  /** what stands before the name */
  icon: 'flag' | 'device' | 'tile' | 'none';
  /** behind "Campaigns", not a tab of its own */
  nested?: true;
  map?: true;
  /** values that are no rows of this list */
  without?: string[];
}

export interface Group {
  key: GroupKey;
  tabs: Tab[];
}

const VISIT: Metric[] = ['visits', 'bounce_rate', 'visit_duration'];

function tab(key: string, dimension: string, rest: Partial<Tab> = {}): Tab {
  return { key, dimension, metric: 'visitors', extra: VISIT, icon: 'none', ...rest };
}

/** The panels, their tabs in order; the first is open at first. */
export const GROUPS: readonly Group[] = [
  {
    key: 'sources',
    tabs: [
      tab('source', 'visit:source', { icon: 'tile' }),
      tab('channel', 'visit:channel'),
      tab('utm_source', 'visit:utm_source', { nested: true }),
      tab('utm_medium', 'visit:utm_medium', { nested: true }),
      tab('utm_campaign', 'visit:utm_campaign', { nested: true }),
      tab('utm_term', 'visit:utm_term', { nested: true }),
      tab('utm_content', 'visit:utm_content', { nested: true }),
    ],
  },
  {
    key: 'pages',
    tabs: [
      tab('page', 'event:page', { extra: ['pageviews'] }),
      tab('entry_page', 'visit:entry_page', { metric: 'visits', extra: ['visitors', 'bounce_rate', 'visit_duration'] }),
      tab('exit_page', 'visit:exit_page', { metric: 'visits', extra: ['visitors'] }),
    ],
  },
  {
    key: 'locations',
    tabs: [
      tab('map', 'visit:country', { icon: 'flag', map: true }),
      tab('country', 'visit:country', { icon: 'flag' }),
      tab('region', 'visit:region'),
      tab('city', 'visit:city'),
      tab('language', 'visit:language'),
    ],
  },
  {
    key: 'devices',
    tabs: [
      tab('browser', 'visit:browser', { icon: 'tile' }),
      tab('os', 'visit:os', { icon: 'tile' }),
      tab('device', 'visit:device', { icon: 'device' }),
      tab('screen', 'visit:screen'),
    ],
  },
  {
    key: 'behaviour',
    tabs: [tab('event', 'event:name', { metric: 'events', extra: ['visitors'], without: ['pageview'] })],
  },
];

/** The filters that every query of a list adds to the page's. */
export function ownFilters(tab: Tab): QueryFilter[] {
  return tab.without ? [['is_not', tab.dimension, tab.without]] : [];
}

export function tabByKey(key: string): Tab | undefined {
  return GROUPS.flatMap((g) => g.tabs).find((t) => t.key === key);
}
