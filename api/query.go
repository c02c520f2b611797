package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hitkeep"
)

const (
	maxRows       = 10_000 // of an answer, and the default
	maxDimensions = 4
	maxOffset     = 10_000_000
)

var metrics = []hitkeep.Metric{hitkeep.Visitors, hitkeep.Visits, hitkeep.Pageviews, hitkeep.Events,
	hitkeep.ViewsPerVisit, hitkeep.BounceRate, hitkeep.VisitDuration, hitkeep.Percentage, hitkeep.ExitRate,
	hitkeep.EngagedTime, hitkeep.ScrollDepth, hitkeep.TimeOnPage}

// queryForm is the request, in the form of Plausible's Stats API v2.
type queryForm struct {
	SiteID     string            `json:"site_id"`
	Metrics    []string          `json:"metrics"`
	DateRange  json.RawMessage   `json:"date_range"`
	Dimensions []string          `json:"dimensions"`
	Filters    []json.RawMessage `json:"filters"`
	OrderBy    [][]string        `json:"order_by"`
	Include    includeForm       `json:"include"`
	Pagination pageForm          `json:"pagination"`
	Timezone   string            `json:"timezone"`
}

type includeForm struct {
	TimeLabels  bool         `json:"time_labels"`
	TotalRows   bool         `json:"total_rows"`
	Imports     bool         `json:"imports"`
	Comparisons *compareForm `json:"comparisons,omitempty"`
}

type compareForm struct {
	Mode      string          `json:"mode"`
	DateRange json.RawMessage `json:"date_range,omitempty"`
}

type pageForm struct {
	Limit  *int `json:"limit"`
	Offset int  `json:"offset"`
}

