// Package demo makes the plausible traffic of `hitkeep serve --demo` and holds the pages of its
// small site. Traffic is a pure function of a seed and a time, so that a fill that was cut off
// is made again exactly; it is sent through the same way as an import.
package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Domain is the demo site's; Host and Timezone complete it.
const (
	Domain   = "demo.hitkeep.example"
	Timezone = "Europe/Berlin"
)

// Hit is one raw hit of the demo, before enrichment.
type Hit struct {
	At         time.Time
	Type       string // pageview, event or engagement
	Path       string // with its query
	Referrer   string
	IP         string
	UserAgent  string
	Language   string
	ScreenW    int
	Name       string            // events
	Props      map[string]string // events
	RevenueEUR string            // events; "" = none
	EngagedMS  int64
	Scroll     int
}

// Day returns the hits of one local day in order of time, none later than until. day counts the
// days before the youngest one of the history, for its growth.
func Day(seed uint64, start, end, until time.Time, age int) []Hit {
	r := rand.New(rand.NewPCG(seed, uint64(start.Unix())))
	var hits []Hit
	for range visitsOf(r, start, age) {
		at := start.Add(time.Duration(hourOf(r) * float64(end.Sub(start)) / 24))
		hits = append(hits, Visit(r, at)...)
	}
	hits = slices.DeleteFunc(hits, func(h Hit) bool { return h.At.After(until) })
	slices.SortStableFunc(hits, func(a, b Hit) int { return a.At.Compare(b.At) })
	return hits
}

// visitsOf grows over the year, rests on weekends and has a few days of sudden interest.
func visitsOf(r *rand.Rand, start time.Time, age int) int {
	n := 260 * math.Exp(-float64(age)/420) * (0.9 + 0.2*r.Float64())
	switch start.Add(12 * time.Hour).Weekday() {
	case time.Saturday:
		n *= 0.62
	case time.Sunday:
		n *= 0.7
	case time.Tuesday, time.Wednesday:
		n *= 1.12
	}
	n *= 1 + 0.12*math.Sin(float64(age)/23)
	if r.IntN(41) == 0 {
		n *= 2.4
	}
	return int(n)
}

// hourOf draws the hour of a visit, with a quiet night and peaks in the morning and the evening.
func hourOf(r *rand.Rand) float64 {
	weights := [24]int{5, 3, 2, 2, 2, 3, 6, 13, 23, 30, 32, 30, 27, 29, 31, 30, 27, 24, 22, 23, 24, 20, 14, 9}
	return float64(pickWeighted(r, weights[:])) + r.Float64()
}

// Visit makes one visit that begins at a time: its pageviews, engagement and events.
func Visit(r *rand.Rand, at time.Time) []Hit {
	if r.IntN(100) < 4 {
		return botVisit(r, at)
	}
	who := person(r)
	src := sources[pickWeighted(r, sourceWeights)]
	path := src.landing[r.IntN(len(src.landing))]
	if src.query != "" {
		path += "?" + src.query
	}
	var hits []Hit
	pages := 1
	for r.Float64() < 0.56 && pages < 9 {
		pages++
	}
	referrer := src.referrer
	for i := range pages {
		h := who
		h.At, h.Type, h.Path, h.Referrer = at, "pageview", path, referrer
		hits = append(hits, h)
		stay := time.Duration(8+r.ExpFloat64()*55) * time.Second
		if i == pages-1 && r.IntN(3) == 0 {
			break // the tab was closed before anything could be measured
		}
		stay = min(stay, 12*time.Minute)
		hits = append(hits, leave(r, who, at, stay, path), actions(r, who, at, stay, path))
		at = at.Add(stay)
		referrer = "https://" + Domain + path
		path = next(r, path)
	}
	return slices.DeleteFunc(hits, func(h Hit) bool { return h.Type == "" })
}

func leave(r *rand.Rand, who Hit, at time.Time, stay time.Duration, path string) Hit {
	h := who
	h.At, h.Type, h.Path = at.Add(stay-time.Millisecond), "engagement", path
	h.EngagedMS = int64(float64(stay.Milliseconds()) * (0.55 + 0.4*r.Float64()))
	h.Scroll = 20 + r.IntN(81)
	return h
}

// actions is what a visitor does on a page, often nothing.
func actions(r *rand.Rand, who Hit, at time.Time, stay time.Duration, path string) Hit {
	h := who
	h.At, h.Path = at.Add(stay/2), path
	x := r.Float64()
	switch {
	case path == "/pricing" && x < 0.14:
		plan := []string{"Hobby", "Team", "Company"}[pickWeighted(r, []int{6, 3, 1})]
		h.Type, h.Name, h.Props = "event", "Signup", map[string]string{"plan": plan}
		h.RevenueEUR = map[string]string{"Hobby": "", "Team": "29.00", "Company": "99.00"}[plan]
	case (path == "/download" || path == "/docs/install") && x < 0.3:
		h.Type, h.Name = "event", "File Download"
		h.Props = map[string]string{"file": []string{"hitkeep_amd64.deb", "hitkeep_arm64.deb", "hitkeep.rpm"}[pickWeighted(r, []int{7, 2, 3})]}
	case x < 0.05:
		h.Type, h.Name = "event", "Outbound Link: Click"
		h.Props = map[string]string{"url": []string{"https://duckdb.org/", "https://parquet.apache.org/", "https://github.com/"}[r.IntN(3)]}
	}
	return h
}

func next(r *rand.Rand, from string) string {
	for {
		if p := sitePages[pickWeighted(r, pageWeights)]; p != from {
			return p
		}
	}
}

func botVisit(r *rand.Rand, at time.Time) []Hit {
	ua := botAgents[r.IntN(len(botAgents))]
	ip := fmt.Sprintf("66.249.%d.%d", 64+r.IntN(16), 1+r.IntN(250))
	var hits []Hit
	for range 1 + r.IntN(3) {
		hits = append(hits, Hit{At: at, Type: "pageview", Path: sitePages[r.IntN(len(sitePages))], IP: ip, UserAgent: ua, Language: "en"})
		at = at.Add(time.Duration(1+r.IntN(20)) * time.Second)
	}
	return hits
}

// person draws country, address, browser and screen.
func person(r *rand.Rand) Hit {
	c := countries[pickWeighted(r, countryWeights)]
	a := agents[pickWeighted(r, agentWeights)]
	return Hit{
		IP:        fmt.Sprintf("%s.%d.%d", c.net, r.IntN(256), 1+r.IntN(250)),
		UserAgent: fmt.Sprintf(a.format, a.versions[r.IntN(len(a.versions))]),
		Language:  c.languages[r.IntN(len(c.languages))], ScreenW: a.widths[r.IntN(len(a.widths))],
	}
}

func pickWeighted(r *rand.Rand, weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	x := r.IntN(sum)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return 0
}
