package hitkeep

import "time"

// Query is one question to the query engine, resolved: the range is fixed, names are checked.
// The API's request form (Plausible's Stats API v2) is parsed into it.
type Query struct {
	Site Site
	// From and To bound the range, half-open, UTC. Zone is the report's: buckets and labels.
	From, To   time.Time
	Zone       *time.Location
	Now        time.Time // what "now" meant when the range was resolved
	Metrics    []Metric
	Dimensions []string // "event:page", "visit:source", "event:props:plan", "time:day", ...
	Filter     *Filter  // nil = all
	OrderBy    []Order  // empty = by the first metric descending, time dimensions ascending
	Limit      int      // rows of a breakdown; 0 = no limit
	Offset     int
	TotalRows  bool // count the rows that there would be without Limit
}

// Metric names one number of the definitions.
type Metric string

// The metrics.
const (
	Visitors      Metric = "visitors"
	Visits        Metric = "visits"
	Pageviews     Metric = "pageviews"
	Events        Metric = "events"
	ViewsPerVisit Metric = "views_per_visit" // ratio, null over nothing
	BounceRate    Metric = "bounce_rate"     // percent 0..100, null over nothing
	VisitDuration Metric = "visit_duration"  // seconds, null over nothing
	Percentage    Metric = "percentage"      // of visitors without this breakdown, 0..100
	ExitRate      Metric = "exit_rate"       // percent, with a page dimension
	EngagedTime   Metric = "engaged_time"    // seconds per visit, null over nothing
	ScrollDepth   Metric = "scroll_depth"    // percent, null over nothing
	TimeOnPage    Metric = "time_on_page"    // seconds, null over nothing
)

// Filter is a tree: Op "and", "or", "not" with Children, else a comparison of Dim with Values.
type Filter struct {
	Op       string // and, or, not; is, is_not, contains, contains_not, matches, matches_not, matches_wildcard, matches_wildcard_not, has_done, has_not_done
	Children []Filter
	Dim      string
	Values   []string
	FoldCase bool // compare without regard to case
}

// Order sorts rows by a metric or a dimension.
type Order struct {
	Key  string
	Desc bool
}

// Result is the answer to a Query. A metric is nil where it is a ratio over nothing.
type Result struct {
	Rows      []Row
	TotalRows int       // set when the query asked for it
	DataFrom  time.Time // the site's earliest hit; zero = none
	// Warnings tell of parts of the data that could not be read.
	Warnings []string
}

// Row holds one value per dimension and one number per metric, in the query's order.
type Row struct {
	Dimensions []string
	Metrics    []*float64
}
