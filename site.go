package hitkeep

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Site is one website of a tenant. Times are UTC.
type Site struct {
	ID        SiteID    `json:"id"`
	Tenant    TenantID  `json:"team"`
	Domain    string    `json:"domain"` // lower case, without www.
	Timezone  string    `json:"timezone"`
	CreatedAt time.Time `json:"created_at"`
	// IgnoreDNT counts visitors that send DNT or GPC too. False is the default: they are honoured.
	IgnoreDNT bool `json:"ignore_dnt,omitempty"`
	// Hosts lists further host names whose hits belong to the site; subdomains of Domain always do.
	Hosts []string `json:"hosts,omitempty"`
	// FormerZones are the time zones before Timezone, ascending. The last one may still hold.
	FormerZones []ZoneSpan `json:"former_zones,omitempty"`

	zone *time.Location // set by LoadZone
}

// ZoneSpan is a time zone that a site had until a moment.
type ZoneSpan struct {
	Timezone string    `json:"timezone"`
	Until    time.Time `json:"until"`

	zone *time.Location // set by LoadZone
}

// LoadZone looks the time zones up once, so that Zone and ZoneAt are cheap for every hit.
func (s *Site) LoadZone() {
	s.zone = s.Zone()
	for i := range s.FormerZones {
		s.FormerZones[i].zone = loadZone(s.FormerZones[i].Timezone)
	}
}

// Rezone gives the site another time zone from the next local midnight on: the visitor ids of
// a day are all made in one zone.
func (s *Site) Rezone(name string, now time.Time) {
	if name == s.Timezone {
		return
	}
	spans := slices.Clone(s.FormerZones)
	if n := len(spans); n > 0 && now.Before(spans[n-1].Until) {
		// The change before has not begun yet: this one takes its place.
		if spans[n-1].Timezone == name {
			spans = spans[:n-1]
		}
	} else {
		zone := s.Zone()
		spans = append(spans, ZoneSpan{Timezone: s.Timezone, Until: DayOf(now, zone).End(zone).UTC()})
	}
	s.Timezone, s.FormerZones = name, spans
	s.zone = nil
	s.LoadZone()
}

// ZoneAt returns the zone in which a hit's day is counted.
func (s *Site) ZoneAt(t time.Time) *time.Location {
	for i := range s.FormerZones {
		if span := &s.FormerZones[i]; t.Before(span.Until) {
			if span.zone != nil {
				return span.zone
			}
			return loadZone(span.Timezone)
		}
	}
	return s.Zone()
}

// Zone returns the site's time zone, the latest one: that of reports. The name was checked when the site was made; a zone
// database that lost it gives UTC.
func (s *Site) Zone() *time.Location {
	if s.zone != nil {
		return s.zone
	}
	return loadZone(s.Timezone)
}

func loadZone(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil {
		return z
	}
	return time.UTC
}

// Allows reports whether a page on host may send hits of the site: the domain itself, its
// subdomains, and the listed further hosts with theirs.
func (s *Site) Allows(host string) bool {
	if under(host, s.Domain) {
		return true
	}
	for _, h := range s.Hosts {
		if under(host, h) {
			return true
		}
	}
	return false
}

func under(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// FoldHost lower-cases a host name and takes off its port, a leading "www." and a final dot.
func FoldHost(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.TrimPrefix(strings.TrimSuffix(host, "."), "www.")
}

// CheckDomain folds a site's domain as people type it (a pasted URL is fine) and says what is
// wrong with it.
func CheckDomain(in string) (string, error) {
	s := strings.TrimSpace(in)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	s = FoldHost(s)
	if s == "" || len(s) > 253 {
		return "", BadField("domain", "%q is not a domain; give a host name such as example.com", in)
	}
	for _, label := range strings.Split(s, ".") {
		if !goodLabel(label) {
			return "", BadField("domain", "%q is not a domain; give a host name such as example.com", in)
		}
	}
	return s, nil
}

func goodLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for _, r := range l {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// CheckZone says whether name is an IANA time zone.
func CheckZone(name string) error {
	if name == "" || name == "Local" {
		return BadField("timezone", "is missing; give an IANA name such as Europe/Berlin")
	}
	if _, err := time.LoadLocation(name); err != nil {
		return BadField("timezone", "%q is not an IANA time zone such as Europe/Berlin", name)
	}
	return nil
}
