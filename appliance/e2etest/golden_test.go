package e2etest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// berlin is the zone of all sites of the golden vectors.
var berlin = func() *time.Location {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return z
}()

// daysAgo returns an instant of the local day so many days ago: clock is 15:04:05.
func daysAgo(days int, clock string) time.Time {
	day := time.Now().In(berlin).AddDate(0, 0, -days).Format(time.DateOnly)
	t, err := time.ParseInLocation("2006-01-02 15:04:05", day+" "+clock, berlin)
	if err != nil {
		panic(err)
	}
	return t
}

func dayName(days int) string { return daysAgo(days, "12:00:00").Format(time.DateOnly) }

// The day most vectors play on, the one after it, and a way to write "null".
const (
	dayOne = 10
	dayTwo = 9
)

var null = math.NaN()

// vector is one golden vector: hits of one site, and what must be read of them afterwards.
type vector struct {
	name   string
	hits   []Hit
	checks []check
}

// check is one query; want holds its rows, each a list of dimensions and metrics.
type check struct {
	what       string
	from, to   string // dates or instants; to is inclusive where it is a date
	metrics    string // space separated
	dimensions string
	filters    []any
	want       []row
}

type row struct {
	dims []string
	vals []float64
}

func vals(v ...float64) []row { return []row{{vals: v}} }

func view(at time.Time, path string) Hit {
	return Hit{Type: "pageview", URL: path, Timestamp: at, VisitorIP: "84.112.10.1", UserAgent: Chrome}
}

func event(at time.Time, name string, interactive bool) Hit {
	return Hit{Type: "event", Name: name, URL: "/", Timestamp: at, VisitorIP: "84.112.10.1", UserAgent: Chrome, Interactive: &interactive}
}

func goldenVectors() []vector {
	noon, d1, d2 := daysAgo(dayOne, "12:00:00"), dayName(dayOne), dayName(dayTwo)
	after := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	utcMidnight := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, time.UTC)
	const core = "visits bounce_rate visit_duration"
	return []vector{
		{"v1-one-pageview", []Hit{view(noon, "/")}, []check{
			{"one pageview", d1, d1, core, "", nil, vals(1, 100, 0)}}},
		{"v2-two-pageviews", []Hit{view(noon, "/"), view(after(60), "/b")}, []check{
			{"two pageviews", d1, d1, core + " views_per_visit", "", nil, vals(1, 0, 60, 2)}}},
		{"v3-interactive", []Hit{view(noon, "/"), event(after(5), "click", true)}, []check{
			{"an interactive event is no bounce", d1, d1, core + " events pageviews", "", nil, vals(1, 0, 5, 2, 1)}}},
		{"v4-not-interactive", []Hit{view(noon, "/"), event(after(5), "seen", false)}, []check{
			{"a bounce in spite of the event", d1, d1, core, "", nil, vals(1, 100, 0)}}},
		{"v5-gap-1800", []Hit{view(noon, "/"), view(after(1800), "/b")}, []check{
			{"one visit", d1, d1, "visits visitors visit_duration", "", nil, vals(1, 1, 1800)}}},
		{"v5-gap-1801", []Hit{view(noon, "/"), view(after(1801), "/b")}, []check{
			{"two visits, one visitor", d1, d1, "visits visitors", "", nil, vals(2, 1)}}},
		{"v6-local-midnight", []Hit{view(daysAgo(dayOne, "23:55:00"), "/"), view(daysAgo(dayTwo, "00:05:00"), "/b")}, []check{
			{"first day", d1, d1, "visits visitors", "", nil, vals(1, 1)},
			{"second day", d2, d2, "visits visitors", "", nil, vals(0, 1)},
			{"both days", d1, d2, "visits visitors bounce_rate visit_duration", "", nil, vals(1, 2, 0, 600)},
			{"by day", d1, d2, "visits visitors", "time:day", nil, []row{{[]string{d1}, []float64{1, 1}}, {[]string{d2}, []float64{0, 1}}}}}},
		{"v6-utc-midnight", []Hit{view(utcMidnight.Add(-5*time.Minute), "/"), view(utcMidnight.Add(5*time.Minute), "/b")}, []check{
			{"one local day", d1, d1, "visits visitors", "", nil, vals(1, 1)},
			{"with its neighbours", dayName(dayOne + 1), d2, "visits visitors", "", nil, vals(1, 1)}}},
		{"v8-campaign-changes", []Hit{
			view(noon, "/?utm_source=list-one&utm_medium=email"), view(after(60), "/b?utm_source=list-two")}, []check{
			{"the first hit's source", d1, d1, "visits", "visit:source", nil, []row{{[]string{"list-one"}, []float64{1}}}},
			{"the first hit's channel", d1, d1, "visits visitors", "visit:channel", nil, []row{{[]string{"Email"}, []float64{1, 1}}}}}},
		{"v9-range-cuts", []Hit{view(noon, "/"), view(after(60), "/b")}, []check{
			{"the whole visit counts", after(-30).Format(time.RFC3339), after(30).Format(time.RFC3339), core + " pageviews", "", nil, vals(1, 0, 60, 1)},
			{"it started before", after(30).Format(time.RFC3339), after(90).Format(time.RFC3339), "visits visitors pageviews", "", nil, vals(0, 1, 1)}}},
		{"v9-hours", []Hit{view(after(-30), "/"), view(after(30), "/b")}, []check{
			{"active in two hours", d1, d1, "visits", "time:hour", nil, []row{
				{[]string{d1 + " 11:00:00"}, []float64{1}}, {[]string{d1 + " 12:00:00"}, []float64{1}}}},
			{"counted once", d1, d1, "visits", "", nil, vals(1)}}},
		{"v10-late", []Hit{view(daysAgo(3, "10:00:00"), "/"), view(time.Now().Add(-time.Second), "/today")}, []check{
			{"its own day", dayName(3), dayName(3), "visits pageviews", "", nil, vals(1, 1)},
			{"the page of that day", dayName(3), dayName(3), "pageviews", "event:page", nil, []row{{[]string{"/"}, []float64{1}}}}}},
		{"v11-same-id", []Hit{withID(view(noon, "/"), "00000000000000aa"), withID(view(noon, "/"), "00000000000000aa"),
			withID(view(noon, "/b"), "00000000000000ab")}, []check{
			{"counted once", d1, d1, "pageviews visits", "", nil, vals(2, 1)}}},
	}
}

