package lake

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

var update = flag.Bool("update-sql", false, "rewrite the golden files of rendered SQL")

// The rendered SQL of a few queries, so that a change of structure is seen in review.
func TestRenderedSQL(t *testing.T) {
	site := hitkeep.Site{ID: testSite, Timezone: "Europe/Berlin"}
	q := func(metrics []hitkeep.Metric, f *hitkeep.Filter, dims ...string) hitkeep.Query {
		return hitkeep.Query{Site: site, Zone: berlin, From: at(t, berlin, "2026-10-20 00:00"), To: at(t, berlin, "2026-11-03 00:00"),
			Metrics: metrics, Filter: f, Dimensions: dims, Limit: 100}
	}
	evil := &hitkeep.Filter{Op: "and", Children: []hitkeep.Filter{
		{Op: "is", Dim: "event:page", Values: []string{"'; DROP TABLE t_1.hot; --"}},
		{Op: "contains_not", Dim: "event:props:'; DROP TABLE x; --", Values: []string{"a", "b"}, FoldCase: true},
		{Op: "has_done", Children: []hitkeep.Filter{{Op: "is", Dim: "event:name", Values: []string{"signup"}}}},
	}}
	for name, c := range map[string]struct {
		query hitkeep.Query
		parts []hitkeep.Part
	}{
		"totals":  {q(vectorMetrics, nil), nil},
		"hours":   {q([]hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits}, nil, "time:hour"), nil},
		"sources": {q([]hitkeep.Metric{hitkeep.Visitors, hitkeep.BounceRate}, nil, "visit:source"), []hitkeep.Part{{Name: "a.parquet", Site: testSite, From: 20600, To: 20800}}},
		"pages":   {q(slices.Concat(vectorMetrics, []hitkeep.Metric{hitkeep.ExitRate, hitkeep.TimeOnPage, hitkeep.ScrollDepth}), evil, "event:page", "time:day"), nil},
	} {
		_, st, err := compile(&c.query, &snapshot{catalog: "t_1", dir: "lake", parts: c.parts})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(st.text, "DROP") || strings.Contains(st.text, "signup") {
			t.Errorf("%s: a value stands in the text", name)
		}
		file := filepath.Join("testdata", "sql", name+".sql")
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(st.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != st.text {
			t.Errorf("%s: the SQL differs from %s; look at it, then run go test ./lake -run RenderedSQL -update-sql", name, file)
		}
	}
}

func TestQueryRefuses(t *testing.T) {
	leaf := func(op, dim string, values ...string) *hitkeep.Filter {
		return &hitkeep.Filter{Op: op, Dim: dim, Values: values}
	}
	deep := leaf("is", "event:page", "/")
	for range 40 {
		deep = &hitkeep.Filter{Op: "not", Children: []hitkeep.Filter{*deep}}
	}
	one := []hitkeep.Metric{hitkeep.Visitors}
	for field, queries := range map[string][]hitkeep.Query{
		"metrics":    {{}, {Metrics: []hitkeep.Metric{"nonsense"}}},
		"dimensions": {{Metrics: one, Dimensions: []string{"event:nonsense"}}, {Metrics: one, Dimensions: []string{"path; DROP"}}, {Metrics: one, Dimensions: []string{"time:year"}}, {Metrics: one, Dimensions: []string{"event:props:"}}},
		"order_by":   {{Metrics: one, OrderBy: []hitkeep.Order{{Key: "visits"}}}, {Metrics: one, OrderBy: []hitkeep.Order{{Key: "1; DROP"}}}},
		"pagination": {{Metrics: one, Limit: -1}},
		"filters": {{Metrics: one, Filter: leaf("like", "event:page", "/")}, {Metrics: one, Filter: leaf("is", "event:nonsense", "/")},
			{Metrics: one, Filter: leaf("is", "event:page")}, {Metrics: one, Filter: leaf("matches", "event:page", "(")},
			{Metrics: one, Filter: leaf("is", "time:day", "x")}, {Metrics: one, Filter: &hitkeep.Filter{Op: "and"}}, {Metrics: one, Filter: deep},
			{Metrics: one, Filter: &hitkeep.Filter{Op: "has_done", Children: []hitkeep.Filter{*leaf("is", "visit:source", "x")}}}},
	} {
		for _, q := range queries {
			q.Site, q.From, q.To = hitkeep.Site{ID: testSite, Timezone: "UTC"}, time.Unix(0, 0), time.Unix(86400, 0)
			_, err := (&snapshot{catalog: "t_1"}).query(context.Background(), q)
			if got, ok := err.(*hitkeep.Error); !ok || got.Field != field || got.Code != hitkeep.Invalid {
				t.Errorf("%+v: %v, want an error about %s", q, err, field)
			}
		}
	}
}

