package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

// hotColumns is the order in which bed appends; the schema's own CREATE TABLE makes the table.
func hotValues(h *hitkeep.Hit) []driver.Value {
	text := func(s string) driver.Value {
		if s == "" {
			return nil
		}
		return s
	}
	number := func(n int64, null bool) driver.Value {
		if null {
			return nil
		}
		return n
	}
	var interactive, scroll, props driver.Value
	if h.Kind == hitkeep.Event {
		interactive = h.Interactive
	}
	if h.ScrollDepth != hitkeep.Absent {
		scroll = h.ScrollDepth
	}
	if len(h.Props) > 0 {
		m := duckdb.Map{}
		for _, p := range h.Props {
			m[p.Key] = p.Value
		}
		props = m
	}
	return []driver.Value{int64(h.Site), int64(h.Journal), h.Seq, time.UnixMicro(h.TS).UTC(),
		time.UnixMicro(h.TS).UTC(), time.Unix(int64(h.Day)*86400, 0).UTC(), h.Kind.String(), text(h.Name),
		h.Visitor, number(h.MidnightKey, h.MidnightKey == 0), text(h.Hostname), text(h.Path),
		text(h.Referrer), text(h.Source), text(h.Channel), text(h.UTMSource), text(h.UTMMedium),
		text(h.UTMCampaign), text(h.UTMTerm), text(h.UTMContent), text(h.ClickID), text(h.Country),
		text(h.Region), text(h.City), text(h.Browser), text(h.BrowserVersion), text(h.OS),
		text(h.OSVersion), text(h.Device), text(h.Screen), text(h.Language), interactive,
		number(h.EngagedMS, h.EngagedMS == hitkeep.Absent), scroll, props, nil, nil, nil,
		text(h.Bot), text(h.BotName), h.Via.String(), nil}
}

// bed is a store of test hits: real DuckDB, real Parquet, no Lake around it.
type bed struct {
	t    testing.TB
	db   *sql.DB
	snap *snapshot
}

// newBed opens an engine with a catalog t_1 that holds the table hot of the schema.
func newBed(t testing.TB) *bed {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	e, err := OpenEngine(EngineOptions{TempDir: filepath.Join(dir, "tmp"), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Attach(ctx, filepath.Join(dir, "hitkeep.db"), "t_1"); err != nil {
		t.Fatal(err)
	}
	conn, err := e.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); e.Close() })
	b := &bed{t: t, db: e.db, snap: &snapshot{conn: conn, catalog: "t_1", dir: dir}}
	schema, err := os.ReadFile("schema/0001_store.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, create, _ := strings.Cut(string(schema), "CREATE TABLE hot")
	create, _, _ = strings.Cut(create, ";")
	b.exec("CREATE TABLE t_1.hot" + create)
	return b
}

func (b *bed) exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.snap.conn.ExecContext(context.Background(), query, args...); err != nil {
		b.t.Fatalf("%v\n%s", err, query)
	}
}

// fill makes hits the whole content: no parts, all hot.
func (b *bed) fill(hits []hitkeep.Hit) {
	b.t.Helper()
	b.snap.parts = nil
	b.exec("DELETE FROM t_1.hot")
	err := b.snap.conn.Raw(func(dc any) error {
		a, err := duckdb.NewAppender(dc.(driver.Conn), "t_1", "main", "hot")
		if err != nil {
			return err
		}
		for i := range hits {
			if err := a.AppendRow(hotValues(&hits[i])...); err != nil {
				return err
			}
		}
		return a.Close()
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// rollDays moves the hot rows of the days that pick chooses into parts, one per site and day.
func (b *bed) rollDays(hits []hitkeep.Hit, pick func(hitkeep.Day) bool) {
	b.t.Helper()
	type key struct {
		site hitkeep.SiteID
		day  hitkeep.Day
	}
	var keys []key
	for _, h := range hits {
		if k := (key{h.Site, h.Day}); pick(h.Day) && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		name := fmt.Sprintf("%d-%s.parquet", k.site, k.day)
		where := fmt.Sprintf(" FROM t_1.hot WHERE site_id = %d AND day = DATE '%s'", k.site, k.day)
		b.exec("COPY (SELECT *, NULL::BIGINT AS visit_id" + where + ") TO " + quote(filepath.Join(b.snap.dir, name)) + " (FORMAT parquet)")
		b.exec("DELETE" + where)
		b.snap.parts = append(b.snap.parts, hitkeep.Part{Name: name, Site: k.site, From: k.day, To: k.day})
	}
}
