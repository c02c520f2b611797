package lake

import (
	"context"
	"syscall"
	"testing"
	"time"

	"hitkeep"
)

// millionHits makes about 1.25 million hits over 30 days of UTC: 330,000 visitors, half of the
// hits engagement, 2 % bots, 12 % of longer visitor-days with a gap.
const millionHits = `INSERT INTO t_1.hot BY NAME
WITH visitors AS (
  SELECT i AS n, (hash(i, 1) % 30)::INTEGER AS d, (hash(i, 2) % 86400)::BIGINT AS s0,
    1 + (hash(i, 3) % 100 < 45)::INTEGER * (hash(i, 4) % 5)::INTEGER AS hits, hash(i, 9) % 100 < 12 AS again
  FROM range(330000) AS t(i)
), moments AS (
  SELECT n, d, k, m,
    least(86399, s0 + k * (hash(n, k) % 120) + CASE WHEN again AND k >= 1 THEN 4000 ELSE 0 END)::BIGINT AS s
  FROM visitors, LATERAL unnest(range(hits)) AS u(k), unnest([0, 1]) AS w(m)
)
SELECT 7::BIGINT AS site_id, 1::BIGINT AS journal_id,
  row_number() OVER (ORDER BY d, s, n, k, m) AS seq,
  TIMESTAMPTZ '2026-10-01 00:00:00+00' + to_seconds(d * 86400 + s + m * 5) AS ts, ts AS received_at,
  DATE '2026-10-01' + d AS day,
  CASE WHEN m = 1 THEN 'engagement' WHEN hash(n, k, 5) % 10 = 0 THEN 'event' ELSE 'pageview' END AS kind,
  CASE WHEN kind = 'event' THEN 'click' END AS name,
  (hash(n) >> 1)::BIGINT AS visitor_id,
  CASE WHEN s < 1800 OR s > 84600 THEN (hash(n, 77) >> 1)::BIGINT END AS midnight_key,
  'example.com' AS hostname, '/page/' || (hash(n, k, 6) % 500) AS path,
  CASE WHEN n % 3 = 0 THEN 'https://google.com/' END AS referrer,
  CASE WHEN n % 3 = 0 THEN 'Google' ELSE 'Direct / None' END AS source,
  CASE WHEN n % 3 = 0 THEN 'Organic Search' ELSE 'Direct' END AS channel,
  ['DE', 'US', 'FR', 'GB'][1 + n % 4] AS country, ['Chrome', 'Firefox', 'Safari'][1 + n % 3] AS browser,
  ['Windows', 'Linux'][1 + n % 2] AS os, 'Desktop' AS device,
  CASE WHEN kind = 'event' THEN true END AS interactive,
  CASE WHEN m = 1 THEN 5000::BIGINT END AS engaged_ms, CASE WHEN m = 1 THEN 50 END AS scroll_depth,
  CASE WHEN n % 50 = 0 THEN 'ua' END AS bot, 'snippet' AS via
FROM moments
ORDER BY d, s, n, k, m`

func BenchmarkQuery(b *testing.B) {
	bed := newBed(b)
	bed.exec("SET GLOBAL memory_limit = '1GB'")
	bed.exec(millionHits)
	bed.exec("SET GLOBAL memory_limit = '128MB'")
	site := hitkeep.Site{ID: 7, Timezone: "UTC"}
	all := []hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits, hitkeep.Pageviews, hitkeep.ViewsPerVisit, hitkeep.BounceRate, hitkeep.VisitDuration}
	visitors := []hitkeep.Metric{hitkeep.Visitors}
	to := time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		days    int
		metrics []hitkeep.Metric
		dims    []string
		filter  *hitkeep.Filter
	}{
		{"total", 28, all, nil, nil},
		{"days", 28, all, []string{"time:day"}, nil},
		{"hours", 1, all, []string{"time:hour"}, nil},
		{"pages", 28, visitors, []string{"event:page"}, nil},
		{"pages-all", 28, all, []string{"event:page"}, nil},
		{"sources", 28, visitors, []string{"visit:source"}, nil},
		{"sources-all", 28, all, []string{"visit:source"}, nil},
		{"countries", 28, visitors, []string{"visit:country"}, nil},
		{"pages-filtered", 28, all, []string{"event:page"}, &hitkeep.Filter{Op: "is", Dim: "visit:source", Values: []string{"Google"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			start := cpuTime()
			for b.Loop() {
				q := hitkeep.Query{Site: site, From: to.AddDate(0, 0, -c.days), To: to, Metrics: c.metrics,
					Dimensions: c.dims, Filter: c.filter, Limit: 10}
				if _, err := bed.snap.query(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
