package api

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

// queryWorld has one site in Berlin at 2026-11-23 10:16 and its owner's cookie.
func queryWorld(t *testing.T) (*world, option) {
	t.Helper()
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	w.addSite(5, "example.com", "Europe/Berlin")
	return w, withCookie(w.login("o@example.com"))
}

func num(v float64) *float64 { return &v }

func TestQueryIsParsed(t *testing.T) {
	w, c := queryWorld(t)
	body := `{"site_id":"www.Example.com","metrics":["visitors","bounce_rate"],"date_range":"7d",
		"dimensions":["visit:source","time:day"],"timezone":"Asia/Tokyo","order_by":[["time:day","desc"],["visit:source","asc"]],
		"filters":[["is","visit:country",["DE","FR"]],["or",[["contains","event:page",["/Blog"],{"case_sensitive":false}],
		["not",["matches","event:page",["^/a\\d+$"]]]]],["has_done",["is","event:props:plan",["pro",2]]]],
		"pagination":{"limit":20,"offset":40},"include":{"total_rows":true,"imports":true}}`
	r := w.call("POST", "/api/v2/query", body, c).want(200)
	q := w.stats.queries[0]
	want := &hitkeep.Filter{Op: "and", Children: []hitkeep.Filter{
		{Op: "is", Dim: "visit:country", Values: []string{"DE", "FR"}},
		{Op: "or", Children: []hitkeep.Filter{
			{Op: "contains", Dim: "event:page", Values: []string{"/Blog"}, FoldCase: true},
			{Op: "not", Children: []hitkeep.Filter{{Op: "matches", Dim: "event:page", Values: []string{`^/a\d+$`}}}}}},
		{Op: "has_done", Children: []hitkeep.Filter{{Op: "is", Dim: "event:props:plan", Values: []string{"pro", "2"}}}}}}
	if !reflect.DeepEqual(q.Filter, want) {
		t.Errorf("filter %+v", q.Filter)
	}
	if q.Site.ID != 5 || q.Zone.String() != "Asia/Tokyo" || q.Limit != 20 || q.Offset != 40 || !q.TotalRows ||
		!q.From.Equal(instant(t, "2026-11-16T00:00:00+09:00")) || !q.To.Equal(instant(t, "2026-11-23T00:00:00+09:00")) ||
		!slices.Equal(q.Metrics, []hitkeep.Metric{"visitors", "bounce_rate"}) || !q.Now.Equal(w.clock.now()) ||
		!slices.Equal(q.Dimensions, []string{"visit:source", "time:day"}) ||
		!slices.Equal(q.OrderBy, []hitkeep.Order{{Key: "time:day", Desc: true}, {Key: "visit:source"}}) {
		t.Errorf("query %+v", q)
	}
	got := decode[answerView](r)
	if got.Query.DateRange != [2]string{"2026-11-16T00:00:00+09:00", "2026-11-22T23:59:59+09:00"} || got.Query.Timezone != "Asia/Tokyo" ||
		len(got.Query.Filters) != 3 || got.Query.Pagination["limit"] != 20 || *got.Meta.TotalRows != 0 ||
		!got.Meta.ImportsIncluded || got.Meta.DataFrom != nil {
		t.Errorf("answer %s", r.body)
	}
	if !strings.Contains(string(r.body), `"results":[]`) {
		t.Errorf("no rows are not []: %s", r.body)
	}
}

func TestQueryDefaults(t *testing.T) {
	w, c := queryWorld(t)
	r := w.call("POST", "/api/v2/query", `{"site_id":"5","metrics":["visitors","views_per_visit"],"date_range":"day",
		"dimensions":null,"filters":null,"order_by":null,"include":null,"pagination":null}`, c).want(200)
	q := w.stats.queries[0]
	if q.Limit != maxRows || q.Offset != 0 || q.Filter != nil || q.OrderBy != nil || q.Zone.String() != "Europe/Berlin" {
		t.Errorf("%+v", q)
	}
	if got := decode[answerView](r).Results; len(got) != 1 || *got[0].Metrics[0] != 0 || got[0].Metrics[1] != nil {
		t.Errorf("totals of nothing: %s", r.body)
	}
}

