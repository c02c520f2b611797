package ingest

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

// visit stores a pageview of the test's visitor at an instant, through the server API, and
// returns it.
func (b *testbed) visit(t *testing.T, site, at string) hitkeep.Hit {
	t.Helper()
	return b.one(t, "/api/ingest/server/pageview",
		`{"url":"https://`+site+`/","timestamp":"`+at+`","visitor_ip":"203.0.113.7","user_agent":"x"}`, "Authorization", "Bearer write")
}

func TestVisitorIDs(t *testing.T) {
	b := newTestbed(t, nil)
	zone := b.dir.sites[0].Zone()
	id := func(p person, ts time.Time) int64 {
		h := hitkeep.Hit{Site: p.site, TS: ts.UnixMicro()}
		if _, err := b.identify(&h, &p, zone); err != nil {
			t.Fatal(err)
		}
		return h.Visitor
	}
	base := person{site: 5, addr: netip.MustParseAddr("203.0.113.7"), agent: "ua", domain: "example.com"}
	same := id(base, testNow)
	if id(base, testNow.Add(time.Hour)) != same {
		t.Error("one visitor has two ids on one day")
	}
	for name, change := range map[string]func(*person){
		"site": func(p *person) { p.site = 6 }, "address": func(p *person) { p.addr = netip.MustParseAddr("203.0.113.8") },
		"agent": func(p *person) { p.agent = "ua2" }, "domain": func(p *person) { p.domain = "example.org" },
		"boundary": func(p *person) { p.agent, p.domain = "uaexample", ".com" },
	} {
		p := base
		change(&p)
		if id(p, testNow) == same {
			t.Errorf("another %s has the same id", name)
		}
	}
	if id(base, testNow.AddDate(0, 0, -1)) == same {
		t.Error("the id is the same on another day")
	}
}

// TestMidnightKey walks around the midnight of Berlin between the 22nd and 23rd (23:00 UTC).
func TestMidnightKey(t *testing.T) {
	b := newTestbed(t, nil)
	key := func(at string) int64 { return b.visit(t, "example.com", at).MidnightKey }
	eve := key("2026-11-22T22:30:00Z") // 1800 s before
	if eve == 0 {
		t.Fatal("no midnight key in the last 1800 s of the day")
	}
	for at, linked := range map[string]bool{
		"2026-11-22T22:29:59.999999Z": false, "2026-11-22T22:59:59Z": true, "2026-11-22T23:00:00Z": true,
		"2026-11-22T23:29:59.999999Z": true, "2026-11-22T23:30:00Z": false,
	} {
		if got := key(at); linked && got != eve || !linked && got != 0 {
			t.Errorf("%s: key %d, linked with %d should be %v", at, got, eve, linked)
		}
	}
	if next := key("2026-11-23T11:00:00Z"); next != 0 {
		t.Error("a key at noon")
	}
	a, c := b.visit(t, "example.com", "2026-11-22T22:59:59Z"), b.visit(t, "example.com", "2026-11-22T23:00:00Z")
	if a.Visitor == c.Visitor || a.Day+1 != c.Day {
		t.Errorf("midnight of the site's zone: days %v %v", a.Day, c.Day)
	}
}

func newSalts(t *testing.T, dir string, c *clock) *Salts {
	t.Helper()
	b := newTestbed(t, func(o *Options) { o.SaltDir, o.Now = dir, c.now })
	return b.Salts()
}

