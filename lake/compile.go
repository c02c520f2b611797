package lake

import (
	"bytes"
	"database/sql"
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"hitkeep"
)

//go:embed query/report.sql
var reportSQL string

// plan is a query on its way to SQL. Compiling goes in this order, because each step notes what
// the next must provide: dimensions, metrics, filters, and then the text.
type plan struct {
	q       *hitkeep.Query
	dims    []dimension
	metrics []metric
	zone    offsets
	args    []any // sql.Named

	filter, entryFilter predicate

	columns  map[string]bool // of facts, beyond those that stitching needs
	first    map[string]bool // columns of a visit's first hit
	pages    map[string]bool // entry_page, exit_hostname, ...
	rows     map[string]bool // the row sets that the metrics are made from
	flags    []string        // has_done conditions on h
	verdict  bool            // visits carry their bot verdict
	withBots bool            // the query names bots: bot visits are let in
	percent  bool
	engaged  bool
	values   int // in filters so far
	bound    map[string]string
}

// statement is a rendered query with its values.
type statement struct {
	text string
	args []any
}

// compile renders q over a snapshot.
func compile(q *hitkeep.Query, s *snapshot) (*plan, statement, error) {
	p := &plan{q: q, columns: map[string]bool{}, first: map[string]bool{}, pages: map[string]bool{},
		rows: map[string]bool{}, bound: map[string]string{}, zone: zoneOffsets(q.Zone, q.From, q.To)}
	for _, name := range q.Dimensions {
		d, err := p.dimension(name, "dimensions")
		if err != nil {
			return nil, statement{}, err
		}
		p.dims = append(p.dims, d)
	}
	if err := p.measure(); err != nil {
		return nil, statement{}, err
	}
	if err := p.filters(); err != nil {
		return nil, statement{}, err
	}
	order, err := p.order()
	if err != nil {
		return nil, statement{}, err
	}
	text, err := p.render(s, order)
	return p, statement{text, p.args}, err
}

func (p *plan) filters() (err error) {
	if p.filter, err = p.predicate(p.q.Filter, false, 0); err != nil || !p.rows[entryRows] {
		return err
	}
	p.entryFilter, err = p.predicate(p.q.Filter, true, 0)
	return err
}

// need notes that facts must carry a column, and returns it.
func (p *plan) need(column string) string {
	p.columns[column] = true
	return column
}

// bind makes a value a parameter; equal values share one.
func (p *plan) bind(prefix, value string) string {
	key := prefix + " " + value
	if name, ok := p.bound[key]; ok {
		return name
	}
	name := fmt.Sprintf("%s_%d", prefix, len(p.bound))
	p.args = append(p.args, sql.Named(name, value))
	p.bound[key] = "$" + name
	return p.bound[key]
}

// order renders ORDER BY: what was asked for, then all dimensions, so that it is total.
func (p *plan) order() (string, error) {
	var keys []string
	for _, o := range p.orderKeys() {
		var key string
		if i := slices.Index(p.q.Metrics, hitkeep.Metric(o.Key)); i >= 0 {
			key = fmt.Sprintf("m%d", i)
		} else if i := slices.Index(p.q.Dimensions, o.Key); i >= 0 {
			key = fmt.Sprintf("d%d", i)
		} else {
			return "", hitkeep.BadField("order_by", "%q is neither a metric nor a dimension of this query", o.Key)
		}
		if o.Desc {
			key += " DESC"
		}
		keys = append(keys, key+" NULLS LAST")
	}
	for i := range p.dims {
		keys = append(keys, fmt.Sprintf("d%d", i))
	}
	return strings.Join(keys, ", "), nil
}

func (p *plan) orderKeys() []hitkeep.Order {
	if len(p.q.OrderBy) > 0 {
		return p.q.OrderBy
	}
	var keys []hitkeep.Order
	for _, d := range p.dims {
		if d.level == timeLevel {
			keys = append(keys, hitkeep.Order{Key: d.name})
		}
	}
	return append(keys, hitkeep.Order{Key: string(p.q.Metrics[0]), Desc: true})
}

