// Package appliance is the composition root of HitKeep: configuration, command line, control
// store, and the order in which the parts start and stop. main only calls Main.
package appliance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hitkeep"
	"hitkeep/api"
	"hitkeep/compactor"
	"hitkeep/ingest"
	"hitkeep/ingest/journal"
	"hitkeep/lake"
)

// Appliance is one instance on one data directory. New opens everything and repairs what a
// crash left, Run or RunOffline works until its context ends, Close closes. Two appliances on
// two directories can live in one process.
type Appliance struct {
	cfg  *Config
	log  *slog.Logger
	now  func() time.Time
	rand io.Reader
	at   func(point string) // failpoints; does nothing in a release build

	lock      *dirLock
	engine    *lake.Engine
	proj      *projection
	control   *control
	lake      *lake.Lake
	journal   *journal.Journal
	pipeline  *ingest.Pipeline
	ingest    *ingest.Service
	compactor *compactor.Compactor
	api       *api.API
	feed      *feed
	uses      *tokenUse
	admin     http.Handler

	importKey []byte
	setup     setupToken
	notices   notices
	started   time.Time
	running   bool // serves, as opposed to a command on a stopped directory
	demoLogin *api.DemoLogin
	importing sync.Mutex // one import at a time: its lines keep their order
	closers   []func() error
}