// query answers POST /api/v2/query: every number of the dashboard comes from here.
func (a *API) query(w http.ResponseWriter, r *http.Request) error {
	var f queryForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	c := callOf(r)
	if f.SiteID == "" {
		return hitkeep.BadField("site_id", "is missing; give a site's domain or id")
	}
	if err := a.enterSite(c, f.SiteID); err != nil {
		return err
	}
	ctx, cancel := withTimeout(r)
	defer cancel()
	q, err := parseQuery(&f, &c.site, a.o.Now(), func() (time.Time, error) {
		return a.firsts.of(ctx, &c.site, a.o.Now())
	})
	if err != nil {
		return err
	}
	answer, err := a.answer(ctx, q)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// question is a parsed request: the query, its comparison, and what the answer needs.
type question struct {
	form    *queryForm
	query   hitkeep.Query
	period  period
	before  *period // of the comparison
	labels  []string
	labels2 []string // of the comparison
}

// parseQuery checks a request and resolves its ranges. Errors name the field.
func parseQuery(f *queryForm, site *hitkeep.Site, now time.Time, earliest func() (time.Time, error)) (*question, error) {
	zone, err := reportZone(f, site)
	if err != nil {
		return nil, err
	}
	if len(f.DateRange) == 0 || string(f.DateRange) == "null" {
		return nil, hitkeep.BadField("date_range", "is missing; use %s, or two dates", strings.Join(rangeNames, ", "))
	}
	q := &question{form: f}
	if q.period, err = parseRange(f.DateRange, zone, now, earliest); err != nil {
		return nil, err
	}
	q.query = hitkeep.Query{Site: *site, From: q.period.From, To: q.period.To, Zone: zone, Now: now.UTC(),
		Offset: f.Pagination.Offset, TotalRows: f.Include.TotalRows}
	steps := []func() error{q.parseMetrics, q.parseDimensions, q.parseFilters, q.checkMetrics,
		q.parseOrder, q.parsePage, q.parseComparison, q.makeLabels}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func reportZone(f *queryForm, site *hitkeep.Site) (*time.Location, error) {
	if f.Timezone == "" {
		return site.Zone(), nil
	}
	if err := hitkeep.CheckZone(f.Timezone); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(f.Timezone)
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", f.Timezone, err)
	}
	return zone, nil
}

func (q *question) parseMetrics() error {
	if len(q.form.Metrics) == 0 {
		return hitkeep.BadField("metrics", "is missing; use %s", joinMetrics())
	}
	for i, name := range q.form.Metrics {
		field, m := fmt.Sprintf("metrics[%d]", i), hitkeep.Metric(name)
		if slices.Contains(q.query.Metrics, m) {
			return hitkeep.BadField(field, "%s is named twice", name)
		}
		if !slices.Contains(metrics, m) {
			e := hitkeep.BadField(field, "%q is not a metric; use %s", name, joinMetrics())
			if near := hitkeep.Nearest(name, metricNames()); near != "" {
				return e.WithHint("did you mean %s?", near)
			}
			return e
		}
		q.query.Metrics = append(q.query.Metrics, m)
	}
	return nil
}

func metricNames() (names []string) {
	for _, m := range metrics {
		names = append(names, string(m))
	}
	return names
}

func joinMetrics() string { return strings.Join(metricNames(), ", ") }

func (q *question) parseDimensions() error {
	if len(q.form.Dimensions) > maxDimensions {
		return hitkeep.BadField("dimensions", "has more than %d", maxDimensions)
	}
	for i, name := range q.form.Dimensions {
		field := fmt.Sprintf("dimensions[%d]", i)
		if err := checkDimension(field, name, true); err != nil {
			return err
		}
		if isTime(name) && q.timeDimension() >= 0 {
			return hitkeep.BadField(field, "is a second time dimension; use one")
		}
		if name == "time" {
			name = fittingTime(q.period)
		}
		if slices.Contains(q.query.Dimensions, name) {
			return hitkeep.BadField(field, "%s is named twice", name)
		}
		q.query.Dimensions = append(q.query.Dimensions, name)
	}
	return nil
}

// timeDimension is the index of the time dimension, -1 for none.
func (q *question) timeDimension() int { return slices.IndexFunc(q.query.Dimensions, isTime) }

func (q *question) parseFilters() (err error) {
	q.query.Filter, err = parseFilters(q.form.Filters)
	return err
}

// checkMetrics refuses metrics that mean nothing for these dimensions and filters.
func (q *question) checkMetrics() error {
	page := slices.Contains(q.query.Dimensions, "event:page")
	for i, m := range q.query.Metrics {
		need := ""
		switch m {
		case hitkeep.Percentage:
			if len(q.query.Dimensions) == 0 {
				need = "a dimension"
			}
		case hitkeep.ExitRate:
			if !page && !slices.Contains(q.query.Dimensions, "visit:exit_page") {
				need = "the dimension event:page or visit:exit_page"
			}
		case hitkeep.ScrollDepth, hitkeep.TimeOnPage:
			if !page && !filtersOn(q.query.Filter, "event:page") {
				need = "the dimension event:page or a filter on it"
			}
		}
		if need != "" {
			return hitkeep.BadField(fmt.Sprintf("metrics[%d]", i), "%s needs %s", m, need)
		}
	}
	return nil
}

func (q *question) parseOrder() error {
	for i, pair := range q.form.OrderBy {
		field := fmt.Sprintf("order_by[%d]", i)
		if len(pair) != 2 || (pair[1] != "asc" && pair[1] != "desc") {
			return hitkeep.BadField(field, `must be such as ["visitors", "desc"]`)
		}
		key := pair[0]
		if t := q.timeDimension(); key == "time" && t >= 0 {
			key = q.query.Dimensions[t]
		}
		if !slices.Contains(q.query.Dimensions, key) && !slices.Contains(q.query.Metrics, hitkeep.Metric(key)) {
			return hitkeep.BadField(field+"[0]", "%q is neither a metric nor a dimension of this query", key)
		}
		q.query.OrderBy = append(q.query.OrderBy, hitkeep.Order{Key: key, Desc: pair[1] == "desc"})
	}
	return nil
}

func (q *question) parsePage() error {
	q.query.Limit = maxRows
	if l := q.form.Pagination.Limit; l != nil {
		q.query.Limit = *l
	}
	if q.query.Limit < 1 || q.query.Limit > maxRows {
		return hitkeep.BadField("pagination.limit", "must be from 1 to %d", maxRows)
	}
	if o := q.query.Offset; o < 0 || o > maxOffset {
		return hitkeep.BadField("pagination.offset", "must be from 0 to %d", maxOffset)
	}
	return nil
}

func (q *question) parseComparison() error {
	c := q.form.Include.Comparisons
	if c == nil {
		return nil
	}
	given := len(c.DateRange) > 0 && string(c.DateRange) != "null"
	if given && c.Mode != "custom" {
		return hitkeep.BadField("include.comparisons.date_range", "goes with mode custom only")
	}
	var p period
	var err error
	switch c.Mode {
	case "previous_period":
		p = previousPeriod(q.period, q.query.Zone, q.query.Now)
	case "year_over_year":
		p = yearBefore(q.period, q.query.Zone, q.query.Now)
	case "custom":
		p, err = parsePair("include.comparisons.date_range", c.DateRange, q.query.Zone)
	default:
		err = hitkeep.BadField("include.comparisons.mode", "%q is not a mode; use previous_period, year_over_year or custom", c.Mode)
	}
	q.before = &p
	return err
}

// makeLabels lists the buckets where the answer needs them.
func (q *question) makeLabels() (err error) {
	i := q.timeDimension()
	if i < 0 {
		if q.form.Include.TimeLabels {
			return hitkeep.BadField("include.time_labels", "needs a time dimension")
		}
		return nil
	}
	dim := q.query.Dimensions[i]
	if q.labels, err = bucketLabels(dim, q.period, q.query.Zone); err != nil || q.before == nil {
		return err
	}
	q.labels2, err = bucketLabels(dim, *q.before, q.query.Zone)
	return err
}
