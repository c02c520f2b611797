package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"hitkeep"
)

func (b *testbed) batch(t *testing.T, body []byte, headers ...string) (int, batchAnswer, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/ingest/batch", bytes.NewReader(body))
	w := b.do(r, append([]string{"Authorization", "Bearer write"}, headers...)...)
	var a batchAnswer
	_ = json.Unmarshal(w.Body.Bytes(), &a)
	return w.Code, a, w.Body.String()
}

const threeHits = `{"type":"pageview","url":"https://example.com/a","timestamp":"2026-11-20T23:59:59.5+01:00","visitor_ip":"8.8.8.8","user_agent":"` + humanUA + `","referrer":"https://duckduckgo.com/"}

{"type":"event","domain":"example.com","url":"/b","name":"Buy","props":{"x":1},"revenue":{"amount":0.1,"currency":"EUR"},"interactive":false,"id":"ff"}
{"type":"engagement","url":"https://example.com/a","engaged_ms":1200,"scroll":80}
`

func TestBatch(t *testing.T) {
	b := newTestbed(t, nil)
	code, a, body := b.batch(t, []byte(threeHits))
	if code != 200 || a.Accepted != 3 || len(a.Rejected) != 0 || !strings.Contains(body, `"rejected":[]`) {
		t.Fatalf("%d %s", code, body)
	}
	h := b.journal.hits(t)
	if h[0].TS != time.Date(2026, 11, 20, 22, 59, 59, 5e8, time.UTC).UnixMicro() || h[0].Day.String() != "2026-11-20" || h[0].Country != "US" ||
		h[0].Source != "DuckDuckGo" || h[0].Channel != "Organic Search" || h[0].Via != hitkeep.ViaServer || h[0].ReceivedAt != testNow.UnixMicro() || h[0].MidnightKey == 0 {
		t.Errorf("got %+v", h[0])
	}
	if h[1].Name != "Buy" || h[1].Path != "/b" || h[1].RevenueMilli != 100 || h[1].ClientID != 255 || h[1].Interactive || h[1].TS != testNow.UnixMicro() {
		t.Errorf("got %+v", h[1])
	}
	if h[2].EngagedMS != 1200 || h[2].ScrollDepth != 80 || h[2].Kind != hitkeep.Engagement {
		t.Errorf("got %+v", h[2])
	}
	// The day before yesterday has no salt any more: the answer says that its visitors are new.
	if len(a.LateDays) != 1 || a.LateDays[0] != "2026-11-20" {
		t.Errorf("late days %v", a.LateDays)
	}
}

