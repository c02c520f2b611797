package api

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"hitkeep"
)

// FuzzQuery: whatever is sent is understood or refused as bad input, and what is understood
// keeps the limits.
func FuzzQuery(f *testing.F) {
	f.Add(`[["is","event:page",["/"]]]`, `"28d"`)
	f.Add(`[["or",[["not",["matches","visit:os",["^a"]]],["has_done",["contains","event:props:x",[1],{"case_sensitive":false}]]]]]`, `["2026-01-01","2026-02-01"]`)
	f.Add(`[[]]`, `["2026-01-01T00:00:00","2026-10-25T02:30:00+02:00"]`)
	site := &hitkeep.Site{ID: 5, Tenant: 1, Domain: "example.com", Timezone: "Europe/Berlin"}
	now := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, filters, dates string) {
		form := queryForm{SiteID: "5", Metrics: []string{"visitors"}, DateRange: json.RawMessage(dates), Dimensions: []string{"time"},
			Include: includeForm{Comparisons: &compareForm{Mode: "previous_period"}}}
		if json.Unmarshal([]byte(filters), &form.Filters) != nil || !json.Valid(form.DateRange) {
			return
		}
		q, err := parseQuery(&form, site, now, func() (time.Time, error) { return now.AddDate(-1, 0, 0), nil })
		var known *hitkeep.Error
		if err != nil {
			if !errors.As(err, &known) || known.Code != hitkeep.Invalid || known.Field == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if !q.query.From.Before(q.query.To) || len(q.labels) == 0 || len(q.labels) > maxBuckets || depth(q.query.Filter) > maxFilterDepth+1 {
			t.Fatalf("%+v", q)
		}
	})
}

func depth(f *hitkeep.Filter) int {
	if f == nil {
		return 0
	}
	deepest := 0
	for i := range f.Children {
		deepest = max(deepest, depth(&f.Children[i]))
	}
	return deepest + 1
}
