package hitkeep

import "time"

// Kind says what a hit is.
type Kind uint8

// The kinds. The numbers are stored in journal records and never change.
const (
	Pageview   Kind = 0
	Event      Kind = 1 // a named custom event
	Engagement Kind = 2 // visible time and scroll depth; extends no visit
	Vital      Kind = 3 // one web vital; extends no visit
)

var kindNames = [...]string{"pageview", "event", "engagement", "vital"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Via says by which way a hit came.
type Via uint8

// The ways. The numbers are stored in journal records and never change.
const (
	ViaSnippet Via = 0 // a browser, without credentials
	ViaServer  Via = 1 // an authenticated sender: server API, batch
	ViaImport  Via = 2 // an access log or another import
	ViaDemo    Via = 3 // generated demo traffic
)

var viaNames = [...]string{"snippet", "server", "import", "demo"}

func (v Via) String() string {
	if int(v) < len(viaNames) {
		return viaNames[v]
	}
	return "unknown"
}

// The reasons of a bot verdict; people have none ("").
const (
	BotUserAgent    = "ua"
	BotReferrerSpam = "referrer_spam"
	BotHeadless     = "headless"
	BotExcluded     = "excluded"
)

// DirectSource is the source of a visit without referrer or campaign, and NotSet stands for
// an absent value in reports.
const (
	DirectSource = "Direct / None"
	NotSet       = "(not set)"
)

// Day counts local calendar days since 1970-01-01. A hit's Day is the local day of its
// timestamp in its site's zone when its visitor id was made; it never changes afterwards.
type Day int32

// DayOf returns the local day of t in zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Start returns the first instant of the day in zone. Where midnight does not exist (a clock
// change at 00:00), it is the first instant after the gap.
func (d Day) Start(zone *time.Location) time.Time {
	y, m, dd := d.date().Date()
	t := time.Date(y, m, dd, 0, 0, 0, 0, zone)
	// time.Date maps a missing midnight to an instant that may still lie in the day before.
	for DayOf(t, zone) < d {
		t = t.Add(15 * time.Minute)
	}
	return t
}

// End returns the first instant of the next day in zone.
func (d Day) End(zone *time.Location) time.Time { return (d + 1).Start(zone) }

func (d Day) date() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String formats the day as 2006-01-02, Month as 2006-01.
func (d Day) String() string { return d.date().Format(time.DateOnly) }

// Month formats the day's month as 2006-01, the name of a lake directory.
func (d Day) Month() string { return d.date().Format("2006-01") }

// MonthStart returns the first day of d's month.
func (d Day) MonthStart() Day {
	t := d.date()
	return d - Day(t.Day()-1)
}

// MonthEnd returns the last day of d's month.
func (d Day) MonthEnd() Day {
	t := d.date()
	return Day(time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).Unix()/86400) - 1
}

// ParseDay parses 2006-01-02.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, err
	}
	return Day(t.Unix() / 86400), nil
}

// Prop is one custom property of an event. A hit's props are sorted by key without repeats.
type Prop struct{ Key, Value string }

// Absent marks EngagedMS and ScrollDepth as not sent.
const Absent = -1

// Hit is one accepted request after enrichment: all that is ever written about it. It holds
// neither the IP address nor the raw user agent. An empty string means null in storage.
type Hit struct {
	Site SiteID
	// Journal and Seq are the hit's place: unique on the instance and dense per journal
	// (invariant 3). They are set from the frame that holds the record, not stored in it.
	Journal JournalID
	Seq     int64

	ClientID   uint64 // the sender's id of the hit, equal in every re-send; 0 = none
	TS         int64  // event time, microseconds since 1970 UTC
	ReceivedAt int64  // arrival, microseconds since 1970 UTC
	Day        Day
	Kind       Kind
	Name       string // event name, or the vital's name (LCP, ...); "" for pageviews and engagement
	Visitor    int64  // keyed hash, see Identity in the definitions
	// MidnightKey links the two sides of one midnight; 0 = null.
	MidnightKey int64

	Hostname, Path, Referrer, Source, Channel              string
	UTMSource, UTMMedium, UTMCampaign, UTMTerm, UTMContent string
	ClickID                                                string // which click id was present: gclid, msclkid, fbclid
	Country, Region, City                                  string // ISO 3166-1 alpha-2, 3166-2, name
	Browser, BrowserVersion, OS, OSVersion, Device, Screen string
	Language                                               string // BCP 47, lower case, primary language and region
	Interactive                                            bool   // events: counts against a bounce
	EngagedMS                                              int64  // engagement: visible milliseconds, or Absent
	ScrollDepth                                            int32  // engagement: maximum scroll percent 0..100, or Absent
	Props                                                  []Prop
	RevenueMilli                                           int64  // revenue in 1/1000 of Currency
	Currency                                               string // ISO 4217; "" = no revenue
	VitalMicro                                             int64  // vital: value in 1/1,000,000 of ms (CLS: of 1)
	Bot, BotName                                           string // verdict's reason and the bot's name; "" = a person
	Via                                                    Via
	Import                                                 ImportID // 0 = none
	ImportPos                                              int64    // byte offset behind the hit's line in its import
}
