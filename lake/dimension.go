package lake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hitkeep"
)

// level says what a dimension is a property of.
type level uint8

const (
	hitLevel   level = iota // of each hit by itself
	visitLevel              // of the whole visit: the same for all its hits
	timeLevel               // of the hit's time, or of the visit's start
)

// dimension is one resolved name of a query. expr is SQL over the aliases h (a stitched hit) and
// v (a row of visits), without values: those are parameters.
type dimension struct {
	name  string
	level level
	expr  string
	unit  bucketUnit // timeLevel only
}

// hitDimensions maps names to columns of facts. Country, device, browser and os are the hit's
// own by definition, whatever their prefix.
var hitDimensions = map[string]string{
	"event:page": "path", "event:hostname": "hostname", "event:kind": "kind", "event:via": "via",
	"event:bot": "bot", "event:bot_name": "bot_name", "event:currency": "currency",
	"visit:country": "country", "visit:region": "region", "visit:city": "city",
	"visit:device": "device", "visit:browser": "browser", "visit:browser_version": "browser_version",
	"visit:os": "os", "visit:os_version": "os_version", "visit:screen": "screen", "visit:language": "language",
}

// firstHitDimensions are a visit's by its first hit.
var firstHitDimensions = map[string]string{
	"visit:source": "source", "visit:channel": "channel", "visit:referrer": "referrer",
	"visit:utm_source": "utm_source", "visit:utm_medium": "utm_medium", "visit:utm_campaign": "utm_campaign",
	"visit:utm_term": "utm_term", "visit:utm_content": "utm_content", "visit:click_id": "click_id",
}

// pageDimensions are a visit's by its first and last pageview.
var pageDimensions = map[string]string{
	"visit:entry_page": "entry_page", "visit:entry_page_hostname": "entry_hostname",
	"visit:exit_page": "exit_page", "visit:exit_page_hostname": "exit_hostname",
}

// verdictDimensions are a visit's by its first bot hit.
var verdictDimensions = map[string]string{"visit:bot": "bot", "visit:bot_name": "bot_name"}

const (
	pageDimension = "event:page"
	propPrefix    = "event:props:"
	// A pageview's event name, as in Plausible's API.
	nameExpr = "CASE WHEN h.kind = 'pageview' THEN 'pageview' ELSE h.name END"
)

// Dimensions lists the dimension names that Query takes, beside event:props:KEY.
func Dimensions() []string {
	names := []string{"event:name"}
	for _, m := range []map[string]string{hitDimensions, firstHitDimensions, pageDimensions, verdictDimensions} {
		names = slices.AppendSeq(names, maps.Keys(m))
	}
	for u := range bucketUnits {
		names = append(names, "time:"+u)
	}
	slices.Sort(names)
	return names
}

// dimension resolves a name and notes which columns it needs.
func (p *plan) dimension(name, field string) (dimension, error) {
	d := dimension{name: name, level: visitLevel}
	switch {
	case hitDimensions[name] != "":
		col := p.need(hitDimensions[name])
		d.level, d.expr = hitLevel, "h."+col
	case name == "event:name":
		d.level, d.expr = hitLevel, nameExpr
		p.need("name")
	case strings.HasPrefix(name, propPrefix) && len(name) > len(propPrefix):
		p.need("props")
		d.level = hitLevel
		d.expr = fmt.Sprintf("map_extract_value(h.props, %s)", p.bind("prop", name[len(propPrefix):]))
	case firstHitDimensions[name] != "":
		col := p.need(firstHitDimensions[name])
		p.first[col] = true
		d.expr = "v." + col
	case pageDimensions[name] != "":
		p.pages[pageDimensions[name]] = true
		d.expr = "v." + pageDimensions[name]
		p.need("path")
		if strings.HasSuffix(name, "hostname") {
			p.need("hostname")
		}
	case verdictDimensions[name] != "":
		p.verdict = true
		d.expr = "v." + p.need(verdictDimensions[name])
	default:
		unit, ok := bucketUnits[strings.TrimPrefix(name, "time:")]
		if !ok || !strings.HasPrefix(name, "time:") {
			return d, hitkeep.BadField(field, "%q is not a dimension", name).
				WithHint("use one of %s, %sKEY", strings.Join(Dimensions(), ", "), propPrefix)
		}
		d.level, d.unit = timeLevel, unit
	}
	// Whoever names bots wants to see them.
	if strings.HasPrefix(name, "event:bot") || strings.HasPrefix(name, "visit:bot") {
		p.withBots = true
	}
	return d, nil
}
