package ingest

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/phuslu/iploc"

	"hitkeep"
)

// earliest is the first timestamp that is taken from an authenticated sender.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// ahead is how far a sender's clock may run before ours.
const ahead = 5 * time.Minute

// request is one hit as it came: all that enrichment looks at. It holds what must never be
// written (addr, client, agent) and lives until the hit is made.
type request struct {
	kind     hitkeep.Kind
	via      hitkeep.Via
	site     *hitkeep.Site
	page     page
	noPage   bool // neither path nor url nor Referer: the path is null
	addr     netip.Addr
	client   string // instead of addr, where a log holds a name
	agent    agentKey
	ts, at   time.Time // event and arrival
	imp      hitkeep.ImportID
	pos      int64
	p        payload
	headLang string         // Accept-Language
	token    *hitkeep.Token // of an authenticated sender
}

// enrich makes the hit: everything that is kept of a request. late says that the visitors of
// the hit's day count as new (see Salts).
func (s *Service) enrich(q *request) (h hitkeep.Hit, late bool, err error) {
	h = hitkeep.Hit{
		Site: q.site.ID, ClientID: q.p.clientID, TS: q.ts.UnixMicro(), ReceivedAt: q.at.UnixMicro(), Kind: q.kind, Via: q.via,
		Hostname: q.page.host, EngagedMS: hitkeep.Absent, ScrollDepth: hitkeep.Absent, Import: q.imp, ImportPos: q.pos,
	}
	if h.Hostname == "" {
		h.Hostname = q.site.Domain
	}
	if !q.noPage {
		h.Path = q.page.path
	}
	domain := s.domains.of(h.Hostname)
	refHost := s.takeReferrer(q, domain, &h)
	s.takeCampaign(q, refHost, &h)
	s.takeAgent(q, refHost, &h)
	h.Country = country(q.addr)
	h.Screen = screenClass(q.p.screenW)
	if h.Language = language(q.p.lang); h.Language == "" {
		h.Language = language(q.headLang)
	}
	if err := takeKind(q, &h); err != nil {
		return h, false, err
	}
	who := person{site: q.site.ID, addr: q.addr, client: q.client, agent: q.agent.ua, domain: domain}
	late, err = s.identify(&h, &who, q.site.ZoneAt(q.ts))
	return h, late, err
}

// takeReferrer stores an external referrer and returns its host. The site itself is no source:
// neither its registrable domain nor a host listed for it.
func (s *Service) takeReferrer(q *request, domain string, h *hitkeep.Hit) string {
	if q.p.referrer == "" {
		return ""
	}
	host, stored := parseReferrer(q.p.referrer)
	if host == "" || host == h.Hostname || q.site.Allows(host) {
		return ""
	}
	if d := s.domains.of(host); d == domain || d == s.domains.of(q.site.Domain) {
		return ""
	}
	h.Referrer = stored
	return host
}

func (s *Service) takeCampaign(q *request, refHost string, h *hitkeep.Hit) {
	c := &q.p.campaign
	c.fill(q.page.query)
	h.UTMSource, h.UTMMedium, h.UTMCampaign, h.UTMTerm, h.UTMContent = c.source, c.medium, c.name, c.term, c.content
	h.ClickID = c.click
	h.Source, h.Channel = s.sources.origin(c, refHost)
}

func (s *Service) takeAgent(q *request, refHost string, h *hitkeep.Hit) {
	a := s.agents.lookup(q.agent)
	h.Browser, h.BrowserVersion, h.OS, h.OSVersion, h.Device = a.browser, a.browserVersion, a.os, a.osVersion, a.device
	switch {
	case a.bot != "":
		h.Bot, h.BotName = a.bot, a.botName
	case q.p.webdriver:
		h.Bot, h.BotName = hitkeep.BotHeadless, "WebDriver"
	case refHost != "" && spamReferrer(refHost, s.spam):
		h.Bot, h.BotName = hitkeep.BotReferrerSpam, refHost
	}
}

// takeKind sets what only some kinds of hits have.
func takeKind(q *request, h *hitkeep.Hit) error {
	p := &q.p
	switch q.kind {
	case hitkeep.Event:
		if h.Name = clean(p.name, maxName); h.Name == "" {
			return hitkeep.BadField("n", "is missing: an event needs a name")
		}
		h.Interactive = !p.notInteractive
	case hitkeep.Engagement:
		h.EngagedMS, h.ScrollDepth = p.engagedMS, p.scroll
		return nil
	case hitkeep.Vital:
		h.Name = strings.ToUpper(strings.TrimSpace(p.name))
		return takeVital(p, h)
	}
	h.Props, h.RevenueMilli, h.Currency = p.props, p.revenueMilli, p.currency
	return nil
}

const maxName = 200

var vitals = [...]string{"LCP", "INP", "CLS", "FCP", "TTFB"}

func takeVital(p *payload, h *hitkeep.Hit) error {
	if !slices.Contains(vitals[:], h.Name) {
		return hitkeep.BadField("n", "%q is not one of LCP, INP, CLS, FCP, TTFB", shorten(p.name))
	}
	v, ok := parseDecimal(p.value, 6)
	if !ok || v < 0 {
		return hitkeep.BadField("v", "%q is not a measured value", shorten(p.value))
	}
	h.VitalMicro = v
	return nil
}

// country returns the ISO 3166-1 code of an address, "" where none is known (private networks).
func country(a netip.Addr) string {
	if !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
		return ""
	}
	if c := iploc.IPCountry(a); len(c) == 2 && c != "ZZ" && c >= "AA" {
		return strings.Clone(c)
	}
	return ""
}

// eventTime reads an authenticated sender's timestamp, in RFC 3339; "" means now.
func eventTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, hitkeep.BadField("timestamp", "%q is not in RFC 3339 form such as 2026-01-31T12:00:00Z", shorten(text))
	}
	return t, checkTime(t, now)
}

func checkTime(t, now time.Time) error {
	if t.Before(earliest) || t.After(now.Add(ahead)) {
		return hitkeep.BadField("timestamp", "%s lies outside 2000-01-01 to now + 5 min", t.UTC().Format(time.RFC3339))
	}
	return nil
}
