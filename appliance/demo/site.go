package demo

import (
	"embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed pages
var files embed.FS

// Handler serves the demo site below /demo/. Its pages carry the snippet, so that a click there
// shows on the dashboard.
func Handler() http.Handler {
	layout := template.Must(template.ParseFS(files, "pages/layout.html"))
	mux := http.NewServeMux()
	for _, p := range demoPages {
		mux.HandleFunc("GET /demo"+p.Path+"{$}", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
			w.Header().Set("Cache-Control", "no-store")
			_ = layout.Execute(w, map[string]any{"Page": p, "Pages": demoPages, "Domain": Domain})
		})
	}
	mux.HandleFunc("GET /demo/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "pages/style.css")
	})
	mux.HandleFunc("GET /demo", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/demo/", http.StatusFound)
	})
	mux.HandleFunc("GET /demo/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, r.URL.Path+"/", http.StatusFound)
	})
	return mux
}

type demoPage struct{ Path, Title, Lead, Action string }

var demoPages = []demoPage{
	{"/", "Fern & Fig, house plants", "Click around: each page you open shows on the dashboard within two seconds.", ""},
	{"/plants/", "Plants", "Monstera, calathea, fig and fern, all raised in our own greenhouse.", ""},
	{"/care/", "Care notes", "Less water than you think, more light than you have.", ""},
	{"/basket/", "Basket", "One fern, one terracotta pot.", "Order"},
}
