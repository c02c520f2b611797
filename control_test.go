package hitkeep

import (
	"testing"
	"time"
)

func do(t *testing.T, s *State, c Command) error {
	t.Helper()
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	d, err := DecodeCommand(b)
	if err != nil {
		t.Fatal(err)
	}
	return s.Apply(d)
}

func TestStateRules(t *testing.T) {
	s := NewState()
	owner := &User{ID: 10, Email: "o@example.com", Role: RoleOwner}
	site := &Site{ID: 20, Tenant: 1, Domain: "example.com", Timezone: "Europe/Berlin"}
	for _, c := range []Command{
		{PutUser: owner}, {PutUser: &User{ID: 11, Email: "u@example.com", Role: RoleUser}}, {PutSite: site},
		{SetMember: &Membership{User: 11, Site: 20, Role: RoleViewer}},
		{PutToken: &Token{ID: 30, Tenant: 1, Site: 20, Name: "n", Scopes: []string{ScopeSQL}}},
	} {
		if err := do(t, s, c); err != nil {
			t.Fatal(err)
		}
	}
	refused := []struct {
		name string
		c    Command
		code Code
	}{
		{"same address", Command{PutUser: &User{ID: 12, Email: "o@example.com", Role: RoleUser}}, Conflict},
		{"no address", Command{PutUser: &User{ID: 12, Email: "nobody", Role: RoleUser}}, Invalid},
		{"bad role", Command{PutUser: &User{ID: 12, Email: "x@y.z", Role: RoleViewer}}, Invalid},
		{"last owner stays", Command{DeleteUser: 10}, Conflict},
		{"last owner keeps role", Command{PutUser: &User{ID: 10, Email: "o@example.com", Role: RoleUser}}, Conflict},
		{"same domain", Command{PutSite: &Site{ID: 21, Tenant: 1, Domain: "example.com", Timezone: "UTC"}}, Conflict},
		{"bad zone", Command{PutSite: &Site{ID: 21, Tenant: 1, Domain: "b.example", Timezone: "Mars/X"}}, Invalid},
		{"another site's host", Command{PutSite: &Site{ID: 21, Tenant: 1, Domain: "b.example", Timezone: "UTC", Hosts: []string{"shop.example.com"}}}, Conflict},
		{"other team", Command{PutSite: &Site{ID: 20, Tenant: 2, Domain: "example.com", Timezone: "UTC"}}, Invalid},
		{"no scope", Command{PutToken: &Token{ID: 31, Tenant: 1, Name: "n"}}, Invalid},
		{"token for a foreign site", Command{PutToken: &Token{ID: 31, Tenant: 2, Site: 20, Name: "n", Scopes: Scopes}}, NotFound},
		{"member of nothing", Command{SetMember: &Membership{User: 11, Site: 99, Role: RoleViewer}}, NotFound},
		{"empty", Command{}, Internal},
	}
	for _, r := range refused {
		if err := do(t, s, r.c); CodeOf(err) != r.code {
			t.Errorf("%s: got %v, want code %s", r.name, err, r.code)
		}
	}
	if got := s.SiteRole(s.Users[11], 20); got != RoleViewer {
		t.Errorf("member's role is %q", got)
	}
	if got := s.SiteRole(s.Users[10], 20); got != RoleOwner {
		t.Errorf("instance owner's role is %q", got)
	}
	if err := do(t, s, Command{DeleteSite: 20}); err != nil {
		t.Fatal(err)
	}
	if len(s.Tokens) != 0 || s.SiteRole(s.Users[10], 20) != "" {
		t.Error("a deleted site keeps tokens or members")
	}
	if err := do(t, s, Command{PutSite: site}); CodeOf(err) != Conflict {
		t.Errorf("the id of a deleted site was used again: %v", err)
	}
}

func TestDayBoundaries(t *testing.T) {
	for _, c := range []struct {
		zone, day string
		start     string
		hours     float64
	}{
		{"Europe/Berlin", "2026-11-23", "2026-11-22T23:00:00Z", 24},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25},
		{"Asia/Kathmandu", "2026-11-23", "2026-11-22T18:15:00Z", 24},
		// Beirut changes its clock at midnight: the day begins at 01:00.
		{"Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z", 23},
		{"America/Los_Angeles", "2026-11-01", "2026-11-01T07:00:00Z", 25},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDay(c.day)
		if err != nil {
			t.Fatal(err)
		}
		start, end := d.Start(zone), d.End(zone)
		if got := start.UTC().Format(time.RFC3339); got != c.start {
			t.Errorf("%s %s starts %s, want %s", c.zone, c.day, got, c.start)
		}
		if h := end.Sub(start).Hours(); h != c.hours {
			t.Errorf("%s %s has %v hours, want %v", c.zone, c.day, h, c.hours)
		}
		if DayOf(start, zone) != d || DayOf(end.Add(-1), zone) != d {
			t.Errorf("%s %s: its first or last instant is of another day", c.zone, c.day)
		}
	}
}

func TestCheckDomain(t *testing.T) {
	for in, want := range map[string]string{
		"example.com": "example.com", " https://www.Example.com/a?b ": "example.com",
		"EXAMPLE.com.": "example.com", "localhost": "localhost", "example.com:8080": "example.com",
		"bücher.example": "bücher.example", "": "", "a b": "", "-a.com": "", "a..b": "", "<x>": "",
	} {
		got, err := CheckDomain(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("CheckDomain(%q) = %q, %v", in, got, err)
		}
	}
}

func TestRezoneBeginsAtTheNextMidnight(t *testing.T) {
	s := &Site{Timezone: "Europe/Berlin"}
	noon := time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)
	midnight := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)
	s.Rezone("America/New_York", noon)
	for _, c := range []struct {
		at   time.Time
		want string
	}{{noon, "Europe/Berlin"}, {midnight.Add(-1), "Europe/Berlin"}, {midnight, "America/New_York"}} {
		if got := s.ZoneAt(c.at).String(); got != c.want {
			t.Errorf("at %s the zone is %s, want %s", c.at, got, c.want)
		}
	}
	s.Rezone("Asia/Tokyo", noon.Add(time.Hour))
	if len(s.FormerZones) != 1 || s.ZoneAt(noon).String() != "Europe/Berlin" || s.ZoneAt(midnight).String() != "Asia/Tokyo" {
		t.Errorf("a second change on the same day: %+v", s)
	}
	s.Rezone("Europe/Berlin", noon.Add(2*time.Hour))
	if len(s.FormerZones) != 0 || s.ZoneAt(midnight).String() != "Europe/Berlin" {
		t.Errorf("changed back on the same day: %+v", s)
	}
}
