package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

// Query answers one question from one snapshot of hot rows and parts. Definitions are those of
// query/DEFINITIONS.md; numbers are not rounded. A time dimension yields only buckets with data,
// labelled in q.Zone (the site's, if nil).
func (l *Lake) Query(ctx context.Context, tenant hitkeep.TenantID, q hitkeep.Query) (*hitkeep.Result, error) {
	var res *hitkeep.Result
	err := l.heavy.do(ctx, func() error {
		return l.read(ctx, tenant, func(ctx context.Context, s *snapshot) (err error) {
			res, err = s.query(ctx, q)
			return err
		})
	})
	return res, err
}

func (s *snapshot) query(ctx context.Context, q hitkeep.Query) (*hitkeep.Result, error) {
	if q.Zone == nil {
		q.Zone = q.Site.Zone()
	}
	if q.Limit < 0 || q.Offset < 0 {
		return nil, hitkeep.BadField("pagination", "limit and offset are not negative")
	}
	p, st, err := compile(&q, s)
	if err != nil {
		return nil, err
	}
	res := &hitkeep.Result{Warnings: s.warnings}
	if err := p.run(ctx, s.conn, st, res); err != nil {
		return nil, fmt.Errorf("query site %s: %w", q.Site.ID, err)
	}
	// Rows tell how many there are without the limit, but not a page behind the last one.
	if q.TotalRows && len(res.Rows) == 0 && q.Offset > 0 {
		first := q
		first.Offset, first.Limit = 0, 1
		r, err := s.query(ctx, first)
		if err != nil {
			return nil, err
		}
		res.TotalRows = r.TotalRows
	}
	res.DataFrom, err = s.earliest(ctx, q.Site.ID)
	return res, err
}

// run executes the statement and appends its rows to res.
func (p *plan) run(ctx context.Context, c *sql.Conn, st statement, res *hitkeep.Result) error {
	rows, err := c.QueryContext(ctx, st.text, st.args...)
	if err != nil {
		return p.explain(err)
	}
	defer rows.Close()
	texts, numbers := make([]sql.NullString, len(p.dims)), make([]sql.NullFloat64, len(p.metrics))
	buckets := make([]int64, len(p.dims))
	var total int64
	var dest []any
	for i, d := range p.dims {
		if d.level == timeLevel {
			dest = append(dest, &buckets[i])
		} else {
			dest = append(dest, &texts[i])
		}
	}
	for i := range numbers {
		dest = append(dest, &numbers[i])
	}
	for dest = append(dest, &total); rows.Next(); {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		res.Rows = append(res.Rows, p.row(texts, buckets, numbers))
	}
	if p.q.TotalRows {
		res.TotalRows = int(total)
	}
	return p.explain(rows.Err())
}

func (p *plan) row(texts []sql.NullString, buckets []int64, numbers []sql.NullFloat64) hitkeep.Row {
	row := hitkeep.Row{Dimensions: make([]string, len(texts)), Metrics: make([]*float64, len(numbers))}
	for i, d := range p.dims {
		row.Dimensions[i] = texts[i].String
		if d.level == timeLevel {
			row.Dimensions[i] = d.unit.label(buckets[i], p.q.Zone)
		}
	}
	for i, n := range numbers {
		if n.Valid {
			row.Metrics[i] = &n.Float64
		}
	}
	return row
}

// explain turns a filter value that the database refuses into the asker's error.
func (p *plan) explain(err error) error {
	var d *duckdb.Error
	if errors.As(err, &d) && d.Type == duckdb.ErrorTypeInvalidInput {
		return hitkeep.BadField("filters", "the database refuses a value: %s", d.Msg)
	}
	return err
}

// Earliest returns the time of the site's first hit, zero if there is none.
func (l *Lake) Earliest(ctx context.Context, tenant hitkeep.TenantID, site hitkeep.SiteID) (first time.Time, err error) {
	err = l.read(ctx, tenant, func(ctx context.Context, s *snapshot) (err error) {
		first, err = s.earliest(ctx, site)
		return err
	})
	return first, err
}

func (s *snapshot) earliest(ctx context.Context, site hitkeep.SiteID) (time.Time, error) {
	var hot sql.NullTime
	err := s.conn.QueryRowContext(ctx, "SELECT min(ts) FROM "+s.catalog+".hot WHERE site_id = $site",
		sql.Named("site", int64(site))).Scan(&hot)
	if err != nil {
		return time.Time{}, fmt.Errorf("read first hit of site %s: %w", site, err)
	}
	first := hot.Time.UTC()
	for _, part := range s.parts {
		t := time.UnixMicro(part.MinTS).UTC()
		if part.Site == site && part.Rows > 0 && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first, nil
}

// currentWindow is how far back "current visitors" looks.
const currentWindow = 300 * time.Second

// Current counts the people with any hit in the last 300 s before now. It reads hot rows only:
// a partition is rolled long after. Filters play no part.
func (l *Lake) Current(ctx context.Context, tenant hitkeep.TenantID, site hitkeep.SiteID, now time.Time) (n int, err error) {
	err = l.read(ctx, tenant, func(ctx context.Context, s *snapshot) (err error) {
		n, err = s.current(ctx, site, now)
		return err
	})
	return n, err
}

// A visitor with a bot's hit on the same local day is a bot's: the verdict hangs on the user
// agent, and so does the visitor id.
func (s *snapshot) current(ctx context.Context, site hitkeep.SiteID, now time.Time) (n int, err error) {
	hot := s.catalog + ".hot"
	err = s.conn.QueryRowContext(ctx, `SELECT count(DISTINCT h.visitor_id)
FROM `+hot+` AS h
WHERE h.site_id = $site
  AND h.ts > $since
  AND h.ts <= $now
  AND NOT EXISTS (
    SELECT 1
    FROM `+hot+` AS b
    WHERE b.site_id = $site AND b.bot IS NOT NULL AND b.ts > $bots_since
      AND b.visitor_id = h.visitor_id AND b.day = h.day
  )`, sql.Named("site", int64(site)), sql.Named("now", now.UTC()),
		sql.Named("since", now.Add(-currentWindow).UTC()),
		sql.Named("bots_since", now.Add(-48*time.Hour).UTC())).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count current visitors of site %s: %w", site, err)
	}
	return n, nil
}
