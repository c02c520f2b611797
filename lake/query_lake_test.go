package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hitkeep"
)

// The same questions to a store of its own, as appended and again as rolled: the same numbers.
func TestQueryThroughLake(t *testing.T) {
	ctx := context.Background()
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(3)
	var hits []hitkeep.Hit
	for i := range 400 {
		hits = append(hits, g.hit(1, day0+hitkeep.Day(i%3)))
	}
	mustAppend(t, l, batchOf(0, hits...))
	site := hitkeep.Site{ID: 7, Timezone: "UTC"}
	ask := func() (out []string) {
		for _, dims := range [][]string{nil, {"time:day"}, {"event:page"}, {"visit:source", "time:hour"}} {
			q := hitkeep.Query{Site: site, From: day0.Start(site.Zone()), To: (day0 + 2).Start(site.Zone()), Metrics: oracleMetrics, Dimensions: dims}
			res, err := l.Query(ctx, 1, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Warnings) > 0 || res.DataFrom.UnixMicro() < startOf(day0) {
				t.Errorf("warnings %v, data from %s", res.Warnings, res.DataFrom)
			}
			for _, row := range res.Rows {
				out = append(out, rowText(row.Dimensions, row.Metrics))
			}
		}
		ids := "select count(*), count(distinct visit_id), sum(visit_id % 1000000007) from hits"
		if err := l.SQL(ctx, 1, ids, SQLLimits{}, func(_ []Column, row []any) error {
			out = append(out, fmt.Sprint(row...))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	hot := ask()
	mustRoll(t, l, day0, day0)
	if rolled := ask(); !slices.Equal(hot, rolled) {
		t.Errorf("rolled:\n%s\nhot:\n%s", strings.Join(rolled, "\n"), strings.Join(hot, "\n"))
	}
}