func TestQueryErrorsNameTheField(t *testing.T) {
	w, c := queryWorld(t)
	base := `"site_id":"example.com","metrics":["visitors"],"date_range":"day"`
	deep := strings.Repeat(`["not",`, 11) + `["is","event:page",["/"]]` + strings.Repeat("]", 11)
	for _, x := range []struct {
		body, field, hint string
		status            int
	}{
		{`{"metrics":["visitors"],"date_range":"day"}`, "site_id", "", 400},
		{`{"site_id":"unknown.org","metrics":["visitors"],"date_range":"day"}`, "site", "", 404},
		{`{"site_id":"example.com","date_range":"day"}`, "metrics", "", 400},
		{`{"site_id":"example.com","metrics":["visitor"],"date_range":"day"}`, "metrics[0]", "did you mean visitors?", 400},
		{`{"site_id":"example.com","metrics":["visits","visits"],"date_range":"day"}`, "metrics[1]", "", 400},
		{`{"site_id":"example.com","metrics":"visits","date_range":"day"}`, "metrics", "", 400},
		{`{"site_id":"example.com","metrics":["percentage"],"date_range":"day"}`, "metrics[0]", "", 400},
		{`{"site_id":"example.com","metrics":["visits","scroll_depth"],"date_range":"day"}`, "metrics[1]", "", 400},
		{`{"site_id":"example.com","metrics":["exit_rate"],"date_range":"day","dimensions":["visit:source"]}`, "metrics[0]", "", 400},
		{`{"site_id":"example.com","metrics":["visits"]}`, "date_range", "", 400},
		{`{"site_id":"example.com","metrics":["visits"],"date_range":"8d"}`, "date_range", "did you mean 7d?", 400},
		{`{` + base + `,"date-range":"day"}`, "date-range", "did you mean date_range?", 400},
		{`{` + base + `,"timezone":"Berlin"}`, "timezone", "", 400},
		{`{` + base + `,"dimensions":["event:pages"]}`, "dimensions[0]", "did you mean event:page?", 400},
		{`{` + base + `,"dimensions":["event:props:"]}`, "dimensions[0]", "", 400},
		{`{` + base + `,"dimensions":["time:day","time:hour"]}`, "dimensions[1]", "", 400},
		{`{` + base + `,"dimensions":["visit:os","visit:os"]}`, "dimensions[1]", "", 400},
		{`{` + base + `,"dimensions":["visit:os","visit:city","visit:region","visit:country","visit:source"]}`, "dimensions", "", 400},
		{`{` + base + `,"filters":[["is","event:page"]]}`, "filters[0]", "", 400},
		{`{` + base + `,"filters":[["is","event:page",["/"]],["iss","event:page",["/"]]]}`, "filters[1][0]", "", 400},
		{`{` + base + `,"filters":[["and",[["is","visit:os",[]]]]]}`, "filters[0][1][0][2]", "", 400},
		{`{` + base + `,"filters":[["is","time:day",["2026-01-01"]]]}`, "filters[0][1]", "", 400},
		{`{` + base + `,"filters":[["is","visit:country_name",["Germany"]]]}`, "filters[0][1]", "did you mean visit:country?", 400},
		{`{` + base + `,"filters":[["matches","event:page",["("]]]}`, "filters[0][2][0]", "", 400},
		{`{` + base + `,"filters":[["is","event:page",[null]]]}`, "filters[0][2][0]", "", 400},
		{`{` + base + `,"filters":[["is","event:page",["/"],{"case":false}]]}`, "filters[0][3].case", "", 400},
		{`{` + base + `,"filters":[` + deep + `]}`, "filters[0]" + strings.Repeat("[1]", 10), "", 400},
		{`{` + base + `,"order_by":[["visits","desc"]]}`, "order_by[0][0]", "", 400},
		{`{` + base + `,"order_by":[["visitors","down"]]}`, "order_by[0]", "", 400},
		{`{` + base + `,"pagination":{"limit":0}}`, "pagination.limit", "", 400},
		{`{` + base + `,"pagination":{"limit":10001}}`, "pagination.limit", "", 400},
		{`{` + base + `,"pagination":{"offset":-1}}`, "pagination.offset", "", 400},
		{`{` + base + `,"pagination":{"page":2}}`, "pagination.page", "", 400},
		{`{` + base + `,"include":{"time_label":true}}`, "include.time_label", "did you mean time_labels?", 400},
		{`{` + base + `,"include":{"time_labels":true}}`, "include.time_labels", "", 400},
		{`{` + base + `,"include":{"comparisons":{"mode":"previous"}}}`, "include.comparisons.mode", "", 400},
		{`{` + base + `,"include":{"comparisons":{"mode":"custom"}}}`, "include.comparisons.date_range", "", 400},
		{`{` + base + `,"include":{"comparisons":{"mode":"previous_period","date_range":["2026-01-01","2026-01-02"]}}}`, "include.comparisons.date_range", "", 400},
	} {
		r := w.call("POST", "/api/v2/query", x.body, c)
		code := hitkeep.Invalid
		if x.status == 404 {
			code = hitkeep.NotFound
		}
		if e := r.wantError(x.status, code, x.field); e.Hint != x.hint && x.hint != "" {
			t.Errorf("%s: hint %q", x.body, e.Hint)
		}
	}
	if len(w.stats.queries) != 0 {
		t.Errorf("%d refused queries were asked", len(w.stats.queries))
	}
}

