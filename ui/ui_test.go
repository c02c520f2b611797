package ui

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/andybalholm/brotli"
)

const (
	index  = `<html><app ngCspNonce="{{nonce}}"></app><style nonce="{{nonce}}"></style></html>`
	script = `console.log("hit")`
)

func compressed(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	w := brotli.NewWriter(&b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func built(t *testing.T) http.Handler {
	t.Helper()
	return Handler(Options{Build: fstest.MapFS{
		"index.html.br":           compressed(t, index),
		"main-ABCD1234.js.br":     compressed(t, script),
		"theme.js.br":             compressed(t, script),
		"media/f-ZYXW9876.svg.br": compressed(t, "<svg/>"),
	}})
}

func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRoutesAndFiles(t *testing.T) {
	h := built(t)
	for _, c := range []struct {
		path  string
		code  int
		cache string
	}{
		{"/", 200, "no-store"},
		{"/index.html", 200, "no-store"},
		{"/login", 200, "no-store"},
		{"/example.com", 200, "no-store"},
		{"/example.com/settings", 200, "no-store"},
		{"/sub.example.co.uk", 200, "no-store"},
		{"/main-ABCD1234.js", 200, "public, max-age=31536000, immutable"},
		{"/media/f-ZYXW9876.svg", 200, "public, max-age=31536000, immutable"},
		{"/theme.js", 200, "public, no-cache"},
		{"/chunk-GONE0000.js", 404, "no-store"},
		{"/styles-GONE0000.css", 404, "no-store"},
		{"/media/../../etc/x.json", 404, "no-store"},
		{"/main-ABCD1234.js.br", 404, "no-store"},
	} {
		w := get(h, c.path)
		if w.Code != c.code || w.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q, want %d %q", c.path, w.Code, w.Header().Get("Cache-Control"), c.code, c.cache)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", c.path)
		}
	}
}

func TestNonceIsFreshAndMatchesThePolicy(t *testing.T) {
	h := built(t)
	seen := map[string]bool{}
	for range 3 {
		w := get(h, "/sites")
		body, csp := w.Body.String(), w.Header().Get("Content-Security-Policy")
		_, rest, _ := strings.Cut(csp, "'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		if len(nonce) < 20 || seen[nonce] {
			t.Fatalf("nonce %q is short or used before", nonce)
		}
		seen[nonce] = true
		if want := strings.ReplaceAll(index, placeholder, nonce); body != want {
			t.Errorf("body %q, want %q", body, want)
		}
		if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "script-src 'self';") {
			t.Errorf("policy %q", csp)
		}
	}
}

func TestNoRandomnessIsAnError(t *testing.T) {
	h := Handler(Options{
		Build: fstest.MapFS{"index.html.br": compressed(t, index)},
		Rand:  iotest.ErrReader(io.ErrUnexpectedEOF),
	})
	if w := get(h, "/"); w.Code != 500 || strings.Contains(w.Body.String(), "app") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestEncodings(t *testing.T) {
	h := built(t)
	tags := map[string]string{}
	for _, c := range []struct{ accept, encoding string }{
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.5", "br"},
		{"br;q=0", ""},
		{"gzip, br; q=0.0", ""},
		{"gzip", ""},
		{"", ""},
	} {
		w := get(h, "/main-ABCD1234.js", "Accept-Encoding", c.accept)
		if got := w.Header().Get("Content-Encoding"); got != c.encoding {
			t.Errorf("%q: encoding %q, want %q", c.accept, got, c.encoding)
		}
		var body io.Reader = w.Body
		if c.encoding == "br" {
			body = brotli.NewReader(w.Body)
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != script {
			t.Errorf("%q: body %q, %v", c.accept, text, err)
		}
		tags[c.encoding] = w.Header().Get("ETag")
	}
	if tags["br"] == tags[""] || tags["br"] == "" {
		t.Errorf("ETags %v: one per encoding wanted", tags)
	}
}

func TestNotModified(t *testing.T) {
	h := built(t)
	tag := get(h, "/theme.js", "Accept-Encoding", "br").Header().Get("ETag")
	for header, code := range map[string]int{tag: 304, `"x", W/` + tag: 304, `"x"`: 200, "": 200} {
		w := get(h, "/theme.js", "Accept-Encoding", "br", "If-None-Match", header)
		if w.Code != code || (code == 304 && w.Body.Len() > 0) {
			t.Errorf("If-None-Match %q: %d, %d bytes, want %d", header, w.Code, w.Body.Len(), code)
		}
	}
	if w := get(h, "/theme.js", "If-None-Match", tag); w.Code != 200 {
		t.Errorf("the brotli ETag matched the plain body: %d", w.Code)
	}
}

func TestMethods(t *testing.T) {
	h := built(t)
	for method, code := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405} {
		for _, path := range []string{"/", "/theme.js"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if w.Code != code || (method == "HEAD" && w.Body.Len() > 0) {
				t.Errorf("%s %s: %d, %d bytes", method, path, w.Code, w.Body.Len())
			}
		}
	}
}

func TestWithoutABuild(t *testing.T) {
	w := get(Handler(Options{Build: fstest.MapFS{"placeholder": {Data: []byte("x")}}}), "/")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), placeholder) {
		t.Error("the placeholder was left in")
	}
}

func TestBrokenBuildIsReported(t *testing.T) {
	_, err := newHandler(Options{Build: fstest.MapFS{"index.html.br": {Data: []byte("not brotli")}}})
	if err == nil || !strings.Contains(err.Error(), "inflate index.html") {
		t.Errorf("error %v", err)
	}
}

func TestEmbeddedBuildLoads(t *testing.T) {
	if w := get(Handler(Options{}), "/"); w.Code != 200 || w.Body.Len() == 0 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}
