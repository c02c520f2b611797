package hitkeep

import (
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

	zone *time.Location // set by LoadZone
}

// LoadZone looks the time zone up once, so that Zone is cheap for every hit.
func (s *Site) LoadZone() { s.zone = s.Zone() }

// Zone returns the site's time zone. The name was checked when the site was made; a zone
// database that lost it gives UTC.
func (s *Site) Zone() *time.Location {
	if s.zone != nil {
		return s.zone
	}
	if z, err := time.LoadLocation(s.Timezone); err == nil {
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