func TestRounding(t *testing.T) {
	w, c := queryWorld(t)
	w.stats.answer = func(q hitkeep.Query) (*hitkeep.Result, error) {
		return &hitkeep.Result{DataFrom: instant(t, "2026-01-31T23:30:00Z"), TotalRows: 3, Warnings: []string{"a part is missing"},
			Rows: []hitkeep.Row{{Dimensions: []string{"/a"}, Metrics: []*float64{num(12), num(2.346), num(33.349), num(61.5), nil, num(-0.01)}}}}, nil
	}
	r := w.call("POST", "/api/v2/query", `{"site_id":"5","date_range":"day","dimensions":["event:page"],
		"metrics":["visitors","views_per_visit","bounce_rate","visit_duration","time_on_page","percentage"]}`, c).want(200)
	if !strings.Contains(string(r.body), `"metrics":[12,2.35,33.3,62,null,0]`) {
		t.Errorf("%s", r.body)
	}
	got := decode[answerView](r)
	if *got.Meta.DataFrom != "2026-02-01" || got.Meta.TotalRows != nil || len(got.Meta.Warnings) != 1 {
		t.Errorf("meta %+v", got.Meta)
	}
}

// TestComparisonOfRows answers both ranges and reads how they are paired.
func TestComparisonOfRows(t *testing.T) {
	w, c := queryWorld(t)
	w.stats.answer = func(q hitkeep.Query) (*hitkeep.Result, error) {
		if q.From.Before(instant(t, "2026-11-22T00:00:00Z")) {
			if q.Limit != 0 || q.Offset != 0 || q.TotalRows || q.OrderBy != nil {
				t.Errorf("the comparison is paged: %+v", q)
			}
			return &hitkeep.Result{Rows: []hitkeep.Row{
				{Dimensions: []string{"Bing"}, Metrics: []*float64{num(3), num(50)}},
				{Dimensions: []string{"Google"}, Metrics: []*float64{num(8), num(40)}}}}, nil
		}
		return &hitkeep.Result{Rows: []hitkeep.Row{
			{Dimensions: []string{"Google"}, Metrics: []*float64{num(10), num(33.35)}},
			{Dimensions: []string{"Qwant"}, Metrics: []*float64{num(2), num(0)}}}}, nil
	}
	r := w.call("POST", "/api/v2/query", `{"site_id":"5","date_range":"day","dimensions":["visit:source"],
		"metrics":["visitors","bounce_rate"],"include":{"comparisons":{"mode":"previous_period"}},
		"pagination":{"limit":2},"order_by":[["visitors","desc"]]}`, c).want(200)
	got := decode[answerView](r)
	if len(got.Results) != 2 {
		t.Fatalf("%s", r.body)
	}
	want := []string{`{"dimensions":["Google"],"metrics":[8,40],"change":[25,-6.6]}`,
		`{"dimensions":["Qwant"],"metrics":[0,null],"change":[null,null]}`}
	for i, row := range got.Results {
		if b, _ := json.Marshal(row.Comparison); string(b) != want[i] {
			t.Errorf("row %d: %s", i, b)
		}
	}
	if *got.Query.ComparisonRange != [2]string{"2026-11-22T00:00:00+01:00", "2026-11-22T10:15:59+01:00"} {
		t.Errorf("compared with %v", got.Query.ComparisonRange)
	}
}

