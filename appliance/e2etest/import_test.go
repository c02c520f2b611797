package e2etest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logLine writes one line of Apache's combined format.
func logLine(ip, at, request string, status int, agent string) string {
	return fmt.Sprintf(`%s - - [%s +0000] "%s" %d 1234 "-" "%s"`+"\n", ip, at, request, status, agent)
}

const googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

// syntheticLog has 6 pageviews of 3 people, 1 of a bot, and lines that are none.
func syntheticLog() string {
	var b strings.Builder
	for i := range 3 {
		ip := fmt.Sprintf("84.112.20.%d", i+1)
		b.WriteString(logLine(ip, fmt.Sprintf("17/May/2024:10:0%d:00", i), "GET /home HTTP/1.1", 200, Chrome))
		b.WriteString(logLine(ip, fmt.Sprintf("17/May/2024:10:0%d:01", i), "GET /style.css HTTP/1.1", 200, Chrome))
		b.WriteString(logLine(ip, fmt.Sprintf("17/May/2024:10:0%d:01", i), "GET /logo.png HTTP/1.1", 200, Chrome))
		b.WriteString(logLine(ip, fmt.Sprintf("17/May/2024:10:0%d:30", i), "GET /about?x=1 HTTP/1.1", 200, Chrome))
	}
	b.WriteString(logLine("84.112.21.1", "17/May/2024:11:00:00", "GET /home HTTP/1.1", 200, googlebot))
	b.WriteString("this is no log line\n")
	b.WriteString(logLine("84.112.21.2", "17/May/2024:11:00:00", "GET /gone HTTP/1.1", 404, Chrome))
	return b.String()
}

// TestImport: the same file adds nothing, a grown one its new lines, whether a server runs or
// not and whether or not the rows were rolled meanwhile.
func TestImport(t *testing.T) {
	b := New(t)
	const site = "log.example"
	b.AddSite(site, "Europe/Berlin")
	b.AddToken()
	file := filepath.Join(filepath.Dir(b.Dir), "access.log")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imported := func(when string, people, bots int) string {
		t.Helper()
		out := b.CLI("import", "access-log", file, "--site", site)
		// No waiting: the command returns when all hits are visible.
		p := b.Count("select count(*) as n from hits where bot is null and kind = 'pageview' and via = 'import'")
		r := b.Count("select count(*) as n from hits where bot is not null")
		if p != people || r != bots {
			t.Errorf("%s: %d pageviews of people and %d of bots, want %d and %d\n%s", when, p, r, people, bots, out)
		}
		return out
	}
	write(syntheticLog())
	out := imported("stopped", 6, 1)
	wantAll(t, "the import", out, "malformed", "line 14")
	imported("again", 6, 1)

	b.Start(nil)
	imported("again while running", 6, 1)
	b.CLI("compact", "--now")
	imported("again after the roll", 6, 1)
	more := syntheticLog() + logLine("84.112.20.1", "17/May/2024:10:10:00", "GET /more HTTP/1.1", 200, Chrome) +
		logLine("84.112.20.9", "17/May/2024:10:10:01", "GET /more HTTP/1.1", 200, Chrome)
	write(more)
	imported("grown", 8, 1)
	imported("grown, again", 8, 1)
	if n := b.Count("select count(distinct visitor_id) as n from hits where bot is null"); n < 4 {
		t.Errorf("%d visitors, want at least 4", n)
	}
	got := b.Stats(Query{Site: site, Metrics: []string{"pageviews"}, Range: []string{"2024-05-17", "2024-05-17"}})
	if len(got) != 1 || *got[0].Metrics[0] != 8 {
		t.Errorf("the day's pageviews: %s", formatRows(got))
	}
	b.Kill()
	b.Start(nil)
	imported("again after a kill", 8, 1)
	b.CLI("compact", "--now")
	imported("again after the second roll", 8, 1)
}

// TestImportOfAGrowingFile: a log is read while the web server writes its last line. The line
// counts once, when it is whole.
func TestImportOfAGrowingFile(t *testing.T) {
	b := served(t)
	file := filepath.Join(filepath.Dir(b.Dir), "access.log")
	line := func(i int) string {
		return logLine("84.112.20.1", fmt.Sprintf("17/May/2024:10:%02d:00", i), fmt.Sprintf("GET /page-%d HTTP/1.1", i), 200, Chrome)
	}
	text := line(0) + line(1) + line(2)
	for i, cut := range []int{len(line(0)) + 20, len(text) - 40, len(text) - 1, len(text)} {
		if err := os.WriteFile(file, []byte(text[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		b.CLI("import", "access-log", file, "--site", "one.example")
		if n := b.Count("select count(*) - count(distinct path) as n from hits"); n != 0 {
			t.Errorf("read %d: %d hits too many", i, n)
		}
	}
	if n := b.Count("select count(*) as n from hits"); n != 3 {
		t.Errorf("%d hits of 3 lines", n)
	}
}
