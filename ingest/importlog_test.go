package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

func logEntry(request string, status int) string {
	return fmt.Sprintf(`198.51.100.1 - - [17/May/2015:10:05:03 +0200] "%s" %d 5 "-" "%s"`, request, status, humanUA)
}

func TestLogLines(t *testing.T) {
	at := time.Date(2015, 5, 17, 8, 5, 3, 0, time.UTC)
	for name, c := range map[string]struct {
		line                                 string
		client, target, referer, agent, host string
	}{
		"combined":  {`1.2.3.4 - bob [17/May/2015:10:05:03 +0200] "GET /a?b=c HTTP/1.1" 200 5 "http://r.test/" "UA (x)"`, "1.2.3.4", "/a?b=c", "http://r.test/", "UA (x)", ""},
		"extra":     {`1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET /a HTTP/2.0" 200 5 "-" "UA" "-" 0.003`, "1.2.3.4", "/a", "", "UA", ""},
		"common":    {`2001:db8::1 - - [17/May/2015:10:05:03 +0200] "GET /a HTTP/1.0" 200 -`, "2001:db8::1", "/a", "", "", ""},
		"vhost":     {`www.example.com:443 1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET /a HTTP/1.1" 200 5 "-" "UA"`, "1.2.3.4", "/a", "", "UA", "example.com"},
		"escapes":   {`1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET /\"a\x5C HTTP/1.1" 200 5 "-" "U\"A\\"`, "1.2.3.4", `/"a\`, "", `U"A\`, ""},
		"host name": {`client.test - - [17/May/2015:10:05:03 +0200] "GET /a b HTTP/1.1" 200 5 "-" "UA"`, "client.test", "/a b", "", "UA", ""},
		"http 0.9":  {`1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET /a" 200 5 "-" "-"`, "1.2.3.4", "/a", "", "", ""},
		"caddy": {`{"level":"info","ts":1431849903.0,"request":{"remote_ip":"9.9.9.9","client_ip":"1.2.3.4","method":"GET","host":"example.com","uri":"/a?b=c","headers":{"User-Agent":["UA"],"Referer":["http://r.test/"]}},"status":200}`,
			"1.2.3.4", "/a?b=c", "http://r.test/", "UA", "example.com"},
		"nginx json": {`{"time_iso8601":"2015-05-17T10:05:03+02:00","remote_addr":"1.2.3.4","request":"GET /a HTTP/1.1","status":"200","http_referer":"-","http_user_agent":"UA","host":"example.com"}`,
			"1.2.3.4", "/a", "", "UA", "example.com"},
		"traefik": {`{"ClientHost":"1.2.3.4","RequestMethod":"GET","RequestPath":"/a","RequestHost":"example.com","DownstreamStatus":200,"StartUTC":"2015-05-17T08:05:03Z","request_User-Agent":"UA"}`,
			"1.2.3.4", "/a", "", "UA", "example.com"},
	} {
		l, err := parseLogLine(c.line)
		client := l.client
		if l.addr.IsValid() {
			client = l.addr.String()
		}
		if err != nil || !l.at.Equal(at) || client != c.client || l.target != c.target || l.referer != c.referer || l.agent != c.agent || l.host != c.host || l.method != "GET" || l.status != 200 {
			t.Errorf("%s: %v %+v", name, err, l)
		}
	}
	for line, want := range map[string]error{
		"":      errLogFields,
		"hello": errLogFields,
		`1.2.3.4 - - [yesterday] "GET / HTTP/1.1" 200 5`:                     errLogTime,
		`1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1`:           errLogQuote,
		`1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1" ok 5`:     errLogStatus,
		`1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1" 200 5 "a`: errLogQuote,
		`{"status":200}`: errLogJSON,
		`{`:              errLogJSON,
		`{"remote_addr":"1.2.3.4","request_uri":"/","status":200}`: errLogTime,
	} {
		if _, err := parseLogLine(line); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", line, err, want)
		}
	}
}

