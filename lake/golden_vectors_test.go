package lake

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

// goldenVector is one of the golden vectors of the definitions, as a site in Berlin sees it.
type goldenVector struct {
	name string
	hits func(h func(local string, kind hitkeep.Kind) *hitkeep.Hit)
	// asks maps "FROM..TO" (local days, inclusive; or times) to what the metrics below yield.
	asks map[string]string
}

var vectorMetrics = []hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits, hitkeep.Pageviews, hitkeep.ViewsPerVisit, hitkeep.BounceRate, hitkeep.VisitDuration}

const (
	pv = hitkeep.Pageview
	ev = hitkeep.Event
)

var goldenVectors = []goldenVector{
	{"1 one pageview", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
	}, map[string]string{"2026-11-02": "1 1 1 1 100 0"}},
	{"2 two pageviews 60 s apart", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
		h("2026-11-02 10:01:00", pv)
	}, map[string]string{"2026-11-02": "1 1 2 2 0 60"}},
	{"3 pageview and interactive event", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
		h("2026-11-02 10:00:30", ev).Interactive = true
	}, map[string]string{"2026-11-02": "1 1 1 1 0 30"}},
	{"4 pageview and non-interactive event", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
		h("2026-11-02 10:00:30", ev)
	}, map[string]string{"2026-11-02": "1 1 1 1 100 0"}},
	{"5 a gap of 1800 s", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
		h("2026-11-02 10:30:00", pv)
	}, map[string]string{"2026-11-02": "1 1 2 2 0 1800"}},
	{"5 a gap of 1801 s", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
		h("2026-11-02 10:30:01", pv)
	}, map[string]string{"2026-11-02": "1 2 2 1 100 0"}},
	{"6 over local midnight", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 23:55:00", pv).MidnightKey = 9
		b := h("2026-11-03 00:05:00", pv)
		b.Visitor, b.MidnightKey = 51, 9
	}, map[string]string{"2026-11-02": "1 1 1 1 0 600", "2026-11-03": "1 0 1 - - -", "2026-11-02..2026-11-03": "2 1 2 2 0 600"}},
	{"6 over UTC midnight within one local day", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-03 00:55:00", pv)
		h("2026-11-03 01:05:00", pv)
	}, map[string]string{"2026-11-03": "1 1 2 2 0 600", "2026-11-02": "0 0 0 - - -"}},
	{"9 a range that cuts a visit", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-02 10:00:00", pv)
		h("2026-11-02 10:20:00", pv)
	}, map[string]string{"2026-11-02 09:30:00..2026-11-02 10:10:00": "1 1 1 1 0 1200", "2026-11-02 10:10:00..2026-11-02 11:00:00": "1 0 1 - - -"}},
	{"10 a timestamp three days ago", func(h func(string, hitkeep.Kind) *hitkeep.Hit) {
		h("2026-11-05 10:00:00", pv)
		h("2026-11-02 10:00:00", pv).Seq = 99
	}, map[string]string{"2026-11-05": "1 1 1 1 100 0", "2026-11-02": "1 1 1 1 100 0"}},
}

func TestGoldenVectors(t *testing.T) {
	b := newBed(t)
	for _, v := range goldenVectors {
		var hits []*hitkeep.Hit
		v.hits(func(local string, kind hitkeep.Kind) *hitkeep.Hit {
			h := hitAt(at(t, berlin, local), berlin, 50, int64(len(hits)+1))
			h.Kind = kind
			hits = append(hits, &h)
			return &h
		})
		var flat []hitkeep.Hit
		for _, h := range hits {
			flat = append(flat, *h)
		}
		b.fill(flat)
		for _, where := range []string{"hot", "parts"} {
			for ask, want := range v.asks {
				if got := b.totals(ask, nil); got != want {
					t.Errorf("%s, %s, %s: got %q, want %q", v.name, where, ask, got, want)
				}
			}
			b.rollDays(flat, func(hitkeep.Day) bool { return true })
		}
	}
}

// askRange parses "DAY", "DAY..DAY" (inclusive) or "TIME..TIME" (half-open).
func (b *bed) askRange(ask string) (from, to time.Time) {
	b.t.Helper()
	first, last, ok := strings.Cut(ask, "..")
	if !ok {
		last = first
	}
	if strings.Contains(first, ":") {
		return at(b.t, berlin, first), at(b.t, berlin, last)
	}
	d, err := hitkeep.ParseDay(last)
	if err != nil {
		b.t.Fatal(err)
	}
	return at(b.t, berlin, first+" 00:00"), d.End(berlin)
}

func (b *bed) totals(ask string, f *hitkeep.Filter) string {
	b.t.Helper()
	from, to := b.askRange(ask)
	res, err := b.snap.query(context.Background(), hitkeep.Query{Site: hitkeep.Site{ID: testSite, Timezone: "Europe/Berlin"},
		From: from, To: to, Metrics: vectorMetrics, Filter: f})
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, m := range res.Rows[0].Metrics {
		if m == nil {
			out = append(out, "-")
		} else {
			out = append(out, fmt.Sprintf("%g", *m))
		}
	}
	return strings.Join(out, " ")
}

// Vector 8: the first hit's source holds. Vector 7 (other sites) and 11 (the same event id twice)
// are decided before the query; that other sites' hits do not count is shown here.
func TestGoldenSource(t *testing.T) {
	b := newBed(t)
	one, two := hitAt(at(t, berlin, "2026-11-02 10:00"), berlin, 50, 1), hitAt(at(t, berlin, "2026-11-02 10:05"), berlin, 50, 2)
	one.Source, two.Source, two.UTMSource = "Google", "Newsletter", "newsletter"
	other := one
	other.Site, other.Seq = 8, 3
	b.fill([]hitkeep.Hit{one, two, other})
	from, to := b.askRange("2026-11-02")
	for _, dim := range []string{"visit:source", "visit:utm_source"} {
		res, err := b.snap.query(context.Background(), hitkeep.Query{Site: hitkeep.Site{ID: testSite, Timezone: "Europe/Berlin"},
			From: from, To: to, Metrics: []hitkeep.Metric{hitkeep.Visits, hitkeep.Pageviews}, Dimensions: []string{dim}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"visit:source": "Google", "visit:utm_source": hitkeep.NotSet}[dim]
		if len(res.Rows) != 1 || res.Rows[0].Dimensions[0] != want || *res.Rows[0].Metrics[0] != 1 || *res.Rows[0].Metrics[1] != 2 {
			t.Errorf("%s: %+v", dim, res.Rows)
		}
	}
}
