import type { components } from './types';

type Schemas = components['schemas'];

/** The stats query, POST /api/v2/query. */
export type Metric = Schemas['Metric'];
export type Row = Schemas['QueryRow'];
export type Report = Schemas['QueryResponse'];

/** [operator, dimension, values], and how to compare: the description leaves filters open. */
export type QueryFilter = [string, string, string[]] | [string, string, string[], { case_sensitive: boolean }];
export type DateRange = Extract<Schemas['DateRange'], string> | [string, string];

export type Query = Omit<Schemas['QueryRequest'], 'filters' | 'date_range' | 'order_by' | 'include' | 'pagination'> & {
  date_range: DateRange;
  filters?: QueryFilter[];
  order_by?: [string, 'asc' | 'desc'][];
  include?: { time_labels?: boolean; total_rows?: boolean; comparisons?: { mode: 'previous_period' | 'year_over_year' } };
  pagination?: { limit: number; offset: number };
};

export const INTERVALS = ['minute', 'hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof INTERVALS)[number];

export const CHART_METRICS = ['visitors', 'visits', 'pageviews', 'views_per_visit', 'bounce_rate', 'visit_duration'] as const satisfies readonly Metric[];
export type ChartMetric = (typeof CHART_METRICS)[number];
