package lake

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

// SQLLimits bound one SQL query. Memory is bounded by the engine's own limit.
type SQLLimits struct {
	Rows  int              // more rows are an error of code too_large; 0 = no limit
	Time  time.Duration    // 0 = no limit but the context's
	Sites []hitkeep.SiteID // whose hits are visible; nil = all of the tenant
}

// Column is a column of an SQL result, with its type as DuckDB names it.
type Column struct{ Name, Type string }

//go:embed query/views.sql
var visitsSQL string

// viewColumns are the columns of the view hits, in the order that the contract fixes.
var viewColumns = []string{
	"site_id", "ts", "received_at", "day", "kind", "name", "visitor_id", "midnight_key", "visit_id",
	"hostname", "path", "referrer", "source", "channel", "utm_source", "utm_medium", "utm_campaign",
	"utm_term", "utm_content", "click_id", "country", "region", "city", "browser", "browser_version",
	"os", "os_version", "device", "screen", "language", "interactive", "engaged_ms", "scroll_depth",
	"props", "revenue", "currency", "bot", "bot_name", "via", "import_id", "journal_id", "seq", "vital",
}

// SQL runs one SELECT statement over the views hits and visits: hot rows and parts of the
// tenant's sites in one snapshot, bots included. sink is called once with a nil row, so that the
// columns of an empty result are known, and then with every row, in order; its error ends the
// query. Row values are nil, bool, int64, float64, string (also decimals, huge integers, dates
// and times of day), time.Time (UTC), []byte, []any and map[string]any.
//
// The text is not trusted: DuckDB's own parser turns it into a tree, and only what sql_check.go
// knows to be harmless is let through; the transaction is read-only besides.
func (l *Lake) SQL(ctx context.Context, tenant hitkeep.TenantID, text string, limits SQLLimits, sink func(columns []Column, row []any) error) error {
	if limits.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limits.Time,
			hitkeep.Errorf(hitkeep.TooLarge, "the query took longer than %s and was stopped", limits.Time))
		defer cancel()
	}
	// Rows were given away already when memory runs out: it is not repeated.
	return l.heavy.with(ctx, 1, func() error {
		return l.read(ctx, tenant, func(ctx context.Context, s *snapshot) error {
			return s.sql(ctx, text, limits, l.zone, sink)
		})
	})
}

func (s *snapshot) sql(ctx context.Context, text string, limits SQLLimits, zone func(hitkeep.SiteID) *time.Location, sink func([]Column, []any) error) error {
	stitched, err := s.checkSQL(ctx, text)
	if err != nil {
		return err
	}
	if err := s.makeViews(ctx, stitched, limits.Sites, zone); err != nil {
		return err
	}
	rows, err := s.conn.QueryContext(ctx, text)
	if err != nil {
		return sqlError(ctx, err)
	}
	defer rows.Close()
	columns, err := columnsOf(rows)
	if err != nil {
		return err
	}
	if err := sink(columns, nil); err != nil {
		return err
	}
	for n := 1; rows.Next(); n++ {
		if limits.Rows > 0 && n > limits.Rows {
			return hitkeep.Errorf(hitkeep.TooLarge, "the result has more than %d rows", limits.Rows).WithHint("add a LIMIT")
		}
		row := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i := range row {
			row[i] = plain(row[i], columns[i].Type)
		}
		if err := sink(columns, row); err != nil {
			return err
		}
	}
	return sqlError(ctx, rows.Err())
}

// sqlError makes an error of the statement the asker's own; limits come as the context's cause.
func sqlError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var d *duckdb.Error
	if !errors.As(err, &d) {
		return fmt.Errorf("run sql: %w", err)
	}
	switch d.Type {
	case duckdb.ErrorTypeFatal, duckdb.ErrorTypeInternal, duckdb.ErrorTypeIO:
		return fmt.Errorf("run sql: %w", err)
	case duckdb.ErrorTypeOutOfMemory:
		return hitkeep.Errorf(hitkeep.TooLarge, "the query needs more memory than it may use").
			WithHint("ask for fewer days or columns, or raise memory_limit")
	}
	return hitkeep.BadField("sql", "%s", d.Msg)
}

func columnsOf(rows *sql.Rows) ([]Column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, fmt.Errorf("run sql: %w", err)
	}
	columns := make([]Column, len(types))
	for i, t := range types {
		columns[i] = Column{t.Name(), t.DatabaseTypeName()}
	}
	return columns, nil
}

