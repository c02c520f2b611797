package lake

import (
	"fmt"

	"hitkeep"
)

// metric says how a number is made: from which row sets, and how out of their sums. The row sets
// are CTEs of report.sql, each with one row per combination of dimensions.
type metric struct {
	from []string
	expr string
}

// The row sets.
const (
	hitRows   = "hit_rows"   // visitors, pageviews, events: matching hits in the range
	visitRows = "visit_rows" // visits, bounces, duration_us, engaged_ms: matching visits that start in it
	entryRows = "entry_rows" // landings, landing_bounces: visits by entry page instead of page
	exitRows  = "exit_rows"  // exits: matching pageviews in the range that are their visit's last
	viewRows  = "view_rows"  // viewers, view_ms: visits with a matching pageview
	depthRows = "depth_rows" // scrollers, depth: visits with a scroll depth
)

var metrics = map[hitkeep.Metric]metric{
	hitkeep.Visitors:      {[]string{hitRows}, "visitors"},
	hitkeep.Pageviews:     {[]string{hitRows}, "pageviews"},
	hitkeep.Events:        {[]string{hitRows}, "events"},
	hitkeep.Visits:        {[]string{visitRows}, "visits"},
	hitkeep.ViewsPerVisit: {[]string{hitRows, visitRows}, ratio("pageviews", "visits")},
	hitkeep.BounceRate:    {[]string{visitRows}, ratio("1e2 * bounces", "visits")},
	hitkeep.VisitDuration: {[]string{visitRows}, ratio("duration_us / 1e6", "visits")},
	hitkeep.EngagedTime:   {[]string{visitRows}, ratio("engaged_ms / 1e3", "visits")},
	hitkeep.Percentage:    {[]string{hitRows}, ratio("1e2 * visitors", "(SELECT visitors FROM everybody)")},
	hitkeep.ExitRate:      {[]string{hitRows, exitRows}, ratio("1e2 * exits", "pageviews")},
	hitkeep.TimeOnPage:    {[]string{viewRows}, ratio("view_ms / 1e3", "viewers")},
	hitkeep.ScrollDepth:   {[]string{depthRows}, ratio("depth", "scrollers")},
}

// entryBounceRate is bounce_rate where pages are filtered or broken down: over visits whose
// entry page matches.
var entryBounceRate = metric{[]string{entryRows}, ratio("1e2 * landing_bounces", "landings")}

// ratio is null over nothing.
func ratio(a, b string) string { return fmt.Sprintf("%s / nullif(%s, 0)", a, b) }

// measure resolves the query's metrics.
func (p *plan) measure() error {
	if len(p.q.Metrics) == 0 {
		return hitkeep.BadField("metrics", "at least one metric is needed")
	}
	for _, name := range p.q.Metrics {
		m, ok := metrics[name]
		if !ok {
			return hitkeep.BadField("metrics", "%q is not a metric", name)
		}
		if name == hitkeep.BounceRate && p.byPage() {
			m = entryBounceRate
		}
		for _, f := range m.from {
			p.rows[f] = true
		}
		p.percent = p.percent || name == hitkeep.Percentage
		p.engaged = p.engaged || name == hitkeep.EngagedTime
		p.metrics = append(p.metrics, m)
	}
	p.needMetricColumns()
	return nil
}

func (p *plan) needMetricColumns() {
	if p.rows[visitRows] || p.rows[entryRows] {
		p.need("interactive")
	}
	if p.engaged || p.rows[viewRows] {
		p.need("engaged_ms")
	}
	if p.rows[depthRows] {
		p.need("scroll_depth")
	}
	if p.rows[entryRows] {
		p.pages["entry_page"] = true
		p.need("path")
	}
}

// byPage reports whether the query filters or breaks down by page.
func (p *plan) byPage() bool {
	for _, d := range p.dims {
		if d.name == pageDimension {
			return true
		}
	}
	return mentions(p.q.Filter, pageDimension)
}

// mentions reports whether f compares dim. What a visit has done besides is no condition on the
// hit or the page in question.
func mentions(f *hitkeep.Filter, dim string) bool {
	if f == nil || f.Op == "has_done" || f.Op == "has_not_done" {
		return false
	}
	for i := range f.Children {
		if mentions(&f.Children[i], dim) {
			return true
		}
	}
	return f.Dim == dim
}
