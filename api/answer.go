package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hitkeep"
)

// answerView is the response of a query.
type answerView struct {
	Results []rowView `json:"results"`
	Meta    metaView  `json:"meta"`
	Query   echoView  `json:"query"`
}

type rowView struct {
	Dimensions []string        `json:"dimensions"`
	Metrics    []*float64      `json:"metrics"`
	Comparison *comparisonView `json:"comparison,omitempty"`
}

type comparisonView struct {
	Dimensions []string   `json:"dimensions"`
	Metrics    []*float64 `json:"metrics"`
	Change     []*float64 `json:"change"`
}

type metaView struct {
	TimeLabels       []string `json:"time_labels,omitempty"`
	LabelRows        []*int   `json:"time_label_result_indices,omitempty"`
	ComparisonLabels []string `json:"comparison_time_labels,omitempty"`
	PartialFrom      *int     `json:"partial_from,omitempty"`
	TotalRows        *int     `json:"total_rows,omitempty"`
	DataFrom         *string  `json:"data_from"`
	ImportsIncluded  bool     `json:"imports_included,omitempty"`
	Warnings         []string `json:"warnings,omitempty"`
}

type echoView struct {
	SiteID          string            `json:"site_id"`
	Metrics         []hitkeep.Metric  `json:"metrics"`
	DateRange       [2]string         `json:"date_range"`
	ComparisonRange *[2]string        `json:"comparison_date_range,omitempty"`
	Dimensions      []string          `json:"dimensions"`
	Filters         []json.RawMessage `json:"filters"`
	OrderBy         [][2]string       `json:"order_by"`
	Include         includeForm       `json:"include"`
	Pagination      map[string]int    `json:"pagination"`
	Timezone        string            `json:"timezone"`
}

// answer asks Stats for the question and its comparison, and joins them.
func (a *API) answer(ctx context.Context, q *question) (*answerView, error) {
	team := q.query.Site.Tenant
	cur, err := a.o.Stats.Query(ctx, team, q.query)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", q.query.Site.ID, err)
	}
	v := &answerView{Results: q.rows(cur), Meta: q.meta(cur), Query: q.echo()}
	if q.before != nil {
		prev, err := a.o.Stats.Query(ctx, team, q.comparison())
		if err != nil {
			return nil, fmt.Errorf("query comparison of %s: %w", q.query.Site.ID, err)
		}
		v.Results = q.join(v.Results, cur.Rows, prev.Rows)
		v.Meta.Warnings = append(v.Meta.Warnings, prev.Warnings...)
	}
	if q.form.Include.TimeLabels {
		q.label(v)
	}
	return v, nil
}

// comparison is the same query of the other range, of all rows: those of the answer may stand
// anywhere in it.
func (q *question) comparison() hitkeep.Query {
	c := q.query
	c.From, c.To = q.before.From, q.before.To
	c.OrderBy, c.Limit, c.Offset, c.TotalRows = nil, 0, 0, false
	return c
}

// rows rounds the result. Without dimensions there is always one row.
func (q *question) rows(res *hitkeep.Result) []rowView {
	rows := make([]rowView, 0, len(res.Rows))
	for _, r := range res.Rows {
		rows = append(rows, rowView{Dimensions: append([]string{}, r.Dimensions...), Metrics: q.round(r.Metrics)})
	}
	if len(rows) == 0 && len(q.query.Dimensions) == 0 {
		rows = append(rows, rowView{Dimensions: []string{}, Metrics: q.round(q.nothing())})
	}
	return rows
}

// nothing is the row of a bucket or value without hits: counts are 0, ratios are null.
func (q *question) nothing() []*float64 {
	out := make([]*float64, len(q.query.Metrics))
	for i, m := range q.query.Metrics {
		switch m {
		case hitkeep.Visitors, hitkeep.Visits, hitkeep.Pageviews, hitkeep.Events:
			out[i] = new(float64)
		}
	}
	return out
}

// decimals of metrics that are shown with some; counts and seconds are whole.
var decimals = map[hitkeep.Metric]int{hitkeep.ViewsPerVisit: 2, hitkeep.BounceRate: 1, hitkeep.ExitRate: 1,
	hitkeep.Percentage: 1, hitkeep.ScrollDepth: 1}

func (q *question) round(in []*float64) []*float64 {
	out := make([]*float64, len(q.query.Metrics))
	for i, m := range q.query.Metrics {
		if i < len(in) {
			out[i] = rounded(in[i], decimals[m])
		}
	}
	return out
}

func rounded(v *float64, digits int) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	p := math.Pow10(digits)
	r := math.Round(*v*p)/p + 0 // + 0 makes -0 a 0
	return &r
}

// inPoints are percentages: they change by points, other metrics by percent.
var inPoints = map[hitkeep.Metric]bool{hitkeep.BounceRate: true, hitkeep.ExitRate: true,
	hitkeep.Percentage: true, hitkeep.ScrollDepth: true}

// change compares unrounded numbers. There is none from nothing or from 0.
func (q *question) change(cur, prev []*float64) []*float64 {
	out := make([]*float64, len(q.query.Metrics))
	for i, m := range q.query.Metrics {
		if i >= len(cur) || i >= len(prev) || cur[i] == nil || prev[i] == nil || *prev[i] == 0 {
			continue
		}
		d := *cur[i] - *prev[i]
		if !inPoints[m] {
			d = d / *prev[i] * 100
		}
		out[i] = rounded(&d, 1)
	}
	return out
}