func TestComparisonOfTimeSeries(t *testing.T) {
	w, c := queryWorld(t)
	w.stats.answer = func(q hitkeep.Query) (*hitkeep.Result, error) {
		if q.From.Equal(instant(t, "2026-11-22T23:00:00Z")) {
			return &hitkeep.Result{Rows: []hitkeep.Row{
				{Dimensions: []string{"2026-11-23 02:00:00"}, Metrics: []*float64{num(4)}},
				{Dimensions: []string{"2026-11-23 09:00:00"}, Metrics: []*float64{num(6)}}}}, nil
		}
		return &hitkeep.Result{Rows: []hitkeep.Row{
			{Dimensions: []string{"2026-11-22 02:00:00"}, Metrics: []*float64{num(8)}},
			{Dimensions: []string{"2026-11-22 05:00:00"}, Metrics: []*float64{num(5)}}}}, nil
	}
	got := decode[answerView](w.call("POST", "/api/v2/query", `{"site_id":"5","date_range":"day","dimensions":["time:hour"],
		"metrics":["visitors"],"include":{"time_labels":true,"comparisons":{"mode":"previous_period"}}}`, c).want(200))
	b, _ := json.Marshal(got.Results)
	want := `[{"dimensions":["2026-11-23 02:00:00"],"metrics":[4],"comparison":{"dimensions":["2026-11-22 02:00:00"],"metrics":[8],"change":[-50]}},` +
		`{"dimensions":["2026-11-23 05:00:00"],"metrics":[0],"comparison":{"dimensions":["2026-11-22 05:00:00"],"metrics":[5],"change":[-100]}},` +
		`{"dimensions":["2026-11-23 09:00:00"],"metrics":[6],"comparison":{"dimensions":["2026-11-22 09:00:00"],"metrics":[0],"change":[null]}}]`
	if string(b) != want {
		t.Errorf("%s", b)
	}
	m := got.Meta
	if len(m.TimeLabels) != 24 || len(m.LabelRows) != 24 || *m.PartialFrom != 10 || len(m.ComparisonLabels) != 11 ||
		*m.LabelRows[2] != 0 || *m.LabelRows[5] != 1 || m.LabelRows[3] != nil {
		t.Errorf("meta %+v", m)
	}
}

func TestTimeIsChosen(t *testing.T) {
	w, c := queryWorld(t)
	for in, want := range map[string]string{`"day"`: "time:hour", `"realtime_30m"`: "time:minute", `"28d"`: "time:day",
		`"91d"`: "time:week", `["2024-01-01","2025-12-31"]`: "time:month"} {
		r := w.call("POST", "/api/v2/query", `{"site_id":"5","metrics":["visitors"],"dimensions":["time"],"order_by":[["time","desc"]],"date_range":`+in+`}`, c).want(200)
		q := w.stats.queries[len(w.stats.queries)-1]
		if q.Dimensions[0] != want || q.OrderBy[0].Key != want || decode[answerView](r).Query.Dimensions[0] != want {
			t.Errorf("%s: %v %v", in, q.Dimensions, q.OrderBy)
		}
	}
}

