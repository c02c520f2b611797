package e2etest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func wantAll(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s does not say %q:\n%s", what, p, tail(text, 1500))
		}
	}
}

// served is a running box with a token and one site.
func served(t *testing.T, env ...string) *Box {
	t.Helper()
	b := New(t)
	b.Start(env)
	b.AddToken()
	b.AddSite("one.example", "Europe/Berlin")
	return b
}

func TestSecondProcessIsRefused(t *testing.T) {
	b := served(t)
	r := b.Run("serve", "--listen", FreeAddr(t))
	if r.Code != 1 {
		t.Errorf("exit status %d, want 1", r.Code)
	}
	wantAll(t, "the refusal", r.Stderr, fmt.Sprint(b.Pid()), b.Dir)
	if a := b.Do("GET", "/readyz", nil); a.Status != 200 {
		t.Errorf("the first process answers %d after that", a.Status)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := New(t)
	r := b.Run("serve", "--listen", l.Addr().String())
	if r.Code != 1 {
		t.Errorf("exit status %d, want 1", r.Code)
	}
	wantAll(t, "the refusal", r.Stderr, l.Addr().String())
	b.Start(nil) // the attempt left nothing behind that prevents a start
	b.Stop()
}

func TestUnknownConfigurationKey(t *testing.T) {
	b := New(t)
	file := filepath.Join(filepath.Dir(b.Dir), "hitkeep.toml")
	if err := os.WriteFile(file, []byte("trusted_proxy = [\"10.0.0.1/32\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		says []string
	}{
		{"file", nil, []string{"serve", "--config", file}, []string{"trusted_proxy", "trusted_proxies", file}},
		{"environment", []string{"HITKEEP_TRUSTED_PROXY=10.0.0.1/32"}, []string{"serve"}, []string{"trusted_proxies", "HITKEEP_TRUSTED_PROXY"}},
		{"flag", nil, []string{"serve", "--trusted-proxy", "10.0.0.1/32"}, []string{"trusted-prox", "trusted-proxies"}},
		{"bad value", nil, []string{"serve", "--roll-lateness", "soon"}, []string{"roll_lateness", "soon", "15m"}},
		{"no such file", nil, []string{"serve", "--config", file + ".none"}, []string{file + ".none"}},
		{"other command", []string{"HITKEEP_LISTN=:1"}, []string{"site", "list"}, []string{"listen"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := b.RunWith(c.env, append(c.args, "--data-dir", b.Dir, "--json")...)
			if c.args[0] == "serve" {
				r = b.RunWith(c.env, append(c.args, "--data-dir", b.Dir, "--listen", b.Addr)...)
			}
			if r.Code == 0 {
				t.Error("was taken")
			}
			wantAll(t, "the refusal", r.Stderr, c.says...)
			if _, err := os.Stat(b.Dir); err == nil {
				t.Error("a refused start made the data directory")
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	b := served(t)
	big := `{"d":"one.example","url":"https://one.example/` + strings.Repeat("x", 70_000) + `"}`
	for _, c := range []struct {
		name, path, body string
		auth             bool
		status           int
		says             []string
	}{
		{"body too large", "/ingest", big, false, 413, []string{`"error"`}},
		{"batch too large", "/api/ingest/batch", strings.Repeat(" ", 11<<20), true, 413, []string{`"error"`}},
		{"malformed JSON", "/ingest", `{"d":"one.example",,"url":"https://one.example/"}`, false, 400, []string{`"error"`, "byte 20"}},
		{"cut JSON", "/ingest", `{"d":"one.example"`, false, 400, []string{`"error"`}},
		{"not JSON", "/ingest", `hello`, false, 400, []string{`"error"`}},
		{"no site", "/ingest", `{"path":"/x"}`, false, 400, []string{`"d"`}},
		{"event without a name", "/ingest/event", `{"d":"one.example","url":"https://one.example/"}`, false, 400, []string{`"n`}},
		{"batch of nonsense", "/api/ingest/batch", "hello\nthere\n", true, 400, []string{`"error"`}},
		{"batch without a token", "/api/ingest/batch", `{}`, false, 401, []string{`"error"`}},
		{"query without a token", "/api/v2/query", `{}`, false, 401, []string{`"error"`}},
		{"query: unknown metric", "/api/v2/query", `{"site_id":"one.example","metrics":["vistors"],"date_range":"7d"}`, true, 400, []string{"metrics", "vistors"}},
		{"query: unknown dimension", "/api/v2/query", `{"site_id":"one.example","metrics":["visitors"],"date_range":"7d","dimensions":["visit:colour"]}`, true, 400, []string{"dimensions", "visit:colour"}},
		{"query: bad range", "/api/v2/query", `{"site_id":"one.example","metrics":["visitors"],"date_range":["2026-02-30","2026-03-01"]}`, true, 400, []string{"date_range"}},
		{"query: unknown site", "/api/v2/query", `{"site_id":"none.example","metrics":["visitors"],"date_range":"7d"}`, true, 404, []string{`"error"`}},
		{"query: quotes in a filter", "/api/v2/query", `{"site_id":"one.example","metrics":["visitors"],"date_range":"7d","filters":[["is","event:page",["'; drop table hot; --"]]]}`, true, 200, []string{`"results"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			if c.auth {
				headers = append(headers, b.Auth())
			}
			a := b.Post(c.path, c.body, headers...)
			if a.Status != c.status {
				t.Errorf("status %d, want %d: %s", a.Status, c.status, tail(a.Body, 300))
			}
			wantAll(t, "the answer", a.Body, c.says...)
			var parsed any
			if err := json.Unmarshal([]byte(a.Body), &parsed); err != nil {
				t.Errorf("the answer is not JSON: %v", err)
			}
		})
	}
	if n := b.Count("select count(*) as n from hits"); n != 0 {
		t.Errorf("%d hits were stored of bad requests", n)
	}
}

func TestIgnoredHits(t *testing.T) {
	b := served(t)
	for _, c := range []struct {
		name, body, reason string
		headers            []string
	}{
		{"unknown site", `{"d":"nobody.example","url":"https://nobody.example/"}`, "unknown_site", nil},
		{"do not track", `{"d":"one.example","url":"https://one.example/"}`, "dnt", []string{"DNT: 1"}},
		{"global privacy control", `{"d":"one.example","url":"https://one.example/"}`, "dnt", []string{"Sec-GPC: 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := b.Post("/ingest", c.body, append(c.headers, "Origin: https://one.example")...)
			if a.Status != 202 || a.Header.Get("X-HitKeep-Ignored") != c.reason {
				t.Errorf("status %d, X-HitKeep-Ignored %q, want 202 and %q: %s", a.Status, a.Header.Get("X-HitKeep-Ignored"), c.reason, a.Body)
			}
			wantAll(t, "Access-Control-Expose-Headers", a.Header.Get("Access-Control-Expose-Headers"), "X-HitKeep-Ignored")
			if got := a.Header.Get("Access-Control-Allow-Origin"); got != "*" {
				t.Errorf("Access-Control-Allow-Origin %q", got)
			}
		})
	}
	if a := b.Post("/ingest", `{"d":"one.example","url":"https://one.example/yes"}`); a.Status != 202 || a.Header.Get("X-HitKeep-Ignored") != "" {
		t.Errorf("a good hit: %d %v", a.Status, a.Header)
	}
	b.WaitHits(1)
}

// TestTermUnderLoad: SIGTERM drains. What was answered 202 is stored, exactly once.
func TestTermUnderLoad(t *testing.T) {
	b := served(t)
	load := NewLoad(b, "one.example", rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 5)))
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			load.Run(ctx, 8)
			close(ended)
		}()
		goal := load.Acked() + 300
		Eventually(t, func() bool { return load.Acked() >= goal }, func() string { return fmt.Sprintf("%d of %d hits acknowledged", load.Acked(), goal) })
		b.Stop()
		cancel()
		<-ended
		if v := load.Check(t, 0); !v.Good() {
			t.Errorf("after SIGTERM: %s", v)
		}
		b.Start(nil)
		if v := load.Check(t, Patience/4); !v.Good() {
			t.Errorf("after the next start: %s", v)
		}
	}
	for _, s := range load.Strange {
		t.Errorf("strange answer: %s", s)
	}
}

// TestUntrustedForwarded: without trusted proxies the log names the line to add, once.
func TestUntrustedForwarded(t *testing.T) {
	b := served(t)
	for i := range 3 {
		a := b.Post("/ingest", fmt.Sprintf(`{"d":"one.example","url":"https://one.example/%d"}`, i), fmt.Sprintf("X-Forwarded-For: 84.112.7.%d", i+1))
		if a.Status != 202 {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
	}
	b.WaitHits(3)
	const line = `trusted_proxies = ["127.0.0.1/32"]`
	plain := strings.ReplaceAll(b.Log(), `\"`, `"`)
	if n := strings.Count(plain, line); n != 1 {
		t.Errorf("the log says %d times %s:\n%s", n, line, tail(plain, 3000))
	}
	if n := b.Count("select count(distinct visitor_id) as n from hits"); n != 1 {
		t.Errorf("%d visitors: a forwarded address was believed", n)
	}
	if strings.Contains(plain, "84.112.7.") {
		t.Error("the log holds a visitor's address")
	}
	b.Stop()
	b.Start(nil, "--trusted-proxies", "127.0.0.1/32")
	for i := range 3 {
		b.Post("/ingest", fmt.Sprintf(`{"d":"one.example","url":"https://one.example/t%d"}`, i), fmt.Sprintf("X-Forwarded-For: 84.112.7.%d", i+1))
	}
	b.WaitHits(6)
	if n := b.Count("select count(distinct visitor_id) as n from hits"); n != 4 {
		t.Errorf("%d visitors, want 4: the first one and three behind the trusted proxy", n)
	}
}

// TestNothingPersonalOnDisk: neither address nor user agent is in any file (invariant 15).
func TestNothingPersonalOnDisk(t *testing.T) {
	b := served(t, "HITKEEP_LOG_LEVEL=debug")
	const ip, agent = "84.112.99.123", "Mozilla/5.0 (X11; Linux x86_64; Zebrafink) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	b.Post("/ingest", `{"d":"one.example","url":"https://one.example/now"}`, "User-Agent: "+agent, "X-Forwarded-For: "+ip)
	for d := range 3 {
		h := view(daysAgo(d+1, "12:00:00"), "https://one.example/then")
		h.VisitorIP, h.UserAgent, h.Domain = ip, agent, "one.example"
		b.Send(h)
	}
	b.WaitHits(4)
	b.CLI("compact", "--now")
	b.Stop()
	files := 0
	err := filepath.Walk(filepath.Dir(b.Dir), func(p string, st os.FileInfo, err error) error {
		if err != nil || !st.Mode().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(p)
		for _, s := range []string{ip, "Zebrafink"} {
			if strings.Contains(string(text), s) {
				t.Errorf("%s holds %q", p, s)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("looked into %d files: %v", files, err)
	}
}

// TestDeepDirectory: a data directory whose socket path would not fit works all the same.
func TestDeepDirectory(t *testing.T) {
	b := New(t)
	b.Dir = filepath.Join(filepath.Dir(b.Dir), strings.Repeat("deep-", 24), "data")
	b.Start(nil)
	b.AddSite("deep.example", "UTC")
	if out := b.CLI("site", "list", "--json"); !strings.Contains(out, "deep.example") {
		t.Errorf("site list: %s", out)
	}
	b.Stop()
}