// join gives each row its comparison, paired by dimensions, time by position. A time series
// also gets rows for buckets that only the comparison has.
func (q *question) join(rows []rowView, cur, prev []hitkeep.Row) []rowView {
	back := q.positions()
	byKey := make(map[string]hitkeep.Row, len(prev))
	for _, r := range prev {
		if key, ok := q.key(r.Dimensions, back); ok {
			byKey[key] = r
		}
	}
	for i := range rows {
		key, now := strings.Join(rows[i].Dimensions, "\x00"), q.nothing()
		if i < len(cur) {
			now = cur[i].Metrics
		}
		before, ok := byKey[key]
		if !ok {
			before = hitkeep.Row{Dimensions: q.labelBefore(rows[i].Dimensions), Metrics: q.nothing()}
		}
		delete(byKey, key)
		rows[i].Comparison = q.compare(now, before)
	}
	if len(q.query.Dimensions) == 1 && q.timeDimension() == 0 && q.wholeSeries() {
		rows = q.addBuckets(rows, byKey)
	}
	return rows
}

func (q *question) compare(cur []*float64, prev hitkeep.Row) *comparisonView {
	return &comparisonView{Dimensions: append([]string{}, prev.Dimensions...), Metrics: q.round(prev.Metrics),
		Change: q.change(cur, prev.Metrics)}
}

// positions maps labels of the comparison to those of the range at the same position.
func (q *question) positions() map[string]string {
	m := map[string]string{}
	for i := range min(len(q.labels), len(q.labels2)) {
		m[q.labels2[i]] = q.labels[i]
	}
	return m
}

// key is what a comparison's row is found by; false if no bucket of the range corresponds.
func (q *question) key(dims []string, back map[string]string) (string, bool) {
	t := q.timeDimension()
	if t < 0 {
		return strings.Join(dims, "\x00"), true
	}
	if t >= len(dims) {
		return "", false
	}
	label, ok := back[dims[t]]
	dims = slices.Clone(dims)
	dims[t] = label
	return strings.Join(dims, "\x00"), ok
}

// labelBefore is the dimensions of a comparison's row that has no hits.
func (q *question) labelBefore(dims []string) []string {
	t := q.timeDimension()
	if t < 0 {
		return dims
	}
	dims = slices.Clone(dims)
	if i := slices.Index(q.labels, dims[t]); i >= 0 && i < len(q.labels2) {
		dims[t] = q.labels2[i]
	}
	return dims
}

// wholeSeries reports that the answer is not a page of a longer one.
func (q *question) wholeSeries() bool { return q.query.Offset == 0 && q.query.Limit >= len(q.labels) }

// addBuckets adds the rows left in byKey, keyed by label, and restores the order of time; in
// another order they come last.
func (q *question) addBuckets(rows []rowView, byKey map[string]hitkeep.Row) []rowView {
	for _, label := range q.labels {
		if r, ok := byKey[label]; ok {
			rows = append(rows, rowView{Dimensions: []string{label}, Metrics: q.round(q.nothing()),
				Comparison: q.compare(q.nothing(), r)})
		}
	}
	order := q.query.OrderBy
	if len(order) > 0 && order[0].Key != q.query.Dimensions[0] {
		return rows
	}
	slices.SortStableFunc(rows, func(x, y rowView) int {
		if len(order) > 0 && order[0].Desc {
			x, y = y, x
		}
		return cmp.Compare(x.Dimensions[0], y.Dimensions[0])
	})
	return rows
}

// label fills in the labels of the range and where their rows are.
func (q *question) label(v *answerView) {
	v.Meta.TimeLabels, v.Meta.ComparisonLabels = q.labels, q.labels2
	if q.period.contains(q.query.Now) {
		running := bucketLabel(q.query.Dimensions[q.timeDimension()], q.query.Now, q.query.Zone)
		if i := slices.Index(q.labels, running); i >= 0 {
			v.Meta.PartialFrom = &i
		}
	}
	if len(q.query.Dimensions) != 1 {
		return
	}
	at := map[string]*int{}
	for i, r := range v.Results {
		at[r.Dimensions[0]] = &i
	}
	v.Meta.LabelRows = make([]*int, len(q.labels))
	for i, l := range q.labels {
		v.Meta.LabelRows[i] = at[l]
	}
}

func (q *question) meta(res *hitkeep.Result) metaView {
	m := metaView{Warnings: slices.Clone(res.Warnings), ImportsIncluded: q.form.Include.Imports}
	if q.query.TotalRows {
		m.TotalRows = &res.TotalRows
	}
	if !res.DataFrom.IsZero() {
		day := res.DataFrom.In(q.query.Zone).Format(time.DateOnly)
		m.DataFrom = &day
	}
	return m
}

func (q *question) echo() echoView {
	e := echoView{SiteID: q.form.SiteID, Metrics: q.query.Metrics, DateRange: q.period.echo(q.query.Zone),
		Dimensions: append([]string{}, q.query.Dimensions...), Filters: append([]json.RawMessage{}, q.form.Filters...),
		OrderBy: [][2]string{}, Include: q.form.Include, Timezone: q.query.Zone.String(),
		Pagination: map[string]int{"limit": q.query.Limit, "offset": q.query.Offset}}
	for _, o := range q.query.OrderBy {
		dir := "asc"
		if o.Desc {
			dir = "desc"
		}
		e.OrderBy = append(e.OrderBy, [2]string{o.Key, dir})
	}
	if q.before != nil {
		r := q.before.echo(q.query.Zone)
		e.ComparisonRange = &r
	}
	return e
}