func TestAllBeginsAtTheFirstHit(t *testing.T) {
	w, c := queryWorld(t)
	w.stats.earliest = instant(t, "2015-05-17T10:05:03Z")
	r := w.call("POST", "/api/v2/query", `{"site_id":"5","metrics":["visitors"],"date_range":"all"}`, c).want(200)
	got := decode[answerView](r)
	if got.Query.DateRange != [2]string{"2015-05-17T00:00:00+02:00", "2026-11-23T23:59:59+01:00"} || *got.Meta.DataFrom != "2015-05-17" {
		t.Errorf("%s", r.body)
	}
}

// TestFirstPage takes the requests of the dashboard's first page.
func TestFirstPage(t *testing.T) {
	b, err := os.ReadFile("testdata/firstpage.json")
	if err != nil {
		t.Fatal(err)
	}
	var requests []json.RawMessage
	if err := json.Unmarshal(b, &requests); err != nil {
		t.Fatal(err)
	}
	w, c := queryWorld(t)
	for _, r := range requests {
		w.call("POST", "/api/v2/query", string(r), c).want(200)
	}
}

func TestSites(t *testing.T) {
	w, c := queryWorld(t)
	first := instant(t, "2026-11-01T10:00:00Z")
	made := decode[siteView](w.call("POST", "/api/sites", siteForm{Domain: "Shop.example", Timezone: "UTC"}, c).want(201))
	if made.Domain != "shop.example" || made.FirstHitAt != nil || !made.HonorDNT || made.Role != hitkeep.RoleOwner {
		t.Errorf("%+v", made)
	}
	w.call("POST", "/api/sites", siteForm{Domain: "www.shop.example", Timezone: "UTC"}, c).wantError(409, hitkeep.Conflict, "domain")
	w.stats.set(func(s *recorder) { s.earliest = first })
	got := decode[siteView](w.call("PATCH", "/api/sites/shop.example", `{"honor_dnt":false,"hosts":["https://pay.example/x","pay.example"],"timezone":"Asia/Tokyo"}`, c).want(200))
	if got.HonorDNT || !slices.Equal(got.Hosts, []string{"pay.example"}) || got.Timezone != "Asia/Tokyo" || !got.FirstHitAt.Equal(first) || got.Domain != "shop.example" {
		t.Errorf("%+v", got)
	}
	w.call("PATCH", "/api/sites/shop.example", `{"hosts":["ok.example","not ok"]}`, c).wantError(400, hitkeep.Invalid, "hosts[1]")
	w.call("PATCH", "/api/sites/shop.example", `{"timezone":""}`, c).wantError(400, hitkeep.Invalid, "timezone")
	if list := decode[[]siteView](w.call("GET", "/api/sites", nil, c).want(200)); len(list) != 2 || list[0].Domain != "example.com" {
		t.Errorf("%+v", list)
	}
	w.call("DELETE", "/api/sites/"+made.ID.String(), nil, c).want(204)
	w.call("GET", "/api/sites/shop.example", nil, c).wantError(404, hitkeep.NotFound, "site")
	last := w.control.log[len(w.control.log)-1]
	if last.Actor != "user:1" || last.DeleteSite != made.ID {
		t.Errorf("audit %+v", last)
	}
}

type fixedOutcomes []Outcome

func (f fixedOutcomes) Recent(hitkeep.SiteID) []Outcome { return f }
func (f fixedOutcomes) Unknown() []Outcome {
	return []Outcome{{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Outcome: "ignored", Reason: "unknown_site", Hostname: "exmaple.com"}}
}

