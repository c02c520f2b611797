package lake

import (
	"database/sql"
	_ "embed"
	"slices"
	"time"

	"hitkeep"
)

// The common table expressions that turn `facts` into `stitched` (the visit of every hit as the
// key v_visitor, v_seq) and further into `identified` (the same with visit_id). A caller
// writes
//
//	WITH facts AS NOT MATERIALIZED (SELECT ... ), <stitchSQL>, <identifySQL> SELECT ... FROM identified
//
// and binds stitchBounds beside its own values. facts holds whole local days: those whose visits
// are wanted and one more on each side, because a hit of day D can change visits of D-1, D and
// D+1 only. The result is a pure function of facts (invariant 12).
var (
	//go:embed query/stitch.sql
	stitchSQL string
	//go:embed query/identify.sql
	identifySQL string
)

// stitchBounds returns the named lists that stitchSQL binds: start and end of every local day
// from..to (inclusive; those of facts) of each site, in microseconds.
func stitchBounds(zones map[hitkeep.SiteID]*time.Location, from, to hitkeep.Day) []any {
	ids := make([]hitkeep.SiteID, 0, len(zones))
	for id := range zones {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	sites, days, starts, ends := []int64{}, []int64{}, []int64{}, []int64{}
	for _, id := range ids {
		start := from.Start(zones[id]).UnixMicro()
		for d := from; d <= to; d++ {
			end := d.End(zones[id]).UnixMicro()
			sites, days = append(sites, int64(id)), append(days, int64(d))
			starts, ends = append(starts, start), append(ends, end)
			start = end
		}
	}
	return []any{
		sql.Named("bound_sites", sites), sql.Named("bound_days", days),
		sql.Named("bound_starts", starts), sql.Named("bound_ends", ends),
	}
}
