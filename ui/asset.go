package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

const (
	indexName = "index.html"
	brSuffix  = ".br"
)

// asset is one file of the build. Only its compressed bytes are held; clients
// without brotli (curl, old proxies) get it inflated on the fly.
type asset struct {
	br        []byte
	mediaType string
	sum       string // hex, of the compressed bytes
	immutable bool   // the name carries a content hash

	inflate sync.Once // plain is made when the first client without brotli asks
	plain   []byte
}

// hashed matches the names the build gives to files with a content hash.
var hashed = regexp.MustCompile(`-[A-Z0-9]{8}\.[a-z0-9]+$`)

// mediaTypes are fixed here so that a machine's mime.types cannot change what
// browsers are told.
var mediaTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
}

// loadAssets reads every NAME.br of build, keyed by NAME.
func loadAssets(build fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(build, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, brSuffix) {
			return err
		}
		br, err := fs.ReadFile(build, p)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(p, brSuffix)
		assets[name] = newAsset(name, br)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read build: %w", err)
	}
	return assets, nil
}

func newAsset(name string, br []byte) *asset {
	sum := sha256.Sum256(br)
	return &asset{
		br:        br,
		mediaType: mediaType(name),
		sum:       hex.EncodeToString(sum[:8]),
		immutable: hashed.MatchString(name),
	}
}

func mediaType(name string) string {
	ext := path.Ext(name)
	if t, ok := mediaTypes[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// serve answers with the asset in the encoding the client takes. Each encoding
// has an ETag of its own, or a cache could hand brotli to a client without it.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.mediaType)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", a.cacheControl())
	compressed := acceptsBrotli(r.Header.Values("Accept-Encoding"))
	tag := `"` + a.sum + `"`
	if compressed {
		tag = `"` + a.sum + `-br"`
	}
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if compressed {
		h.Set("Content-Encoding", "br")
		h.Set("Content-Length", strconv.Itoa(len(a.br)))
	}
	if r.Method == http.MethodHead {
		return
	}
	a.write(w, compressed)
}

// write sends the body. An error here is a client that went away: there is
// nobody left to tell.
func (a *asset) write(w io.Writer, compressed bool) {
	if compressed {
		w.Write(a.br)
		return
	}
	// Once for all: a client must not be able to make the server inflate over and over.
	a.inflate.Do(func() { a.plain, _ = io.ReadAll(brotli.NewReader(bytes.NewReader(a.br))) })
	w.Write(a.plain)
}

func (a *asset) cacheControl() string {
	if a.immutable {
		return "public, max-age=31536000, immutable"
	}
	return "public, no-cache" // asks again each time; the ETag makes it a 304
}

// acceptsBrotli reports whether Accept-Encoding allows br ("br;q=0" does not).
func acceptsBrotli(headers []string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) != "br" {
			continue
		}
		q, isQ := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !isQ || err != nil || weight > 0
	}
	return false
}

// matches reports whether an If-None-Match header names tag.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == tag {
			return true
		}
	}
	return false
}
