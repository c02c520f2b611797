package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"hitkeep"
)

// Route is one entry of the table that the appliance registers on its mux.
type Route struct {
	Method, Pattern string
	Handler         http.Handler
}

// Routes lists the service's routes. Those under /ingest and /api/event are public: any origin,
// without credentials. The others want a bearer token of scope events:write.
func (s *Service) Routes() []Route {
	public := []struct {
		method, pattern string
		receive         func(*http.Request) (receipt, error)
	}{
		{http.MethodPost, "/ingest", s.receiver(hitkeep.Pageview)},
		{http.MethodPost, "/ingest/event", s.receiver(hitkeep.Event)},
		{http.MethodPost, "/ingest/engagement", s.receiver(hitkeep.Engagement)},
		{http.MethodPost, "/ingest/web-vitals", s.receiver(hitkeep.Vital)},
		{http.MethodPost, "/api/event", s.receivePlausible},
	}
	var routes []Route
	for _, p := range public {
		routes = append(routes,
			Route{p.method, p.pattern, s.publicHandler(p.receive)},
			Route{http.MethodOptions, p.pattern, http.HandlerFunc(preflight)})
	}
	return append(routes,
		Route{http.MethodGet, "/ingest.gif", http.HandlerFunc(s.servePixel)},
		Route{http.MethodPost, "/api/ingest/server/pageview", s.serverHandler(hitkeep.Pageview)},
		Route{http.MethodPost, "/api/ingest/server/event", s.serverHandler(hitkeep.Event)},
		Route{http.MethodPost, "/api/ingest/batch", http.HandlerFunc(s.serveBatch)},
	)
}

// The response headers of our own.
const (
	headerIgnored = "X-HitKeep-Ignored" // why nothing was stored: unknown_site, excluded, dnt
	headerLate    = "X-HitKeep-Late"    // the day whose salt was gone: its visitor counts as new
)

// retryAfter is what a sender waits when we cannot take hits, in seconds.
const retryAfter = 5

func allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", headerIgnored)
}

func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	allowOrigin(h)
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// receipt says what became of one request.
type receipt struct {
	outcome outcome
	site    *hitkeep.Site // nil while unknown
	host    string        // the page's, as claimed
	ignored string        // the value of X-HitKeep-Ignored
	late    string        // the day whose salt was gone
	wait    time.Duration // rate limited: try again in
}

// ignoring is a receipt for a hit of which nothing is stored.
func (c receipt) ignoring(o outcome, reason string) receipt {
	c.outcome, c.ignored = o, reason
	return c
}

func (s *Service) publicHandler(receive func(*http.Request) (receipt, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowOrigin(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if c, err := receive(r); s.settle(w, c, err) {
			w.WriteHeader(http.StatusAccepted)
		}
	})
}

// settle counts a receipt and writes its headers, or the error's answer; it reports whether
// the request is to be answered with success.
func (s *Service) settle(w http.ResponseWriter, c receipt, err error) bool {
	if err != nil {
		s.refuse(w, c, err)
		return false
	}
	s.ledger.note(c.outcome, c.site, c.host, "")
	if c.ignored != "" {
		w.Header().Set(headerIgnored, c.ignored)
	}
	if c.late != "" {
		w.Header().Set(headerLate, c.late)
	}
	return true
}

// refuse counts and answers an error. The outcome follows from the error unless it was set.
func (s *Service) refuse(w http.ResponseWriter, c receipt, err error) {
	var e *hitkeep.Error
	if errors.Is(err, context.Canceled) {
		e = hitkeep.Errorf(hitkeep.Unavailable, "the sender left")
	} else if !errors.As(err, &e) {
		s.o.Log.Error("ingest", "err", err)
		e = hitkeep.Errorf(hitkeep.Internal, "internal error")
	}
	o, status := refusal(e)
	if errors.As(err, new(*malformedError)) {
		o = refusedMalformed
	}
	s.ledger.note(o, c.site, c.host, e.Field)
	switch status {
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(c.wait.Seconds()))))
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Error string       `json:"error"`
		Code  hitkeep.Code `json:"code"`
		Field string       `json:"field,omitempty"`
		Hint  string       `json:"hint,omitempty"`
	}{e.Message, e.Code, e.Field, e.Hint})
}

func refusal(e *hitkeep.Error) (outcome, int) {
	switch e.Code {
	case hitkeep.Invalid:
		return refusedField, http.StatusBadRequest
	case hitkeep.TooLarge:
		return refusedTooLarge, http.StatusRequestEntityTooLarge
	case hitkeep.RateLimited:
		return refusedRate, http.StatusTooManyRequests
	case hitkeep.Unavailable:
		return refusedUnavailable, http.StatusServiceUnavailable
	case hitkeep.Unauthorized:
		return refusedToken, http.StatusUnauthorized
	case hitkeep.Forbidden:
		return refusedToken, http.StatusForbidden
	}
	return refusedInternal, http.StatusInternalServerError
}
