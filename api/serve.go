package api

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"time"

	"hitkeep"
)

const (
	maxBody      = 64 << 10         // bytes of any request body here
	bodyTimeout  = 30 * time.Second // to read a body
	queryTimeout = 30 * time.Second // of one request to Stats
)

// call is what is known about a request, kept in its context.
type call struct {
	id     string // of the request, in the log and in errors
	caller caller
	site   hitkeep.Site // of a route with {site}
	role   hitkeep.Role // the caller's on that site
	route  Route
	conn   *http.ResponseController
}

type callKey struct{}

func callOf(r *http.Request) *call { return r.Context().Value(callKey{}).(*call) }

// serve makes a handler of a route: request id, security headers, origin check, body limit,
// authentication, the route's access, errors and panics.
func (a *API) serve(rt Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sw := &startedWriter{ResponseWriter: w}
		c := &call{id: a.requestID(), route: rt, conn: http.NewResponseController(w)}
		defer a.recover(sw, c)
		secure(w.Header())
		w.Header().Set("X-Request-Id", c.id)
		r.Body = http.MaxBytesReader(sw, r.Body, maxBody)
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		err := a.enter(sw, r)
		if err == nil {
			err = rt.Handler(sw, r)
		}
		if err != nil {
			a.fail(sw, r, err)
		}
	})
}

func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (a *API) requestID() string {
	var b [8]byte
	if _, err := io.ReadFull(a.o.Rand, b[:]); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(b[:])
}

// enter does what comes before every handler.
func (a *API) enter(w http.ResponseWriter, r *http.Request) error {
	if err := a.checkOrigin(r); err != nil {
		return err
	}
	c := callOf(r)
	var err error
	if c.caller, err = a.authenticate(w, r); err != nil {
		if !c.route.Access.Public {
			return err
		}
		c.caller = caller{}
		if hitkeep.CodeOf(err) == hitkeep.Internal {
			a.o.Log.Warn("login not checked", "id", c.id, "err", err)
		}
	}
	return a.authorize(r, c)
}

// checkOrigin refuses what another site's page makes a browser send. A bearer token is no
// ambient credential, so those requests need no protection.
func (a *API) checkOrigin(r *http.Request) error {
	if r.Header.Get("Authorization") != "" {
		return nil
	}
	if err := a.origin.Check(r); err != nil {
		return hitkeep.Errorf(hitkeep.Forbidden, "the request comes from another site").
			WithHint("behind a proxy, set public_url to the address in the browser")
	}
	// Browsers that say nothing about the origin can still send only these types unasked.
	switch t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return hitkeep.BadField("Content-Type", "%s is not taken; send application/json", t)
	}
	return nil
}

// startedWriter knows whether the answer has begun.
type startedWriter struct {
	http.ResponseWriter
	started bool
}

func (s *startedWriter) WriteHeader(code int) {
	s.started = true
	s.ResponseWriter.WriteHeader(code)
}

func (s *startedWriter) Write(b []byte) (int, error) {
	s.started = true
	return s.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the deadline and flush of the connection.
func (s *startedWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// recover answers a panic with 500 and logs it once.
func (a *API) recover(w *startedWriter, c *call) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	a.o.Log.Error("panic", "id", c.id, "route", c.route.Method+" "+c.route.Pattern,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if !w.started {
		writeError(w, c.id, http.StatusInternalServerError, internalError)
	}
}

// withTimeout bounds work for a request in Stats.
func withTimeout(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), queryTimeout)
}

// log adds the request id to a message.
func (a *API) log(r *http.Request) *slog.Logger { return a.o.Log.With("id", callOf(r).id) }
