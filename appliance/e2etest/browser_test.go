package e2etest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFromPageToNumber goes the whole way: a page with the snippet in a real Chromium, ingest,
// journal, queue, hot table, a query; then a roll, and the same numbers out of Parquet. The
// page shows three addresses, as an application with its own router does, and sends an event.
func TestFromPageToNumber(t *testing.T) {
	b := New(t)
	b.Start(nil)
	b.AddToken()
	b.AddSite("shop.test", "Europe/Berlin")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>shop</title><script defer src="%s/hk.js"></script>
			<script>addEventListener('load', () => {
				window.hk = window.hk || function () { (hk.q = hk.q || []).push(arguments) };
				hk('event', 'signup', { props: { plan: 'team' } });
				history.pushState({}, '', '/two'); history.pushState({}, '', '/three');
			})</script><p>hello`, b.URL)
	}))
	defer page.Close()
	u, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	stop := browse(t, fmt.Sprintf("http://shop.test:%s/one?utm_source=list-one&utm_medium=email", u.Port()))
	defer stop()

	today := time.Now().In(berlin).Format(time.DateOnly)
	yesterday := time.Now().In(berlin).AddDate(0, 0, -1).Format(time.DateOnly) // midnight may pass
	ask := func(dimensions ...string) string {
		return formatRows(b.Stats(Query{Site: "shop.test", Metrics: []string{"pageviews", "visits", "visitors"},
			Range: []string{yesterday, today}, Dimensions: dimensions}))
	}
	const total = `[] [3 1 1]`
	Eventually(t, func() bool { return ask() == total }, func() string { return "three pageviews; got " + ask() + "\n" + b.Log() })
	stop()
	pages, sources := ask("event:page"), ask("visit:source")
	for _, p := range []string{"/one", "/two", "/three"} {
		if !strings.Contains(pages, fmt.Sprintf(`["%s"] [1 1 1]`, p)) {
			t.Errorf("pages: %s", pages)
		}
	}
	if sources != `["list-one"] [3 1 1]` {
		t.Errorf("sources: %s", sources)
	}
	if n := b.Count("select count(*) as n from hits where kind = 'event' and name = 'signup' and props['plan'] = 'team' and bot is null"); n != 1 {
		t.Errorf("%d signups", n)
	}
	if rows := b.SQL("select distinct browser, via, bot from hits where kind = 'pageview'"); len(rows) != 1 || rows[0]["browser"] != "Chrome" || rows[0]["via"] != "snippet" {
		t.Errorf("the hits: %v", rows)
	}
	b.Kill() // and what was shown is there after a kill
	b.Start(nil)
	if got := ask("event:page"); got != pages {
		t.Errorf("after a kill: %s\nbefore: %s", got, pages)
	}
}

// browse opens an address in Chromium; names under .test lead to this machine. The user agent
// is a person's, because the headless one is a bot's.
func browse(t *testing.T, address string) (stop func()) {
	t.Helper()
	binary := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if binary == "" {
			binary, _ = exec.LookPath(name)
		}
	}
	if binary == "" {
		t.Fatal("there is no Chromium: make test installs it, or set CHROMIUM")
	}
	profile, err := os.MkdirTemp("", "hk-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
		"--disable-dev-shm-usage", "--user-data-dir="+profile, "--user-agent="+Chrome, "--host-resolver-rules=MAP *.test 127.0.0.1", address)
	// A group of its own, so that its children end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	return func() {
		if done {
			return
		}
		done = true
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		// Its children may still be writing for a moment.
		Eventually(t, func() bool { return os.RemoveAll(profile) == nil }, func() string { return "remove " + profile })
	}
}
