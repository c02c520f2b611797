package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"hitkeep"
)

// FuzzPayload: the body reader accepts what encoding/json accepts, and what comes out of it
// encodes to a record that decodes.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":[1,-2.5e+3,true,false,null,{"b":"\u00e4\n"}]}`, `{"d":"x","p":{"a":1},"rev":{"amount":1,"currency":"EUR"},"id":"ff","e":1,"sd":2}`,
		`{"p":"{\"a\":1}"}`, `{"a":01}`, `{"a":"\x"}`, `{"a":1,}`, `[1]`, ` {"a" : 1 } `, "{\"a\":\"\xff\"}", `{"a":-}`, `{"a":1e}`, `{"m":"{}","$":"{\"amount\":\"1\"}"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p payload
		err := parsePayload(b, &p)
		malformed := errors.As(err, new(*malformedError))
		object := bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{"))
		if json.Valid(b) && object && malformed && !nested(err) && bytes.Count(b, []byte{'['})+bytes.Count(b, []byte{'{'}) < maxDepth {
			t.Fatalf("valid JSON is refused: %v", err)
		}
		if !json.Valid(b) && err == nil {
			t.Fatal("malformed JSON is accepted")
		}
		if err != nil {
			return
		}
		h := hitkeep.Hit{Name: clean(p.name, maxName), Props: p.props, Currency: p.currency, EngagedMS: p.engagedMS, ScrollDepth: p.scroll}
		if page, ok := parsePage(p.url, p.hash); ok {
			h.Path, h.Hostname = page.path, page.host
		}
		_, h.Referrer = parseReferrer(p.referrer)
		p.campaign.fill(p.value)
		h.UTMSource, h.Source = p.campaign.source, p.campaign.ref
		var back hitkeep.Hit
		if err := back.DecodeRecord(h.AppendRecord(nil)); err != nil {
			t.Fatalf("%v of %+v", err, h)
		}
	})
}

// nested says that an error is about a member that may hold JSON in a string.
func nested(err error) bool {
	var e *hitkeep.Error
	return errors.As(err, &e) && slices.Contains([]string{"p", "props", "properties", "m", "meta", "rev", "revenue", "$"}, e.Field)
}

// FuzzLogLine: no line panics or gives text that cannot be stored.
func FuzzLogLine(f *testing.F) {
	for _, s := range []string{
		logEntry("GET / HTTP/1.1", 200), `{"ts":1,"request":{"uri":"/"},"status":200}`, `a - - [17/May/2015:10:05:03 +0200] "GET \x" 200 1 "\`, "{", `" [] "`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := parseLogLine(strings.ToValidUTF8(s, "\uFFFD"))
		if err != nil {
			return
		}
		p, _ := parsePage(l.target, false)
		host, stored := parseReferrer(l.referer)
		for _, text := range []string{p.path, p.host, host, stored, l.host} {
			if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\n") {
				t.Fatalf("%q cannot be stored", text)
			}
		}
	})
}

func FuzzDecimal(f *testing.F) {
	f.Add("12.5")
	f.Add("-1e-3")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := parseDecimal(s, 3); ok && (n >= 1e18 || n <= -1e18) {
			t.Fatalf("%q is %d", s, n)
		}
	})
}