func withID(h Hit, id string) Hit {
	h.ID = id
	return h
}

// TestGoldenVectors sends the vectors of the definitions through HTTP and reads their numbers
// while the rows are hot, after they were rolled to Parquet, and after a restart.
func TestGoldenVectors(t *testing.T) {
	b := New(t)
	b.Start(nil)
	b.AddToken()
	vectors := goldenVectors()
	sent := 0
	for _, v := range vectors {
		domain := v.domain()
		b.AddSite(domain, "Europe/Berlin")
		b.Send(v.on(domain)...)
		sent += len(v.hits)
	}
	const duplicates = 1 // vector 11
	b.WaitHits(sent - duplicates)
	runVectors(t, b, vectors, "hot")
	unrelatedVisitors(t, b)

	b.CLI("compact", "--now")
	if rows := b.SQL("select 1 from hits where day < current_date - 2 limit 1"); len(rows) == 0 {
		t.Error("the rolled rows are not visible")
	}
	if files := b.Files(); len(files) < len(vectors) {
		t.Errorf("%d files in the lake for %d sites", len(files), len(vectors))
	}
	runVectors(t, b, vectors, "rolled")

	lateIntoRolled(t, b)
	sameIDAgain(t, b)
	b.Stop()
	b.Start(nil)
	runVectors(t, b, vectors[:len(vectors)-2], "restarted")
	b.CLI("compact", "--now")
	runVectors(t, b, vectors[:len(vectors)-2], "rolled again")
}

func (v vector) domain() string { return v.name + ".example" }

// on completes the hits with the site's domain.
func (v vector) on(domain string) []Hit {
	hits := make([]Hit, len(v.hits))
	for i, h := range v.hits {
		h.Domain, h.URL = domain, "https://"+domain+h.URL
		hits[i] = h
	}
	return hits
}

