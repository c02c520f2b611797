package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hitkeep"
)

// Limits of filters: a query is a question of a person, not a program.
const (
	maxFilterDepth = 10
	maxFilters     = 200
	maxValues      = 1000
	maxValueBytes  = 2000
	maxPropBytes   = 300
)

// dimensions without the time ones and event:props:KEY.
var dimensions = []string{
	"event:page", "event:hostname", "event:name",
	"visit:entry_page", "visit:exit_page", "visit:source", "visit:referrer", "visit:channel",
	"visit:utm_source", "visit:utm_medium", "visit:utm_campaign", "visit:utm_term", "visit:utm_content",
	"visit:country", "visit:region", "visit:city", "visit:device", "visit:browser", "visit:browser_version",
	"visit:os", "visit:os_version", "visit:screen", "visit:language",
}

const propPrefix = "event:props:"

// checkDimension says what is wrong with a name; field is where it stands.
func checkDimension(field, name string, withTime bool) error {
	known := dimensions
	if withTime {
		known = slices.Concat(dimensions, timeDimensions)
	}
	if key, ok := strings.CutPrefix(name, propPrefix); ok && key != "" && len(key) <= maxPropBytes {
		return nil
	}
	if slices.Contains(known, name) {
		return nil
	}
	if isTime(name) && !withTime && slices.Contains(timeDimensions, name) {
		return hitkeep.BadField(field, "%s cannot be filtered; set date_range", name)
	}
	e := hitkeep.BadField(field, "%q is not a dimension; use %s, %sKEY", name, strings.Join(known, ", "), propPrefix)
	if near := hitkeep.Nearest(name, known); near != "" {
		return e.WithHint("did you mean %s?", near)
	}
	return e
}

var filterOperators = []string{"is", "is_not", "contains", "contains_not", "matches", "matches_not",
	"matches_wildcard", "matches_wildcard_not"}

// filterParser counts what it has read of one query's filters.
type filterParser struct{ n int }

// parseFilters joins a list of filters by and. nil = none.
func parseFilters(list []json.RawMessage) (*hitkeep.Filter, error) {
	p := &filterParser{}
	var children []hitkeep.Filter
	for i, raw := range list {
		f, err := p.parse(raw, fmt.Sprintf("filters[%d]", i), 1)
		if err != nil {
			return nil, err
		}
		children = append(children, f)
	}
	switch len(children) {
	case 0:
		return nil, nil
	case 1:
		return &children[0], nil
	}
	return &hitkeep.Filter{Op: "and", Children: children}, nil
}

func (p *filterParser) parse(raw json.RawMessage, field string, depth int) (hitkeep.Filter, error) {
	if p.n++; p.n > maxFilters || depth > maxFilterDepth {
		return hitkeep.Filter{}, hitkeep.BadField(field, "is too much: at most %d filters, nested at most %d deep", maxFilters, maxFilterDepth)
	}
	var parts []json.RawMessage
	var op string
	if json.Unmarshal(raw, &parts) != nil || len(parts) < 2 || json.Unmarshal(parts[0], &op) != nil {
		return hitkeep.Filter{}, hitkeep.BadField(field, `must be an array such as ["is", "visit:source", ["Google"]]`)
	}
	switch op {
	case "and", "or":
		return p.group(op, parts, field, depth)
	case "not", "has_done", "has_not_done":
		if len(parts) != 2 {
			return hitkeep.Filter{}, hitkeep.BadField(field, "%s takes one filter", op)
		}
		child, err := p.parse(parts[1], field+"[1]", depth+1)
		return hitkeep.Filter{Op: op, Children: []hitkeep.Filter{child}}, err
	}
	return comparison(op, parts, field)
}

func (p *filterParser) group(op string, parts []json.RawMessage, field string, depth int) (hitkeep.Filter, error) {
	var list []json.RawMessage
	if len(parts) != 2 || json.Unmarshal(parts[1], &list) != nil || len(list) == 0 {
		return hitkeep.Filter{}, hitkeep.BadField(field+"[1]", "%s takes a list of filters", op)
	}
	f := hitkeep.Filter{Op: op}
	for i, raw := range list {
		child, err := p.parse(raw, fmt.Sprintf("%s[1][%d]", field, i), depth+1)
		if err != nil {
			return f, err
		}
		f.Children = append(f.Children, child)
	}
	return f, nil
}

func comparison(op string, parts []json.RawMessage, field string) (hitkeep.Filter, error) {
	f := hitkeep.Filter{Op: op}
	if !slices.Contains(filterOperators, op) {
		return f, hitkeep.BadField(field+"[0]", "%q is not an operator; use %s, and, or, not, has_done, has_not_done",
			op, strings.Join(filterOperators, ", "))
	}
	if json.Unmarshal(parts[1], &f.Dim) != nil {
		return f, hitkeep.BadField(field+"[1]", "must be the name of a dimension")
	}
	if err := checkDimension(field+"[1]", f.Dim, false); err != nil {
		return f, err
	}
	if len(parts) < 3 || len(parts) > 4 {
		return f, hitkeep.BadField(field, "must have an operator, a dimension and a list of values")
	}
	var err error
	if f.Values, err = filterValues(op, parts[2], field+"[2]"); err != nil {
		return f, err
	}
	if len(parts) == 4 {
		f.FoldCase, err = foldCase(op, parts[3], field+"[3]")
	}
	return f, err
}

// filterValues reads strings; numbers are taken too, as people write versions.
func filterValues(op string, raw json.RawMessage, field string) ([]string, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > maxValues {
		return nil, hitkeep.BadField(field, "must be a list of 1 to %d values", maxValues)
	}
	values := make([]string, 0, len(list))
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		var s string
		var n json.Number
		switch {
		case string(item) == "null":
			return nil, hitkeep.BadField(at, "must be a string; a missing value is %q", hitkeep.NotSet)
		case json.Unmarshal(item, &s) == nil:
		case json.Unmarshal(item, &n) == nil:
			s = n.String()
		default:
			return nil, hitkeep.BadField(at, "must be a string")
		}
		if err := checkValue(op, s, at); err != nil {
			return nil, err
		}
		values = append(values, s)
	}
	return values, nil
}

func checkValue(op, s, field string) error {
	if len(s) > maxValueBytes {
		return hitkeep.BadField(field, "has more than %d bytes", maxValueBytes)
	}
	if op == "matches" || op == "matches_not" { // the store's engine is RE2, too
		if _, err := regexp.Compile(s); err != nil {
			return hitkeep.BadField(field, "is not a regular expression of RE2: %v", err)
		}
	}
	return nil
}

func foldCase(op string, raw json.RawMessage, field string) (bool, error) {
	var m map[string]bool
	if json.Unmarshal(raw, &m) != nil {
		return false, hitkeep.BadField(field, `must be {"case_sensitive": true} or {"case_sensitive": false}`)
	}
	for k := range m {
		if k != "case_sensitive" {
			return false, hitkeep.BadField(field+"."+k, "is not known; known is case_sensitive")
		}
	}
	sensitive, set := m["case_sensitive"]
	if set && strings.HasPrefix(op, "matches") {
		return false, hitkeep.BadField(field, "does not go with %s", op).WithHint("begin a regular expression with (?i)")
	}
	return set && !sensitive, nil
}

// filtersOn reports whether f compares a dimension anywhere.
func filtersOn(f *hitkeep.Filter, dimension string) bool {
	if f == nil {
		return false
	}
	return f.Dim == dimension || slices.ContainsFunc(f.Children, func(c hitkeep.Filter) bool {
		return filtersOn(&c, dimension)
	})
}
