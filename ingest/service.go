package ingest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

// Journal makes a store's records durable: when Append returns without error they are fsynced
// (invariant 1). An error of code Unavailable is answered with 503.
type Journal interface {
	Append(ctx context.Context, store hitkeep.TenantID, records ...[]byte) (journal.Ack, error)
}

// Sites finds the site that a hit belongs to; nil if there is none. It is asked for every hit
// from many goroutines. The sites it returns are not changed afterwards.
type Sites interface {
	// ByHost returns the site of the nearest registered parent of a folded host name.
	ByHost(host string) *hitkeep.Site
	// ByDomain returns the site with exactly this domain or id.
	ByDomain(domain string) *hitkeep.Site
}

// Tokens finds an API token by its secret; nil if there is none.
type Tokens interface {
	Token(secret string) *hitkeep.Token
}

// Options of a Service. Journal, Sites, Tokens, SaltDir, Now, Rand and Log are required.
type Options struct {
	Journal Journal
	Sites   Sites
	Tokens  Tokens
	SaltDir string // made with mode 0700 if it is missing
	// TrustedProxies are believed when they name the visitor's address; none by default.
	TrustedProxies []netip.Prefix
	Rate           float64 // hits per second and client; 0 = no limit
	Burst          int
	Now            func() time.Time
	Rand           io.Reader
	Log            *slog.Logger
	At             func(failpoint string)
	// UntrustedForwarded is called once per start when a peer that is no trusted proxy sends
	// X-Forwarded-For or Forwarded: all its visitors look like one address.
	UntrustedForwarded func(peer netip.Addr)
}

// Service takes hits in: it checks, enriches and forgets who sent them, and answers when they
// are durable. All methods are safe for concurrent use.
type Service struct {
	o             Options
	salts         *Salts
	agents        *agentCache
	domains       *domainCache
	sources       *sourceTable
	spam, assets  map[string]bool
	limit         *limiter
	ledger        ledger
	warnForwarded sync.Once
}

// New opens the salts and prepares the tables. It starts no goroutine.
func New(o Options) (*Service, error) {
	if o.Journal == nil || o.Sites == nil || o.Tokens == nil || o.SaltDir == "" || o.Now == nil || o.Rand == nil || o.Log == nil {
		return nil, errors.New("ingest: an option is missing")
	}
	if o.At == nil {
		o.At = func(string) {}
	}
	salts, err := openSalts(o.SaltDir, o.Now, o.Rand, o.At, o.Log)
	if err != nil {
		return nil, err
	}
	return &Service{
		o: o, salts: salts, agents: newAgentCache(newBotMatcher()), domains: newDomainCache(), sources: newSourceTable(), spam: spamSet(), assets: assetSet(),
		limit:  newLimiter(o.Rate, o.Burst, o.Now),
		ledger: ledger{now: o.Now, recent: map[hitkeep.SiteID]*outcomeRing{}},
	}, nil
}

// Run destroys expired salts until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	s.salts.run(ctx)
	return nil
}

// Salts returns the service's salts.
func (s *Service) Salts() *Salts { return s.salts }
