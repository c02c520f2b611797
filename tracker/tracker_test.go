package tracker_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"hitkeep/tracker"
)

func get(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	tracker.Handler().ServeHTTP(w, r)
	return w.Result()
}

func decoded(t *testing.T, res *http.Response) []byte {
	t.Helper()
	var r io.Reader = res.Body
	switch res.Header.Get("Content-Encoding") {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSizes(t *testing.T) {
	for name, limit := range map[string]int{tracker.CoreName: 2048, tracker.ExtName: 1200} {
		js, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(js) > limit {
			t.Errorf("%s has %d bytes, %d are allowed", name, len(js), limit)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, name := range []string{tracker.CoreName, tracker.ExtName} {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tags := map[string]bool{}
		for accept, encoding := range map[string]string{
			"":                        "",
			"gzip, deflate":           "gzip",
			"gzip, deflate, br, zstd": "br",
			"GZIP;q=0.5, br;q=0":      "gzip",
			"gzip;q=0, br;q=0.000":    "",
			"brotli":                  "",
		} {
			res := get(t, "GET", "/"+name, "Accept-Encoding", accept)
			if got := res.Header.Get("Content-Encoding"); got != encoding {
				t.Errorf("%s, Accept-Encoding %q: encoding %q, want %q", name, accept, got, encoding)
			}
			if !bytes.Equal(decoded(t, res), want) {
				t.Errorf("%s, Accept-Encoding %q: not the script", name, accept)
			}
			tags[res.Header.Get("ETag")] = true
		}
		if len(tags) != 3 {
			t.Errorf("%s: %d entity tags for 3 encodings: %v", name, len(tags), tags)
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, target := range []string{"/hk.js", "/hk-ext.js", "/base/hk.js?v=1"} {
		res := get(t, "GET", target)
		for k, want := range map[string]string{
			"Content-Type":                 "text/javascript; charset=utf-8",
			"Cache-Control":                "public, max-age=3600",
			"Access-Control-Allow-Origin":  "*",
			"Cross-Origin-Resource-Policy": "cross-origin",
			"X-Content-Type-Options":       "nosniff",
			"Vary":                         "Accept-Encoding",
		} {
			if got := res.Header.Get(k); got != want {
				t.Errorf("%s: %s: %q, want %q", target, k, got, want)
			}
		}
		if !regexp.MustCompile(`^"[0-9a-f]{16}"$`).MatchString(res.Header.Get("ETag")) {
			t.Errorf("%s: ETag %s is not strong", target, res.Header.Get("ETag"))
		}
	}
}

func TestConditional(t *testing.T) {
	first := get(t, "GET", "/hk.js", "Accept-Encoding", "br")
	tag := first.Header.Get("ETag")
	for _, c := range []struct {
		header string
		status int
	}{
		{tag, 304}, {`"other", ` + tag, 304}, {"W/" + tag, 304}, {"*", 304}, {`"other"`, 200},
		{strings.Replace(tag, "-br", "-gzip", 1), 200},
	} {
		res := get(t, "GET", "/hk.js", "Accept-Encoding", "br", "If-None-Match", c.header)
		if res.StatusCode != c.status {
			t.Errorf("If-None-Match %s: %d, want %d", c.header, res.StatusCode, c.status)
		}
		if res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: headers are missing: %v", c.header, res.Header)
		}
	}
}

func TestMethodsAndNames(t *testing.T) {
	for _, c := range []struct {
		method, target string
		status         int
	}{
		{"HEAD", "/hk.js", 200}, {"POST", "/hk.js", 405}, {"GET", "/hk.ts", 404}, {"GET", "/", 404},
	} {
		res := get(t, c.method, c.target)
		if res.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, res.StatusCode, c.status)
		}
		if b, _ := io.ReadAll(res.Body); c.method == "HEAD" && len(b) > 0 {
			t.Errorf("HEAD has a body of %d bytes", len(b))
		}
	}
	if got := get(t, "GET", "/hk.js", "Range", "bytes=0-9").StatusCode; got != 200 {
		t.Errorf("range: %d, want the whole script", got)
	}
}

// The scripts run before anybody can look: what they must never touch is not in them.
func TestNothingStored(t *testing.T) {
	for _, name := range []string{tracker.CoreName, tracker.ExtName} {
		js := decoded(t, get(t, "GET", "/"+name))
		for _, word := range []string{"cookie", "setItem", "sessionStorage", "indexedDB", "caches", "eval", "Function("} {
			if bytes.Contains(js, []byte(word)) {
				t.Errorf("%s contains %q", name, word)
			}
		}
		if n, want := bytes.Count(js, []byte("localStorage")), strings.Count(name, "hk.js"); n != want {
			t.Errorf("%s mentions localStorage %d times, want %d", name, n, want)
		}
	}
}