func TestBatchForms(t *testing.T) {
	b := newTestbed(t, nil)
	var gz, zs bytes.Buffer
	zw := gzip.NewWriter(&gz)
	zw.Write([]byte(threeHits))
	zw.Close()
	enc, _ := zstd.NewWriter(&zs)
	enc.Write([]byte(threeHits))
	enc.Close()
	lines := strings.Fields(strings.ReplaceAll(threeHits, " ", "\x01"))
	array := strings.ReplaceAll("\n [ "+strings.Join(lines, " ,\n")+" ] ", "\x01", " ")
	for name, c := range map[string]struct {
		body     []byte
		encoding string
	}{"gzip": {gz.Bytes(), "gzip"}, "zstd": {zs.Bytes(), "zstd"}, "array": {[]byte(array), ""}} {
		if code, a, body := b.batch(t, c.body, "Content-Encoding", c.encoding); code != 200 || a.Accepted != 3 {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	for name, c := range map[string]struct {
		body     []byte
		encoding string
		status   int
	}{
		"empty": {nil, "", 400}, "br": {gz.Bytes(), "br", 400}, "no gzip": {[]byte("x"), "gzip", 400}, "cut gzip": {gz.Bytes()[:50], "gzip", 400},
		"garbage": {[]byte("x\ny\n"), "", 400}, "too large": {bytes.Repeat([]byte(" "), maxBatch+1), "", 413},
	} {
		if code, _, body := b.batch(t, c.body, "Content-Encoding", c.encoding); code != c.status || !strings.Contains(body, `"error"`) {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}

// TestBatchBomb: little that unpacks to much is refused without being kept in memory.
func TestBatchBomb(t *testing.T) {
	var zs bytes.Buffer
	enc, _ := zstd.NewWriter(&zs)
	enc.Write([]byte(strings.Repeat(strings.Repeat(" ", 1<<15-1)+"\n", 32)))
	enc.Close()
	frame := zs.Bytes() // frames may follow each other: 1 MiB each
	bomb := bytes.Repeat(frame, maxUnpacked>>20+1)
	b := newTestbed(t, nil)
	if code, _, body := b.batch(t, bomb, "Content-Encoding", "zstd"); code != 413 {
		t.Errorf("%d %s", code, body)
	}
	huge := []byte(`[{"url":"https://example.com/","pad":"` + strings.Repeat("x", 2*maxElement) + `"}]`)
	if code, _, body := b.batch(t, huge); code != 413 || !strings.Contains(body, "1048576") {
		t.Errorf("one huge element: %d %s", code, body)
	}
}

func TestBatchRejects(t *testing.T) {
	b := newTestbed(t, nil)
	lines := []string{
		`{"url":"https://example.com/1"}`,
		`{"url":"https://example.com/2"`,
		`{"url":"https://nowhere.example/"}`,
		`{"url":"https://other.org/"}`,
		`{"url":"https://example.com/","timestamp":"yesterday"}`,
		`{"url":"https://example.com/","timestamp":"1999-12-31T23:59:59Z"}`,
		`{"url":"https://example.com/","timestamp":"2026-11-23T12:05:01Z"}`,
		`{"url":"https://example.com/","visitor_ip":"1.2.3"}`,
		`{"url":"https://example.com/","type":"click"}`,
		`{"url":"https://example.com/","type":"event"}`,
		`{"type":"pageview","domain":"example.com"}`,
		`{"url":"https://example.com/","x":"` + strings.Repeat("y", maxBody) + `"}`,
		`{"url":"https://example.com/3","timestamp":"2026-11-23T12:05:00Z"}`,
	}
	code, a, body := b.batch(t, []byte(strings.Join(lines, "\n")))
	if code != 200 || a.Accepted != 2 {
		t.Fatalf("%d %s", code, body)
	}
	var got []string
	for _, r := range a.Rejected {
		got = append(got, fmt.Sprintf("%d %s", r.Line, r.Field))
	}
	want := "2 url,3 domain,4 domain,5 timestamp,6 timestamp,7 timestamp,8 visitor_ip,9 type,10 n,11 url,12 body"
	if s := strings.Join(got, ","); s != want {
		t.Errorf("rejected %s\nwant     %s", s, want)
	}
	if h := b.journal.hits(t); len(h) != 2 || h[0].Path != "/1" || h[1].Path != "/3" {
		t.Errorf("stored %+v", h)
	}
	// Everything parses and nothing is taken: that is an answer, not an error.
	if code, a, _ := b.batch(t, []byte(lines[2])); code != 200 || a.Accepted != 0 || len(a.Rejected) != 1 {
		t.Errorf("%d %+v", code, a)
	}
}

// TestBatchChunks sends more than one chunk; all of it arrives in order.
func TestBatchChunks(t *testing.T) {
	b := newTestbed(t, nil)
	var body bytes.Buffer
	const n = 2*chunkRecords + 17
	for i := range n {
		fmt.Fprintf(&body, `{"url":"https://example.com/%d","id":"%x"}`+"\n", i, i+1)
	}
	if code, a, text := b.batch(t, body.Bytes()); code != 200 || a.Accepted != n {
		t.Fatalf("%d %s", code, text)
	}
	for i, h := range b.journal.hits(t) {
		if h.Path != fmt.Sprintf("/%d", i) || h.ClientID != uint64(i+1) {
			t.Fatalf("hit %d is %s %d", i, h.Path, h.ClientID)
		}
	}
}

func TestTokens(t *testing.T) {
	b := newTestbed(t, nil)
	past := testNow.Add(-time.Hour)
	b.dir.tokens["old"] = &hitkeep.Token{Tenant: 1, Scopes: []string{hitkeep.ScopeEventsWrite}, ExpiresAt: &past}
	b.dir.tokens["one"] = &hitkeep.Token{Tenant: 1, Site: 1 << 42, Scopes: []string{hitkeep.ScopeEventsWrite}}
	hit := `{"url":"https://example.com/","name":"x"}`
	for _, c := range []struct {
		auth   string
		status int
	}{
		{"", 401}, {"Basic write", 401}, {"Bearer ", 401}, {"Bearer nobody", 401},
		{"Bearer read", 403}, {"Bearer old", 403}, {"Bearer one", 403}, {"bearer write", 202},
	} {
		for _, path := range []string{"/api/ingest/server/pageview", "/api/ingest/server/event"} {
			if w := b.post(path, hit, "Authorization", c.auth); w.Code != c.status {
				t.Errorf("%s %q: %d %s", path, c.auth, w.Code, w.Body)
			}
		}
	}
	if w := b.post("/api/ingest/server/pageview", `{"url":"https://nowhere.example/"}`, "Authorization", "Bearer write"); w.Code != 202 || w.Header().Get("X-HitKeep-Ignored") != "unknown_site" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// TestServerIdentity: what a server says of its visitor, and a browser itself, are one visitor.
func TestServerIdentity(t *testing.T) {
	b := newTestbed(t, nil)
	own := b.one(t, "/ingest", `{"url":"https://example.com/"}`, "Origin", "https://example.com")
	told := b.one(t, "/api/ingest/server/event", `{"url":"https://example.com/x","name":"n","properties":{"a":1},"visitor_ip":"203.0.113.7","user_agent":"`+humanUA+`"}`,
		"Authorization", "Bearer write", "User-Agent", "curl/8")
	if own.Visitor != told.Visitor || told.Bot != "" || told.Via != hitkeep.ViaServer || len(told.Props) != 1 {
		t.Errorf("own %+v\ntold %+v", own, told)
	}
	// Plausible's API with a token: the forwarded address is believed.
	fwd := b.one(t, "/api/event", `{"name":"pageview","url":"https://example.com/x","domain":"example.com"}`,
		"Authorization", "Bearer write", "X-Forwarded-For", "203.0.113.7", "Remote", "192.0.2.1:5")
	if fwd.Visitor != own.Visitor || fwd.Via != hitkeep.ViaServer {
		t.Errorf("forwarded %+v", fwd)
	}
	without := b.one(t, "/api/event", `{"name":"pageview","url":"https://example.com/x","domain":"example.com"}`,
		"X-Forwarded-For", "203.0.113.7", "Remote", "192.0.2.1:5")
	if without.Visitor == own.Visitor {
		t.Error("an address forwarded by nobody was believed")
	}
}
