package lake

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"hitkeep"
)

const testSite hitkeep.SiteID = 7

var berlin = mustZone("Europe/Berlin")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// at parses a local time of the zone, with optional seconds.
func at(t testing.TB, zone *time.Location, s string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if v, err := time.ParseInLocation(layout, s, zone); err == nil {
			return v
		}
	}
	t.Fatalf("no time: %q", s)
	return time.Time{}
}

// hitAt makes a pageview of "/" by a visitor; seq orders equal times.
func hitAt(ts time.Time, zone *time.Location, visitor, seq int64) hitkeep.Hit {
	return hitkeep.Hit{Site: testSite, Journal: 1, Seq: seq, TS: ts.UnixMicro(), Day: hitkeep.DayOf(ts, zone),
		Visitor: visitor, Path: "/", Source: hitkeep.DirectSource, Channel: "Direct", EngagedMS: hitkeep.Absent, ScrollDepth: hitkeep.Absent}
}

// visitIDs returns the visit_id of every hit by sequence; 0 = none.
func (b *bed) visitIDs(zone *time.Location, from, to hitkeep.Day) map[int64]int64 {
	b.t.Helper()
	rows, err := b.snap.conn.QueryContext(context.Background(),
		"WITH facts AS NOT MATERIALIZED (SELECT * FROM t_1.hot), "+stitchSQL+", "+identifySQL+
			" SELECT seq, visit_id FROM identified",
		stitchBounds(map[hitkeep.SiteID]*time.Location{testSite: zone}, from, to)...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	got := map[int64]int64{}
	for rows.Next() {
		var seq int64
		var id sql.NullInt64
		if err := rows.Scan(&seq, &id); err != nil {
			b.t.Fatal(err)
		}
		if _, twice := got[seq]; twice {
			b.t.Errorf("hit %d came out twice", seq)
		}
		got[seq] = id.Int64
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return got
}

func TestStitchChains(t *testing.T) {
	b := newBed(t)
	h := func(s string, seq int64, kind hitkeep.Kind) hitkeep.Hit {
		v := hitAt(at(t, berlin, s), berlin, 50, seq)
		v.Kind = kind
		return v
	}
	b.fill([]hitkeep.Hit{
		h("2026-11-02 09:00:00", 1, hitkeep.Engagement), // before any visit
		h("2026-11-02 10:00:00", 3, hitkeep.Pageview),
		h("2026-11-02 10:00:00", 2, hitkeep.Engagement), // at its start: attached
		h("2026-11-02 10:30:00", 4, hitkeep.Event),      // 1800 s: the same visit
		h("2026-11-02 10:50:00", 5, hitkeep.Engagement), // extends nothing
		h("2026-11-02 11:00:01", 6, hitkeep.Pageview),   // 1801 s: the next
		h("2026-11-02 18:00:00", 7, hitkeep.Vital),      // the latest visit before
	})
	day, _ := hitkeep.ParseDay("2026-11-02")
	got := b.visitIDs(berlin, day-1, day+1)
	if got[1] != 0 || got[3] == 0 || got[2] != got[3] || got[4] != got[3] || got[5] != got[3] {
		t.Errorf("first visit: %v", got)
	}
	if got[6] == got[3] || got[7] != got[6] {
		t.Errorf("second visit: %v", got)
	}
	// Pinned: the id must be the same in every version of DuckDB, parts hold it.
	if got[3] != 5927934329744319407 {
		t.Errorf("visit_id = %d", got[3])
	}
}

func TestStitchMidnight(t *testing.T) {
	b := newBed(t)
	day, _ := hitkeep.ParseDay("2026-11-02")
	link := func(first, second string, key1, key2 int64, more ...string) bool {
		t.Helper()
		a, c := hitAt(at(t, berlin, first), berlin, 50, 1), hitAt(at(t, berlin, second), berlin, 51, 2)
		a.MidnightKey, c.MidnightKey = key1, key2
		hits := []hitkeep.Hit{a, c}
		for i, s := range more {
			hits = append(hits, hitAt(at(t, berlin, s), berlin, 50, int64(10+i)))
		}
		b.fill(hits)
		got := b.visitIDs(berlin, day-1, day+2)
		return got[1] == got[2]
	}
	if !link("2026-11-02 23:55", "2026-11-03 00:05", 9, 9) {
		t.Error("equal keys, 600 s: not linked")
	}
	if link("2026-11-02 23:55", "2026-11-03 00:05", 9, 8) {
		t.Error("other keys: linked")
	}
	if link("2026-11-02 23:55", "2026-11-03 00:05", 0, 0) {
		t.Error("no keys: linked")
	}
	if link("2026-11-02 23:40", "2026-11-03 00:10:01", 9, 9) {
		t.Error("1801 s: linked")
	}
	if !link("2026-11-02 23:40", "2026-11-03 00:10:00", 9, 9) {
		t.Error("1800 s: not linked")
	}
	var allDay, almost []string
	for m := 30; m < 23*60+55; m += 25 {
		s := time.Date(2026, 11, 2, 0, m, 0, 0, time.UTC).Format("2006-01-02 15:04")
		allDay = append(allDay, s)
		if m > 31 {
			almost = append(almost, s)
		}
	}
	if link("2026-11-02 23:55", "2026-11-03 00:05", 9, 9, allDay...) {
		t.Error("a monitor's day reaches both ends: linked")
	}
	if !link("2026-11-02 23:55", "2026-11-03 00:05", 9, 9, almost...) {
		t.Error("a long visit that begins after 00:30: not linked")
	}
}
