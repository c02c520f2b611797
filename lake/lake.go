package lake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"hitkeep"
)

// The names in the data directory that belong to this package.
const (
	tenantsDir   = "tenants"
	databaseFile = "hitkeep.db"
	lakeDir      = "lake"
	manifestFile = "manifest.json"
	trashDir     = ".trash"
	tmpSuffix    = ".tmp"
	partSuffix   = ".parquet"
)

// Options configure a Lake.
type Options struct {
	Engine  *Engine
	Dir     string           // the data directory
	Now     func() time.Time // nil = time.Now
	Rand    io.Reader        // nil = crypto/rand; part names
	Log     *slog.Logger
	At      func(point string) // failpoints, see DESIGN.md; nil = none
	MaxOpen int                // stores kept open; 0 = 16
	Epoch   int64              // the leader's term, stamped on manifest changes
	// Zone is a site's time zone, for the visits that go on over its midnight; nil = UTC.
	Zone func(hitkeep.SiteID) *time.Location
}

// Lake holds the stores of all tenants below one data directory. Safe for concurrent use.
type Lake struct {
	engine *Engine
	dir    string
	now    func() time.Time
	rand   io.Reader
	log    *slog.Logger
	at     func(string)
	max    int
	epoch  int64
	zone   func(hitkeep.SiteID) *time.Location
	heavy  *admission
	due    chan struct{} // capacity 1: a store holds many rows that are not checkpointed

	mu     sync.Mutex // guards the maps and the stores' users and used fields
	stores map[hitkeep.TenantID]*store
	floors map[hitkeep.TenantID]hitkeep.Floor // of stores that were closed again
	clock  int64                              // counts uses, orders stores by last use
}

// Open prepares the lake; stores are opened when they are first used.
func Open(_ context.Context, o Options) (*Lake, error) {
	if o.Engine == nil || o.Dir == "" {
		return nil, errors.New("open lake: engine and directory are needed")
	}
	l := &Lake{engine: o.Engine, dir: o.Dir, now: o.Now, rand: o.Rand, log: o.Log, at: o.At,
		max: o.MaxOpen, epoch: o.Epoch, zone: o.Zone, heavy: newAdmission(), due: make(chan struct{}, 1),
		stores: map[hitkeep.TenantID]*store{}, floors: map[hitkeep.TenantID]hitkeep.Floor{}}
	if l.now == nil {
		l.now = time.Now
	}
	if l.rand == nil {
		l.rand = rand.Reader
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.at == nil {
		l.at = func(string) {}
	}
	if l.max <= 0 {
		l.max = 16
	}
	if l.zone == nil {
		l.zone = func(hitkeep.SiteID) *time.Location { return time.UTC }
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, tenantsDir), 0o700); err != nil {
		return nil, fmt.Errorf("open lake: %w", err)
	}
	return l, nil
}

// Tenants lists the tenants that have a store on disk, ascending.
func (l *Lake) Tenants() ([]hitkeep.TenantID, error) {
	entries, err := os.ReadDir(filepath.Join(l.dir, tenantsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	var ids []hitkeep.TenantID
	for _, e := range entries {
		if n, err := strconv.ParseInt(e.Name(), 10, 64); err == nil && n > 0 && e.IsDir() {
			ids = append(ids, hitkeep.TenantID(n))
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Close checkpoints and closes all stores. Nobody may be using the lake any more.
func (l *Lake) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for id, s := range l.stores {
		if s.ready {
			errs = append(errs, s.close(ctx))
		}
		delete(l.stores, id)
	}
	return errors.Join(errs...)
}

// use opens the tenant's store if need be and keeps it open until done is called.
func (l *Lake) use(ctx context.Context, tenant hitkeep.TenantID) (s *store, done func(), err error) {
	if tenant <= 0 {
		return nil, nil, hitkeep.Errorf(hitkeep.NotFound, "there is no team %d", tenant)
	}
	l.mu.Lock()
	s = l.stores[tenant]
	if s == nil {
		s = newStore(l, tenant)
		l.stores[tenant] = s
	}
	l.clock++
	s.used = l.clock
	s.users++
	l.mu.Unlock()
	done = func() {
		l.mu.Lock()
		s.users--
		l.mu.Unlock()
	}
	// Opening takes time: it holds this store's lock only, other stores go on.
	if err := s.ensureOpen(ctx); err != nil {
		done()
		return nil, nil, fmt.Errorf("open store %s: %w", tenant, err)
	}
	l.evict(ctx)
	return s, done, nil
}

// evict closes the stores that were used least recently until max are open. Stores in use stay.
func (l *Lake) evict(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.stores) > l.max {
		var old *store
		for _, s := range l.stores {
			if s.users == 0 && (old == nil || s.used < old.used) {
				old = s
			}
		}
		if old == nil {
			return
		}
		delete(l.stores, old.tenant)
		if !old.ready {
			continue
		}
		if err := old.close(context.WithoutCancel(ctx)); err != nil {
			l.log.Error("close store", "tenant", old.tenant, "error", err)
		}
		if old.ready { // still attached: another store could not be opened on the file
			l.stores[old.tenant] = old
			return
		}
		l.floors[old.tenant] = old.floor()
	}
}
