package ingest

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"hitkeep"
)

// The categories of sources, which decide the channel.
const (
	catSearch   = "search"
	catSocial   = "social"
	catVideo    = "video"
	catShopping = "shopping"
	catAI       = "ai"
	catEmail    = "email"
)

// source is where a visitor came from. The zero source is Direct / None.
type source struct {
	name, category string
	paid           bool // named by an alias that only advertisements use
}

func (s source) direct() bool { return s.name == "" }

// String is the name that is stored.
func (s source) String() string {
	if s.direct() {
		return hitkeep.DirectSource
	}
	return s.name
}

// sourceTable knows sources by host, by brand (google.*), and by the aliases that campaigns use.
type sourceTable struct {
	hosts, brands, aliases map[string]source
}

// newSourceTable reads knownSources: one source per line, its fields separated by "|": name,
// category, hosts (a final ".*" means any public suffix), aliases (a "$" marks paid ones).
func newSourceTable() *sourceTable {
	t := &sourceTable{hosts: map[string]source{}, brands: map[string]source{}, aliases: map[string]source{}}
	for line := range strings.Lines(knownSources) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 4 {
			continue
		}
		src := source{name: f[0], category: f[1]}
		for _, h := range strings.Fields(f[2]) {
			if brand, ok := strings.CutSuffix(h, ".*"); ok {
				t.brands[brand] = src
			} else {
				t.hosts[h] = src
			}
		}
		t.aliases[strings.ToLower(src.name)] = src
		for _, a := range strings.Fields(f[3]) {
			s := src
			a, s.paid = strings.CutSuffix(a, "$")
			t.aliases[strings.ReplaceAll(a, "_", " ")], t.aliases[a] = s, s
		}
	}
	return t
}

// byHost finds a referrer's source: the host, then its parents, then its brand, else the host itself.
func (t *sourceTable) byHost(host string) source {
	if s, ok := t.known(host); ok {
		return s
	}
	return source{name: strings.TrimPrefix(host, "www.")}
}

func (t *sourceTable) known(host string) (source, bool) {
	for h := host; ; {
		if s, ok := t.hosts[h]; ok {
			return s, true
		}
		_, rest, ok := strings.Cut(h, ".")
		if !ok {
			break
		}
		h = rest
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	rest := strings.TrimSuffix(strings.TrimSuffix(host, suffix), ".")
	label := rest[strings.LastIndexByte(rest, '.')+1:]
	s, ok := t.brands[label]
	return s, ok
}

// byName finds the source that a campaign names.
func (t *sourceTable) byName(name string) source {
	name = strings.ToLower(strings.TrimSpace(name))
	if s, ok := t.aliases[name]; ok {
		return s
	}
	host := hitkeep.FoldHost(name)
	if strings.Contains(host, ".") {
		if s, ok := t.known(host); ok {
			return s
		}
		return source{name: host}
	}
	return source{name: name}
}

// origin decides source and channel of a hit. refHost is "" without an external referrer.
func (t *sourceTable) origin(c *campaign, refHost string) (string, string) {
	a := arrival{medium: strings.ToLower(c.medium), campaign: strings.ToLower(c.name), click: c.click,
		utmSource: strings.ToLower(c.source)}
	switch {
	case c.source != "":
		a.source = t.byName(c.source)
	case c.ref != "":
		a.source = t.byName(c.ref)
	case refHost != "":
		a.source = t.byHost(refHost)
	}
	return a.source.String(), a.channel()
}
