package lake

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hitkeep"
)

// The oracle is a second reading of the definitions over a slice of hits: no SQL, no cleverness,
// every number by walking over everything. What it and the engine disagree on is a bug.
type oracle struct {
	zone   *time.Location // the site's
	visits []*oracleVisit
}

type oracleVisit struct {
	core    []*hitkeep.Hit // pageviews and events, in order
	passive []*hitkeep.Hit
	bot     bool
}

func isCore(h *hitkeep.Hit) bool { return h.Kind == hitkeep.Pageview || h.Kind == hitkeep.Event }

func byPlace(a, b *hitkeep.Hit) int {
	return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.Journal, b.Journal), cmp.Compare(a.Seq, b.Seq))
}

func (v *oracleVisit) start() int64 { return v.core[0].TS }
func (v *oracleVisit) end() int64   { return v.core[len(v.core)-1].TS }

const pause = int64(1800 * time.Second / time.Microsecond)

// newOracle stitches hits into visits.
func newOracle(hits []hitkeep.Hit, zone *time.Location) *oracle {
	type visitorDay struct {
		day     hitkeep.Day
		visitor int64
	}
	groups := map[visitorDay][]*hitkeep.Hit{}
	for i := range hits {
		k := visitorDay{hits[i].Day, hits[i].Visitor}
		groups[k] = append(groups[k], &hits[i])
	}
	chains := map[visitorDay][]*oracleVisit{}
	for k, g := range groups {
		slices.SortFunc(g, byPlace)
		for _, h := range g {
			if !isCore(h) {
				continue
			}
			list := chains[k]
			if len(list) == 0 || h.TS-list[len(list)-1].end() > pause {
				list = append(list, &oracleVisit{})
			}
			last := list[len(list)-1]
			last.core = append(last.core, h)
			chains[k] = list
		}
		for _, h := range g {
			for _, v := range slices.Backward(chains[k]) {
				if !isCore(h) && v.start() <= h.TS {
					v.passive = append(v.passive, h)
					break
				}
			}
		}
	}
	o := &oracle{zone: zone}
	joined := map[*oracleVisit]bool{}
	for k, list := range chains {
		last := list[len(list)-1]
		key := last.core[len(last.core)-1].MidnightKey
		for k2, list2 := range chains {
			first := list2[0]
			if k2.day != k.day+1 || key == 0 || first.core[0].MidnightKey != key || first.start()-last.core[len(last.core)-1].TS > pause {
				continue
			}
			if last.start()-k.day.Start(zone).UnixMicro() <= pause && k.day.End(zone).UnixMicro()-last.end() <= pause {
				continue
			}
			// A visit spans two days at most, so last is not itself joined to a third.
			joined[first] = true
			o.visits = append(o.visits, &oracleVisit{core: slices.Concat(last.core, first.core), passive: slices.Concat(last.passive, first.passive)})
			joined[last] = true
		}
	}
	for _, list := range chains {
		for _, v := range list {
			if !joined[v] {
				o.visits = append(o.visits, v)
			}
		}
	}
	for _, v := range o.visits {
		for _, h := range slices.Concat(v.core, v.passive) {
			v.bot = v.bot || h.Bot != ""
		}
	}
	return o
}

func (v *oracleVisit) page(last bool) *hitkeep.Hit {
	var found *hitkeep.Hit
	for _, h := range v.core {
		if h.Kind == hitkeep.Pageview && (found == nil || last) {
			found = h
		}
	}
	return found
}

func (v *oracleVisit) bounce() bool {
	views := 0
	for _, h := range v.core {
		if h.Kind == hitkeep.Pageview {
			views++
		}
		if h.Kind == hitkeep.Event && h.Interactive {
			return false
		}
	}
	return views <= 1
}

func (v *oracleVisit) duration() float64 {
	if v.bounce() {
		return 0
	}
	return float64(v.end()-v.start()) / 1e6
}

// value returns a dimension's value of a hit in its visit, "" if there is none.
func (v *oracleVisit) value(dim string, h *hitkeep.Hit) string {
	first := v.core[0]
	switch dim {
	case "event:page":
		return h.Path
	case "event:hostname":
		return h.Hostname
	case "event:name":
		if h.Kind == hitkeep.Pageview {
			return "pageview"
		}
		return h.Name
	case "visit:country":
		return h.Country
	case "visit:browser":
		return h.Browser
	case "visit:source":
		return first.Source
	case "visit:utm_campaign":
		return first.UTMCampaign
	case "visit:entry_page", "visit:exit_page":
		if p := v.page(dim == "visit:exit_page"); p != nil {
			return p.Path
		}
		return ""
	case "event:props:plan":
		for _, p := range h.Props {
			if p.Key == "plan" {
				return p.Value
			}
		}
		return ""
	}
	panic("the oracle does not know " + dim)
}