// New locks the data directory (made with mode 0700 if missing) and opens all parts, in the
// order below; after an error nothing stays open. Nothing listens and nothing runs yet.
func New(ctx context.Context, cfg *Config, log *slog.Logger) (*Appliance, error) {
	a := &Appliance{cfg: cfg, log: log, now: time.Now, rand: rand.Reader, at: failpoint, feed: newFeed()}
	a.started = a.now()
	for _, open := range []func(context.Context) error{
		a.openDir,     // 1. the directory, its lock and its secrets
		a.openEngine,  // 2. the one DuckDB instance
		a.openControl, // 3. users, sites, tokens: ingest needs them
		a.openLake,    // 4. the stores, opened when first used
		a.openJournal, // 5. the journal: recovery, and a new journal id
		a.openIngest,  // 6. the way from a request to the lake
		a.openAPI,     // 7. what reads
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	a.admin = a.adminRoutes()
	return a, nil
}

// onClose registers what Close undoes, last first.
func (a *Appliance) onClose(f func() error) { a.closers = append(a.closers, f) }

// Close closes all parts in the reverse order of New. The journal holds what was not applied.
func (a *Appliance) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

func (a *Appliance) openDir(context.Context) error {
	for _, dir := range []string{"", controlDir, journalDir, saltsDir, tempDir} {
		if err := os.MkdirAll(a.cfg.path(dir), 0o700); err != nil {
			return hitkeep.BadField("data_dir", "%v", err)
		}
	}
	// A synced segment in a directory whose own name a power cut takes back is lost with it.
	err := syncDir(a.cfg.DataDir)
	if err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	_ = syncDir(filepath.Dir(a.cfg.DataDir)) // the directory above may be closed to this user
	if a.lock, err = lockDir(a.cfg.DataDir); err != nil {
		return err
	}
	a.onClose(a.lock.release)
	a.importKey, err = secretFile(a.cfg.path(controlDir, importKey), a.rand)
	return err
}

func (a *Appliance) openEngine(context.Context) error {
	if err := emptyDir(a.cfg.path(tempDir)); err != nil {
		return err
	}
	var err error
	a.engine, err = lake.OpenEngine(lake.EngineOptions{
		TempDir: a.cfg.path(tempDir), MemoryLimit: a.cfg.MemoryLimit, Threads: a.cfg.Threads, Log: a.log, Now: a.now,
	})
	if err != nil {
		return err
	}
	a.onClose(a.engine.Close)
	return nil
}

func (a *Appliance) openControl(ctx context.Context) error {
	var err error
	a.proj, err = openProjection(ctx, a.engine, a.cfg.path(controlDB), func(err error) {
		a.log.Error("the control database is damaged and made anew from the control log; sign in again", "error", err)
	})
	if err != nil {
		return err
	}
	if a.control, err = openControl(ctx, a.cfg.path(controlDir, commandsLog), a.proj, a.log); err != nil {
		return err
	}
	a.onClose(a.control.close)
	return nil
}

func (a *Appliance) openLake(ctx context.Context) error {
	var err error
	a.lake, err = lake.Open(ctx, lake.Options{
		Engine: a.engine, Dir: a.cfg.DataDir, Now: a.now, Rand: a.rand, Log: a.log, At: a.at,
		Zone: a.control.zone,
	})
	if err != nil {
		return err
	}
	a.onClose(func() error { return a.lake.Close(context.Background()) })
	a.compactor, err = compactor.New(compactor.Options{
		Store: a.lake, Schedule: a.cfg.RollSchedule, Policy: a.policy(),
		Zone: a.control.zone, Now: a.now, Log: a.log,
	})
	return err
}

func (a *Appliance) policy() compactor.Policy {
	p := compactor.DefaultPolicy
	p.Lateness = a.cfg.RollLateness
	return p
}

func (a *Appliance) openJournal(ctx context.Context) error {
	after, err := a.latestJournal(ctx)
	if err != nil {
		return err
	}
	a.journal, err = journal.Open(journal.Options{
		Dir: a.cfg.path(journalDir), Now: a.now, Log: a.log, At: a.at, After: after,
		FreeDisk: func() (uint64, error) { return freeDisk(a.cfg.DataDir) }, MinFree: minFreeDisk,
		Published: func(f journal.Frame) { a.pipeline.Publish(f) },
	})
	if err != nil {
		return err
	}
	a.onClose(a.journal.Close)
	return nil
}

// latestJournal is the greatest journal id that a store knows: the new one must be greater even
// if journal/ was lost and the clock went back.
func (a *Appliance) latestJournal(ctx context.Context) (latest hitkeep.JournalID, err error) {
	tenants, err := a.lake.Tenants()
	if err != nil {
		return 0, err
	}
	for _, t := range tenants {
		w, err := a.lake.Watermark(ctx, t)
		if err != nil {
			// One bad store does not keep the others from taking hits. Ids come from the journal's META,
			// its segments and the clock as well.
			a.log.Error("a store cannot be opened; its hits wait in the journal", "team", t, "error", err)
			continue
		}
		for id := range w {
			latest = max(latest, id)
		}
	}
	return latest, nil
}

func (a *Appliance) openIngest(ctx context.Context) error {
	var err error
	a.pipeline, err = ingest.NewPipeline(ingest.PipelineOptions{
		Journal: a.journal, Appender: a.lake, Dir: a.cfg.path(nsqDir), Now: a.now, Log: a.log, At: a.at,
		OnApplied: a.feed.applied,
		Fatal:     func(err error) bool { return errors.Is(err, lake.ErrInvalidated) },
	})
	if err != nil {
		return err
	}
	a.ingest, err = ingest.New(ingest.Options{
		Journal: seededBug(a.journal), Sites: a.control, Tokens: a.control, SaltDir: a.cfg.path(saltsDir),
		TrustedProxies: a.cfg.TrustedProxies, Rate: a.cfg.IngestRate, Burst: a.cfg.IngestBurst,
		Now: a.now, Rand: a.rand, Log: a.log, At: a.at,
		UntrustedForwarded: a.untrustedForwarded,
	})
	return err
}

// untrustedForwarded is told once that a peer sends X-Forwarded-For and is not trusted: all
// its visitors look like one.
func (a *Appliance) untrustedForwarded(peer netip.Addr) {
	fix := fmt.Sprintf("trusted_proxies = [%q]", netip.PrefixFrom(peer, peer.BitLen()))
	a.log.Warn("X-Forwarded-For from a peer that is not trusted is ignored, so all visitors behind it look like one address",
		"add", fix)
	a.notices.add(api.Notice{
		Code: "untrusted_forwarded_for", Level: "warn", Fix: fix,
		Message: "A proxy in front of HitKeep is not trusted, so all visitors look like one address. " +
			"Add this line to the configuration and restart:",
	})
}

func (a *Appliance) openAPI(ctx context.Context) error {
	var err error
	if a.uses, err = openTokenUse(ctx, a.proj, a.log); err != nil {
		return err
	}
	key, err := secretFile(a.cfg.path(controlDir, jwtKeyFile), a.rand)
	if err != nil {
		return err
	}
	loginRate := a.cfg.LoginRate
	if loginRate == 0 {
		loginRate = -1 // the API's word for "no limit"
	}
	if a.cfg.Demo {
		a.demoLogin = &api.DemoLogin{Email: demoEmail, Password: a.demoPassword()}
	}
	a.api, err = api.New(api.Options{
		Control: a.control, Logins: a.proj, Stats: a.lake, Feed: a.feed, Outcomes: outcomes{a.ingest},
		Notices: a.notices.list, Key: key, SetupToken: a.setup.token,
		PublicURL: a.cfg.PublicURL, Demo: a.demoLogin, Version: Version, LoginRate: loginRate,
		TrustedProxies: a.cfg.TrustedProxies, Now: a.now, Rand: a.rand, Log: a.log,
		TokenUsed: a.uses.used, TokenLastUsed: a.uses.at,
	})
	return err
}

// RunOffline applies what the journal holds and takes admin calls, without listeners and
// schedule, until ctx ends.
func (a *Appliance) RunOffline(ctx context.Context) error { return a.runParts(ctx, nil) }

// runParts runs the pipeline and further parts until ctx ends or one fails. The pipeline ends
// last: it applies what the others accepted.
func (a *Appliance) runParts(ctx context.Context, parts []func(context.Context) error) error {
	pctx, stopPipeline := context.WithCancel(context.WithoutCancel(ctx))
	defer stopPipeline()
	pipeline := make(chan error, 1)
	g, gctx := errgroup.WithContext(ctx)
	go func() { pipeline <- a.pipeline.Run(pctx) }()
	g.Go(func() error {
		select {
		case err := <-pipeline:
			pipeline <- err
			return fmt.Errorf("pipeline: %w", err)
		case err := <-a.journal.Fatal():
			return fmt.Errorf("journal: %w", err)
		case err := <-a.control.fatal:
			return err
		case <-gctx.Done():
			return nil
		}
	})
	for _, part := range parts {
		g.Go(func() error { return part(gctx) })
	}
	err := g.Wait()
	if err == nil {
		if derr := a.pipeline.Drain(context.WithoutCancel(ctx)); derr != nil {
			a.log.Warn("not all hits could be stored before the stop; the next start stores them from the journal", "error", derr)
		}
	}
	stopPipeline()
	return errors.Join(err, <-pipeline)
}

// WaitApplied blocks until all that was in the journal is stored. It gives up with an error when
// nothing moves for 10 s (a full disk, a damaged store).
func (a *Appliance) WaitApplied(ctx context.Context) error { return a.pipeline.Drain(ctx) }

// setupToken guards the first-run page: who reads the log or the terminal owns the instance.
type setupToken struct {
	mu    sync.Mutex
	value string
}

func (s *setupToken) arm(rand io.Reader) (string, error) {
	t, err := randomText(rand, 16)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = t
	return t, err
}

// token returns the token, "" when none is armed.
func (s *setupToken) token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

// notices collects what the dashboard tells its administrators, one of each code.
type notices struct {
	mu   sync.Mutex
	byCo []api.Notice
}

func (n *notices) add(x api.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, old := range n.byCo {
		if old.Code == x.Code {
			return
		}
	}
	n.byCo = append(n.byCo, x)
}

func (n *notices) list() []api.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]api.Notice(nil), n.byCo...)
}

// randomText returns n random bytes as hexadecimal digits.
func randomText(r io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return hex.EncodeToString(b), nil
}
