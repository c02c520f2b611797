package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"hitkeep"
)

func TestPageview(t *testing.T) {
	b := newTestbed(t, nil)
	h := b.one(t, "/ingest", `{"id":"00ff00ff00ff00ff","d":"example.com","lang":"de-AT","sc_w":1280,"sc_h":800,"vp_w":1200,
		"url":"https://www.example.com/caf%C3%A9?utm_source=FB&utm_medium=cpc&utm_campaign=x+y&gclid=secret&q=private#top",
		"referrer":"https://www.google.de/search?q=secret","unknown":{"a":[1,{"b":null}]}}`)
	want := hitkeep.Hit{
		Site: 1 << 40, ClientID: 0x00ff00ff00ff00ff, TS: testNow.UnixMicro(), ReceivedAt: testNow.UnixMicro(), Day: hitkeep.DayOf(testNow, b.dir.sites[0].Zone()),
		Visitor: h.Visitor, Hostname: "example.com", Path: "/café", Referrer: "google.de/search", Source: "Facebook", Channel: "Paid Social",
		UTMSource: "FB", UTMMedium: "cpc", UTMCampaign: "x y", ClickID: "gclid",
		Browser: "Chrome", BrowserVersion: "131", OS: "Linux", Device: "Desktop", Screen: "Laptop", Language: "de-at",
		EngagedMS: hitkeep.Absent, ScrollDepth: hitkeep.Absent,
	}
	if got, exp := asJSON(t, h), asJSON(t, want); got != exp {
		t.Errorf("got  %s\nwant %s", got, exp)
	}
	if h.Visitor == 0 {
		t.Error("no visitor id")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHitKeepFields(t *testing.T) {
	b := newTestbed(t, nil)
	h := b.one(t, "/ingest", `{"path":"/a?x=1","referrer":"","u_src":"news","u_med":"email","u_cmp":"c","u_trm":"t","u_cnt":"n","ua":"spoofed","session_id":"s","unique":true,"tv":"2"}`,
		"Origin", "https://www.example.com")
	if h.Path != "/a" || h.UTMSource != "news" || h.UTMMedium != "email" || h.UTMTerm != "t" || h.UTMContent != "n" || h.Source != "news" || h.Channel != "Email" {
		t.Errorf("got %+v", h)
	}
	h = b.one(t, "/ingest/web-vitals", `{"n":"lcp","v":1234.5678901,"p":"/p","nt":"navigate","mid":"v1"}`, "Origin", "https://example.com")
	if h.Kind != hitkeep.Vital || h.Name != "LCP" || h.VitalMicro != 1234567890 || h.Path != "/p" {
		t.Errorf("got %+v", h)
	}
}

func TestEvents(t *testing.T) {
	b := newTestbed(t, nil)
	h := b.one(t, "/ingest/event", `{"d":"example.com","n":" Sign up ","p":{"plan":"pro","n":12.50,"ok":true,"nil":null,"o":{"x":[1]},"plan":"max"},"i":false,
		"rev":{"amount":"19.9999","currency":"eur"},"id":18446744073709551615}`, "Referer", "https://example.com/pricing?a=1")
	props := asJSON(t, h.Props)
	if h.Kind != hitkeep.Event || h.Name != "Sign up" || h.Interactive || h.Path != "/pricing" || h.RevenueMilli != 20000 || h.Currency != "EUR" ||
		h.ClientID != 18446744073709551615 || props != `[{"Key":"n","Value":"12.50"},{"Key":"o","Value":"{\"x\":[1]}"},{"Key":"ok","Value":"true"},{"Key":"plan","Value":"max"}]` {
		t.Errorf("got %+v", h)
	}
	if h = b.one(t, "/ingest/event", `{"d":"example.com","n":"x"}`); h.Path != "" || !h.Interactive {
		t.Errorf("path %q, interactive %v, want null and true", h.Path, h.Interactive)
	}
	h = b.one(t, "/ingest/engagement", `{"d":"example.com","path":"/","e":1500.7,"sd":64}`)
	if h.Kind != hitkeep.Engagement || h.EngagedMS != 1500 || h.ScrollDepth != 64 {
		t.Errorf("got %+v", h)
	}
	if h = b.one(t, "/ingest/engagement", `{"d":"example.com","path":"/","e":1,"sd":255}`); h.ScrollDepth != hitkeep.Absent {
		t.Errorf("scroll depth %d of an unknown depth", h.ScrollDepth)
	}
}

func TestPlausibleEvents(t *testing.T) {
	b := newTestbed(t, nil)
	for _, body := range []string{
		`{"n":"pageview","u":"https://example.com/p#/route","d":"example.com","r":"https://t.co/x","h":1,"v":3,"p":{"a":"b"}}`,
		`{"name":"pageview","url":"https://example.com/p#/route","domain":"example.com","referrer":"https://t.co/x","props":{"a":"b"}}`,
	} {
		h := b.one(t, "/api/event", body)
		if h.Kind != hitkeep.Pageview || h.Name != "" || h.Path != "/p#/route" || h.Source != "X" || len(h.Props) != 1 {
			t.Errorf("%s: got %+v", body, h)
		}
	}
	h := b.one(t, "/api/event", `{"n":"Buy","u":"https://example.com/","d":"www.example.com","p":"{\"a\":1}","$":"{\"amount\":12.345,\"currency\":\"USD\"}"}`)
	if h.Kind != hitkeep.Event || h.RevenueMilli != 12345 || len(h.Props) != 1 {
		t.Errorf("got %+v", h)
	}
	if h = b.one(t, "/api/event", `{"n":"engagement","u":"https://example.com/","d":"example.com","e":900,"sd":10,"v":1}`); h.Kind != hitkeep.Engagement || h.EngagedMS != 900 {
		t.Errorf("got %+v", h)
	}
}

// TestIgnored: nothing is stored, the answer says why.
func TestIgnored(t *testing.T) {
	b := newTestbed(t, nil)
	for _, c := range []struct {
		body, header, value, ignored, reason string
	}{
		{`{"d":"nowhere.example","path":"/"}`, "", "", "unknown_site", "ignored_unknown_site"},
		{`{"path":"/"}`, "Origin", "https://nowhere.example", "unknown_site", "ignored_unknown_site"},
		{`{"d":"example.com","path":"/"}`, "DNT", "1", "dnt", "ignored_dnt"},
		{`{"d":"example.com","path":"/"}`, "Sec-GPC", "1", "dnt", "ignored_dnt"},
		{`{"d":"example.com","url":"https://evil.test/"}`, "", "", "excluded", "ignored_host"},
		{`{"d":"example.com","path":"/"}`, "Origin", "https://evil.test", "excluded", "ignored_host"},
		{`{"path":"/","url":"http://localhost/"}`, "Origin", "http://localhost:8080", "unknown_site", "ignored_unknown_site"},
	} {
		before := b.Counts()[c.reason]
		w := b.post("/ingest", c.body, c.header, c.value)
		if w.Code != http.StatusAccepted || w.Header().Get("X-HitKeep-Ignored") != c.ignored || b.Counts()[c.reason] != before+1 {
			t.Errorf("%s %s: status %d, ignored %q, counts %v", c.body, c.header, w.Code, w.Header().Get("X-HitKeep-Ignored"), b.Counts())
		}
		if w.Header().Get("Access-Control-Expose-Headers") != "X-HitKeep-Ignored" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("CORS headers missing: %v", w.Header())
		}
	}
	if n := len(b.journal.hits(t)); n != 0 {
		t.Fatalf("%d hits stored", n)
	}
	if r := b.Recent(1 << 40); len(r) != 4 || r[0].Reason != "host" || r[0].Hostname != "evil.test" || r[3].Reason != "dnt" {
		t.Errorf("recent: %+v", r)
	}
	if r := b.RecentUnknown(); len(r) != 3 || r[2].Hostname != "nowhere.example" {
		t.Errorf("recent unknown: %+v", r)
	}
}

// TestTaken: hits that look like those of TestIgnored but count.
func TestTaken(t *testing.T) {
	b := newTestbed(t, nil)
	for _, c := range []struct{ body, header, value, host string }{
		{`{"d":"other.org","path":"/"}`, "DNT", "1", "other.org"}, // the site ignores DNT
		{`{"path":"/"}`, "Origin", "https://www.example.com:8443", "example.com"},
		{`{"path":"/"}`, "Origin", "https://shop.example.com", "shop.example.com"},
		{`{"path":"/"}`, "Referer", "https://example.net/x", "example.net"},
		{`{"d":"WWW.Example.COM","url":"http://example.com/"}`, "", "", "example.com"},
		{`{"d":"blog.example.com","path":"/"}`, "", "", "example.com"},
		{`{"d":"1099511627776","path":"/"}`, "", "", "example.com"},
		{`{"d":"nowhere.example, example.com","path":"/"}`, "", "", "example.com"},
		{`{"d":"example.com","url":"http://localhost:3000/"}`, "Origin", "http://localhost:3000", "localhost"}, // data-local
		{`{"d":"example.com","url":"http://[::1]:3000/"}`, "", "", "[::1]"},
	} {
		if h := b.one(t, "/ingest", c.body, c.header, c.value); h.Hostname != c.host {
			t.Errorf("%s: hostname %q, want %q", c.body, h.Hostname, c.host)
		}
	}
}

// TestFragment: hk.js, which always says wd, leaves a fragment only where the site routes by it.
func TestFragment(t *testing.T) {
	b := newTestbed(t, nil)
	for body, want := range map[string]string{
		`{"url":"https://example.com/a#top","d":"example.com"}`:             "/a",
		`{"url":"https://example.com/a#top","d":"example.com","wd":0}`:      "/a#top",
		`{"url":"https://example.com/a#/route","d":"example.com"}`:          "/a#/route",
		`{"url":"https://example.com/a#top","d":"example.com","h":1}`:       "/a#top",
		`{"url":"https://example.com/a?b=c#top?d","d":"example.com","h":0}`: "/a",
	} {
		if h := b.one(t, "/ingest", body); h.Path != want || h.Bot != "" {
			t.Errorf("%s: path %s, want %s", body, h.Path, want)
		}
	}
}

// TestSenderLeaves: the hit of a browser that is gone before the answer counts.
func TestSenderLeaves(t *testing.T) {
	b := newTestbed(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest(http.MethodPost, "/ingest", strings.NewReader(`{"d":"example.com","path":"/"}`)).WithContext(ctx)
	cancel()
	b.do(r)
	if n := len(b.journal.hits(t)); n != 1 {
		t.Errorf("%d hits stored", n)
	}
}

func TestRefused(t *testing.T) {
	b := newTestbed(t, nil)
	for _, c := range []struct {
		path, body    string
		status        int
		field, substr string
	}{
		{"/ingest", `{"path":"/"}`, 400, "d", "missing"},
		{"/ingest", `{"d":"example.com"}`, 400, "url", "missing"},
		{"/ingest", `{"d":"example.com","url":"nonsense"}`, 400, "url", "nonsense"},
		{"/ingest", `{"d":"example.com","path":"/" "x":1}`, 400, "path", "byte 31"},
		{"/ingest", `{"d":"example.com","path":`, 400, "path", "byte 27"},
		{"/ingest", `{"d":"a"} x`, 400, "body", "byte 11"},
		{"/ingest", ``, 400, "body", "byte 1"},
		{"/ingest", `[]`, 400, "body", "byte 1"},
		{"/ingest", `{"d":{"x":1}}`, 400, "d", "object"},
		{"/ingest", `{"d":"example.com","path":"/","pad":"` + strings.Repeat("x", 70000) + `"}`, 413, "", "65536"},
		{"/ingest/event", `{"d":"example.com"}`, 400, "n", "name"},
		{"/ingest/event", `{"d":"example.com","n":"x","p":{` + manyProps(31) + `}}`, 400, "p", "at most 30"},
		{"/ingest/event", `{"d":"example.com","n":"x","p":{"a":"` + strings.Repeat("ä", 2001) + `"}}`, 400, "p", "2000"},
		{"/ingest/event", `{"d":"example.com","n":"x","rev":{"amount":"12,5","currency":"EUR"}}`, 400, "rev", "decimal"},
		{"/ingest/event", `{"d":"example.com","n":"x","rev":{"amount":"12.5","currency":"EURO"}}`, 400, "rev", "three letters"},
		{"/ingest/event", `{"d":"example.com","n":"x","rev":5}`, 400, "rev", "amount"},
		{"/ingest/engagement", `{"d":"example.com","e":-1}`, 400, "e", "between"},
		{"/ingest/engagement", `{"d":"example.com","e":"soon"}`, 400, "e", "number"},
		{"/ingest/web-vitals", `{"d":"example.com","n":"FID","v":1}`, 400, "n", "LCP"},
		{"/ingest/web-vitals", `{"d":"example.com","n":"CLS","v":"x"}`, 400, "v", "value"},
	} {
		w := b.post(c.path, c.body)
		var e struct{ Error, Code, Field string }
		_ = json.Unmarshal(w.Body.Bytes(), &e)
		if w.Code != c.status || e.Field != c.field || !strings.Contains(e.Error, c.substr) || e.Code == "" {
			t.Errorf("%s %.60s: status %d %s", c.path, c.body, w.Code, w.Body)
		}
	}
	if n := len(b.journal.hits(t)); n != 0 {
		t.Fatalf("%d hits stored", n)
	}
	if b.Counts()["refused_malformed"] != 5 || b.Counts()["refused_too_large"] != 1 {
		t.Errorf("counts %v", b.Counts())
	}
}

func manyProps(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"k%d":1`, i))
	}
	return strings.Join(list, ",")
}

func TestRateLimit(t *testing.T) {
	b := newTestbed(t, func(o *Options) { o.Rate, o.Burst = 2, 3 })
	post := func(remote string) int {
		return b.post("/ingest", `{"d":"example.com","path":"/"}`, "Remote", remote).Code
	}
	for i := range 3 {
		if c := post("[2001:db8::1]:1"); c != 202 {
			t.Fatalf("hit %d: %d", i, c)
		}
	}
	w := b.post("/ingest", `{"d":"example.com","path":"/"}`, "Remote", "[2001:db8::2]:1") // the same /64
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Fatalf("status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if c := post("[2001:db8:0:1::1]:1"); c != 202 {
		t.Errorf("another network: %d", c)
	}
	b.clock.set(testNow.Add(500 * 1e6))
	if c := post("[2001:db8::1]:1"); c != 202 {
		t.Errorf("after half a second: %d", c)
	}
}

func TestUnavailable(t *testing.T) {
	b := newTestbed(t, func(o *Options) {
		o.Journal.(*recorder).fail = hitkeep.Errorf(hitkeep.Unavailable, "the disk is nearly full")
	})
	w := b.post("/ingest", `{"d":"example.com","path":"/"}`)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d %v", w.Code, w.Header())
	}
	if b.Counts()["accepted"] != 0 || b.Counts()["refused_unavailable"] != 1 {
		t.Errorf("counts %v", b.Counts())
	}
}

func TestPreflight(t *testing.T) {
	b := newTestbed(t, nil)
	r := httptest.NewRequest(http.MethodOptions, "/ingest/event", nil)
	w := b.do(r, "Origin", "https://example.com", "Access-Control-Request-Method", "POST")
	if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" ||
		!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("status %d %v", w.Code, w.Header())
	}
}

func TestPixel(t *testing.T) {
	b := newTestbed(t, nil)
	r := httptest.NewRequest(http.MethodGet, "/ingest.gif?d=example.com&path=/mail&r=https://news.ycombinator.com/item%3Fid=1", nil)
	w := b.do(r, "User-Agent", humanUA)
	if w.Code != 202 || w.Header().Get("Content-Type") != "image/gif" || !bytes.HasPrefix(w.Body.Bytes(), []byte("GIF89a")) {
		t.Fatalf("status %d %v", w.Code, w.Header())
	}
	if h := b.journal.hits(t)[0]; h.Path != "/mail" || h.Source != "Hacker News" || h.Referrer != "news.ycombinator.com/item" {
		t.Errorf("got %+v", h)
	}
}

// TestForwarded: only a trusted proxy's word counts, and of that only what it wrote itself.
func TestForwarded(t *testing.T) {
	var warned []netip.Addr
	b := newTestbed(t, func(o *Options) { o.UntrustedForwarded = func(a netip.Addr) { warned = append(warned, a) } })
	for _, c := range []struct{ remote, header, value, want string }{
		{"203.0.113.7:1", "X-Forwarded-For", "198.51.100.1", "203.0.113.7"},
		{"203.0.113.7:1", "Forwarded", "for=198.51.100.1", "203.0.113.7"},
		{"192.168.7.7:1", "X-Forwarded-For", "198.51.100.1", "192.168.7.7"},
		{"192.168.7.7:1", "X-Forwarded-For", "198.51.100.2", "192.168.7.7"},
		{"10.0.0.1:1", "X-Forwarded-For", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "X-Forwarded-For", "192.0.2.66, 198.51.100.1, 10.1.2.3", "198.51.100.1"},
		{"10.0.0.1:1", "X-Forwarded-For", "198.51.100.1, junk, 10.1.2.3", "10.1.2.3"},
		{"10.0.0.1:1", "X-Forwarded-For", "[2001:db8::1]:443", "2001:db8::1"},
		{"10.0.0.1:1", "Forwarded", `for="[2001:db8::1]:443";proto=https, for=10.9.9.9`, "2001:db8::1"},
		{"10.0.0.1:1", "", "", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", "X-Forwarded-For", "::ffff:198.51.100.1", "198.51.100.1"},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = c.remote
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		if got := b.clientAddr(r); got.String() != c.want {
			t.Errorf("%s %s %q: %s, want %s", c.remote, c.header, c.value, got, c.want)
		}
	}
	// Only of a peer that may be the operator's proxy: strangers' headers are noise.
	if len(warned) != 1 || warned[0].String() != "192.168.7.7" {
		t.Errorf("warned of %v, want once of 192.168.7.7", warned)
	}
}

// TestPrivacy looks for the visitor's address and user agent in everything that is written.
func TestPrivacy(t *testing.T) {
	b := newTestbed(t, nil)
	const ip = "198.51.100.77"
	botUA := "Mozilla/5.0 (compatible; SecretBot/9.87; +http://secret.example/bot)"
	addr := netip.MustParseAddr(ip).As4()
	b.post("/ingest", `{"d":"example.com","path":"/"}`, "Remote", ip+":1")
	b.post("/ingest", `{"d":"example.com","path":"/","ua":"`+humanUA+`"}`, "Remote", ip+":1", "User-Agent", botUA)
	b.post("/api/ingest/server/pageview", `{"url":"https://example.com/","visitor_ip":"`+ip+`","user_agent":"`+humanUA+`"}`, "Authorization", "Bearer write")
	line := ip + ` - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "` + humanUA + `"` + "\n"
	if _, err := b.ImportLog(t.Context(), ImportRequest{Site: b.dir.sites[0], Import: 5}, strings.NewReader(line), nil); err != nil {
		t.Fatal(err)
	}
	if len(b.journal.records) != 4 {
		t.Fatalf("%d records", len(b.journal.records))
	}
	for i, r := range b.journal.records {
		for _, secret := range [][]byte{[]byte(ip), addr[:], []byte(humanUA), []byte(botUA), []byte("AppleWebKit"), []byte("secret.example"), []byte("9.87")} {
			if bytes.Contains(r, secret) {
				t.Errorf("record %d holds %q", i, secret)
			}
		}
	}
}