func TestQueryPages(t *testing.T) {
	b := newBed(t)
	var hits []hitkeep.Hit
	for i := range int64(7) {
		h := hitAt(at(t, berlin, "2026-11-02 10:00"), berlin, 50+i, i+1)
		h.Path = fmt.Sprintf("/%c", 'g'-i)
		hits = append(hits, h)
	}
	b.fill(hits)
	ask := func(limit, offset int) string {
		from, to := b.askRange("2026-11-02")
		res, err := b.snap.query(context.Background(), hitkeep.Query{Site: hitkeep.Site{ID: testSite, Timezone: "Europe/Berlin"}, From: from, To: to,
			Metrics: []hitkeep.Metric{hitkeep.Visitors}, Dimensions: []string{"event:page"}, Limit: limit, Offset: offset, TotalRows: true})
		if err != nil {
			t.Fatal(err)
		}
		var pages []string
		for _, r := range res.Rows {
			pages = append(pages, r.Dimensions[0])
		}
		return fmt.Sprint(pages, res.TotalRows)
	}
	for _, c := range []struct {
		limit, offset int
		want          string
	}{{3, 0, "[/a /b /c] 7"}, {3, 3, "[/d /e /f] 7"}, {3, 6, "[/g] 7"}, {3, 9, "[] 7"}, {0, 5, "[/f /g] 7"}, {0, 0, "[/a /b /c /d /e /f /g] 7"}} {
		if got := ask(c.limit, c.offset); got != c.want {
			t.Errorf("limit %d offset %d: %s, want %s", c.limit, c.offset, got, c.want)
		}
	}
}

