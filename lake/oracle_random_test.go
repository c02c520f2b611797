package lake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

// The days of a data set lie around these local midnights: clock changes, odd offsets, a zone
// where midnight does not exist (Santiago's spring), a change by half an hour (Lord Howe).
var oracleDays = []struct{ zone, day string }{
	{"Europe/Berlin", "2026-10-25"}, {"Europe/Berlin", "2026-03-29"}, {"America/New_York", "2026-11-01"},
	{"Asia/Kolkata", "2026-06-30"}, {"Asia/Kathmandu", "2026-12-31"}, {"America/St_Johns", "2026-03-08"},
	{"America/Santiago", "2026-09-06"}, {"Australia/Lord_Howe", "2026-04-05"}, {"UTC", "2026-02-28"},
	{"Pacific/Auckland", "2026-09-27"},
}

func choose[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// randomHits makes hits of a few visitors on four local days around day: many equal times, gaps
// about the limit, hits at midnight, all-day visitors, bots, ids that return on another day.
func randomHits(r *rand.Rand, zone *time.Location, day hitkeep.Day) []hitkeep.Hit {
	var hits []hitkeep.Hit
	for person := range int64(14) {
		campaigns := choose(r, "", "spring", "Spring Sale")
		for d := day - 2; d <= day+1; d++ {
			if r.IntN(3) == 0 {
				continue
			}
			visitor := person*1000 + int64(d-day) + 5
			if person == 3 {
				visitor = 3 // one id on several days: chains are of one day all the same
			}
			t, end := d.Start(zone), d.End(zone)
			if r.IntN(3) > 0 {
				t = t.Add(time.Duration(r.IntN(int(end.Sub(t)/time.Second))) * time.Second)
			}
			if r.IntN(4) == 0 {
				t = end.Add(-time.Duration(r.IntN(3600)) * time.Second)
			}
			for n := 1 + r.IntN(12) + 60*(r.IntN(12)/11); n > 0 && t.Before(end); n-- {
				hits = append(hits, randomHit(r, zone, t, person, visitor, campaigns))
				t = t.Add(choose[time.Duration](r, 0, 1, 20, 300, 1500, 1799, 1800, 1800, 1801, 4000) * time.Second)
			}
		}
	}
	r.Shuffle(len(hits), func(i, j int) { hits[i], hits[j] = hits[j], hits[i] })
	for i := range hits {
		hits[i].Journal, hits[i].Seq = hitkeep.JournalID(1+r.IntN(3)), int64(i+1)
	}
	return hits
}

func randomHit(r *rand.Rand, zone *time.Location, t time.Time, person, visitor int64, campaign string) hitkeep.Hit {
	h := hitAt(t, zone, visitor, 0)
	h.Kind = choose(r, hitkeep.Pageview, hitkeep.Pageview, hitkeep.Pageview, hitkeep.Event, hitkeep.Engagement, hitkeep.Engagement, hitkeep.Vital)
	h.Path = choose(r, "/", "/a", "/b/c", "/Blog/x", "")
	h.Hostname = choose(r, "example.com", "www2.example.com")
	h.Source, h.UTMCampaign = choose(r, hitkeep.DirectSource, "Google", "google", ""), campaign
	h.Country, h.Browser = choose(r, "DE", "US", ""), choose(r, "Chrome", "Firefox")
	if person%5 == 0 && r.IntN(20) == 0 {
		h.Bot, h.BotName = hitkeep.BotHeadless, "TestBot"
	}
	switch h.Kind {
	case hitkeep.Event:
		h.Name, h.Interactive = choose(r, "signup", "click"), r.IntN(2) == 0
		if r.IntN(2) == 0 {
			h.Props = []hitkeep.Prop{{Key: "plan", Value: choose(r, "pro", "free")}, {Key: "x", Value: "y"}}
		}
	case hitkeep.Vital:
		h.Name = "LCP"
	case hitkeep.Engagement:
		if r.IntN(4) > 0 {
			h.EngagedMS = int64(r.IntN(90000))
		}
		if r.IntN(3) > 0 {
			h.ScrollDepth = int32(r.IntN(101))
		}
	}
	if before := t.Sub(h.Day.Start(zone)); before < 1800*time.Second {
		h.MidnightKey = person*100000 + int64(h.Day-1)
	} else if h.Day.End(zone).Sub(t) <= 1800*time.Second {
		h.MidnightKey = person*100000 + int64(h.Day)
	}
	if r.IntN(15) == 0 {
		h.MidnightKey = 0
	}
	return h
}

var (
	oracleDims    = []string{"event:page", "event:hostname", "event:name", "event:props:plan", "visit:country", "visit:browser", "visit:source", "visit:utm_campaign", "visit:entry_page", "visit:exit_page"}
	oracleTimes   = []string{"time:minute", "time:hour", "time:day", "time:week", "time:month"}
	oracleMetrics = []hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits, hitkeep.Pageviews, hitkeep.Events, hitkeep.ViewsPerVisit, hitkeep.BounceRate, hitkeep.VisitDuration, hitkeep.Percentage, hitkeep.ExitRate, hitkeep.EngagedTime, hitkeep.ScrollDepth, hitkeep.TimeOnPage}
)