func runVectors(t *testing.T, b *Box, vectors []vector, state string) {
	for _, v := range vectors {
		for _, c := range v.checks {
			t.Run(fmt.Sprintf("%s/%s/%s", state, v.name, strings.ReplaceAll(c.what, " ", "-")), func(t *testing.T) {
				c.run(t, b, v.domain())
			})
		}
	}
}

func (c check) run(t *testing.T, b *Box, site string) {
	q := Query{Site: site, Metrics: strings.Fields(c.metrics), Range: []string{c.from, c.to}, Filters: c.filters}
	if c.dimensions != "" {
		q.Dimensions = strings.Fields(c.dimensions)
	}
	got := dropEmptyTimes(q, b.Stats(q))
	if text, want := formatRows(got), formatWant(c.want); text != want {
		t.Errorf("%s of %s to %s:\ngot  %s\nwant %s", c.metrics, c.from, c.to, text, want)
	}
}

// dropEmptyTimes leaves out time buckets in which nothing happened: whether they are listed is
// not a vector's concern.
func dropEmptyTimes(q Query, rows []Row) (out []Row) {
	timed := len(q.Dimensions) > 0 && strings.HasPrefix(q.Dimensions[0], "time:")
	for _, r := range rows {
		empty := timed
		for _, m := range r.Metrics {
			empty = empty && (m == nil || *m == 0)
		}
		if !empty {
			out = append(out, r)
		}
	}
	return out
}

func formatRows(rows []Row) string {
	var out []string
	for _, r := range rows {
		var f []float64
		for _, m := range r.Metrics {
			if m == nil {
				f = append(f, null)
			} else {
				f = append(f, *m)
			}
		}
		out = append(out, fmt.Sprintf("%q %v", r.Dimensions, f))
	}
	return strings.Join(out, "; ")
}

func formatWant(rows []row) string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%q %v", r.dims, r.vals))
	}
	return strings.Join(out, "; ")
}

// unrelatedVisitors is vector 7: one address and user agent, two sites, two visitor ids.
func unrelatedVisitors(t *testing.T, b *Box) {
	rows := b.SQL("select count(distinct visitor_id) as ids, count(distinct site_id) as sites from hits where path = '/' and day = date '" + dayName(dayOne) + "'")
	if ids, sites := fmt.Sprint(rows[0]["ids"]), fmt.Sprint(rows[0]["sites"]); ids != sites || ids == "0" {
		t.Errorf("%s visitor ids on %s sites", ids, sites)
	}
}

// lateIntoRolled is the second half of vector 10: a late hit of a day that lies in Parquet.
func lateIntoRolled(t *testing.T, b *Box) {
	const site = "v10-late.example"
	h := view(daysAgo(3, "10:01:00"), "https://"+site+"/late")
	h.Domain = site
	before := b.Count("select count(*) as n from hits")
	b.Send(h)
	b.WaitHits(before + 1)
	c := check{"late hit of a rolled day", dayName(3), dayName(3), "visits pageviews visit_duration bounce_rate", "", nil, vals(1, 2, 60, 0)}
	c.run(t, b, site)
	b.CLI("compact", "--now")
	c.run(t, b, site)
	today := check{"today unchanged", time.Now().Add(-time.Minute).Format(time.RFC3339), time.Now().Add(time.Minute).Format(time.RFC3339), "pageviews", "", nil, nil}
	today.from = time.Now().Add(-24 * time.Hour).Format(time.RFC3339)
	today.want = vals(1)
	today.run(t, b, site)
}

// sameIDAgain is vector 11 after a roll: the id is known although its row is in Parquet.
func sameIDAgain(t *testing.T, b *Box) {
	const site = "v11-same-id.example"
	h := withID(view(daysAgo(dayOne, "12:00:00"), "https://"+site+"/"), "00000000000000aa")
	h.Domain = site
	other := withID(h, "00000000000000ff")
	before := b.Count("select count(*) as n from hits")
	b.Send(h, other) // the second tells when both were applied
	b.WaitHits(before + 1)
	check{"the id again", dayName(dayOne), dayName(dayOne), "pageviews", "", nil, vals(3)}.run(t, b, site)
}
