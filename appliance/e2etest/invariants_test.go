package e2etest

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
)

const allMetrics = 6

var sixMetrics = []string{"visitors", "visits", "pageviews", "events", "bounce_rate", "visit_duration"}

// TestInvariants is golden vector 12: on random data the numbers agree with an independent
// count from the definitions, filters never raise them, breakdowns add up, and hot rows,
// Parquet and a restart give the same.
func TestInvariants(t *testing.T) {
	b := New(t)
	b.Start(nil)
	b.AddToken()
	const site, hits = "random.example", 1500
	b.AddSite(site, "Europe/Berlin")
	sent := randomHits(t, site, hits, 12)
	// A second site with other hits of the same people must change nothing.
	b.AddSite("other.example", "Europe/Berlin")
	other := randomHits(t, "other.example", 300, 13)
	b.Send(append(sent[:hits:hits], other...)...)
	b.WaitHits(hits + len(other))

	w := world{t: t, b: b, site: site, from: dayName(7), to: dayName(0)}
	hot := w.everything(sent)
	b.CLI("compact", "--now")
	compareStates(t, "rolled", hot, w.everything(sent))
	b.Stop()
	b.Start(nil)
	compareStates(t, "restarted", hot, w.everything(sent))
}

func compareStates(t *testing.T, state string, want, got map[string]string) {
	for q, text := range want {
		if got[q] != text {
			t.Errorf("%s: %s\nhot  %s\nthen %s", state, q, text, got[q])
		}
	}
}

// world asks one site about one range.
type world struct {
	t        *testing.T
	b        *Box
	site     string
	from, to string
}

func (w world) ask(metrics []string, dimensions []string, filters ...any) []Row {
	w.t.Helper()
	return w.b.Stats(Query{Site: w.site, Metrics: metrics, Range: []string{w.from, w.to},
		Dimensions: dimensions, Filters: filters, Pagination: map[string]int{"limit": 10000}})
}

// everything checks the invariants and returns all answers, by question.
func (w world) everything(sent []Hit) map[string]string {
	answers := map[string]string{}
	total := w.ask(sixMetrics, nil)
	answers["total"] = formatRows(total)
	w.compareWithOracle(sent)
	for _, d := range []string{"visit:source", "visit:channel", "visit:referrer", "visit:utm_source", "visit:country", "visit:device",
		"visit:browser", "visit:os", "visit:entry_page", "visit:exit_page", "event:page", "event:name", "time:day", "time:hour"} {
		rows := w.ask(sixMetrics, []string{d})
		answers[d] = formatRows(rows)
		w.checkBreakdown(d, rows, total[0])
	}
	w.entriesAndExits()
	return answers
}

// compareWithOracle compares the whole range and each day.
func (w world) compareWithOracle(sent []Hit) {
	visits := oracle(sent, berlin)
	for _, r := range w.ask(sixMetrics, []string{"time:day"}) {
		day := r.Dimensions[0]
		w.near("day "+day, r, totals(sent, visits, berlin, day, day))
	}
	w.near("whole range", w.ask(sixMetrics, nil)[0], totals(sent, visits, berlin, w.from, w.to))
}

// near compares a row with what it should be; durations are whole seconds, rates have one
// decimal.
func (w world) near(what string, r Row, want []float64) {
	w.t.Helper()
	for i, m := range r.Metrics {
		slack := []float64{0, 0, 0, 0, 0.051, 0.51}[i]
		switch {
		case m == nil && math.IsNaN(want[i]) || math.IsNaN(want[i]) && *m == 0:
		case m == nil || math.IsNaN(want[i]) || math.Abs(*m-want[i]) > slack:
			w.t.Errorf("%s: %s is %s, want %.2f", what, sixMetrics[i], formatRows([]Row{r}), want[i])
		}
	}
}

// checkBreakdown: no row exceeds the total, visits over a visit dimension and over days add up,
// and filtering by a row's value never raises a count.
func (w world) checkBreakdown(dimension string, rows []Row, total Row) {
	w.t.Helper()
	if len(rows) == 0 {
		w.t.Errorf("%s: no rows", dimension)
	}
	var visits float64
	for _, r := range rows {
		w.within(fmt.Sprintf("%s = %s", dimension, r.Dimensions[0]), r, total)
		if v := r.Metrics[1]; v != nil {
			visits += *v
		}
	}
	adds := dimension == "time:day" || dimension[:5] == "visit"
	if adds && visits != *total.Metrics[1] {
		w.t.Errorf("%s: visits of the rows add up to %g, there are %g", dimension, visits, *total.Metrics[1])
	}
	if dimension[:4] == "time" {
		return
	}
	for _, r := range rows[:min(len(rows), 3)] {
		for _, op := range []string{"is", "is_not", "contains"} {
			filter := []any{op, dimension, []string{r.Dimensions[0]}}
			if got := w.ask(sixMetrics, nil, filter); len(got) == 1 {
				text, _ := json.Marshal(filter)
				w.within("filter "+string(text), got[0], total)
			} else {
				w.t.Errorf("%v: %d rows", filter, len(got))
			}
		}
	}
}

// within: counts do not exceed the total's, and bounces not the visits.
func (w world) within(what string, r, total Row) {
	w.t.Helper()
	for i := range allMetrics - 2 {
		if r.Metrics[i] == nil || *r.Metrics[i] > *total.Metrics[i] {
			w.t.Errorf("%s: %s above the total: %s", what, sixMetrics[i], formatRows([]Row{r, total}))
		}
	}
	if b := r.Metrics[4]; b != nil && (*b < 0 || *b > 100) {
		w.t.Errorf("%s: bounce rate %g", what, *b)
	}
}

// entriesAndExits: as many visits enter as exit, and as many as have a pageview.
func (w world) entriesAndExits() {
	w.t.Helper()
	var sums [2]float64
	for i, d := range []string{"visit:entry_page", "visit:exit_page"} {
		for _, r := range w.ask([]string{"visits"}, []string{d}) {
			if r.Dimensions[0] != "(not set)" {
				sums[i] += *r.Metrics[0]
			}
		}
	}
	with := w.b.Count(`select count(*) as n from (select visit_id from hits where kind = 'pageview' and visit_id is not null
		and site_id = (select min(site_id) from hits where hostname = '` + w.site + `') group by visit_id)`)
	if sums[0] != sums[1] || sums[0] != float64(with) {
		w.t.Errorf("entries %g, exits %g, visits with a pageview %d", sums[0], sums[1], with)
	}
}
