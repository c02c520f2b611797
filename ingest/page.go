package ingest

import (
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"hitkeep"
)

// Longest texts kept of one hit, in bytes; longer ones are cut.
const (
	maxPath     = 2000
	maxReferrer = 1000
	maxCampaign = 300
	maxHost     = 253
)

// page is a page's address taken apart: host folded ("" for a bare path), path without query.
type page struct {
	host, path, query string
}

// parsePage takes a full address of any scheme, or a path that begins with "/". The fragment
// goes unless it is the page's address (hash routing: sent so, or of the form #/ or #!/).
func parsePage(raw string, hash bool) (page, bool) {
	raw = strings.TrimSpace(raw)
	var p page
	rest := raw
	if i := strings.Index(raw, "://"); i > 0 && !strings.ContainsAny(raw[:i], "/?#") {
		rest = raw[i+3:]
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		if p.host = hostOf(rest[:end]); p.host == "" {
			return p, false
		}
		rest = rest[end:]
	} else if !strings.HasPrefix(raw, "/") {
		return p, false
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	p.path, p.query, _ = strings.Cut(rest, "?")
	p.path = readable(p.path)
	if p.path == "" {
		p.path = "/"
	}
	if fragment != "" && (hash || strings.HasPrefix(fragment, "/") || strings.HasPrefix(fragment, "!/")) {
		route, query, _ := strings.Cut(fragment, "?")
		p.path += "#" + readable(route)
		if p.query == "" {
			p.query = query
		}
	}
	p.path = clean(p.path, maxPath)
	return p, true
}

// hostOf folds the authority of an address; "" if it is none.
func hostOf(authority string) string {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host := hitkeep.FoldHost(authority)
	if len(host) > maxHost || host == "" || strings.ContainsAny(host, " \\/\"'<>%,;") {
		return ""
	}
	if !plain(host) {
		return clean(host, maxHost)
	}
	return host
}

// hostOfURL returns the folded host of an address such as an Origin or Referer header.
func hostOfURL(raw string) string {
	_, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return hostOf(rest)
}

// readable decodes percent escapes where that loses nothing: the result is text without
// control characters, and no separator appears that was escaped.
func readable(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	s, err := url.PathUnescape(path)
	if err != nil || !utf8.ValidString(s) || strings.Count(s, "/") != strings.Count(path, "/") ||
		strings.ContainsAny(s, "?#") || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return path
	}
	return s
}

// domainCache remembers the registrable domains of the last hosts.
type domainCache struct {
	mu   sync.Mutex // guards seen
	seen *lru[string, string]
}

const domainsKept = 4096

func newDomainCache() *domainCache {
	return &domainCache{seen: newLRU[string, string](domainsKept)}
}

// of returns the domain that somebody registered (example.co.uk), or the host itself where there
// is none (addresses, single names).
func (c *domainCache) of(host string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.seen.get(host); ok {
		return d
	}
	host = strings.Clone(host) // it may be part of a whole body
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		d = host
	}
	c.seen.put(host, d)
	return d
}

// parseReferrer takes a referrer apart: the folded host, and what is stored of it: host and path
// without scheme, query and final slash, as reports show it. Both are "" for what is no page.
func parseReferrer(raw string) (host, stored string) {
	raw = strings.TrimSpace(raw)
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return "", ""
	}
	scheme = strings.ToLower(scheme)
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	authority, path, _ := strings.Cut(rest, "/")
	if host = hostOf(authority); host == "" {
		return "", ""
	}
	switch scheme {
	case "http", "https":
	case "android-app", "ios-app":
		return scheme + "://" + host, clean(scheme+"://"+host, maxReferrer)
	default:
		return "", "" // chrome-extension:, file:, about:
	}
	stored = host
	if path = strings.TrimSuffix(readable("/"+path), "/"); path != "" {
		stored += path
	}
	return host, clean(stored, maxReferrer)
}

// campaign is what a page's query says about where the visitor came from.
type campaign struct {
	source, medium, name, term, content string // utm_*
	ref                                 string // source=, ref=
	click                               string // gclid, msclkid or fbclid, if one is present; never its value
}

// member returns where a body's campaign member goes, nil if it is none.
func (c *campaign) member(key string) *string {
	switch key {
	case "u_src", "utm_source":
		return &c.source
	case "u_med", "utm_medium":
		return &c.medium
	case "u_cmp", "utm_campaign":
		return &c.name
	case "u_trm", "utm_term":
		return &c.term
	case "u_cnt", "utm_content":
		return &c.content
	}
	return nil
}

// fill takes from a query string what the body did not say.
func (c *campaign) fill(query string) {
	var source, ref string
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "gclid", "msclkid", "fbclid":
			if value != "" && c.click == "" {
				c.click = key
			}
		case "source":
			source = value
		case "ref":
			ref = value
		default:
			if to := c.member(key); to != nil && *to == "" && key[1] == 't' {
				*to = unescape(value)
			}
		}
	}
	if source == "" {
		source = ref
	}
	c.ref = unescape(source)
	for _, s := range []*string{&c.source, &c.medium, &c.name, &c.term, &c.content, &c.ref} {
		*s = clean(*s, maxCampaign)
	}
}

func unescape(s string) string {
	if strings.ContainsAny(s, "%+") {
		if t, err := url.QueryUnescape(s); err == nil {
			return t
		}
	}
	return s
}
