package ingest

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hitkeep"
)

// An outcome is what became of a hit.
type outcome uint8

// The outcomes. Their names are the keys of Counts: "accepted", or the group and the reason.
const (
	accepted outcome = iota
	botUserAgent
	botReferrerSpam
	botHeadless
	ignoredUnknownSite
	ignoredHost
	ignoredDNT
	refusedMalformed
	refusedField
	refusedTooLarge
	refusedRate
	refusedUnavailable
	refusedToken
	refusedInternal
	outcomes
)

var outcomeNames = [outcomes]struct{ group, reason string }{
	accepted:           {"accepted", ""},
	botUserAgent:       {"bot", hitkeep.BotUserAgent},
	botReferrerSpam:    {"bot", hitkeep.BotReferrerSpam},
	botHeadless:        {"bot", hitkeep.BotHeadless},
	ignoredUnknownSite: {"ignored", "unknown_site"},
	ignoredHost:        {"ignored", "host"},
	ignoredDNT:         {"ignored", "dnt"},
	refusedMalformed:   {"refused", "malformed"},
	refusedField:       {"refused", "field"},
	refusedTooLarge:    {"refused", "too_large"},
	refusedRate:        {"refused", "rate"},
	refusedUnavailable: {"refused", "unavailable"},
	refusedToken:       {"refused", "token"},
	refusedInternal:    {"refused", "internal"},
}

func botOutcome(reason string) outcome {
	switch reason {
	case "":
		return accepted
	case hitkeep.BotReferrerSpam:
		return botReferrerSpam
	case hitkeep.BotHeadless:
		return botHeadless
	}
	return botUserAgent
}

// Outcome is one hit that no report counts, for the page "why is my hit missing". It holds
// nothing that identifies a visitor.
type Outcome struct {
	At       time.Time `json:"at"`
	Outcome  string    `json:"outcome"`          // bot (stored, with a verdict), ignored, refused
	Reason   string    `json:"reason,omitempty"` // see Counts
	Field    string    `json:"field,omitempty"`  // refused: which field of the request
	Hostname string    `json:"hostname,omitempty"`
}

// recentKept is how many outcomes are kept per site, and for all unknown hosts together.
const recentKept = 100

// ledger counts outcomes and keeps the latest that explain a missing hit.
type ledger struct {
	counts [outcomes]atomic.Int64
	now    func() time.Time

	mu     sync.Mutex // guards recent; taken only where a hit is not plainly accepted
	recent map[hitkeep.SiteID]*outcomeRing
}

// outcomeRing holds the last outcomes, at[next] being the oldest once it is full.
type outcomeRing struct {
	at   []Outcome
	next int
}

func (r *outcomeRing) add(o Outcome) {
	if len(r.at) < recentKept {
		r.at = append(r.at, o)
		return
	}
	r.at[r.next] = o
	r.next = (r.next + 1) % recentKept
}

// note counts an outcome; site is nil where none was found.
func (l *ledger) note(o outcome, site *hitkeep.Site, host, field string) {
	l.counts[o].Add(1)
	if o == accepted {
		return
	}
	var id hitkeep.SiteID // 0 = the ring of unknown hosts
	if site != nil {
		id = site.ID
	}
	name := outcomeNames[o]
	l.mu.Lock()
	defer l.mu.Unlock()
	ring := l.recent[id]
	if ring == nil {
		ring = &outcomeRing{}
		l.recent[id] = ring
	}
	// Cloned: they may be parts of a whole body.
	field, host = strings.Clone(clean(field, 60)), strings.Clone(clean(host, maxHost))
	ring.add(Outcome{At: l.now(), Outcome: name.group, Reason: name.reason, Field: field, Hostname: host})
}

// newest returns a ring's outcomes, the latest first.
func (l *ledger) newest(id hitkeep.SiteID) []Outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	ring := l.recent[id]
	if ring == nil {
		return nil
	}
	out := make([]Outcome, 0, len(ring.at))
	for i := range ring.at {
		out = append(out, ring.at[(ring.next+len(ring.at)-1-i)%len(ring.at)])
	}
	return out
}

// Recent returns the last outcomes of a site's hits that reports do not count, the latest first.
func (s *Service) Recent(site hitkeep.SiteID) []Outcome { return s.ledger.newest(site) }

// RecentUnknown returns the last hits that belonged to no site, the latest first.
func (s *Service) RecentUnknown() []Outcome { return s.ledger.newest(0) }

// Counts returns how many hits ended how since the start: "accepted" (people), "bot_<reason>"
// (stored with a verdict), "ignored_<reason>", "refused_<reason>".
func (s *Service) Counts() map[string]int64 {
	m := make(map[string]int64, outcomes)
	for o, n := range outcomeNames {
		key := n.group
		if n.reason != "" {
			key += "_" + n.reason
		}
		m[key] = s.ledger.counts[o].Load()
	}
	return m
}
