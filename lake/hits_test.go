package lake

import (
	"fmt"
	"math/rand/v2"

	"hitkeep"
)

// day0 is the first day of the tests' hits, a UTC day.
var day0 = func() hitkeep.Day { d, _ := hitkeep.ParseDay("2026-01-30"); return d }()

func startOf(d hitkeep.Day) int64 { return int64(d) * 86400e6 }

// generator makes hits that look like traffic: visitors come back, days cross midnight.
type generator struct {
	r    *rand.Rand
	seq  int64
	site hitkeep.SiteID
}

func newGenerator(seed uint64) *generator {
	return &generator{r: rand.New(rand.NewPCG(seed, 1)), site: 7}
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// hit makes a pageview, event, engagement or vital on day.
func (g *generator) hit(journal hitkeep.JournalID, day hitkeep.Day) hitkeep.Hit {
	r := g.r
	g.seq++
	ts := startOf(day) + r.Int64N(86400e6)
	h := hitkeep.Hit{Site: g.site, Journal: journal, Seq: g.seq, ClientID: r.Uint64() | 1,
		TS: ts, ReceivedAt: startOf(day0) + g.seq*1000, Day: day, Kind: hitkeep.Kind(r.IntN(4)),
		Visitor: int64(r.IntN(300))*1_000_003 + int64(day), Hostname: "www.example.com",
		Path:   fmt.Sprintf("/blog/article-number-%d", r.IntN(500)),
		Source: pick(r, hitkeep.DirectSource, "Google", "news.ycombinator.com"), Channel: pick(r, "Direct", "Organic Search"),
		Referrer: pick(r, "", "https://news.ycombinator.com/item"), Country: pick(r, "DE", "US", "FR", ""),
		Browser: pick(r, "Firefox", "Chrome", "Safari"), BrowserVersion: "140", OS: pick(r, "Linux", "Windows", "macOS"),
		Device: pick(r, "desktop", "mobile"), Screen: "1920x1080", Language: "de-de",
		EngagedMS: hitkeep.Absent, ScrollDepth: hitkeep.Absent}
	into := ts - startOf(day)
	if into < 1800e6 {
		h.MidnightKey = h.Visitor - int64(day) + int64(day-1)<<40
	} else if into >= 84600e6 {
		h.MidnightKey = h.Visitor - int64(day) + int64(day)<<40
	}
	switch h.Kind {
	case hitkeep.Event:
		h.Name, h.Interactive = "Signup with a long name", r.IntN(2) == 0
		h.Props = []hitkeep.Prop{{Key: "plan", Value: "a plan of more than twelve bytes"}, {Key: "z", Value: ""}}
		h.RevenueMilli, h.Currency = r.Int64N(1e9), "EUR"
	case hitkeep.Engagement:
		h.EngagedMS, h.ScrollDepth = r.Int64N(1e6), int32(r.IntN(101))
	case hitkeep.Vital:
		h.Name, h.VitalMicro = "LCP", r.Int64N(1e10)
	}
	return h
}

// batch makes a contiguous batch of n hits on days from..to.
func (g *generator) batch(journal hitkeep.JournalID, n int, from, to hitkeep.Day) *hitkeep.Batch {
	b := &hitkeep.Batch{Store: hitkeep.DefaultTenant, Journal: journal, Prev: g.seq, Records: n}
	for range n {
		b.Hits = append(b.Hits, g.hit(journal, from+hitkeep.Day(g.r.IntN(int(to-from)+1))))
	}
	b.Last = g.seq
	return b
}