// makeViews makes temporary views hits and visits; the end of the snapshot's transaction takes
// them away. A view takes no parameters, so its text holds numbers and the store's own paths.
func (s *snapshot) makeViews(ctx context.Context, stitched bool, sites []hitkeep.SiteID, zone func(hitkeep.SiteID) *time.Location) error {
	bounds, err := s.dayBounds(ctx, zone)
	if err != nil {
		return err
	}
	stitch := bounds.Replace(stitchSQL) + ",\n" + identifySQL
	columns := strings.Join(viewColumns, ", ")
	hits := "WITH " + s.allFacts(sites) + ",\n" + stitch + "\nSELECT " + columns + "\nFROM identified"
	if !stitched {
		hits = "WITH " + s.allFacts(sites) + "\nSELECT " + strings.Replace(columns, "visit_id", "NULL::BIGINT AS visit_id", 1) + "\nFROM facts"
	}
	visits := "WITH " + s.allFacts(sites) + ",\n" + stitch + ",\n" + visitsSQL
	for name, text := range map[string]string{"hits": hits, "visits": visits} {
		if _, err := s.conn.ExecContext(ctx, "CREATE TEMP VIEW "+name+" AS\n"+text); err != nil {
			return fmt.Errorf("make view %s: %w", name, err)
		}
	}
	return nil
}

// allFacts is the CTE facts of whole sites.
func (s *snapshot) allFacts(sites []hitkeep.SiteID) string {
	columns := strings.Join(slices.DeleteFunc(slices.Clone(viewColumns), func(c string) bool { return c == "visit_id" }), ", ")
	where := ""
	if sites != nil {
		ids := []string{"-1"} // no site has this id: an empty list shows nothing
		for _, id := range sites {
			ids = append(ids, id.String())
		}
		where = "\n  WHERE site_id IN (" + strings.Join(ids, ", ") + ")"
	}
	text := "facts AS NOT MATERIALIZED (\n  SELECT " + columns + "\n  FROM " + s.catalog + ".hot" + where
	files := s.files(func(p hitkeep.Part) bool { return sites == nil || slices.Contains(sites, p.Site) })
	if len(files) > 0 {
		for i := range files {
			files[i] = quote(files[i])
		}
		text += "\n  UNION ALL\n  SELECT " + columns + "\n  FROM read_parquet([" + strings.Join(files, ", ") + "], hive_partitioning = false)" + where
	}
	return text + "\n)"
}

// dayBounds replaces the lists of stitchBounds by literals: of every site, all the days that it
// has hits of.
func (s *snapshot) dayBounds(ctx context.Context, zone func(hitkeep.SiteID) *time.Location) (*strings.Replacer, error) {
	type span struct{ from, to hitkeep.Day }
	spans := map[hitkeep.SiteID]span{}
	add := func(site hitkeep.SiteID, from, to hitkeep.Day) {
		if old, ok := spans[site]; ok {
			from, to = min(from, old.from), max(to, old.to)
		}
		spans[site] = span{from, to}
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT site_id, min(day), max(day) FROM "+s.catalog+".hot GROUP BY site_id")
	if err != nil {
		return nil, fmt.Errorf("read days: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var site hitkeep.SiteID
		var from, to time.Time
		if err := rows.Scan(&site, &from, &to); err != nil {
			return nil, fmt.Errorf("read days: %w", err)
		}
		add(site, dayOf(from), dayOf(to))
	}
	for _, p := range s.parts {
		add(p.Site, p.From, p.To)
	}
	lists := map[string][]string{}
	for site, sp := range spans {
		for _, arg := range stitchBounds(map[hitkeep.SiteID]*time.Location{site: zone(site)}, sp.from, sp.to) {
			a := arg.(sql.NamedArg)
			for _, n := range a.Value.([]int64) {
				lists[a.Name] = append(lists[a.Name], strconv.FormatInt(n, 10))
			}
		}
	}
	var pairs []string
	for _, name := range []string{"bound_sites", "bound_days", "bound_starts", "bound_ends"} {
		pairs = append(pairs, "$"+name, "["+strings.Join(lists[name], ", ")+"]::BIGINT[]")
	}
	return strings.NewReplacer(pairs...), rows.Err()
}

// plain turns a driver's value into one that every writer of CSV and JSON understands.
func plain(v any, kind string) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, []byte:
		return v
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case float32:
		return float64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return v.String()
	case duckdb.Decimal:
		return v.String()
	case time.Time:
		return plainTime(v.UTC(), kind)
	case duckdb.Map:
		m := map[string]any{}
		for key, value := range v {
			m[fmt.Sprint(key)] = plain(value, "")
		}
		return m
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key], "")
		}
		return v
	case []any:
		for i := range v {
			v[i] = plain(v[i], "")
		}
		return v
	}
	return fmt.Sprint(v)
}

func plainTime(t time.Time, kind string) any {
	switch kind {
	case "DATE":
		return t.Format(time.DateOnly)
	case "TIME":
		return t.Format("15:04:05.999999")
	}
	return t
}
