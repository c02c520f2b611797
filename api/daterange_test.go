package api

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestRanges resolves every name and form. The ends are half-open, in UTC.
func TestRanges(t *testing.T) {
	const berlin, now = "Europe/Berlin", "2026-11-23T10:16:00+01:00"
	for _, x := range []struct{ zone, now, in, from, to string }{
		{berlin, now, `"day"`, "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"},
		{berlin, now, `"24h"`, "2026-11-22T09:16:00Z", "2026-11-23T09:16:00Z"},
		{berlin, now, `"realtime"`, "2026-11-23T09:11:00Z", "2026-11-23T09:16:00Z"},
		{berlin, now, `"realtime_30m"`, "2026-11-23T08:46:00Z", "2026-11-23T09:16:00Z"},
		{berlin, now, `"7d"`, "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z"},
		{berlin, now, `"28d"`, "2026-10-25T23:00:00Z", "2026-11-22T23:00:00Z"},
		{berlin, now, `"30d"`, "2026-10-23T22:00:00Z", "2026-11-22T23:00:00Z"}, // over the end of summer time
		{berlin, now, `"91d"`, "2026-08-23T22:00:00Z", "2026-11-22T23:00:00Z"},
		{berlin, now, `"month"`, "2026-10-31T23:00:00Z", "2026-11-23T23:00:00Z"},
		{berlin, now, `"year"`, "2025-12-31T23:00:00Z", "2026-11-23T23:00:00Z"},
		{berlin, now, `"6mo"`, "2026-04-30T22:00:00Z", "2026-10-31T23:00:00Z"},
		{berlin, now, `"12mo"`, "2025-10-31T23:00:00Z", "2026-10-31T23:00:00Z"},
		{berlin, now, `"all"`, "2025-02-28T23:00:00Z", "2026-11-23T23:00:00Z"},
		{berlin, "2026-03-31T12:00:00+02:00", `"6mo"`, "2025-08-31T22:00:00Z", "2026-02-28T23:00:00Z"}, // the 31st
		{berlin, "2026-03-29T12:00:00+02:00", `"day"`, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, // 23 hours
		{berlin, "2026-10-25T12:00:00+01:00", `"day"`, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"}, // 25 hours
		{"Asia/Kolkata", now, `"day"`, "2026-11-22T18:30:00Z", "2026-11-23T18:30:00Z"},
		{"Asia/Kathmandu", "2026-11-23T23:50:00+05:45", `"day"`, "2026-11-22T18:15:00Z", "2026-11-23T18:15:00Z"},
		{"Pacific/Auckland", now, `"day"`, "2026-11-22T11:00:00Z", "2026-11-23T11:00:00Z"},
		{"America/Santiago", "2026-09-06T12:00:00-03:00", `"day"`, "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}, // no midnight
		{berlin, now, `["2026-01-01","2026-01-31"]`, "2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z"},
		{berlin, now, `["2026-01-01","2026-01-01"]`, "2025-12-31T23:00:00Z", "2026-01-01T23:00:00Z"},
		{berlin, now, `["2026-01-01T12:00:00+02:00","2026-01-01T15:59:59+02:00"]`, "2026-01-01T10:00:00Z", "2026-01-01T14:00:00Z"},
		{berlin, now, `["2026-01-01T12:00:00","2026-01-01 15:59:59"]`, "2026-01-01T11:00:00Z", "2026-01-01T15:00:00Z"},
	} {
		zone := zoneOf(t, x.zone)
		p, err := parseRange(json.RawMessage(x.in), zone, instant(t, x.now), func() (time.Time, error) {
			return instant(t, "2025-03-01T03:00:00Z"), nil
		})
		if err != nil {
			t.Errorf("%s: %v", x.in, err)
			continue
		}
		if !p.From.Equal(instant(t, x.from)) || !p.To.Equal(instant(t, x.to)) {
			t.Errorf("%s in %s: %v to %v", x.in, x.zone, p.From, p.To)
		}
		if p.From.Location() != time.UTC || p.To.Location() != time.UTC {
			t.Errorf("%s: not in UTC", x.in)
		}
	}
}

func TestAllWithoutHits(t *testing.T) {
	p := allTime(time.Time{}, time.UTC, instant(t, "2026-11-23T10:00:00Z"))
	if !p.From.Equal(instant(t, "2026-11-23T00:00:00Z")) || p.To.Sub(p.From) != 24*time.Hour {
		t.Errorf("%+v", p)
	}
}

func TestBadRanges(t *testing.T) {
	for in, says := range map[string]string{
		`"7days"`: "7d, 28d", `"28D"`: "28d", `7`: "must be a name", `["2026-01-01"]`: "two dates", `{}`: "must be a name",
		`["2026-01-31","2026-01-01"]`: "after its end", `["2026-02-30","2026-03-01"]`: "one of each",
		`["2026-01-01","2026-01-01T10:00:00Z"]`: "one of each", `["x","y"]`: "are not dates",
		`["1800-01-01","1800-01-02"]`: "outside", `["2026-01-01","9999-12-31"]`: "outside",
		`["2026-01-01T10:00:00Z","2026-01-01T09:00:00Z"]`: "after its end",
	} {
		_, err := parseRange(json.RawMessage(in), time.UTC, time.Unix(1e9, 0), nil)
		e, ok := err.(*hitkeep.Error)
		if !ok || e.Code != hitkeep.Invalid || e.Field != "date_range" || !strings.Contains(e.Message, says) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// TestComparisons pins the periods before. The present is 2026-11-23 10:16 in Berlin.
func TestComparisons(t *testing.T) {
	zone, now := zoneOf(t, "Europe/Berlin"), instant(t, "2026-11-23T10:16:00+01:00")
	for _, x := range []struct{ in, prevFrom, prevTo, yearFrom, yearTo string }{
		// Running ranges end at the same time of day.
		{`"day"`, "2026-11-21T23:00:00Z", "2026-11-22T09:16:00Z", "2025-11-22T23:00:00Z", "2025-11-23T09:16:00Z"},
		{`"month"`, "2026-10-08T22:00:00Z", "2026-10-31T09:16:00Z", "2025-10-31T23:00:00Z", "2025-11-23T09:16:00Z"},
		{`"24h"`, "2026-11-21T09:16:00Z", "2026-11-22T09:16:00Z", "2025-11-22T09:16:00Z", "2025-11-23T09:16:00Z"},
		{`["2026-11-22","2026-11-30"]`, "2026-11-19T23:00:00Z", "2026-11-21T09:16:00Z", "2025-11-21T23:00:00Z", "2025-11-23T09:16:00Z"},
		// Past ones are whole.
		{`"7d"`, "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z", "2025-11-15T23:00:00Z", "2025-11-22T23:00:00Z"},
		{`"28d"`, "2026-09-27T22:00:00Z", "2026-10-25T23:00:00Z", "2025-10-25T22:00:00Z", "2025-11-22T23:00:00Z"},
		{`["2026-03-29","2026-03-29"]`, "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2025-03-28T23:00:00Z", "2025-03-29T23:00:00Z"},
		{`["2024-02-29","2024-02-29"]`, "2024-02-27T23:00:00Z", "2024-02-28T23:00:00Z", "2023-02-27T23:00:00Z", "2023-02-28T23:00:00Z"},
		{`["2026-01-01T00:00:00Z","2026-01-01T05:59:59Z"]`, "2025-12-31T18:00:00Z", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2025-01-01T06:00:00Z"},
	} {
		p, err := parseRange(json.RawMessage(x.in), zone, now, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]struct {
			p        period
			from, to string
		}{"previous": {previousPeriod(p, zone, now), x.prevFrom, x.prevTo}, "year": {yearBefore(p, zone, now), x.yearFrom, x.yearTo}} {
			if !got.p.From.Equal(instant(t, got.from)) || !got.p.To.Equal(instant(t, got.to)) {
				t.Errorf("%s of %s: %v to %v", name, x.in, got.p.From, got.p.To)
			}
		}
	}
}

func TestComparisonOfToday(t *testing.T) {
	// At 02:30 of the day after clocks went forward: yesterday has no 02:30, only 03:30.
	zone, now := zoneOf(t, "Europe/Berlin"), instant(t, "2026-03-30T02:30:00+02:00")
	p, err := namedRange("day", zone, now)
	if err != nil {
		t.Fatal(err)
	}
	prev := previousPeriod(p, zone, now)
	if d := prev.To.Sub(prev.From); d < time.Hour || d > 3*time.Hour || !prev.From.Equal(instant(t, "2026-03-28T23:00:00Z")) {
		t.Errorf("%v to %v", prev.From, prev.To)
	}
}

func TestEchoIsTheSameRange(t *testing.T) {
	zone := zoneOf(t, "Asia/Kolkata")
	p, err := namedRange("28d", zone, instant(t, "2026-11-23T10:16:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	e := p.echo(zone)
	if e != [2]string{"2026-10-26T00:00:00+05:30", "2026-11-22T23:59:59+05:30"} {
		t.Errorf("%v", e)
	}
	raw, _ := json.Marshal(e)
	again, err := parseRange(raw, time.UTC, time.Time{}, nil)
	if err != nil || !again.From.Equal(p.From) || !again.To.Equal(p.To) {
		t.Errorf("%+v %v", again, err)
	}
}

func TestBucketLabels(t *testing.T) {
	for _, x := range []struct {
		dim, zone, from, to string
		n                   int
		first, last         string
	}{
		{"time:hour", "Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z", 24, "2026-11-23 00:00:00", "2026-11-23 23:00:00"},
		{"time:hour", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23, "2026-03-29 00:00:00", "2026-03-29 23:00:00"},
		{"time:hour", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25, "2026-10-25 00:00:00", "2026-10-25 23:00:00"},
		{"time:hour", "Asia/Kathmandu", "2026-11-22T18:15:00Z", "2026-11-23T18:15:00Z", 24, "2026-11-23 00:00:00", "2026-11-23 23:00:00"},
		{"time:hour", "Australia/Lord_Howe", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", 24, "2026-10-04 00:00:00", "2026-10-04 23:00:00"},
		{"time:hour", "Europe/Berlin", "2026-11-22T09:16:00Z", "2026-11-23T09:16:00Z", 25, "2026-11-22 10:00:00", "2026-11-23 10:00:00"},
		{"time:hour", "Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z", 25, "2026-04-05 00:00:00", "2026-04-05 23:00:00"},
		{"time:minute", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", 120, "2026-10-25 02:00:00", "2026-10-25 02:59:00"},
		{"time:minute", "Europe/Berlin", "2026-11-23T09:11:30Z", "2026-11-23T09:16:30Z", 6, "2026-11-23 10:11:00", "2026-11-23 10:16:00"},
		{"time:day", "Europe/Berlin", "2026-10-25T23:00:00Z", "2026-11-22T23:00:00Z", 28, "2026-10-26", "2026-11-22"},
		{"time:day", "Europe/Berlin", "2026-10-23T22:00:00Z", "2026-11-22T23:00:00Z", 30, "2026-10-24", "2026-11-22"},
		{"time:week", "UTC", "2026-11-01T00:00:00Z", "2026-11-16T00:00:00Z", 3, "2026-10-26", "2026-11-09"},
		{"time:week", "UTC", "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z", 1, "2026-11-02", "2026-11-02"},
		{"time:month", "Europe/Berlin", "2025-10-31T23:00:00Z", "2026-10-31T23:00:00Z", 12, "2025-11-01", "2026-10-01"},
		{"time:month", "UTC", "2026-01-31T00:00:00Z", "2026-02-02T00:00:00Z", 2, "2026-01-01", "2026-02-01"},
	} {
		p := period{From: instant(t, x.from), To: instant(t, x.to)}
		got, err := bucketLabels(x.dim, p, zoneOf(t, x.zone))
		if err != nil || len(got) != x.n || got[0] != x.first || got[len(got)-1] != x.last {
			t.Errorf("%s %s: %d %v %v", x.dim, x.zone, len(got), got, err)
		}
	}
	long := period{From: instant(t, "2020-01-01T00:00:00Z"), To: instant(t, "2026-01-01T00:00:00Z")}
	for _, dim := range []string{"time:minute", "time:hour"} {
		if _, err := bucketLabels(dim, long, time.UTC); hitkeep.CodeOf(err) != hitkeep.Invalid {
			t.Errorf("%s over six years: %v", dim, err)
		}
	}
}

// TestEveryInstantHasALabel takes instants over a year in odd zones: the label of an instant is
// among those of every range around it.
func TestEveryInstantHasALabel(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Africa/Cairo", "Pacific/Apia"} {
		zone := zoneOf(t, name)
		for at := instant(t, "2026-01-01T00:07:00Z"); at.Year() < 2027; at = at.Add(29*time.Hour + 13*time.Minute) {
			for _, dim := range timeDimensions[2:] { // minutes go the way of hours
				p := days(hitkeep.DayOf(at, zone), hitkeep.DayOf(at, zone), zone)
				labels, err := bucketLabels(dim, p, zone)
				if err != nil {
					t.Fatal(err)
				}
				l := bucketLabel(dim, at, zone)
				found := false
				for _, x := range labels {
					found = found || x == l
				}
				if !found {
					t.Fatalf("%s: %s of %v is not in %v", name, dim, at, labels)
				}
			}
		}
	}
}
