package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"hitkeep"
)

// writeJSON answers with v. An error means that v cannot be encoded and nothing was written.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the type is JSON and nosniff is set
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may be gone
	return nil
}

func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readJSON decodes a request body into v, strictly: malformed JSON is refused with its
// position, an unknown field with the nearest known one, a wrong type with the field's name.
func readJSON(r *http.Request, v any) error {
	conn := callOf(r).conn
	_ = conn.SetReadDeadline(time.Now().Add(bodyTimeout)) // some connections have none
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyError(err)
	}
	_ = conn.SetReadDeadline(time.Time{}) // it would end the request's context, too
	if len(bytes.TrimSpace(b)) == 0 {
		return hitkeep.Errorf(hitkeep.Invalid, "the body is empty; send a JSON object")
	}
	if err := checkSyntax(b); err != nil {
		return err
	}
	if err := checkKeys(b, reflect.TypeOf(v), ""); err != nil {
		return err
	}
	return typeError(json.Unmarshal(b, v))
}

// bodyError keeps a body over the limit apart from one that did not arrive.
func bodyError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return hitkeep.Errorf(hitkeep.Invalid, "the body did not arrive in full")
}

func checkSyntax(b []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(b, &any)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n"))
		return hitkeep.Errorf(hitkeep.Invalid, "malformed JSON at byte %d, line %d: %s", syntax.Offset, line, syntax)
	}
	if err != nil {
		return fmt.Errorf("decode body: %w", err)
	}
	return nil
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// checkKeys refuses object keys that t, a struct or a pointer to one, has no field for. Keys
// are compared exactly, which package json does not do.
func checkKeys(b []byte, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(textType) {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(b, &object) != nil {
		return hitkeep.BadField(strings.TrimSuffix(path, "."), "must be a JSON object")
	}
	fields := jsonFields(t)
	for key, value := range object {
		field, ok := fields[key]
		if !ok {
			return unknownKey(path+key, key, fields)
		}
		if err := checkKeys(value, field, path+key+"."); err != nil && string(value) != "null" {
			return err
		}
	}
	return nil
}

func unknownKey(path, key string, fields map[string]reflect.Type) error {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	e := hitkeep.BadField(path, "is not a known field; known are %s", strings.Join(names, ", "))
	if near := hitkeep.Nearest(key, names); near != "" {
		return e.WithHint("did you mean %s?", near)
	}
	return e
}

func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}
	return fields
}

func typeError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return hitkeep.BadField(wrong.Field, "must be %s, not %s", jsonKind(wrong.Type), wrong.Value)
	}
	if e := (*hitkeep.Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return hitkeep.Errorf(hitkeep.Invalid, "the body cannot be read: %v", err)
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}