func TestImportLog(t *testing.T) {
	b := newTestbed(t, nil)
	lines := []string{
		logEntry("GET /a?utm_source=x HTTP/1.1", 200), logEntry("GET /b HTTP/1.1", 304), "", "nonsense",
		logEntry("POST /c HTTP/1.1", 200), logEntry("HEAD /c HTTP/1.1", 404), logEntry("GET /c HTTP/1.1", 301), logEntry("GET /c HTTP/1.1", 404),
		logEntry("GET /style.css?v=1 HTTP/1.1", 200), logEntry("GET /IMG.PNG HTTP/1.1", 200), logEntry("GET /robots.txt HTTP/1.1", 200), logEntry("GET /favicon.ico HTTP/1.1", 200),
		"other.test:80 " + logEntry("GET /v HTTP/1.1", 200), "shop.example.com:80 " + logEntry("GET /v HTTP/1.1", 200),
		strings.ReplaceAll(logEntry("GET /d.html HTTP/1.1", 200), humanUA, "Googlebot/2.1"),
		strings.Replace(logEntry("GET /x HTTP/1.1", 200), "2015", "2999", 1),
		logEntry("GET /"+strings.Repeat("x", maxLogLine)+" HTTP/1.1", 200),
		logEntry("GET http://www.example.com/e HTTP/1.1", 200) + "\r",
		logEntry("GET /last HTTP/1.1", 200), // without a line end
	}
	text := strings.Join(lines, "\n")
	p, err := b.ImportLog(t.Context(), ImportRequest{Site: b.dir.sites[0], Import: 9}, strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Lines != int64(len(lines)) || p.Pos != int64(len(text)) || p.Blank != 1 || p.BadLines != 3 || p.OtherMethod != 2 || p.OtherStatus != 2 || p.OtherHost != 1 || p.Assets != 4 || p.Hits != 6 || p.Bots != 1 {
		t.Errorf("%+v", p)
	}
	if sum := p.Skipped + p.Blank + p.BadLines + p.OtherMethod + p.OtherStatus + p.OtherHost + p.Assets + p.Hits; sum != p.Lines {
		t.Errorf("%d lines are counted %d times", p.Lines, sum)
	}
	if got := fmt.Sprint(p.Malformed[0].Line, p.Malformed[1].Line, p.Malformed[2].Line); got != "4 16 17" {
		t.Errorf("malformed lines %s", got)
	}
	hits := b.journal.hits(t)
	var paths []string
	for _, h := range hits {
		paths = append(paths, h.Hostname+h.Path)
		if h.Via != hitkeep.ViaImport || h.Import != 9 || h.Day.String() != "2015-05-17" || h.TS != time.Date(2015, 5, 17, 8, 5, 3, 0, time.UTC).UnixMicro() {
			t.Errorf("%+v", h)
		}
		if line := text[:h.ImportPos]; h.Path != "/last" && !strings.HasSuffix(line, "\n") {
			t.Errorf("position %d of %s is not behind a line", h.ImportPos, h.Path)
		}
	}
	if got := strings.Join(paths, " "); got != "example.com/a example.com/b shop.example.com/v example.com/d.html example.com/e example.com/last" {
		t.Errorf("pages %s", got)
	}
	if hits[0].UTMSource != "x" || hits[0].Visitor != hits[1].Visitor {
		t.Errorf("%+v", hits[:2])
	}
	if p.LastAck.Last != p.Hits {
		t.Errorf("last ack %+v", p.LastAck)
	}
	if n := len(b.salts.live); n != 0 {
		t.Errorf("%d salts are left after the import", n)
	}
}

// TestImportResumes: going on from any hit's position gives exactly the hits behind it.
func TestImportResumes(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintln(&text, logEntry(fmt.Sprintf("GET /%d HTTP/1.1", i), 200))
		if i%3 == 0 {
			fmt.Fprintln(&text, "nonsense")
		}
	}
	whole := newTestbed(t, nil)
	if _, err := whole.ImportLog(t.Context(), ImportRequest{Site: whole.dir.sites[0], Import: 9}, strings.NewReader(text.String()), nil); err != nil {
		t.Fatal(err)
	}
	all := whole.journal.hits(t)
	b := newTestbed(t, nil)
	for i, h := range all {
		before := len(b.journal.hits(t))
		p, err := b.ImportLog(t.Context(), ImportRequest{Site: b.dir.sites[0], Import: 9, From: h.ImportPos}, strings.NewReader(text.String()), nil)
		rest := b.journal.hits(t)[before:]
		if err != nil || len(rest) != len(all)-i-1 || p.Lines != 54 {
			t.Fatalf("from hit %d: %v, %d hits, %d lines", i, err, len(rest), p.Lines)
		}
		if len(rest) > 0 && (rest[0].Path != all[i+1].Path || rest[0].ImportPos != all[i+1].ImportPos) {
			t.Fatalf("from hit %d: got %+v", i, rest[0])
		}
	}
	_, err := b.ImportLog(t.Context(), ImportRequest{Site: b.dir.sites[0], Import: 9, From: 1 << 30}, strings.NewReader(text.String()), nil)
	if hitkeep.CodeOf(err) != hitkeep.Conflict {
		t.Errorf("a shrunken file: %v", err)
	}
}

// TestImportFollow: a line of a log still being written is durable before the next one is read.
func TestImportFollow(t *testing.T) {
	b := newTestbed(t, nil)
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	acked := make(chan int64, 100)
	go func() {
		_, err := b.ImportLog(ctx, ImportRequest{Site: b.dir.sites[0], Import: 9, Follow: true}, r, func(p ImportProgress) { acked <- p.LastAck.Last })
		done <- err
	}()
	for i := range 3 {
		fmt.Fprintln(w, logEntry("GET /x HTTP/1.1", 200))
		if last := <-acked; last != int64(i+1) {
			t.Errorf("after line %d the journal is at %d", i+1, last)
		}
	}
	cancel()
	w.CloseWithError(context.Canceled)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(b.salts.live) == 0 || len(b.salts.inUse) != 0 {
		t.Error("an import that was interrupted keeps its salts for a day, but not beyond")
	}
}

func TestImportFormat(t *testing.T) {
	b := newTestbed(t, nil)
	_, err := b.ImportLog(t.Context(), ImportRequest{Site: b.dir.sites[0], Format: "w3c"}, strings.NewReader(""), nil)
	if hitkeep.CodeOf(err) != hitkeep.Invalid {
		t.Errorf("got %v", err)
	}
}
