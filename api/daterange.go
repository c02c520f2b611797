package api

import (
	"encoding/json"
	"strings"
	"time"

	"hitkeep"
)

// period is a half-open range of time. Exact ones were asked for by time of day, the others are
// whole local days.
type period struct {
	From, To time.Time
	Exact    bool
}

func (p period) contains(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// lastDays are the names of ranges of whole days before today.
var lastDays = map[string]int{"7d": 7, "28d": 28, "30d": 30, "91d": 91}

// lastMonths are the names of ranges of whole months before this month.
var lastMonths = map[string]int{"6mo": 6, "12mo": 12}

// lastTimes are the names of ranges that end now.
var lastTimes = map[string]time.Duration{"24h": 24 * time.Hour, "realtime": 5 * time.Minute, "realtime_30m": 30 * time.Minute}

var rangeNames = []string{"day", "24h", "7d", "28d", "30d", "91d", "month", "6mo", "12mo", "year", "all", "realtime", "realtime_30m"}

// parseRange resolves a date_range: a name, or two dates or date-times. zone is the report's;
// earliest is the site's first hit, zero for none, and is asked for "all" only.
func parseRange(raw json.RawMessage, zone *time.Location, now time.Time, earliest func() (time.Time, error)) (period, error) {
	var name string
	if json.Unmarshal(raw, &name) == nil && len(raw) > 0 && raw[0] == '"' {
		if name == "all" {
			first, err := earliest()
			return allTime(first, zone, now), err
		}
		return namedRange(name, zone, now)
	}
	return parsePair("date_range", raw, zone)
}

// namedRange resolves all names but "all". A range that ends today holds all of today.
func namedRange(name string, zone *time.Location, now time.Time) (period, error) {
	today := hitkeep.DayOf(now, zone)
	y, m, _ := now.In(zone).Date()
	if n, ok := lastDays[name]; ok {
		return days(today-hitkeep.Day(n), today-1, zone), nil
	}
	if n, ok := lastMonths[name]; ok {
		return days(dayOn(y, m-time.Month(n), 1), dayOn(y, m, 1)-1, zone), nil
	}
	if d, ok := lastTimes[name]; ok {
		return period{From: now.Add(-d).UTC(), To: now.UTC(), Exact: true}, nil
	}
	switch name {
	case "day":
		return days(today, today, zone), nil
	case "month":
		return days(dayOn(y, m, 1), today, zone), nil
	case "year":
		return days(dayOn(y, time.January, 1), today, zone), nil
	}
	e := hitkeep.BadField("date_range", "%q is not a range; use %s, or two dates", name, strings.Join(rangeNames, ", "))
	if near := hitkeep.Nearest(name, rangeNames); near != "" {
		return period{}, e.WithHint("did you mean %s?", near)
	}
	return period{}, e
}

func allTime(first time.Time, zone *time.Location, now time.Time) period {
	today := hitkeep.DayOf(now, zone)
	from := today
	if !first.IsZero() {
		from = min(hitkeep.DayOf(first, zone), today)
	}
	return days(from, today, zone)
}

// days is the range of whole local days, both included.
func days(first, last hitkeep.Day, zone *time.Location) period {
	return period{From: first.Start(zone).UTC(), To: last.End(zone).UTC()}
}

// dayOn is a calendar day; months overflow into years.
func dayOn(y int, m time.Month, d int) hitkeep.Day {
	return hitkeep.DayOf(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), time.UTC)
}