// The hour that a clock change repeats is two rows, the one that it skips none.
func TestQueryHoursOfClockChange(t *testing.T) {
	b := newBed(t)
	var hits []hitkeep.Hit
	for i, ts := 0, at(t, berlin, "2026-10-25 00:30"); i < 5; i++ {
		hits = append(hits, hitAt(ts.Add(time.Duration(i)*time.Hour), berlin, int64(50+i), int64(i+1)))
	}
	b.fill(hits)
	from, to := b.askRange("2026-10-25")
	res, err := b.snap.query(context.Background(), hitkeep.Query{Site: hitkeep.Site{ID: testSite, Timezone: "Europe/Berlin"}, From: from, To: to,
		Metrics: []hitkeep.Metric{hitkeep.Visits}, Dimensions: []string{"time:hour"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range res.Rows {
		got = append(got, r.Dimensions[0][11:13])
	}
	if strings.Join(got, " ") != "00 01 02 02 03" {
		t.Errorf("hours %v", got)
	}
}

func TestCurrentAndEarliest(t *testing.T) {
	b := newBed(t)
	ctx, now := context.Background(), at(t, berlin, "2026-11-02 12:00")
	ago := func(s int, visitor, seq int64) hitkeep.Hit {
		return hitAt(now.Add(-time.Duration(s)*time.Second), berlin, visitor, seq)
	}
	hits := []hitkeep.Hit{ago(299, 50, 1), ago(10, 50, 2), ago(300, 51, 3), ago(0, 52, 4), ago(5, 53, 5), ago(200, 54, 6), ago(4000, 54, 7), ago(1, 55, 8), ago(86400*3, 56, 9)}
	hits[3].Kind = hitkeep.Engagement
	hits[4].Bot, hits[6].Bot = hitkeep.BotUserAgent, hitkeep.BotHeadless
	hits[7].Site = 8
	b.fill(hits)
	if n, err := b.snap.current(ctx, testSite, now); err != nil || n != 2 {
		t.Errorf("current = %d, %v, want 2", n, err)
	}
	if first, err := b.snap.earliest(ctx, testSite); err != nil || !first.Equal(now.AddDate(0, 0, -3)) {
		t.Errorf("earliest = %v, %v", first, err)
	}
	if first, err := b.snap.earliest(ctx, 99); err != nil || !first.IsZero() {
		t.Errorf("earliest of no hits = %v, %v", first, err)
	}
	b.snap.parts = []hitkeep.Part{{Site: testSite, MinTS: 5, Rows: 1}, {Site: 8, MinTS: 1, Rows: 1}}
	if first, err := b.snap.earliest(ctx, testSite); err != nil || first.UnixMicro() != 5 {
		t.Errorf("earliest with a part = %v, %v", first, err)
	}
}

func TestQueryBots(t *testing.T) {
	b := newBed(t)
	h := func(s string, visitor, seq int64) hitkeep.Hit { return hitAt(at(t, berlin, s), berlin, visitor, seq) }
	hits := []hitkeep.Hit{h("2026-11-02 10:00", 50, 1), h("2026-11-02 10:01", 50, 2), h("2026-11-02 10:00", 51, 3), h("2026-11-02 15:00", 50, 4)}
	// One bot's hit, even an engagement's, makes the whole visit a bot's; the visitor's next visit is not.
	hits[1].Bot, hits[1].BotName, hits[1].Kind = hitkeep.BotHeadless, "TestBot", hitkeep.Engagement
	b.fill(hits)
	if got := b.totals("2026-11-02", nil); got != "2 2 2 1 100 0" {
		t.Errorf("without bots: %s", got)
	}
	f := &hitkeep.Filter{Op: "is", Dim: "visit:bot_name", Values: []string{"TestBot"}}
	if got := b.totals("2026-11-02", f); got != "1 1 1 1 100 0" {
		t.Errorf("bots by name: %s", got)
	}
}

// Vector 12, as far as it is the engine's: what must hold between numbers on any data.
func TestQueryProperties(t *testing.T) {
	b := newBed(t)
	r := rand.New(rand.NewPCG(12, 12))
	day, _ := hitkeep.ParseDay("2026-10-25")
	b.fill(randomHits(r, berlin, day))
	site := hitkeep.Site{ID: testSite, Timezone: "Europe/Berlin"}
	ask := func(f *hitkeep.Filter, metrics []hitkeep.Metric, dims ...string) []hitkeep.Row {
		res, err := b.snap.query(context.Background(), hitkeep.Query{Site: site, From: (day - 3).Start(berlin), To: (day + 3).Start(berlin),
			Metrics: metrics, Dimensions: dims, Filter: f})
		if err != nil {
			t.Fatal(err)
		}
		return res.Rows
	}
	sum := func(rows []hitkeep.Row, metric int) (n float64) {
		for _, row := range rows {
			n += *row.Metrics[metric]
		}
		return n
	}
	counts := []hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits, hitkeep.Pageviews, hitkeep.Events}
	all := ask(nil, counts)[0]
	for range 30 {
		f := randomFilter(r, 0)
		some := ask(f, counts)[0]
		for i, m := range counts {
			if *some.Metrics[i] > *all.Metrics[i] {
				t.Errorf("%s: %g > %g with %s", m, *some.Metrics[i], *all.Metrics[i], filterText(f))
			}
		}
		if days := sum(ask(f, counts, "time:day"), 1); days != *some.Metrics[1] {
			t.Errorf("visits of days %g, of the range %g with %s", days, *some.Metrics[1], filterText(f))
		}
	}
	for _, dim := range []string{"visit:source", "visit:channel", "visit:referrer", "visit:utm_campaign", "visit:entry_page", "visit:exit_page", "time:day", "time:week", "time:month"} {
		if got := sum(ask(nil, counts, dim), 1); got != *all.Metrics[1] {
			t.Errorf("visits over %s: %g, want %g", dim, got, *all.Metrics[1])
		}
	}
}