func (v *oracleVisit) match(f *hitkeep.Filter, h *hitkeep.Hit, byEntry bool) bool {
	if f == nil {
		return true
	}
	switch f.Op {
	case "and", "or":
		for i := range f.Children {
			if v.match(&f.Children[i], h, byEntry) == (f.Op == "or") {
				return f.Op == "or"
			}
		}
		return f.Op == "and"
	case "not":
		return !v.match(&f.Children[0], h, byEntry)
	case "has_done", "has_not_done":
		done := slices.ContainsFunc(v.core, func(c *hitkeep.Hit) bool { return v.match(&f.Children[0], c, false) })
		return done == (f.Op == "has_done")
	}
	dim := f.Dim
	if byEntry && dim == "event:page" {
		dim = "visit:entry_page"
	}
	op, negated := strings.CutSuffix(f.Op, "_not")
	val, got := v.value(dim, h), false
	if op == "is" && val == "" {
		val = hitkeep.NotSet
	}
	for _, want := range f.Values {
		s := val
		if f.FoldCase {
			s, want = strings.ToLower(s), strings.ToLower(want)
		}
		switch op {
		case "is":
			got = got || s == want
		case "contains":
			got = got || strings.Contains(s, want)
		case "matches":
			got = got || regexp.MustCompile(want).MatchString(s)
		}
	}
	return got != negated
}

// bucket names the bucket of an instant: the label, and what tells two buckets of one label apart.
func bucketOf(dim string, us int64, zone *time.Location) string {
	t := time.UnixMicro(us).In(zone)
	_, off := t.Zone()
	switch dim {
	case "time:minute":
		return fmt.Sprintf("%s@%d", t.Format("2006-01-02 15:04:00"), off)
	case "time:hour":
		return fmt.Sprintf("%s@%d", t.Format("2006-01-02 15:00:00"), off)
	case "time:day":
		return t.Format("2006-01-02")
	case "time:week":
		for t.Weekday() != time.Monday {
			t = time.Date(t.Year(), t.Month(), t.Day()-1, 12, 0, 0, 0, zone)
		}
		return t.Format("2006-01-02")
	case "time:month":
		return t.Format("2006-01") + "-01"
	}
	panic(dim)
}

// key is a row's dimensions for a hit of a visit at an instant.
func (v *oracleVisit) key(q *hitkeep.Query, h *hitkeep.Hit, us int64, byEntry bool) string {
	var parts []string
	for _, d := range q.Dimensions {
		if strings.HasPrefix(d, "time:") {
			parts = append(parts, bucketOf(d, us, q.Zone))
			continue
		}
		if byEntry && d == "event:page" {
			d = "visit:entry_page"
		}
		parts = append(parts, cmp.Or(v.value(d, h), hitkeep.NotSet))
	}
	return strings.Join(parts, "|")
}

// keys are the rows in which a visit with a matching hit h counts.
func (v *oracleVisit) keys(q *hitkeep.Query, h *hitkeep.Hit, byEntry bool) map[string]bool {
	from, to, keys := q.From.UnixMicro(), q.To.UnixMicro(), map[string]bool{}
	if !slices.Contains(q.Dimensions, "time:hour") && !slices.Contains(q.Dimensions, "time:minute") {
		if v.start() >= from && v.start() < to {
			keys[v.key(q, h, v.start(), byEntry)] = true
		}
		return keys
	}
	const minute = 60_000_000
	for us := max(v.start(), from); us <= min(v.end(), to-1); us = (us/minute + 1) * minute {
		keys[v.key(q, h, us, byEntry)] = true
	}
	return keys
}

type tally struct {
	visitors                                            map[int64]bool
	pageviews, events, exits                            float64
	visits, bounces, landings, landingBounces, duration float64
	engaged, viewMS, depth                              float64
	hasEngaged, hasView                                 bool
	viewers, scrollers                                  float64
}

