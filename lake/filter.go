package lake

import (
	"fmt"
	"regexp"
	"strings"

	"hitkeep"
)

// predicate is a compiled filter: SQL over h and v that is true or false, never null, and which
// of the two it looks at.
type predicate struct {
	sql        string
	hit, visit bool
}

// maxFilterDepth bounds the nesting of a filter tree, maxFilterValues its values.
const (
	maxFilterDepth  = 16
	maxFilterValues = 2000
)

// predicate compiles f. With byEntry set, conditions on the page are asked of the visit's entry
// page instead.
func (p *plan) predicate(f *hitkeep.Filter, byEntry bool, depth int) (predicate, error) {
	if f == nil {
		return predicate{sql: "true"}, nil
	}
	if depth > maxFilterDepth {
		return predicate{}, hitkeep.BadField("filters", "are nested more than %d deep", maxFilterDepth)
	}
	switch f.Op {
	case "and", "or":
		return p.join(f, byEntry, depth)
	case "not":
		if len(f.Children) != 1 {
			return predicate{}, hitkeep.BadField("filters", "not takes exactly one filter")
		}
		c, err := p.predicate(&f.Children[0], byEntry, depth+1)
		c.sql = "NOT " + c.sql
		return c, err
	case "has_done", "has_not_done":
		return p.done(f, depth)
	}
	return p.compare(f, byEntry)
}

func (p *plan) join(f *hitkeep.Filter, byEntry bool, depth int) (predicate, error) {
	if len(f.Children) == 0 {
		return predicate{}, hitkeep.BadField("filters", "%s takes at least one filter", f.Op)
	}
	var all predicate
	var parts []string
	for i := range f.Children {
		c, err := p.predicate(&f.Children[i], byEntry, depth+1)
		if err != nil {
			return c, err
		}
		parts = append(parts, c.sql)
		all.hit, all.visit = all.hit || c.hit, all.visit || c.visit
	}
	all.sql = "(" + strings.Join(parts, " "+strings.ToUpper(f.Op)+" ") + ")"
	return all, nil
}

// done compiles "the visit has (not) a pageview or event that ...": a flag of the visit.
func (p *plan) done(f *hitkeep.Filter, depth int) (predicate, error) {
	if len(f.Children) != 1 {
		return predicate{}, hitkeep.BadField("filters", "%s takes exactly one filter", f.Op)
	}
	c, err := p.predicate(&f.Children[0], false, depth+1)
	if err != nil {
		return c, err
	}
	if c.visit {
		return c, hitkeep.BadField("filters", "%s looks at hits: use event: dimensions in it", f.Op)
	}
	flag := -1
	for i, have := range p.flags {
		if have == c.sql {
			flag = i
		}
	}
	if flag < 0 {
		flag, p.flags = len(p.flags), append(p.flags, c.sql)
	}
	sql := fmt.Sprintf("v.done_%d", flag)
	if f.Op == "has_not_done" {
		sql = "NOT " + sql
	}
	return predicate{sql: sql, visit: true}, nil
}

// compare compiles one comparison. An absent value is "(not set)" to is and is_not, and holds
// no text to the others.
func (p *plan) compare(f *hitkeep.Filter, byEntry bool) (predicate, error) {
	dim := f.Dim
	if byEntry && dim == pageDimension {
		dim = "visit:entry_page"
	}
	d, err := p.dimension(dim, "filters")
	if err != nil {
		return predicate{}, err
	}
	if d.level == timeLevel {
		return predicate{}, hitkeep.BadField("filters", "%q is not a dimension to filter by; use date_range", f.Dim)
	}
	if p.values += len(f.Values); len(f.Values) == 0 || p.values > maxFilterValues {
		return predicate{}, hitkeep.BadField("filters", "%s %s takes 1 to %d values", f.Op, f.Dim, maxFilterValues)
	}
	op, negated := strings.CutSuffix(f.Op, "_not")
	sql, err := p.comparison(op, d.expr, f)
	if err != nil {
		return predicate{}, err
	}
	if negated {
		sql = "NOT " + sql
	}
	return predicate{sql: sql, hit: d.level == hitLevel, visit: d.level == visitLevel}, nil
}

func (p *plan) comparison(op, expr string, f *hitkeep.Filter) (string, error) {
	fold := func(s string) string {
		if f.FoldCase {
			return "lower(" + s + ")"
		}
		return s
	}
	var parts []string
	switch op {
	case "is":
		for _, v := range f.Values {
			parts = append(parts, fold(p.bind("value", v)))
		}
		return fmt.Sprintf("(%s IN (%s))", fold(label(expr)), strings.Join(parts, ", ")), nil
	case "contains":
		for _, v := range f.Values {
			parts = append(parts, fmt.Sprintf("contains(%s, %s)", fold("coalesce("+expr+", '')"), fold(p.bind("value", v))))
		}
	case "matches", "matches_wildcard":
		for _, v := range f.Values {
			if op == "matches_wildcard" {
				v = wildcard(v)
			}
			if f.FoldCase {
				v = "(?i)" + v
			}
			// Go and DuckDB share the syntax: what Go takes runs in linear time there too.
			if _, err := regexp.Compile(v); err != nil || len(v) > 1000 {
				return "", hitkeep.BadField("filters", "%q is not a regular expression of at most 1000 bytes (RE2 syntax)", v)
			}
			parts = append(parts, fmt.Sprintf("regexp_matches(coalesce(%s, ''), %s)", expr, p.bind("value", v)))
		}
	default:
		return "", hitkeep.BadField("filters", "%q is not an operator", f.Op)
	}
	return "(" + strings.Join(parts, " OR ") + ")", nil
}

// wildcard turns a page pattern into an anchored expression: * stays within a path segment,
// ** crosses them.
func wildcard(s string) string {
	s = regexp.QuoteMeta(s)
	s = strings.ReplaceAll(s, `\*\*`, ".*")
	return "^" + strings.ReplaceAll(s, `\*`, "[^/]*") + "$"
}

// label is how a value appears in reports.
func label(expr string) string { return "coalesce(" + expr + ", '" + hitkeep.NotSet + "')" }
