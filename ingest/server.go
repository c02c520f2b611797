package ingest

import (
	"context"
	"net/http"
	"strings"

	"hitkeep"
)

// bearer returns the token of a request, if it may send hits at all.
func (s *Service) bearer(r *http.Request) (*hitkeep.Token, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return nil, hitkeep.Errorf(hitkeep.Unauthorized, "send an API token as Authorization: Bearer").
			WithHint("hitkeep token add --scope %s", hitkeep.ScopeEventsWrite)
	}
	t := s.o.Tokens.Token(secret)
	if t == nil {
		return nil, hitkeep.Errorf(hitkeep.Unauthorized, "the API token is not known")
	}
	if !t.Allows(hitkeep.ScopeEventsWrite, nil, s.o.Now()) {
		return nil, hitkeep.Errorf(hitkeep.Forbidden, "the API token has expired or lacks the scope %s", hitkeep.ScopeEventsWrite)
	}
	return t, nil
}

// serverHandler takes one hit that a server sends on behalf of a visitor: address, user agent
// and time are the body's.
func (s *Service) serverHandler(kind hitkeep.Kind) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		c, err := s.receiveServer(r, kind)
		if s.settle(w, c, err) {
			w.WriteHeader(http.StatusAccepted)
		}
	})
}

func (s *Service) receiveServer(r *http.Request, kind hitkeep.Kind) (c receipt, err error) {
	token, err := s.bearer(r)
	if err != nil {
		return c, err
	}
	q := &request{kind: kind, token: token, at: s.o.Now()}
	if err := readBody(r, func(b []byte) error { return parsePayload(b, &q.p) }); err != nil {
		return c, err
	}
	if c, err = s.addressed(q); err != nil || c.ignored != "" {
		return c, err
	}
	return s.store(r.Context(), q, c)
}

// addressed fills a request from a payload whose sender is authenticated, and finds its site.
func (s *Service) addressed(q *request) (c receipt, err error) {
	q.via = hitkeep.ViaServer
	q.agent = agentKey{ua: q.p.agent}
	if err := q.findPage(""); err != nil {
		return c, err
	}
	if q.ts, err = eventTime(q.p.timestamp, q.at); err != nil {
		return c, err
	}
	if q.p.ip != "" {
		a, ok := parseAddr(q.p.ip)
		if !ok {
			// The address itself stays out of the message: messages are logged by senders.
			return c, hitkeep.BadField("visitor_ip", "is not an IP address")
		}
		q.addr = a
	}
	if q.p.domain == "" && q.page.host == "" {
		return c, hitkeep.BadField("domain", "is missing, and url has no host")
	}
	c.host = q.page.host
	if q.site = s.findSite(q.p.domain, "", q.page.host); q.site == nil {
		return c.ignoring(ignoredUnknownSite, "unknown_site"), nil
	}
	c.site = q.site
	return c, q.permitted(s)
}

// permitted says whether the request's token may write to its site.
func (q *request) permitted(s *Service) error {
	if !q.token.Allows(hitkeep.ScopeEventsWrite, q.site, q.at) {
		return &hitkeep.Error{Code: hitkeep.Forbidden, Field: "domain", Message: "the API token does not cover this site"}
	}
	return nil
}

// takeFor stores a hit of Plausible's events API that came with a token.
func (s *Service) takeFor(ctx context.Context, q *request, c receipt) (receipt, error) {
	if err := q.permitted(s); err != nil {
		return c, err
	}
	var err error
	if q.ts, err = eventTime(q.p.timestamp, q.at); err != nil {
		return c, err
	}
	if a, ok := parseAddr(q.p.ip); ok {
		q.addr = a
	}
	return s.store(ctx, q, c)
}