func randomFilter(r *rand.Rand, depth int) *hitkeep.Filter {
	if depth < 3 && r.IntN(3) == 0 {
		op := choose(r, "and", "or", "not")
		f := &hitkeep.Filter{Op: op, Children: []hitkeep.Filter{*randomFilter(r, depth+1)}}
		if op != "not" {
			f.Children = append(f.Children, *randomFilter(r, depth+1))
		}
		return f
	}
	if r.IntN(8) == 0 {
		return &hitkeep.Filter{Op: choose(r, "has_done", "has_not_done"), Children: []hitkeep.Filter{
			{Op: "is", Dim: choose(r, "event:name", "event:page"), Values: []string{choose(r, "signup", "/a")}}}}
	}
	f := &hitkeep.Filter{Op: choose(r, "is", "is_not", "contains", "contains_not", "matches"), Dim: choose(r, oracleDims...), FoldCase: r.IntN(3) == 0}
	if r.IntN(3) == 0 {
		f.Dim = "event:page"
	}
	for range 1 + r.IntN(2) {
		f.Values = append(f.Values, choose(r, "/", "/a", "/b", "blog", "Google", "goo", "DE", "signup", "pro", "spring", "example", "pageview", hitkeep.NotSet))
	}
	return f
}

func randomQuery(r *rand.Rand, zone *time.Location, day hitkeep.Day) hitkeep.Query {
	q := hitkeep.Query{Site: hitkeep.Site{ID: testSite, Timezone: zone.String()}, Zone: zone}
	if r.IntN(4) == 0 {
		q.Zone = mustZone(choose(r, "UTC", "Asia/Kolkata", "America/New_York"))
	}
	q.From = (day - hitkeep.Day(r.IntN(3))).Start(q.Zone)
	q.To = (day + hitkeep.Day(1+r.IntN(2))).Start(q.Zone)
	if r.IntN(3) == 0 { // a range that cuts visits anywhere
		q.From = q.From.Add(time.Duration(r.IntN(86400)) * time.Second)
		q.To = q.From.Add(time.Duration(600+r.IntN(100000)) * time.Second)
	}
	for range r.IntN(3) {
		if d := choose(r, oracleDims...); !slices.Contains(q.Dimensions, d) {
			q.Dimensions = append(q.Dimensions, d)
		}
	}
	if r.IntN(2) == 0 {
		q.Dimensions = append(q.Dimensions, choose(r, oracleTimes...))
	}
	if r.IntN(3) > 0 {
		q.Filter = randomFilter(r, 0)
	}
	// Rows come from visitors and visits; each metric on its own must not change them.
	q.Metrics = []hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits}
	for _, m := range oracleMetrics[2:] {
		if r.IntN(2) == 0 {
			q.Metrics = append(q.Metrics, m)
		}
	}
	return q
}

// answer runs q through the engine, as comparable text.
func (b *bed) answer(q hitkeep.Query) []string {
	b.t.Helper()
	res, err := b.snap.query(context.Background(), q)
	if err != nil {
		b.t.Fatalf("%v\n%+v", err, q)
	}
	var out []string
	for _, row := range res.Rows {
		dims := row.Dimensions
		if len(dims) == 0 {
			dims = []string{""}
		}
		out = append(out, rowText(dims, row.Metrics))
	}
	slices.Sort(out)
	return out
}

func queryText(q *hitkeep.Query) string {
	return fmt.Sprintf("%s..%s %s %v by %v where %s", q.From.In(q.Zone).Format(time.RFC3339), q.To.In(q.Zone).Format(time.RFC3339),
		q.Zone, q.Metrics, q.Dimensions, filterText(q.Filter))
}

func filterText(f *hitkeep.Filter) string {
	if f == nil {
		return "-"
	}
	s := fmt.Sprintf("(%s %s %q fold=%t", f.Op, f.Dim, f.Values, f.FoldCase)
	for i := range f.Children {
		s += " " + filterText(&f.Children[i])
	}
	return s + ")"
}

func TestQueryAgainstOracle(t *testing.T) {
	b := newBed(t)
	for n, place := range oracleDays {
		r := rand.New(rand.NewPCG(uint64(n), 42))
		zone := mustZone(place.zone)
		day, err := hitkeep.ParseDay(place.day)
		if err != nil {
			t.Fatal(err)
		}
		hits := randomHits(r, zone, day)
		o := newOracle(hits, zone)
		b.fill(hits)
		// The second half of the questions meets parts and hot rows mixed: the same numbers.
		const questions = 16
		for i := range questions {
			if i == questions/2 {
				b.rollDays(hits, func(d hitkeep.Day) bool { return d != day })
			}
			q := randomQuery(r, zone, day)
			want, got := o.answer(&q), b.answer(q)
			if !slices.Equal(want, got) {
				t.Fatalf("%s #%d: %s\nwant\n%s\ngot\n%s", place.zone, i, queryText(&q), strings.Join(want, "\n"), strings.Join(got, "\n"))
			}
		}
	}
}
