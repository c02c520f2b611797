/** The stats query, POST /api/v2/query. */

export const INTERVALS = ['minute', 'hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof INTERVALS)[number];

export const CHART_METRICS = ['visitors', 'visits', 'pageviews', 'views_per_visit', 'bounce_rate', 'visit_duration'] as const;
export type ChartMetric = (typeof CHART_METRICS)[number];

export type Metric = ChartMetric | 'events' | 'percentage' | 'exit_rate' | 'engaged_time' | 'scroll_depth' | 'time_on_page';

export type DateRange = string | [string, string];
export type QueryFilter = [string, string, string[]];

export interface Query {
  site_id: string;
  metrics: Metric[];
  date_range: DateRange;
  dimensions?: string[];
  filters?: QueryFilter[];
  order_by?: [string, 'asc' | 'desc'][];
  include?: {
    time_labels?: boolean;
    total_rows?: boolean;
    comparisons?: { mode: 'previous_period' | 'year_over_year' };
  };
  pagination?: { limit: number; offset: number };
}

export interface Compared {
  dimensions: string[];
  metrics: (number | null)[];
  /** percent, or percentage points for rates */
  change: (number | null)[];
}

export interface Row {
  dimensions: string[];
  metrics: (number | null)[];
  comparison?: Compared | null;
}

export interface Report {
  results: Row[];
  meta: {
    time_labels?: string[];
    total_rows?: number;
    /** the first day the site has data for */
    data_from?: string | null;
    /** index in time_labels of the bucket that now is in */
    partial_from?: number | null;
  };
  query: { date_range: [string, string]; timezone?: string };
}
