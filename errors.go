package hitkeep

import (
	"errors"
	"fmt"
)

// Code classifies an Error. Only the HTTP layer maps it to a status.
type Code string

// The codes of domain errors.
const (
	Invalid      Code = "invalid"      // the input is wrong; Field names where
	Unauthorized Code = "unauthorized" // nobody is signed in, or the credentials are wrong
	Forbidden    Code = "forbidden"    // signed in, but without the right
	NotFound     Code = "not_found"    // the thing named does not exist, or may not be seen
	Conflict     Code = "conflict"     // it exists already, or changed meanwhile
	RateLimited  Code = "rate_limited" // too many requests; try later
	TooLarge     Code = "too_large"    // the body or a list exceeds its limit
	Unavailable  Code = "unavailable"  // cannot take it now (disk nearly full, draining); try later
	Internal     Code = "internal"     // our fault
)

// Error is an error a person reads. Message says what is wrong, Field which input is meant,
// Hint what to do or to run next.
type Error struct {
	Code    Code
	Message string
	Field   string
	Hint    string
}

func (e *Error) Error() string {
	s := e.Message
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Errorf makes an Error of a code with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// BadField makes an Invalid error about one input field.
func BadField(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns a copy of e that says what to do next.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// CodeOf returns the code of the first Error in err's chain, Internal if there is none,
// and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
