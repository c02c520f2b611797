package appliance

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hitkeep"
)

// control owns the instance's users, sites, tokens and imports: the state of invariant 13. The
// log is the truth, State its projection in memory, and the projection database (projection.go)
// a copy that is rebuilt whenever it lags. The instance exists with team 1.
type control struct {
	mu    sync.RWMutex // guards state and log
	state *hitkeep.State
	log   *controlLog
	proj  *projection
	slog  *slog.Logger
	hosts atomic.Pointer[hostIndex] // what ingest reads for every hit, without the lock
	fatal chan error                // receives once when the process must end
}

// openControl replays the log and brings the projection up to date.
func openControl(ctx context.Context, logPath string, proj *projection, log *slog.Logger) (*control, error) {
	c := &control{state: hitkeep.NewState(), proj: proj, slog: log, fatal: make(chan error, 1)}
	var err error
	c.log, err = openControlLog(logPath, func(_ int64, b []byte) error {
		cmd, err := hitkeep.DecodeCommand(b)
		if err != nil {
			return err
		}
		return c.state.Apply(cmd)
	})
	if err != nil {
		return nil, err
	}
	if err := proj.sync(ctx, c.state, c.log.last); err != nil {
		return nil, errors.Join(fmt.Errorf("control projection: %w", err), c.log.close())
	}
	c.hosts.Store(indexHosts(c.state))
	return c, nil
}

// Read calls f with the state under a lock. f must not change it or keep references to maps.
func (c *control) Read(f func(*hitkeep.State)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	f(c.state)
}

// Do checks a command, makes it durable, applies it and returns: an error means that nothing
// changed. Errors of the check are *hitkeep.Error.
func (c *control) Do(ctx context.Context, cmd *hitkeep.Command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.state.Check(cmd); err != nil {
		return err
	}
	b, err := cmd.Encode()
	if err != nil {
		return fmt.Errorf("encode command: %w", err)
	}
	seq, err := c.log.append(b)
	if err != nil {
		if errors.Is(err, errControlSync) {
			select {
			case c.fatal <- err:
			default:
			}
		}
		return err
	}
	// The state keeps its own copy: what the caller does to the command's parts later is not logged.
	own, err := hitkeep.DecodeCommand(b)
	if err == nil {
		err = c.state.Apply(own)
	}
	if err != nil {
		return fmt.Errorf("apply command %d: %w", seq, err)
	}
	c.hosts.Store(indexHosts(c.state))
	// The command holds from here on; a projection that failed is rebuilt at the next start.
	if err := c.proj.sync(context.WithoutCancel(ctx), c.state, seq); err != nil {
		c.slog.Error("control projection", "error", err)
	}
	return nil
}

func (c *control) close() error { return c.log.close() }

// hostIndex is an immutable snapshot for the hot path.
type hostIndex struct {
	byHost map[string]*hitkeep.Site // domains and further hosts
	byID   map[hitkeep.SiteID]*hitkeep.Site
	tokens map[[32]byte]*hitkeep.Token
}

func indexHosts(s *hitkeep.State) *hostIndex {
	x := &hostIndex{map[string]*hitkeep.Site{}, map[hitkeep.SiteID]*hitkeep.Site{}, map[[32]byte]*hitkeep.Token{}}
	for _, site := range s.Sites {
		x.byID[site.ID] = site
		for _, h := range site.Hosts {
			// A domain of its own wins over another site's list.
			if h = hitkeep.FoldHost(h); s.SiteByDomain(h) == nil {
				x.byHost[h] = site
			}
		}
	}
	for _, site := range s.Sites {
		x.byHost[site.Domain] = site
	}
	for _, t := range s.Tokens {
		if len(t.Hash) == 32 && ownerMayWrite(s, t) {
			x.tokens[[32]byte(t.Hash)] = t
		}
	}
	return x
}

// ownerMayWrite says whether a token's maker could still write hits where the token may: a
// token never has more than its maker. Tokens made on the box have no owner.
func ownerMayWrite(s *hitkeep.State, t *hitkeep.Token) bool {
	owner := s.Users[t.Owner]
	switch {
	case t.Owner == 0:
		return true
	case owner == nil:
		return false
	case t.Site == 0:
		return owner.Role == hitkeep.RoleOwner || owner.Role == hitkeep.RoleAdmin
	}
	return s.SiteRole(owner, t.Site).AtLeast(hitkeep.RoleEditor)
}

// ByHost returns the site of the nearest registered parent domain of a folded host, or nil.
func (c *control) ByHost(host string) *hitkeep.Site {
	x := c.hosts.Load()
	for host != "" {
		if s := x.byHost[host]; s != nil {
			return s
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return nil
}

// ByDomain returns the site that a sender names by domain or id, or nil.
func (c *control) ByDomain(d string) *hitkeep.Site {
	if s := c.ByHost(hitkeep.FoldHost(d)); s != nil {
		return s
	}
	var id hitkeep.SiteID
	if id.UnmarshalText([]byte(d)) != nil {
		return nil
	}
	return c.ByID(id)
}

// ByID returns the site with an id, or nil.
func (c *control) ByID(id hitkeep.SiteID) *hitkeep.Site { return c.hosts.Load().byID[id] }

// Token returns the API token with a secret, or nil. Secrets are looked up by their SHA-256,
// so the time taken tells nothing about them.
func (c *control) Token(secret string) *hitkeep.Token {
	sum := sha256.Sum256([]byte(secret))
	t := c.hosts.Load().tokens[sum]
	if t == nil || subtle.ConstantTimeCompare(t.Hash, sum[:]) != 1 {
		return nil
	}
	return t
}

// zone returns a site's time zone; UTC for a site that is gone.
func (c *control) zone(id hitkeep.SiteID) *time.Location {
	if s := c.ByID(id); s != nil {
		return s.Zone()
	}
	return time.UTC
}
