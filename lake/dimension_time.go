package lake

import (
	"fmt"
	"strings"
	"time"
)

// bucketUnit is the width of a time bucket.
type bucketUnit uint8

const (
	byMinute bucketUnit = iota + 1
	byHour
	byDay
	byWeek // from Monday
	byMonth
)

var bucketUnits = map[string]bucketUnit{
	"minute": byMinute, "hour": byHour, "day": byDay, "week": byWeek, "month": byMonth,
}

// active says that a visit counts in every bucket in which it is active, not only in the one of
// its start.
func (u bucketUnit) active() bool { return u == byMinute || u == byHour }

// offsets is a zone as seen by a range: pieces of constant distance from UTC, in order. Times
// and offsets are microseconds. Go's zone database decides, so that SQL and labels agree.
type offsets struct {
	starts []int64 // of each piece but the first
	offset []int64
}

// zoneOffsets covers from..to with a margin for visits that reach beyond.
func zoneOffsets(zone *time.Location, from, to time.Time) offsets {
	var o offsets
	end := to.Add(72 * time.Hour)
	for t := from.Add(-72 * time.Hour).In(zone); ; {
		_, sec := t.Zone()
		o.offset = append(o.offset, int64(sec)*1e6)
		_, next := t.ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			return o
		}
		o.starts = append(o.starts, next.UnixMicro())
		t = next
	}
}

// pick renders "the value of the piece in which us lies".
func (o offsets) pick(us string, values []string) string {
	if len(o.starts) == 0 {
		return values[0]
	}
	var b strings.Builder
	b.WriteString("CASE")
	for i := range o.starts {
		fmt.Fprintf(&b, " WHEN %s < $shift_%d THEN %s", us, i, values[i])
	}
	fmt.Fprintf(&b, " ELSE %s END", values[len(values)-1])
	return b.String()
}

// bucket renders the bucket of us (SQL, microseconds): an integer that orders like time. Day:
// local days since 1970. Week: weeks since Monday 1969-12-29. Month: months since year 0.
// Minute, hour: the instant at which the bucket begins, so that the two 02:00 hours of a day
// with 25 are two buckets.
func (o offsets) bucket(unit bucketUnit, us string) string {
	var shift, begin []string
	for i := range o.offset {
		shift = append(shift, fmt.Sprintf("$offset_%d", i))
		if i == 0 {
			begin = append(begin, us)
		} else {
			begin = append(begin, fmt.Sprintf("$shift_%d", i-1))
		}
	}
	off := o.pick(us, shift)
	day := fmt.Sprintf("((%s + %s) // 86400000000)", us, off)
	switch unit {
	case byDay:
		return day
	case byWeek:
		return fmt.Sprintf("((%s + 3) // 7)", day)
	case byMonth:
		date := fmt.Sprintf("(DATE '1970-01-01' + %s::INTEGER)", day)
		return fmt.Sprintf("(year(%s) * 12 + month(%s) - 1)", date, date)
	}
	size := "3600000000"
	if unit == byMinute {
		size = "60000000"
	}
	start := fmt.Sprintf("((%s + %s) // %s * %s - %s)", us, off, size, size, off)
	if len(o.starts) == 0 {
		return start
	}
	// A clock change by less than the bucket's width cuts a bucket.
	return fmt.Sprintf("greatest(%s, CASE WHEN %s < $shift_0 THEN %s ELSE %s END)",
		start, us, start, o.pick(us, begin))
}

// label formats a bucket as bucket made it.
func (u bucketUnit) label(n int64, zone *time.Location) string {
	day := func(n int64) string { return time.Unix(n*86400, 0).UTC().Format(time.DateOnly) }
	switch u {
	case byDay:
		return day(n)
	case byWeek:
		return day(n*7 - 3)
	case byMonth:
		return fmt.Sprintf("%04d-%02d-01", n/12, n%12+1)
	case byHour:
		return time.UnixMicro(n).In(zone).Format("2006-01-02 15:00:00")
	default:
		return time.UnixMicro(n).In(zone).Format("2006-01-02 15:04:00")
	}
}
