package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
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

	bucket int // of a time series: the index of its label, -1 for none
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
	rows, buckets := make([]rowView, 0, len(res.Rows)), indexBuckets(q.labels, q.backwards())
	for _, r := range res.Rows {
		row := rowView{Dimensions: append([]string{}, r.Dimensions...), Metrics: q.round(r.Metrics), bucket: -1}
		if q.isSeries() && len(row.Dimensions) == 1 {
			row.bucket = buckets.of(row.Dimensions[0], "")
		}
		rows = append(rows, row)
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
	before := make(map[string]hitkeep.Row, len(prev))
	key := q.keys(q.labels2, false)
	for _, r := range prev {
		before[key(r.Dimensions)] = r
	}
	key = q.keys(q.labels, q.backwards())
	for i := range rows {
		k, now := key(rows[i].Dimensions), q.nothing()
		if i < len(cur) {
			now = cur[i].Metrics
		}
		r, ok := before[k]
		if !ok {
			r = hitkeep.Row{Dimensions: q.dimensionsBefore(rows[i].Dimensions, k), Metrics: q.nothing()}
		}
		delete(before, k)
		rows[i].Comparison = q.compare(now, r)
	}
	if q.isSeries() && q.wholeSeries() {
		rows = q.addBuckets(rows, before)
	}
	return rows
}

func (q *question) compare(cur []*float64, prev hitkeep.Row) *comparisonView {
	return &comparisonView{Dimensions: append([]string{}, prev.Dimensions...), Metrics: q.round(prev.Metrics),
		Change: q.change(cur, prev.Metrics)}
}

// keys returns a function that gives each of an answer's rows, in order, a key: its dimensions,
// with the bucket's index in labels first, or in place of time.
func (q *question) keys(labels []string, desc bool) func(dims []string) string {
	t, buckets := q.timeDimension(), indexBuckets(labels, desc)
	return func(dims []string) string {
		key := strings.Join(dims, "\x00")
		if t < 0 || t >= len(dims) {
			return key
		}
		rest := slices.Delete(slices.Clone(dims), t, t+1)
		return strconv.Itoa(buckets.of(dims[t], key)) + "\x00" + strings.Join(rest, "\x00")
	}
}

// bucketOf is the index that a key of keys begins with.
func bucketOf(key string) int {
	head, _, _ := strings.Cut(key, "\x00")
	i, err := strconv.Atoi(head)
	if err != nil {
		return -1
	}
	return i
}

// dimensionsBefore is the dimensions of a comparison's row that has no hits.
func (q *question) dimensionsBefore(dims []string, key string) []string {
	t := q.timeDimension()
	if t < 0 {
		return dims
	}
	dims = slices.Clone(dims)
	if i := bucketOf(key); i >= 0 && i < len(q.labels2) {
		dims[t] = q.labels2[i]
	}
	return dims
}

// isSeries reports that time is the only dimension.
func (q *question) isSeries() bool { return len(q.query.Dimensions) == 1 && q.timeDimension() == 0 }

// backwards reports that the latest bucket comes first.
func (q *question) backwards() bool {
	t, order := q.timeDimension(), q.query.OrderBy
	return t >= 0 && len(order) > 0 && order[0].Desc && order[0].Key == q.query.Dimensions[t]
}

// wholeSeries reports that the answer is not a page of a longer one.
func (q *question) wholeSeries() bool { return q.query.Offset == 0 && q.query.Limit >= len(q.labels) }

// addBuckets adds the rows left in before, and restores the order of time; in another order
// they come last.
func (q *question) addBuckets(rows []rowView, before map[string]hitkeep.Row) []rowView {
	for i, label := range q.labels {
		if r, ok := before[strconv.Itoa(i)+"\x00"]; ok {
			rows = append(rows, rowView{Dimensions: []string{label}, Metrics: q.round(q.nothing()),
				Comparison: q.compare(q.nothing(), r), bucket: i})
		}
	}
	order := q.query.OrderBy
	if len(order) > 0 && order[0].Key != q.query.Dimensions[0] {
		return rows
	}
	slices.SortStableFunc(rows, func(x, y rowView) int {
		if q.backwards() {
			x, y = y, x
		}
		return cmp.Compare(x.bucket, y.bucket)
	})
	return rows
}

// label fills in the labels of the range and where their rows are.
func (q *question) label(v *answerView) {
	v.Meta.TimeLabels, v.Meta.ComparisonLabels = q.labels, q.labels2
	if i := q.running(); i >= 0 {
		v.Meta.PartialFrom = &i
	}
	if !q.isSeries() {
		return
	}
	v.Meta.LabelRows = make([]*int, len(q.labels))
	for i, r := range v.Results {
		if r.bucket >= 0 {
			v.Meta.LabelRows[r.bucket] = &i
		}
	}
}

// running is the index of the bucket that now is in, -1 if it is in none: the last one up to now.
func (q *question) running() int {
	if !q.period.contains(q.query.Now) {
		return -1
	}
	upTo := period{From: q.period.From, To: q.query.Now.Add(1)}
	past, err := bucketLabels(q.query.Dimensions[q.timeDimension()], upTo, q.query.Zone)
	if err != nil {
		return -1 // a shorter range than the one that has labels has them, too
	}
	return len(past) - 1
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
