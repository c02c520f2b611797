package lake

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hitkeep"
)

func zonesOf(sites ...hitkeep.Site) map[hitkeep.SiteID]*time.Location {
	zones := map[hitkeep.SiteID]*time.Location{}
	for _, s := range sites {
		zones[s.ID] = s.Zone()
	}
	return zones
}

// stitchColumns are the columns of facts that stitching itself needs.
var stitchColumns = []string{"site_id", "day", "visitor_id", "journal_id", "seq", "ts", "kind", "midnight_key"}

func (p *plan) factColumns(r *report) string {
	if !p.withBots || p.verdict {
		p.need("bot")
	}
	if p.verdict {
		p.need("bot_name")
	}
	if r.Attention {
		p.need("engaged_ms")
		p.need("scroll_depth")
	}
	cols := slices.Clone(stitchColumns)
	for _, c := range slices.Sorted(maps.Keys(p.columns)) {
		if !slices.Contains(cols, c) {
			cols = append(cols, c)
		}
	}
	return strings.Join(cols, ", ")
}

// fillDims fills the columns d0, d1, ... and binds the pieces of the zone if time is among them.
func (p *plan) fillDims(r *report) {
	timed := false
	for i, d := range p.dims {
		col := fmt.Sprintf("d%d", i)
		r.Dims = append(r.Dims, col)
		if d.level != timeLevel {
			r.Keys = append(r.Keys, col)
			r.HitDims, r.StartDims = append(r.HitDims, col), append(r.StartDims, col)
			continue
		}
		timed = true
		r.HitDims = append(r.HitDims, p.zone.bucket(d.unit, "us")+" AS "+col)
		r.StartDims = append(r.StartDims, p.zone.bucket(d.unit, "starts")+" AS "+col)
		switch {
		case d.unit == byMinute:
			r.Slot = "60000000"
		case d.unit.active() && r.Slot == "":
			// A quarter of an hour divides every bucket of every zone.
			r.Slot = "900000000"
		}
	}
	if timed {
		for i, off := range p.zone.offset {
			p.args = append(p.args, sql.Named(fmt.Sprintf("offset_%d", i), off))
		}
		for i, at := range p.zone.starts {
			p.args = append(p.args, sql.Named(fmt.Sprintf("shift_%d", i), at))
		}
	}
}

// fillVisits fills what visits carries beside its times. The order of hits is total, so ties of
// time do not matter; the _null forms take the first hit's value also where it is absent.
func (p *plan) fillVisits(r *report) {
	r.Visits = r.Bounces || r.Exits || r.Views || r.Depths || p.filter.visit || len(p.flags) > 0
	for _, d := range p.dims {
		r.Visits = r.Visits || d.level == visitLevel
	}
	add := func(aggregate, of, filter, name string) {
		r.VisitColumns = append(r.VisitColumns,
			fmt.Sprintf("%s(%s, row(us, journal_id, seq))%s AS %s", aggregate, of, filter, name))
	}
	for _, c := range slices.Sorted(maps.Keys(p.first)) {
		add("arg_min_null", c, "", c)
	}
	const views = " FILTER (kind = 'pageview')"
	for _, c := range slices.Sorted(maps.Keys(p.pages)) {
		aggregate, column := "arg_min_null", "path"
		if strings.HasPrefix(c, "exit") {
			aggregate = "arg_max_null"
		}
		if strings.HasSuffix(c, "hostname") {
			column = "hostname"
		}
		add(aggregate, column, views, c)
	}
	if r.Exits {
		add("arg_max_null", "journal_id", views, "exit_journal")
		add("arg_max_null", "seq", views, "exit_seq")
	}
	if p.rows[entryRows] {
		r.VisitColumns = append(r.VisitColumns, "count_if(kind = 'pageview') AS views")
	}
}

// byEntry returns the dimensions with the page replaced by the visit's entry page.
func (p *plan) byEntry() []dimension {
	dims := slices.Clone(p.dims)
	for i, d := range dims {
		if d.name == pageDimension {
			dims[i] = dimension{name: "visit:entry_page", level: visitLevel, expr: "v.entry_page"}
		}
	}
	return dims
}