// parsePair resolves two dates or date-times. The last date, and the last second, belong to it.
func parsePair(field string, raw json.RawMessage, zone *time.Location) (period, error) {
	var pair []string
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return period{}, hitkeep.BadField(field, "must be a name such as 28d, or two dates such as [\"2026-01-01\", \"2026-01-31\"]")
	}
	first, dates1 := parseDate(pair[0])
	last, dates2 := parseDate(pair[1])
	var p period
	switch {
	case dates1 && dates2:
		p = days(first, last, zone)
	case dates1 != dates2:
		return period{}, hitkeep.BadField(field, "give two dates or two date-times, not one of each")
	default:
		from, err1 := parseTime(pair[0], zone)
		to, err2 := parseTime(pair[1], zone)
		if err1 != nil || err2 != nil {
			return period{}, hitkeep.BadField(field, "%q and %q are not dates (2026-01-31) or date-times (2026-01-31T15:59:59+02:00)", pair[0], pair[1])
		}
		p = period{From: from.UTC(), To: to.Truncate(time.Second).Add(time.Second).UTC(), Exact: true}
	}
	if !p.From.Before(p.To) {
		return period{}, hitkeep.BadField(field, "begins after its end")
	}
	if p.From.Year() < 1970 || p.To.Year() > 2200 {
		return period{}, hitkeep.BadField(field, "lies outside of the years 1970 to 2200")
	}
	return p, nil
}

func parseDate(s string) (hitkeep.Day, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return hitkeep.DayOf(t, time.UTC), err == nil
}

func parseTime(s string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.ParseInLocation("2006-01-02T15:04:05", strings.Replace(s, " ", "T", 1), zone)
}

// previousPeriod is the range of the same length directly before p. While p is running, it ends
// at the same local time of day as the present: today until now compares with the same hours
// of yesterday, a month to date with as many days before.
func previousPeriod(p period, zone *time.Location, now time.Time) period {
	running := p.contains(now)
	if p.Exact {
		length, end := p.To.Sub(p.From), p.To
		if running {
			end = now
		}
		return period{From: p.From.Add(-length), To: end.Add(-length).UTC(), Exact: true}
	}
	first, last := p.days(zone)
	if running {
		last = hitkeep.DayOf(now, zone)
	}
	n := last - first + 1
	prev := days(first-n, first-1, zone)
	if running {
		prev.To = atTimeOf(now, last-n, zone)
	}
	return prev
}

// yearBefore is p with the same dates one year earlier, running or not as previousPeriod.
func yearBefore(p period, zone *time.Location, now time.Time) period {
	running := p.contains(now)
	if p.Exact {
		end := p.To
		if running {
			end = now
		}
		return period{From: yearBack(p.From, zone), To: yearBack(end, zone), Exact: true}
	}
	first, last := p.days(zone)
	prev := days(dayYearBack(first), dayYearBack(last), zone)
	if running {
		prev.To = atTimeOf(now, dayYearBack(hitkeep.DayOf(now, zone)), zone)
	}
	return prev
}

// days returns the first and the last local day of a period.
func (p period) days(zone *time.Location) (first, last hitkeep.Day) {
	return hitkeep.DayOf(p.From, zone), hitkeep.DayOf(p.To.Add(-1), zone)
}

// dayYearBack is the same date a year earlier; 29 February becomes the 28th.
func dayYearBack(d hitkeep.Day) hitkeep.Day {
	y, m, dd := time.Unix(int64(d)*86400, 0).UTC().Date()
	if m == time.February && dd == 29 {
		dd = 28
	}
	return dayOn(y-1, m, dd)
}

func yearBack(t time.Time, zone *time.Location) time.Time {
	return atTimeOf(t, dayYearBack(hitkeep.DayOf(t, zone)), zone)
}

// atTimeOf is the instant on day that has t's local time of day, kept within the day.
func atTimeOf(t time.Time, day hitkeep.Day, zone *time.Location) time.Time {
	y, m, d := time.Unix(int64(day)*86400, 0).UTC().Date()
	l := t.In(zone)
	at := time.Date(y, m, d, l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), zone)
	if start := day.Start(zone); at.Before(start) {
		at = start
	}
	if end := day.End(zone); at.After(end) {
		at = end
	}
	return at.UTC()
}

// echo is the period as it is told: both seconds included, in the report's zone.
func (p period) echo(zone *time.Location) [2]string {
	return [2]string{p.From.In(zone).Format(time.RFC3339), p.To.Add(-1).In(zone).Format(time.RFC3339)}
}
