package api

import (
	"strings"
	"time"

	"hitkeep"
)

// maxBuckets bounds the labels of one answer.
const maxBuckets = 10_000

// timeDimensions are the names of time dimensions; "time" is replaced by a fitting one.
var timeDimensions = []string{"time", "time:minute", "time:hour", "time:day", "time:week", "time:month"}

func isTime(dimension string) bool {
	return dimension == "time" || strings.HasPrefix(dimension, "time:")
}

// fittingTime chooses the interval that "time" stands for.
func fittingTime(p period) string {
	switch length := p.To.Sub(p.From); {
	case length <= time.Hour:
		return "time:minute"
	case length <= 49*time.Hour: // two days, one of them with 25 hours
		return "time:hour"
	case length < 41*24*time.Hour:
		return "time:day"
	case length < 53*7*24*time.Hour:
		return "time:week"
	}
	return "time:month"
}

// bucketLabel is the label of the bucket that t is in: local time, cut.
func bucketLabel(dimension string, t time.Time, zone *time.Location) string {
	l := t.In(zone)
	switch dimension {
	case "time:minute":
		return l.Format("2006-01-02 15:04:00")
	case "time:hour":
		return l.Format("2006-01-02 15:00:00")
	}
	return bucketDay(dimension, hitkeep.DayOf(t, zone)).String()
}

// bucketDay is the first day of the bucket that d is in. Weeks begin on Monday.
func bucketDay(dimension string, d hitkeep.Day) hitkeep.Day {
	switch dimension {
	case "time:week":
		return d - ((d+3)%7+7)%7 // day 0 was a Thursday
	case "time:month":
		return d.MonthStart()
	}
	return d
}

// bucketLabels lists the labels of all buckets that p touches, in order of time. A bucket ends
// where its label or the zone's distance from UTC changes: the hour that is repeated when clocks
// go back is two buckets of one label, so that such a day has 25 hours.
func bucketLabels(dimension string, p period, zone *time.Location) ([]string, error) {
	step := map[string]time.Duration{"time:minute": time.Minute, "time:hour": 15 * time.Minute}[dimension]
	if step == 0 {
		return dayLabels(dimension, p, zone)
	}
	width := map[string]time.Duration{"time:minute": time.Minute, "time:hour": time.Hour}[dimension]
	if p.To.Sub(p.From)/width > maxBuckets {
		return nil, tooManyBuckets(dimension)
	}
	var labels []string
	var last string
	var lastOffset int
	add := func(t time.Time) {
		_, offset := t.In(zone).Zone()
		if l := bucketLabel(dimension, t, zone); l != last || offset != lastOffset {
			labels, last, lastOffset = append(labels, l), l, offset
		}
	}
	// Offsets are multiples of 15 minutes, so no hour is stepped over.
	for t := p.From; t.Before(p.To); t = t.Add(step) {
		add(t)
	}
	add(p.To.Add(-1))
	return labels, nil
}

// bucketIndexes finds the buckets of rows by their labels. Where a label stands for two buckets,
// the rows must be in order of time, or against it (desc).
type bucketIndexes struct {
	at   map[string][]int // by label
	seen map[string]int   // by key, see of
	desc bool
}

func indexBuckets(labels []string, desc bool) *bucketIndexes {
	b := &bucketIndexes{at: map[string][]int{}, seen: map[string]int{}, desc: desc}
	for i, l := range labels {
		b.at[l] = append(b.at[l], i)
	}
	return b
}

// of is the index of the next row's bucket, -1 for none. key tells rows of one bucket apart.
func (b *bucketIndexes) of(label, key string) int {
	list := b.at[label]
	if len(list) == 0 {
		return -1
	}
	key += "\x00" + label
	n := min(b.seen[key], len(list)-1)
	b.seen[key]++
	if b.desc {
		n = len(list) - 1 - n
	}
	return list[n]
}

func dayLabels(dimension string, p period, zone *time.Location) ([]string, error) {
	first, end := p.days(zone)
	if end-first > 7*maxBuckets || (dimension == "time:day" && end-first >= maxBuckets) {
		return nil, tooManyBuckets(dimension)
	}
	var labels []string
	for d := bucketDay(dimension, first); d <= end; {
		labels = append(labels, d.String())
		switch dimension {
		case "time:week":
			d += 7
		case "time:month":
			d = d.MonthEnd() + 1
		default:
			d++
		}
	}
	return labels, nil
}

func tooManyBuckets(dimension string) error {
	return hitkeep.BadField("dimensions", "%s makes more than %d buckets of this date_range", dimension, maxBuckets).
		WithHint("use a longer interval or a shorter range")
}
