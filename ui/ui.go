// Package ui serves the dashboard: the Angular build in dist/, embedded
// brotli-compressed.
//
// The package owns every GET path that no other part of the appliance claims:
// a file of the build, or an application route, which is answered with
// index.html. It keeps no state but the embedded files, starts no goroutine
// and writes nothing.
package ui

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/http"
)

// dist is written by `make build`: one NAME.br per file, nothing else. The
// placeholder in it keeps `go build` working where there is no build.
//
//go:embed all:dist
var dist embed.FS

// Options of Handler. The zero value serves the embedded build.
type Options struct {
	// Build holds the compressed files (NAME.br) at its root; nil means the
	// embedded build.
	Build fs.FS
	// Rand is read for the nonce of each page (16 bytes); nil means crypto/rand.
	Rand io.Reader
}

// Handler serves the dashboard. It sets the Content-Security-Policy itself,
// because the policy carries the nonce that it writes into index.html. A build
// that cannot be read is a broken binary, so it panics.
func Handler(opts Options) http.Handler {
	h, err := newHandler(opts)
	if err != nil {
		panic(fmt.Sprintf("ui: embedded build: %v", err))
	}
	return h
}

func newHandler(opts Options) (*handler, error) {
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	if opts.Build == nil {
		sub, err := fs.Sub(dist, "dist")
		if err != nil {
			return nil, err
		}
		opts.Build = sub
	}
	assets, err := loadAssets(opts.Build)
	if err != nil {
		return nil, err
	}
	page, err := loadPage(assets)
	if err != nil {
		return nil, err
	}
	delete(assets, indexName)
	return &handler{assets: assets, page: page, rand: opts.Rand}, nil
}