// report is what report.sql is filled with.
type report struct {
	Columns, Hot, Stitch                   string
	Parts, WithBots, Verdict, Engaged      bool
	Visits, Bounces, Attention             bool
	HitRows, Percent, Exits, Views, Depths bool
	Flags, VisitColumns                    []string
	Matched                                []matched
	Counted                                []counted
	Slot                                   string   // width in us, when visits count in every bucket in which they are active
	Dims                                   []string // d0, d1, ...
	Keys                                   []string // those of them that are not time
	HitDims, StartDims                     []string // Dims as made from a hit's or a visit's time
	Sums, Metrics                          []string
	Rows                                   []rowSet
	OrderBy                                string
	Limit                                  bool
}

type matched struct {
	Name        string
	Labels      []string
	JoinsVisits bool
	Filter      string
}

type counted struct {
	Name, Rows, Matched string
	Direct              bool // from visits alone
	Labels, Keys        []string
	Filter, Where, Sums string
	Buckets             string
}

type rowSet struct {
	Name string
	Base bool // its rows are rows of the result; other sets only add to them
}

func (p *plan) render(s *snapshot, order string) (string, error) {
	t, err := template.New("report.sql").Parse(reportSQL)
	if err != nil {
		return "", fmt.Errorf("compile query: %w", err)
	}
	r := &report{Hot: s.catalog + ".hot", Stitch: stitchSQL, WithBots: p.withBots, Verdict: p.verdict,
		Engaged: p.engaged, Bounces: p.rows[visitRows] || p.rows[entryRows], Flags: p.flags,
		HitRows: p.rows[hitRows], Percent: p.percent, Exits: p.rows[exitRows], Views: p.rows[viewRows],
		Depths: p.rows[depthRows], OrderBy: order, Limit: p.q.Limit > 0 || p.q.Offset > 0}
	p.bindRange(s, r)
	p.fillDims(r)
	p.fillVisits(r)
	p.fillMatched(r)
	p.fillRows(r)
	r.Columns = p.factColumns(r)
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return "", fmt.Errorf("compile query: %w", err)
	}
	return b.String(), nil
}

// bindRange binds site, range and the local days that hold every visit of the range: one day
// more on each side, see stitch.sql.
func (p *plan) bindRange(s *snapshot, r *report) {
	site := p.q.Site.ID
	// The day of a hit never goes back as time goes on, whatever zones the site has had.
	from := hitkeep.DayOf(p.q.From, p.q.Site.ZoneAt(p.q.From)) - 1
	to := hitkeep.DayOf(p.q.To, p.q.Site.ZoneAt(p.q.To)) + 1
	p.args = append(p.args, sql.Named("site", int64(site)),
		sql.Named("day_from", int64(from)), sql.Named("day_to", int64(to)),
		sql.Named("from", p.q.From.UnixMicro()), sql.Named("to", p.q.To.UnixMicro()))
	p.args = append(p.args, stitchBounds(zonesOf(p.q.Site), from, to)...)
	if files := s.files(func(part hitkeep.Part) bool {
		return part.Site == site && part.From <= to && part.To >= from
	}); len(files) > 0 {
		r.Parts = true
		p.args = append(p.args, sql.Named("files", files))
	}
	if r.Limit {
		limit := int64(p.q.Limit)
		if limit <= 0 {
			limit = 1 << 40
		}
		p.args = append(p.args, sql.Named("limit", limit), sql.Named("offset", int64(p.q.Offset)))
	}
}

// files lists the parts that keep chooses; never a pattern.
func (s *snapshot) files(keep func(hitkeep.Part) bool) []string {
	var files []string
	for _, part := range s.parts {
		if keep(part) {
			files = append(files, filepath.Join(s.dir, part.Name))
		}
	}
	return files
}
