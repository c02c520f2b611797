package ui

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/andybalholm/brotli"
)

// placeholder stands in index.html wherever the nonce of the answer belongs.
const placeholder = "{{nonce}}"

// noBuild is the page of a binary that was compiled without a dashboard.
const noBuild = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>HitKeep</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="{{nonce}}">body{font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:18vh auto;padding:0 1.5rem}</style>
</head><body><h1>HitKeep is running, without its dashboard</h1>
<p>This binary was built without it. In the source tree, run <code>make build</code> and start it again.</p>
<p>The API answers all the same.</p></body></html>
`

// page is index.html, cut at its nonce placeholders.
type page struct {
	parts [][]byte
}

// loadPage inflates index.html out of assets, or makes the page that says
// there is no build.
func loadPage(assets map[string]*asset) (*page, error) {
	html := []byte(noBuild)
	if a, ok := assets[indexName]; ok {
		var err error
		if html, err = io.ReadAll(brotli.NewReader(bytes.NewReader(a.br))); err != nil {
			return nil, fmt.Errorf("inflate %s: %w", indexName, err)
		}
	}
	return &page{parts: bytes.Split(html, []byte(placeholder))}, nil
}

// serve writes the page with a nonce used by this answer alone. An error means
// that nothing was written.
func (p *page) serve(w http.ResponseWriter, r *http.Request, random io.Reader) error {
	var raw [16]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return fmt.Errorf("make nonce: %w", err)
	}
	nonce := base64.RawStdEncoding.EncodeToString(raw[:])
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy(nonce))
	if r.Method != http.MethodHead {
		w.Write(bytes.Join(p.parts, []byte(nonce)))
	}
	return nil
}
