package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"hitkeep"
)

// statuses maps the codes of domain errors: the only place that does.
var statuses = map[hitkeep.Code]int{
	hitkeep.Invalid:      http.StatusBadRequest,
	hitkeep.Unauthorized: http.StatusUnauthorized,
	hitkeep.Forbidden:    http.StatusForbidden,
	hitkeep.NotFound:     http.StatusNotFound,
	hitkeep.Conflict:     http.StatusConflict,
	hitkeep.RateLimited:  http.StatusTooManyRequests,
	hitkeep.TooLarge:     http.StatusRequestEntityTooLarge,
	hitkeep.Unavailable:  http.StatusServiceUnavailable,
	hitkeep.Internal:     http.StatusInternalServerError,
}

var internalError = &hitkeep.Error{Code: hitkeep.Internal,
	Message: "something went wrong on the server", Hint: "the server's log has it under this id"}

// errorBody is the JSON form of an error.
type errorBody struct {
	Error string       `json:"error"`
	Code  hitkeep.Code `json:"code"`
	Field string       `json:"field,omitempty"`
	Hint  string       `json:"hint,omitempty"`
	ID    string       `json:"id"`
}

// retryError is an error that passes by itself.
type retryError struct {
	err   *hitkeep.Error
	after time.Duration
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// statusError has a status that no code stands for.
type statusError struct {
	err    *hitkeep.Error
	status int
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// fail answers a request with an error. What is our fault is logged, once, and not shown.
func (a *API) fail(w *startedWriter, r *http.Request, err error) {
	c := callOf(r)
	e, known := domainError(err)
	if e == internalError && r.Context().Err() != nil {
		return // the client went away; nobody reads an answer
	}
	if !known {
		a.o.Log.Error("request failed", "id", c.id, "route", c.route.Method+" "+c.route.Pattern, "err", err)
	}
	if w.started {
		return
	}
	status := statuses[e.Code]
	if s := (*statusError)(nil); errors.As(err, &s) {
		status = s.status
	}
	setRetryAfter(w.Header(), err, e.Code)
	writeError(w, c.id, status, e)
}

// domainError finds what to tell the client; known is false for faults of ours.
func domainError(err error) (e *hitkeep.Error, known bool) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &e) && statuses[e.Code] != 0 && e.Code != hitkeep.Internal:
		return e, true
	case errors.As(err, &large):
		return hitkeep.Errorf(hitkeep.TooLarge, "the body has more than %d bytes", large.Limit), true
	case errors.Is(err, context.DeadlineExceeded):
		return hitkeep.Errorf(hitkeep.Unavailable, "the answer took too long").
			WithHint("try a shorter range or fewer dimensions"), true
	}
	return internalError, false
}

func setRetryAfter(h http.Header, err error, code hitkeep.Code) {
	var retry *retryError
	switch {
	case errors.As(err, &retry):
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(retry.after.Seconds())))))
	case code == hitkeep.Unavailable:
		h.Set("Retry-After", "5")
	}
}

func writeError(w http.ResponseWriter, id string, status int, e *hitkeep.Error) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="HitKeep"`)
	}
	// An errorBody always encodes, and a failed write concerns nobody but the client.
	_ = writeJSON(w, status, errorBody{Error: e.Message, Code: e.Code, Field: e.Field, Hint: e.Hint, ID: id})
}
