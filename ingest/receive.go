package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"hitkeep"
)

// maxBody bounds the body of one hit, in bytes.
const maxBody = 64 << 10

// bodies holds buffers for request bodies; nothing of a body outlives its request.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// readBody reads a body that MaxBytesReader bounds, and gives it to use, which must not keep it.
func readBody(r *http.Request, use func([]byte) error) error {
	buf := bodies.Get().(*[]byte)
	defer bodies.Put(buf)
	b := (*buf)[:0]
	for {
		if len(b) == cap(b) {
			b = append(b, make([]byte, max(512, cap(b)))...)[:len(b)]
		}
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		*buf = b
		if err == io.EOF {
			return use(b)
		}
		if err != nil {
			return bodyError(err)
		}
	}
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return hitkeep.Errorf(hitkeep.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	return &malformedError{hitkeep.BadField("body", "ended early: %v", err)}
}

// receiver takes one kind of hit from a browser.
func (s *Service) receiver(kind hitkeep.Kind) func(*http.Request) (receipt, error) {
	return func(r *http.Request) (receipt, error) {
		return s.receiveBody(r, func(*payload) hitkeep.Kind { return kind })
	}
}

// receivePlausible takes a hit of Plausible's events API, where the name says the kind.
func (s *Service) receivePlausible(r *http.Request) (receipt, error) {
	return s.receiveBody(r, func(p *payload) hitkeep.Kind {
		switch p.name {
		case "pageview":
			p.name = ""
			return hitkeep.Pageview
		case "engagement":
			return hitkeep.Engagement
		}
		return hitkeep.Event
	})
}

func (s *Service) receiveBody(r *http.Request, kind func(*payload) hitkeep.Kind) (c receipt, err error) {
	q, c, err := s.admit(r)
	if err != nil {
		return c, err
	}
	if err := readBody(r, func(b []byte) error { return parsePayload(b, &q.p) }); err != nil {
		return c, err
	}
	q.kind = kind(&q.p)
	return s.take(r, q)
}

// admit checks the client's rate and fills in what every public request says of its sender.
// A request with a valid token comes from a server on behalf of a visitor: its forwarded address
// is believed.
func (s *Service) admit(r *http.Request) (*request, receipt, error) {
	q := &request{via: hitkeep.ViaSnippet, at: s.o.Now(), agent: hintsOf(r.Header), headLang: r.Header.Get("Accept-Language")}
	q.ts = q.at
	if r.Header.Get("Authorization") != "" {
		token, err := s.bearer(r)
		if err != nil {
			return q, receipt{}, err
		}
		q.token, q.via = token, hitkeep.ViaServer
		q.addr = s.forwardedAddr(r, peerAddr(r.RemoteAddr))
		return q, receipt{}, nil
	}
	q.addr = s.clientAddr(r)
	if wait := s.limit.wait(q.addr); wait > 0 {
		return q, receipt{wait: wait}, hitkeep.Errorf(hitkeep.RateLimited, "too many hits from this client; try again later")
	}
	return q, receipt{}, nil
}

// take finds the hit's site and page, applies the site's rules and makes it durable.
func (s *Service) take(r *http.Request, q *request) (c receipt, err error) {
	referer := r.Header.Get("Referer")
	if err := q.findPage(referer); err != nil {
		return c, err
	}
	sender := hostOfURL(r.Header.Get("Origin"))
	if sender == "" {
		sender = hostOfURL(referer)
	}
	if c.host = q.page.host; c.host == "" {
		c.host = sender
		q.page.host = sender
	}
	if q.p.domain == "" && sender == "" && q.token == nil {
		return c, hitkeep.BadField("d", "is missing, and neither Origin nor Referer names the site").
			WithHint("send the site's domain in d")
	}
	if c.site = s.findSite(q.p.domain, sender, q.page.host); c.site == nil {
		if c.host == "" {
			c.host = q.p.domain
		}
		return c.ignoring(ignoredUnknownSite, "unknown_site"), nil
	}
	q.site = c.site
	if q.token != nil {
		return s.takeFor(r.Context(), q, c)
	}
	if !c.site.IgnoreDNT && (r.Header.Get("DNT") == "1" || r.Header.Get("Sec-Gpc") == "1") {
		return c.ignoring(ignoredDNT, "dnt"), nil
	}
	if c.host != "" && !c.site.Allows(c.host) && !(q.p.domain != "" && local(c.host)) {
		return c.ignoring(ignoredHost, "excluded"), nil
	}
	return s.store(r.Context(), q, c)
}

// local says that a page is on the developer's own machine. hk.js does not count such pages
// unless it is told to (data-local), so a hit that names its site is meant.
func local(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// findSite returns the site named, else that of the sending page's host. A named host belongs to
// the nearest registered parent too.
func (s *Service) findSite(domain, sender, host string) *hitkeep.Site {
	if domain != "" {
		return s.namedSite(domain)
	}
	if sender == "" {
		sender = host
	}
	if sender == "" {
		return nil
	}
	return s.o.Sites.ByHost(sender)
}

// namedSite returns the first known site of a list of domains separated by commas; trackers in
// the field send such lists.
func (s *Service) namedSite(domains string) *hitkeep.Site {
	for domain := range strings.SplitSeq(domains, ",") {
		folded := hitkeep.FoldHost(domain)
		if site := s.o.Sites.ByDomain(folded); site != nil {
			return site
		}
		if site := s.o.Sites.ByHost(folded); site != nil {
			return site
		}
	}
	return nil
}

// findPage reads the page from url or path, for all but pageviews also from the Referer.
func (q *request) findPage(referer string) error {
	field, raw := "url", q.p.url
	if raw == "" {
		field, raw = "path", q.p.path
	}
	if raw == "" {
		raw = referer
	}
	if raw == "" {
		if q.kind == hitkeep.Pageview {
			return hitkeep.BadField("url", "is missing: a pageview needs the page's url or path")
		}
		q.noPage = true
		return nil
	}
	var ok bool
	if q.page, ok = parsePage(raw, q.p.hash); !ok {
		return hitkeep.BadField(field, "%q is neither a full address nor a path that begins with /", shorten(raw))
	}
	return nil
}

// store enriches a hit and returns once it is durable (invariant 1).
func (s *Service) store(ctx context.Context, q *request, c receipt) (receipt, error) {
	record, h, late, err := s.record(q)
	if err != nil {
		return c, err
	}
	s.o.At("ingest.append")
	// A browser that leaves while we wait has sent its hit all the same.
	if _, err := s.o.Journal.Append(context.WithoutCancel(ctx), q.site.Tenant, record); err != nil {
		return c, err
	}
	if late {
		c.late = h.Day.String()
	}
	c.outcome = botOutcome(h.Bot)
	return c, nil
}

// record enriches a hit and encodes it.
func (s *Service) record(q *request) ([]byte, *hitkeep.Hit, bool, error) {
	h, late, err := s.enrich(q)
	if err != nil {
		return nil, nil, false, err
	}
	b := h.AppendRecord(make([]byte, 0, 512))
	if len(b) > hitkeep.MaxRecord {
		return nil, nil, false, hitkeep.Errorf(hitkeep.TooLarge, "the hit takes %d bytes; at most %d are kept", len(b), hitkeep.MaxRecord)
	}
	return b, &h, late, nil
}

// pixel is a transparent GIF of one pixel.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// servePixel counts a pageview for pages without JavaScript and mails. Its parameters are d,
// url or path, and r.
func (s *Service) servePixel(w http.ResponseWriter, r *http.Request) {
	allowOrigin(w.Header())
	q, c, err := s.admit(r)
	if err == nil {
		v := r.URL.Query()
		q.p = payload{engagedMS: hitkeep.Absent, scroll: hitkeep.Absent}
		for key := range v {
			if text := q.p.textMember(key); text != nil {
				*text = strings.ToValidUTF8(v.Get(key), "\uFFFD")
			}
		}
		q.p.ip, q.p.agent, q.p.timestamp = "", "", ""
		c, err = s.take(r, q)
	}
	if !s.settle(w, c, err) {
		return
	}
	w.Header().Set("Content-Type", "image/gif")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, pixel)
}