// labels renders the dimensions that are not time as d0, d1, ...; levels says which they are.
func labels(dims []dimension) (sql []string, hit, visit bool) {
	for i, d := range dims {
		if d.level == timeLevel {
			continue
		}
		sql = append(sql, fmt.Sprintf("%s AS d%d", label(d.expr), i))
		hit, visit = hit || d.level == hitLevel, visit || d.level == visitLevel
	}
	return sql, hit, visit
}

// fillMatched fills the hits and visits that the filter lets through, and the row sets made from
// visits. Without a condition or dimension of hits, visits are counted directly.
func (p *plan) fillMatched(r *report) {
	r.Attention = r.Views || r.Depths
	cols, hit, visit := labels(p.dims)
	hit = hit || p.filter.hit
	if r.HitRows || r.Exits || r.Attention || (p.rows[visitRows] && hit) {
		r.Matched = append(r.Matched, matched{Name: "matched", Labels: cols, Filter: p.filter.sql,
			JoinsVisits: visit || p.filter.visit || r.Exits})
	}
	buckets := p.slotBuckets()
	if p.rows[visitRows] {
		sums := "count(*) AS visits, count_if(bounce) AS bounces, sum(CASE WHEN bounce THEN 0 ELSE ends - starts END) AS duration_us"
		if p.engaged {
			sums += ", sum(engaged_ms) AS engaged_ms"
		}
		r.Counted = append(r.Counted, counted{Name: "counted", Rows: visitRows, Matched: "matched",
			Direct: !hit, Labels: cols, Keys: r.Keys, Filter: p.filter.sql, Sums: sums, Buckets: buckets})
	}
	if !p.rows[entryRows] {
		return
	}
	cols, hit, _ = labels(p.byEntry())
	hit = hit || p.entryFilter.hit
	if hit {
		r.Matched = append(r.Matched, matched{Name: "landed", Labels: cols, Filter: p.entryFilter.sql, JoinsVisits: true})
	}
	r.Counted = append(r.Counted, counted{Name: "landing", Rows: entryRows, Matched: "landed",
		Direct: !hit, Labels: cols, Keys: r.Keys, Filter: p.entryFilter.sql, Buckets: buckets,
		Where: "views > 0", Sums: "count(*) AS landings, count_if(bounce) AS landing_bounces"})
}

func (p *plan) slotBuckets() string {
	var cols []string
	for i, d := range p.dims {
		if d.level == timeLevel {
			cols = append(cols, fmt.Sprintf("%s AS d%d", p.zone.bucket(d.unit, "slot"), i))
		}
	}
	return strings.Join(cols, ", ")
}

// rowColumns lists the sums of each row set; those in nullable stay null where nothing was
// measured.
var (
	rowColumns = map[string][]string{
		hitRows:   {"visitors", "pageviews", "events"},
		visitRows: {"visits", "bounces", "duration_us"},
		entryRows: {"landings", "landing_bounces"},
		exitRows:  {"exits"},
		viewRows:  {"viewers", "view_ms"},
		depthRows: {"scrollers", "depth"},
	}
	nullable = []string{"view_ms", "engaged_ms"}
)

// fillRows fills how the row sets are merged. The rows of the result are those of hit_rows and
// visit_rows; without either, those of all sets.
func (p *plan) fillRows(r *report) {
	main := p.rows[hitRows] || p.rows[visitRows]
	for _, name := range []string{hitRows, visitRows, entryRows, exitRows, viewRows, depthRows} {
		if !p.rows[name] {
			continue
		}
		r.Rows = append(r.Rows, rowSet{name, !main || name == hitRows || name == visitRows})
		cols := rowColumns[name]
		if name == visitRows && p.engaged {
			cols = append(slices.Clone(cols), "engaged_ms")
		}
		for _, c := range cols {
			sum := "coalesce(sum(" + c + "), 0)"
			if slices.Contains(nullable, c) {
				sum = "sum(" + c + ")"
			}
			r.Sums = append(r.Sums, sum+" AS "+c)
		}
	}
	for i, m := range p.metrics {
		r.Metrics = append(r.Metrics, fmt.Sprintf("(%s)::DOUBLE AS m%d", m.expr, i))
	}
}