func TestInstall(t *testing.T) {
	all := make(fixedOutcomes, 30)
	all[0] = Outcome{At: time.Unix(1e9, 0), Outcome: "refused", Reason: "host", Hostname: "evil.example"}
	w := newWorld(t, func(o *Options) { o.Outcomes = all })
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	w.addUser(2, "v@example.com", hitkeep.RoleUser)
	w.addSite(5, "example.com", "UTC")
	w.do(hitkeep.Command{SetMember: &hitkeep.Membership{User: 2, Site: 5, Role: hitkeep.RoleViewer}})
	type answer struct {
		First  *time.Time `json:"first_hit_at"`
		Recent []Outcome
	}
	r := w.call("GET", "/api/sites/5/install", nil, withCookie(w.login("o@example.com"))).want(200)
	got := decode[answer](r)
	if got.First != nil || len(got.Recent) != 20 || got.Recent[0].Reason != "unknown_site" || got.Recent[1].Reason != "host" {
		t.Errorf("%s", r.body)
	}
	// A viewer is not told of hosts that are no site's.
	r = w.call("GET", "/api/sites/5/install", nil, withCookie(w.login("v@example.com"))).want(200)
	if got := decode[answer](r); got.Recent[0].Reason != "host" {
		t.Errorf("%s", r.body)
	}
}

// TestRepeatedHour has two rows of one label, as the engine answers for the day on which clocks
// go back.
func TestRepeatedHour(t *testing.T) {
	w, _ := queryWorld(t)
	w.clock.add(instant(t, "2026-10-25T12:30:00+01:00").Sub(w.clock.now()))
	c := withCookie(w.login("o@example.com"))
	for order, want := range map[string][2]float64{"asc": {3, 4}, "desc": {4, 3}} {
		w.stats.set(func(s *recorder) {
			s.answer = func(q hitkeep.Query) (*hitkeep.Result, error) {
				if len(q.OrderBy) == 0 { // the day before, with 24 hours
					return &hitkeep.Result{Rows: []hitkeep.Row{{Dimensions: []string{"2026-10-24 03:00:00"}, Metrics: []*float64{num(2)}}}}, nil
				}
				rows := []hitkeep.Row{{Dimensions: []string{"2026-10-25 02:00:00"}, Metrics: []*float64{num(3)}},
					{Dimensions: []string{"2026-10-25 02:00:00"}, Metrics: []*float64{num(4)}}}
				if order == "desc" {
					slices.Reverse(rows)
				}
				return &hitkeep.Result{Rows: rows}, nil
			}
		})
		got := decode[answerView](w.call("POST", "/api/v2/query", `{"site_id":"5","date_range":"day","dimensions":["time:hour"],
			"metrics":["visitors"],"order_by":[["time:hour","`+order+`"]],
			"include":{"time_labels":true,"comparisons":{"mode":"previous_period"}}}`, c).want(200))
		m := got.Meta
		if len(m.TimeLabels) != 25 || m.TimeLabels[2] != m.TimeLabels[3] || *m.PartialFrom != 13 {
			t.Fatalf("labels %v, partial from %d", m.TimeLabels, *m.PartialFrom)
		}
		for i, v := range []float64{3, 4} {
			if row := got.Results[*m.LabelRows[2+i]]; *row.Metrics[0] != v {
				t.Errorf("%s: label %d has %v", order, 2+i, *row.Metrics[0])
			}
		}
		if len(got.Results) != 2 || *got.Results[0].Metrics[0] != want[0] || *got.Results[1].Metrics[0] != want[1] {
			t.Errorf("%s: %+v", order, got.Results)
		}
		if second := got.Results[*m.LabelRows[3]].Comparison; second.Dimensions[0] != "2026-10-24 03:00:00" || *second.Metrics[0] != 2 {
			t.Errorf("%s: the second pass is compared with %v", order, second)
		}
	}
}
