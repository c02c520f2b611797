package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"hitkeep"
)

// maxDepth bounds the nesting of a body: nothing that is accepted is deeper.
const maxDepth = 32

// jsonBody reads one JSON text front to back, once, without building a tree: a hit's body is
// small and flat, and decoding it is the largest part of a request's cost. It accepts exactly
// the texts that encoding/json accepts. Errors are *hitkeep.Error and name the byte and field.
type jsonBody struct {
	b     []byte
	p     int
	field string // the top-level member being read
}

// scalar is a JSON value that is neither object nor array; text is the string itself, or the
// literal of a number, true or false; it is "" for null.
type scalar struct {
	kind byte // '"', '0' for a number, 't', 'f', 'n'
	text string
}

// malformedError is an Invalid error about the form of a body, not about a value in it.
type malformedError struct{ err *hitkeep.Error }

func (e *malformedError) Error() string { return e.err.Error() }
func (e *malformedError) Unwrap() error { return e.err }

func (j *jsonBody) malformed(what string) error {
	e := hitkeep.BadField(j.field, "malformed JSON at byte %d: %s", j.p+1, what)
	if e.Field == "" {
		e.Field = "body"
	}
	return &malformedError{e}
}

func (j *jsonBody) space() {
	for j.p < len(j.b) {
		switch j.b[j.p] {
		case ' ', '\t', '\r', '\n':
			j.p++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte without taking it, 0 at the end.
func (j *jsonBody) peek() byte {
	j.space()
	if j.p < len(j.b) {
		return j.b[j.p]
	}
	return 0
}

func (j *jsonBody) expect(c byte) error {
	if j.peek() != c {
		return j.malformed("expected " + string(rune(c)))
	}
	j.p++
	return nil
}

// object calls member for each member with the reader at its value; member must take it.
func (j *jsonBody) object(member func(key string) error) error {
	if err := j.expect('{'); err != nil {
		return err
	}
	if j.peek() == '}' {
		j.p++
		return nil
	}
	for {
		if j.peek() != '"' {
			return j.malformed("expected a member name")
		}
		key, err := j.key()
		if err != nil {
			return err
		}
		if err := j.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		switch j.peek() {
		case ',':
			j.p++
		case '}':
			j.p++
			return nil
		default:
			return j.malformed("expected , or }")
		}
	}
}

// memberNames are the names that every hit has, so that reading them allocates nothing.
var memberNames = map[string]string{
	"id": "id", "d": "d", "n": "n", "p": "p", "r": "r", "u": "u", "i": "i", "e": "e", "v": "v", "h": "h", "sd": "sd", "wd": "wd", "m": "m",
	"url": "url", "path": "path", "referrer": "referrer", "lang": "lang", "sc_w": "sc_w", "sc_h": "sc_h", "vp_w": "vp_w", "vp_h": "vp_h",
	"domain": "domain", "name": "name", "props": "props", "type": "type", "timestamp": "timestamp", "visitor_ip": "visitor_ip",
	"user_agent": "user_agent", "interactive": "interactive", "u_src": "u_src", "u_med": "u_med", "u_cmp": "u_cmp",
}

// key takes a member's name.
func (j *jsonBody) key() (string, error) {
	if end := bytes.IndexByte(j.b[j.p+1:], '"'); end >= 0 {
		if name, ok := memberNames[string(j.b[j.p+1:j.p+1+end])]; ok {
			j.p += end + 2
			return name, nil
		}
	}
	return j.str()
}

// end fails if anything but white space is left.
func (j *jsonBody) end() error {
	if j.peek(); j.p < len(j.b) {
		j.field = ""
		return j.malformed("text behind the value")
	}
	return nil
}

// str takes a string. Invalid UTF-8 becomes U+FFFD.
func (j *jsonBody) str() (string, error) {
	start, escaped := j.p, false
	for i := start + 1; i < len(j.b); i++ {
		switch c := j.b[i]; {
		case c == '"':
			j.p = i + 1
			if escaped {
				return j.unescape(start)
			}
			return valid(j.b[start+1 : i]), nil
		case c == '\\':
			escaped = true
			i++
		case c < 0x20:
			j.p = i
			return "", j.malformed("control character in a string")
		}
	}
	j.p = len(j.b)
	return "", j.malformed("unexpected end in a string")
}

func (j *jsonBody) unescape(start int) (string, error) {
	var s string
	if err := json.Unmarshal(j.b[start:j.p], &s); err != nil {
		j.p = start
		return "", j.malformed("bad escape in a string")
	}
	return s, nil
}

func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// scalar takes a value that must not be an object or array.
func (j *jsonBody) scalar() (scalar, error) {
	switch c := j.peek(); {
	case c == '"':
		s, err := j.str()
		return scalar{'"', s}, err
	case c == '-' || c >= '0' && c <= '9':
		start := j.p
		if err := j.number(); err != nil {
			return scalar{}, err
		}
		return scalar{'0', string(j.b[start:j.p])}, nil
	case c == 't':
		return scalar{'t', "true"}, j.literal("true")
	case c == 'f':
		return scalar{'f', "false"}, j.literal("false")
	case c == 'n':
		return scalar{'n', ""}, j.literal("null")
	case c == '{' || c == '[':
		return scalar{}, hitkeep.BadField(j.field, "must be a single value, not an object or array (byte %d)", j.p+1)
	case c == 0 && j.p >= len(j.b):
		return scalar{}, j.malformed("unexpected end")
	}
	return scalar{}, j.malformed("expected a value")
}

func (j *jsonBody) literal(word string) error {
	if !strings.HasPrefix(string(j.b[j.p:min(len(j.b), j.p+len(word))]), word) {
		return j.malformed("expected " + word)
	}
	j.p += len(word)
	return nil
}

// number takes a number as JSON writes it: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func (j *jsonBody) number() error {
	if j.b[j.p] == '-' {
		j.p++
	}
	if j.p < len(j.b) && j.b[j.p] == '0' {
		j.p++
	} else if !j.digits() {
		return j.malformed("expected a digit")
	}
	if j.p < len(j.b) && j.b[j.p] == '.' {
		j.p++
		if !j.digits() {
			return j.malformed("expected a digit")
		}
	}
	if j.p < len(j.b) && j.b[j.p]|0x20 == 'e' {
		j.p++
		if j.p < len(j.b) && (j.b[j.p] == '+' || j.b[j.p] == '-') {
			j.p++
		}
		if !j.digits() {
			return j.malformed("expected a digit")
		}
	}
	return nil
}

func (j *jsonBody) digits() bool {
	start := j.p
	for j.p < len(j.b) && j.b[j.p] >= '0' && j.b[j.p] <= '9' {
		j.p++
	}
	return j.p > start
}

// skip takes any value and returns its text.
func (j *jsonBody) skip(depth int) ([]byte, error) {
	c := j.peek()
	start := j.p
	if depth > maxDepth {
		return nil, j.malformed("nested too deep")
	}
	var err error
	switch c {
	case '{':
		err = j.object(func(string) error { _, err := j.skip(depth + 1); return err })
	case '[':
		err = j.array(func() error { _, err := j.skip(depth + 1); return err })
	default:
		_, err = j.scalar()
	}
	return j.b[start:j.p], err
}

func (j *jsonBody) array(element func() error) error {
	if err := j.expect('['); err != nil {
		return err
	}
	if j.peek() == ']' {
		j.p++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch j.peek() {
		case ',':
			j.p++
		case ']':
			j.p++
			return nil
		default:
			return j.malformed("expected , or ]")
		}
	}
}
