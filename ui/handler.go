package ui

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
)

type handler struct {
	assets map[string]*asset
	page   *page
	rand   io.Reader
}

// fileExt tells a missing file from an application route. Routes hold domain
// names ("/example.com"), so only extensions that are no top-level domain
// count as files.
var fileExt = regexp.MustCompile(`\.(js|mjs|css|map|svg|png|jpg|ico|woff2?|json|txt|webmanifest|br)$`)

// ServeHTTP answers a file of the build, 404 for a file that is not in it
// (never index.html: a browser with an old page must see that its chunk is
// gone, not a syntax error), and index.html for everything else.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	secure(w.Header())
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if a, ok := h.assets[name]; ok {
		a.serve(w, r)
		return
	}
	if fileExt.MatchString(name) {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if err := h.page.serve(w, r, h.rand); err != nil {
		http.Error(w, "no randomness for the page", http.StatusInternalServerError)
	}
}

// secure sets what every answer carries, page or file.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// policy is the Content-Security-Policy of a page whose style elements carry
// nonce. Style attributes are allowed: bar widths and overlay positions are set
// through them.
func policy(nonce string) string {
	return fmt.Sprintf("default-src 'self'; script-src 'self'; "+
		"style-src-elem 'self' 'nonce-%s'; style-src-attr 'unsafe-inline'; "+
		"connect-src 'self'; img-src 'self' data:; object-src 'none'; "+
		"base-uri 'self'; form-action 'self'; frame-ancestors 'none'", nonce)
}