// answer computes every row of a query, sorted, as text.
func (o *oracle) answer(q *hitkeep.Query) []string {
	rows := map[string]*tally{}
	row := func(k string) *tally {
		if rows[k] == nil {
			rows[k] = &tally{visitors: map[int64]bool{}}
		}
		return rows[k]
	}
	if len(q.Dimensions) == 0 {
		row("")
	}
	from, to := q.From.UnixMicro(), q.To.UnixMicro()
	everybody := map[int64]bool{}
	base := map[string]bool{} // rows that hits or visits make
	for _, v := range o.visits {
		if v.bot {
			continue
		}
		counted, landed, viewed := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, h := range v.core {
			if v.match(q.Filter, h, true) && v.page(false) != nil {
				for k := range v.keys(q, h, true) {
					landed[k] = true
				}
			}
			if !v.match(q.Filter, h, false) {
				continue
			}
			for k := range v.keys(q, h, false) {
				counted[k] = true
			}
			if h.Kind == hitkeep.Pageview && v.start() >= from && v.start() < to {
				viewed[v.key(q, h, v.start(), false)] = true
			}
			if h.TS < from || h.TS >= to {
				continue
			}
			k := v.key(q, h, h.TS, false)
			r := row(k)
			base[k] = true
			r.visitors[h.Visitor], everybody[h.Visitor] = true, true
			r.events++
			if h.Kind == hitkeep.Pageview {
				r.pageviews++
				if h == v.page(true) {
					r.exits++
				}
			}
		}
		for k := range counted {
			r := row(k)
			base[k] = true
			r.visits++
			r.duration += v.duration()
			if v.bounce() {
				r.bounces++
			}
			for _, h := range v.passive {
				if h.Kind == hitkeep.Engagement && h.EngagedMS != hitkeep.Absent {
					r.engaged, r.hasEngaged = r.engaged+float64(h.EngagedMS), true
				}
			}
		}
		for k := range landed {
			r := row(k)
			r.landings++
			if v.bounce() {
				r.landingBounces++
			}
		}
		depths := map[string]float64{}
		for k := range viewed {
			row(k).viewers++
		}
		for _, h := range v.passive {
			if h.Kind != hitkeep.Engagement || v.start() < from || v.start() >= to || !v.match(q.Filter, h, false) {
				continue
			}
			k := v.key(q, h, v.start(), false)
			if viewed[k] && h.EngagedMS != hitkeep.Absent {
				row(k).viewMS += float64(h.EngagedMS)
				row(k).hasView = true
			}
			if h.ScrollDepth != hitkeep.Absent {
				depths[k] = max(depths[k], float64(h.ScrollDepth))
			}
		}
		for k, d := range depths {
			row(k).depth += d
			row(k).scrollers++
		}
	}
	var out []string
	for k, r := range rows {
		if len(q.Dimensions) > 0 && !base[k] {
			continue
		}
		out = append(out, rowText(strings.Split(k, "|"), r.metrics(q, float64(len(everybody)))))
	}
	slices.Sort(out)
	return out
}

func (r *tally) metrics(q *hitkeep.Query, everybody float64) (out []*float64) {
	byPage := slices.Contains(q.Dimensions, "event:page") || mentions(q.Filter, "event:page")
	add := func(v float64) { out = append(out, &v) }
	share := func(a, b float64) {
		if b == 0 {
			out = append(out, nil)
			return
		}
		add(a / b)
	}
	for _, m := range q.Metrics {
		switch m {
		case hitkeep.Visitors:
			add(float64(len(r.visitors)))
		case hitkeep.Visits:
			add(r.visits)
		case hitkeep.Pageviews:
			add(r.pageviews)
		case hitkeep.Events:
			add(r.events)
		case hitkeep.ViewsPerVisit:
			share(r.pageviews, r.visits)
		case hitkeep.BounceRate:
			if byPage {
				share(100*r.landingBounces, r.landings)
			} else {
				share(100*r.bounces, r.visits)
			}
		case hitkeep.VisitDuration:
			share(r.duration, r.visits)
		case hitkeep.Percentage:
			share(100*float64(len(r.visitors)), everybody)
		case hitkeep.ExitRate:
			share(100*r.exits, r.pageviews)
		case hitkeep.EngagedTime:
			if !r.hasEngaged {
				out = append(out, nil)
			} else {
				share(r.engaged/1e3, r.visits)
			}
		case hitkeep.TimeOnPage:
			if !r.hasView {
				out = append(out, nil)
			} else {
				share(r.viewMS/1e3, r.viewers)
			}
		case hitkeep.ScrollDepth:
			share(r.depth, r.scrollers)
		}
	}
	return out
}

// rowText makes a row comparable; what follows @ in a bucket's name is not part of its label.
func rowText(dims []string, metrics []*float64) string {
	var b strings.Builder
	for _, d := range dims {
		name, _, _ := strings.Cut(d, "@")
		b.WriteString(name + "|")
	}
	for _, m := range metrics {
		if m == nil {
			b.WriteString(" -")
		} else {
			fmt.Fprintf(&b, " %.7g", *m)
		}
	}
	return b.String()
}
