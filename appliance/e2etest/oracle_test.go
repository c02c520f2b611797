package e2etest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// randomHits makes hits of a site over the last six days: few visitors, so that there are long
// and short gaps, and half of the gaps close to the 1800 s that end a visit.
func randomHits(t *testing.T, domain string, count int, seed uint64) []Hit {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 99))
	agents := []string{Chrome,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"}
	referrers := []string{"", "", "https://www.google.com/", "https://news.example.org/story", "https://" + domain + "/self"}
	type person struct {
		ip, agent string
		at        time.Time
	}
	var people []person
	for i := range max(count/25, 4) {
		people = append(people, person{fmt.Sprintf("84.113.%d.%d", i/250, 1+i%250), agents[i%len(agents)],
			daysAgo(6, "00:00:00").Add(time.Duration(r.IntN(3*86400)) * time.Second)})
	}
	latest := time.Now().Add(-2 * time.Minute)
	hits := make([]Hit, 0, count)
	for len(hits) < count {
		p := &people[r.IntN(len(people))]
		switch r.IntN(10) {
		case 0, 1, 2, 3, 4:
			p.at = p.at.Add(time.Duration(r.IntN(300)) * time.Second)
		case 5, 6:
			p.at = p.at.Add(time.Duration(1790+r.IntN(20)) * time.Second)
		case 7: // to just before a local midnight
			p.at = daysAgo(int(time.Since(p.at).Hours()/24), "23:50:00").Add(time.Duration(r.IntN(1000)) * time.Second)
		default:
			p.at = p.at.Add(time.Duration(r.IntN(30*3600)) * time.Second)
		}
		if !p.at.Before(latest) {
			p.at = daysAgo(6, "00:00:00").Add(time.Duration(r.IntN(5*86400)) * time.Second)
		}
		hits = append(hits, randomHit(r, domain, p.ip, p.agent, p.at, referrers[r.IntN(len(referrers))]))
	}
	return hits
}

func randomHit(r *rand.Rand, domain, ip, agent string, at time.Time, referrer string) Hit {
	h := Hit{Type: "pageview", Domain: domain, URL: fmt.Sprintf("https://%s/p%d", domain, r.IntN(12)),
		Timestamp: at.UTC(), VisitorIP: ip, UserAgent: agent, Referrer: referrer, ID: fmt.Sprintf("%016x", r.Uint64()|1)}
	switch r.IntN(8) {
	case 0:
		interactive := r.IntN(2) == 0
		h.Type, h.Name, h.Interactive = "event", fmt.Sprintf("event-%d", r.IntN(3)), &interactive
	case 1:
		h.Type, h.EngagedMS, h.Scroll = "engagement", 1+r.IntN(60000), 1+r.IntN(100)
	case 2:
		h.URL += fmt.Sprintf("?utm_source=list-%d&utm_medium=email", r.IntN(3))
	}
	return h
}

// chain is one visitor's run of hits within one local day; a visit is one chain or several.
type chain struct {
	visitor   string
	day       string
	hits      []Hit
	continued bool // it goes on from the chain before
}

type visit struct {
	start, end  time.Time
	pageviews   int
	interactive bool
}

func (v visit) bounce() bool { return v.pageviews <= 1 && !v.interactive }

// oracle stitches hits into visits straight from the text of the definitions, without SQL.
func oracle(hits []Hit, zone *time.Location) []visit {
	var visits []visit
	var before *chain
	for _, c := range chains(hits, zone) {
		c.continued = before != nil && before.visitor == c.visitor && joined(*before, c, zone)
		if !c.continued {
			visits = append(visits, visit{start: c.hits[0].Timestamp})
		}
		v := &visits[len(visits)-1]
		for _, h := range c.hits {
			v.end = h.Timestamp
			if h.Type == "pageview" {
				v.pageviews++
			} else if *h.Interactive {
				v.interactive = true
			}
		}
		before = &c
	}
	return visits
}

// chains cuts the pageviews and events of each visitor at local midnight and at gaps above
// 1800 s, in order.
func chains(hits []Hit, zone *time.Location) (out []chain) {
	var kept []Hit
	for _, h := range hits {
		if h.Type != "engagement" {
			kept = append(kept, h)
		}
	}
	who := func(h Hit) string { return h.VisitorIP + h.UserAgent }
	slices.SortStableFunc(kept, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(who(a), who(b)), a.Timestamp.Compare(b.Timestamp))
	})
	for i, h := range kept {
		day := h.Timestamp.In(zone).Format(time.DateOnly)
		if i > 0 {
			last := &out[len(out)-1]
			if last.visitor == who(h) && last.day == day && h.Timestamp.Sub(kept[i-1].Timestamp) <= 1800*time.Second {
				last.hits = append(last.hits, h)
				continue
			}
		}
		out = append(out, chain{visitor: who(h), day: day, hits: []Hit{h}})
	}
	return out
}

// joined says whether b, the next chain of a's visitor, continues a's visit over midnight.
func joined(a, b chain, zone *time.Location) bool {
	first, last, next := a.hits[0].Timestamp, a.hits[len(a.hits)-1].Timestamp, b.hits[0].Timestamp
	y, m, d := last.In(zone).Date()
	start, end := time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	if b.day != end.Format(time.DateOnly) || next.Sub(last) > 1800*time.Second {
		return false
	}
	const edge = 1800 * time.Second
	wholeDay := !first.After(start.Add(edge)) && !last.Before(end.Add(-edge))
	return !wholeDay
}

// totals are the numbers of a range of local days, by the definitions.
func totals(hits []Hit, visits []visit, zone *time.Location, from, to string) []float64 {
	in := func(at time.Time) bool {
		d := at.In(zone).Format(time.DateOnly)
		return from <= d && d <= to
	}
	visitors := map[string]bool{}
	var pageviews, events, count, bounces, seconds float64
	for _, h := range hits {
		if h.Type == "engagement" || !in(h.Timestamp) {
			continue
		}
		visitors[h.VisitorIP+h.UserAgent+h.Timestamp.In(zone).Format(time.DateOnly)] = true
		events++
		if h.Type == "pageview" {
			pageviews++
		}
	}
	for _, v := range visits {
		switch {
		case !in(v.start):
			continue
		case v.bounce():
			bounces++
		default:
			seconds += v.end.Sub(v.start).Seconds()
		}
		count++
	}
	return []float64{float64(len(visitors)), count, pageviews, events, 100 * bounces / count, seconds / count}
}
