package ingest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

// recorder is a real journal that remembers what was appended to it.
type recorder struct {
	*journal.Journal
	fail error // returned instead of appending

	mu      sync.Mutex // guards records
	records [][]byte
}

func (r *recorder) Append(ctx context.Context, store hitkeep.TenantID, records ...[]byte) (journal.Ack, error) {
	if r.fail != nil {
		return journal.Ack{}, r.fail
	}
	ack, err := r.Journal.Append(ctx, store, records...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range records {
		r.records = append(r.records, append([]byte(nil), b...))
	}
	return ack, err
}

func (r *recorder) hits(t testing.TB) []hitkeep.Hit {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]hitkeep.Hit, len(r.records))
	for i, b := range r.records {
		if err := out[i].DecodeRecord(b); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// directory holds the sites and tokens of a test.
type directory struct {
	sites  []*hitkeep.Site
	tokens map[string]*hitkeep.Token
}

func (d *directory) ByHost(host string) *hitkeep.Site {
	for h := host; h != ""; {
		for _, s := range d.sites {
			if s.Domain == h {
				return s
			}
			for _, o := range s.Hosts {
				if o == h {
					return s
				}
			}
		}
		_, h, _ = strings.Cut(h, ".")
	}
	return nil
}

func (d *directory) ByDomain(domain string) *hitkeep.Site {
	for _, s := range d.sites {
		if s.Domain == domain || s.ID.String() == domain {
			return s
		}
	}
	return nil
}

func (d *directory) Token(secret string) *hitkeep.Token { return d.tokens[secret] }

// clock is the time of a test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// bench is a service over a real journal and real salts, on a fixed clock.
type testbed struct {
	*Service
	journal *recorder
	clock   *clock
	dir     *directory
	mux     *http.ServeMux
}

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newTestbed(t testing.TB, change func(*Options)) *testbed {
	t.Helper()
	c := &clock{t: testNow}
	log := slog.New(slog.DiscardHandler)
	j, err := journal.Open(journal.Options{Dir: t.TempDir(), Now: c.now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	site := &hitkeep.Site{ID: 1 << 40, Tenant: 1, Domain: "example.com", Timezone: "Europe/Berlin", Hosts: []string{"example.net"}}
	other := &hitkeep.Site{ID: 1 << 41, Tenant: 2, Domain: "other.org", Timezone: "UTC", IgnoreDNT: true}
	site.LoadZone()
	other.LoadZone()
	d := &directory{sites: []*hitkeep.Site{site, other}, tokens: map[string]*hitkeep.Token{
		"write": {Tenant: 1, Scopes: []string{hitkeep.ScopeEventsWrite}},
		"read":  {Tenant: 1, Scopes: []string{hitkeep.ScopeStatsRead}},
	}}
	o := Options{Journal: &recorder{Journal: j}, Sites: d, Tokens: d, SaltDir: t.TempDir(), Now: c.now, Rand: rand.Reader, Log: log,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b := &testbed{Service: s, journal: o.Journal.(*recorder), clock: c, dir: d, mux: http.NewServeMux()}
	for _, r := range s.Routes() {
		b.mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	return b
}

const humanUA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"

// post sends a body; headers are pairs of name and value, and win over the defaults.
func (b *testbed) post(path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.7:4711"
	r.Header.Set("User-Agent", humanUA)
	r.Header.Set("Content-Type", "text/plain")
	return b.do(r, headers...)
}

func (b *testbed) do(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Remote" {
			r.RemoteAddr = headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, r)
	return w
}

// one sends a hit that must be stored and returns it.
func (b *testbed) one(t *testing.T, path, body string, headers ...string) hitkeep.Hit {
	t.Helper()
	before := len(b.journal.hits(t))
	w := b.post(path, body, headers...)
	hits := b.journal.hits(t)
	if w.Code != http.StatusAccepted || len(hits) != before+1 {
		t.Fatalf("POST %s %s: status %d %s, %d hits stored", path, body, w.Code, w.Body, len(hits)-before)
	}
	return hits[before]
}