func TestSaltLife(t *testing.T) {
	dir, c := t.TempDir(), &clock{t: testNow}
	berlin := mustZone(t, "Europe/Berlin")
	s := newSalts(t, dir, c)
	day := hitkeep.DayOf(testNow, berlin)
	today := mustSalt(t, s, berlin, day)
	kiritimati := mustZone(t, "Pacific/Kiritimati")
	if other := mustSalt(t, s, kiritimati, day); other.k0 == today.k0 {
		t.Error("two zones share a salt")
	}
	info, err := os.Stat(filepath.Join(dir, day.String()+".Europe~Berlin.salt"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != saltFileSize {
		t.Fatalf("salt file: %v %v", info, err)
	}
	// A new start finds it again.
	s = newSalts(t, dir, c)
	if again := mustSalt(t, s, berlin, day); again.k0 != today.k0 || again.k1 != today.k1 || again.Late {
		t.Error("the salt changed over a restart")
	}
	for _, step := range []struct {
		at   time.Time
		live bool
	}{
		{day.End(berlin).Add(time.Second), true},
		{(day + 2).Start(berlin).Add(-time.Second), true},
		{(day + 2).Start(berlin), false},
	} {
		c.set(step.at)
		if err := s.Rotate(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, day.String()+".Europe~Berlin.salt")); (err == nil) != step.live {
			t.Errorf("%s: %v, live should be %v", step.at, err, step.live)
		}
	}
	// Made again, it is another one, says so, and lives 24 h.
	late := mustSalt(t, s, berlin, day)
	if !late.Late || late.k0 == today.k0 {
		t.Error("a destroyed salt came back")
	}
	c.set(c.now().Add(saltLife - time.Second))
	mustRotate(t, s)
	if mustSalt(t, s, berlin, day).k0 != late.k0 {
		t.Error("a late salt lived less than 24 h")
	}
	c.set(c.now().Add(time.Second))
	mustRotate(t, s)
	if mustSalt(t, s, berlin, day).k0 == late.k0 {
		t.Error("a late salt outlived 24 h")
	}
}

// TestImportSalts: what an import had made goes at its end, but not while another one uses it.
func TestImportSalts(t *testing.T) {
	dir, c := t.TempDir(), &clock{t: testNow}
	utc := time.UTC
	s := newSalts(t, dir, c)
	past, today := hitkeep.Day(16000), hitkeep.DayOf(testNow, utc)
	first := mustImportSalt(t, s, utc, past, 1)
	mustImportSalt(t, s, utc, today, 1)
	mustImportSalt(t, s, utc, past, 2)
	if err := s.EndImport(1); err != nil {
		t.Fatal(err)
	}
	if mustImportSalt(t, s, utc, past, 2).k0 != first.k0 {
		t.Error("the end of an import took another one's salt")
	}
	c.set(testNow.Add(30 * time.Hour)) // older than a salt's life, but in use
	mustRotate(t, s)
	if mustImportSalt(t, s, utc, past, 2).k0 != first.k0 {
		t.Error("a running import's salt was destroyed")
	}
	s.release(2)
	mustRotate(t, s)
	if mustImportSalt(t, s, utc, past, 3).k0 == first.k0 {
		t.Error("the salt outlived its imports")
	}
	if err := s.EndImport(3); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, past.String()+"*"))
	if len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

// TestSaltCrash kills the making of a salt at each step: no start fails, and no half salt is used.
func TestSaltCrash(t *testing.T) {
	for _, point := range []string{"salt.written", "salt.renamed"} {
		dir, c := t.TempDir(), &clock{t: testNow}
		func() {
			defer func() { _ = recover() }()
			s := newTestbed(t, func(o *Options) {
				o.SaltDir, o.At = dir, func(p string) {
					if p == point {
						panic(p)
					}
				}
			}).Salts()
			s.mint(saltKey{"UTC", 1}, time.UTC, 0)
			t.Errorf("%s was not reached", point)
		}()
		s := newSalts(t, dir, c)
		mustSalt(t, s, time.UTC, 1)
		if names, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(names) != 0 {
			t.Errorf("%s: left behind %v", point, names)
		}
	}
}

// TestClockStep: after a jump of the wall clock nothing is destroyed for an hour.
func TestClockStep(t *testing.T) {
	dir := t.TempDir()
	start := testNow
	c := &clock{t: start}
	s := newSalts(t, dir, c)
	day := hitkeep.DayOf(start, time.UTC)
	mustSalt(t, s, time.UTC, day)
	jumped := start.Add(72 * time.Hour)
	c.set(jumped)
	if !s.stepped(jumped.Sub(start), time.Minute) || s.stepped(time.Minute, time.Minute) {
		t.Fatal("a step of 72 h within a minute is not seen, or none is")
	}
	s.holdsUntil = jumped.Add(steadyTime)
	mustRotate(t, s)
	if len(s.live) != 1 {
		t.Fatal("a salt was destroyed right after a clock step")
	}
	c.set(jumped.Add(steadyTime))
	mustRotate(t, s)
	if len(s.live) != 0 {
		t.Error("the salt outlived the steady hour")
	}
}

func TestBrokenSaltFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"2026-11-23.Europe~Berlin.salt", "2026-11-23.Europe~Berlin.salt.tmp", "junk"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("x", 20)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newSalts(t, dir, &clock{t: testNow})
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("broken files stay: %v", names)
	}
	mustSalt(t, s, mustZone(t, "Europe/Berlin"), hitkeep.DayOf(testNow, time.UTC))
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func mustSalt(t *testing.T, s *Salts, z *time.Location, d hitkeep.Day) *Salt {
	return mustImportSalt(t, s, z, d, 0)
}

func mustImportSalt(t *testing.T, s *Salts, z *time.Location, d hitkeep.Day, imp hitkeep.ImportID) *Salt {
	t.Helper()
	salt, err := s.forImport(z, d, imp)
	if err != nil {
		t.Fatal(err)
	}
	return salt
}

func mustRotate(t *testing.T, s *Salts) {
	t.Helper()
	if err := s.Rotate(); err != nil {
		t.Fatal(err)
	}
}
