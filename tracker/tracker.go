package tracker

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:generate go run ./gen

// The names of the scripts. hk.js loads hk-ext.js from the directory it came from.
const (
	CoreName = "hk.js"
	ExtName  = "hk-ext.js"
)

var (
	//go:embed hk.js
	coreJS []byte
	//go:embed hk.js.gz
	coreGzip []byte
	//go:embed hk.js.br
	coreBrotli []byte
	//go:embed hk-ext.js
	extJS []byte
	//go:embed hk-ext.js.gz
	extGzip []byte
	//go:embed hk-ext.js.br
	extBrotli []byte
)

// maxAge is how long a browser may use a script without asking. An hour bounds how long a mended
// tracker takes to arrive, and is longer than most visits, so that a visit loads the script once;
// after it a 304 of a few bytes does.
const maxAge = time.Hour

// form is one encoding of a script.
type form struct {
	encoding string // as in Content-Encoding; "" = as is
	body     []byte
	etag     string // strong: another for each encoding
}

// script is a served file: its forms, the preferred first.
type script []form

func newScript(js, gzip, brotli []byte) script {
	sum := sha256.Sum256(js)
	tag := hex.EncodeToString(sum[:8])
	return script{
		{"br", brotli, `"` + tag + `-br"`},
		{"gzip", gzip, `"` + tag + `-gzip"`},
		{"", js, `"` + tag + `"`},
	}
}

// Handler serves hk.js and hk-ext.js, by the last element of the path, to pages of any origin, and
// answers 404 to other names. Mount it for GET (which includes HEAD) at the two names, below the
// base path if there is one.
func Handler() http.Handler {
	scripts := map[string]script{
		CoreName: newScript(coreJS, coreGzip, coreBrotli),
		ExtName:  newScript(extJS, extGzip, extBrotli),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := scripts[path.Base(r.URL.Path)]
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		default:
			s.serve(w, r)
		}
	})
}

func (s script) serve(w http.ResponseWriter, r *http.Request) {
	f := s.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	// The pages that load the script are other origins by nature, some of them isolated
	// (COEP: require-corp) or sandboxed.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%.0f", maxAge.Seconds()))
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", f.etag)
	if f.encoding != "" {
		h.Set("Content-Encoding", f.encoding)
	}
	// A range of a file this small is asked for by nobody; ServeContent is here for the
	// conditional requests.
	r.Header.Del("Range")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// choose returns the first form whose encoding the client accepts.
func (s script) choose(acceptEncoding string) form {
	for _, f := range s {
		if f.encoding == "" || accepts(acceptEncoding, f.encoding) {
			return f
		}
	}
	panic("a script has no plain form")
}

// accepts reports whether the value of an Accept-Encoding header names encoding with a weight
// above 0. "*" is not taken for a yes: who means brotli says so.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		weight, given := strings.CutPrefix(strings.TrimSpace(params), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !given || err == nil && q > 0
	}
	return false
}
