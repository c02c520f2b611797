package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hitkeep"
	"hitkeep/ingest/journal"
)

// ErrInvalidated says that the store's database gave itself up: the process must restart, and
// replays the journal.
var ErrInvalidated = errors.New("the store's database is invalidated: restart to replay the journal")

// Appender stores batches exactly once (invariant 4). On one box the lake is it.
type Appender interface {
	// Watermark says what a store has applied; it makes the store if there is none.
	Watermark(ctx context.Context, store hitkeep.TenantID) (hitkeep.Watermark, error)
	// Append applies a batch and its watermark together. It answers hitkeep.ErrNotContiguous
	// for a batch that does not follow the watermark. After any other error the batch may have
	// been applied or not. It must not keep the batch: its memory is used again.
	Append(context.Context, *hitkeep.Batch) (hitkeep.Applied, error)
	// Floors says what each store no longer needs of the journals.
	Floors(context.Context) (map[hitkeep.TenantID]hitkeep.Floor, error)
}

// PipelineOptions configure a Pipeline. Journal, Appender, Dir, Now and Log are required.
type PipelineOptions struct {
	Journal  *journal.Journal
	Appender Appender
	// Dir is NSQ's data directory. It is wiped at each start: NSQ holds copies only.
	Dir string
	Now func() time.Time
	Log *slog.Logger
	// At is called at the failpoints "applier.before-append" and "applier.after-append".
	At func(string)
	// FlushHits and FlushEvery bound a batch; 0 = 10,000 and 100 ms. The first hits after a
	// pause are flushed at once.
	FlushHits  int
	FlushEvery time.Duration
	// GapAfter is how long a store may stand still behind its head before the journal is read;
	// 0 = 100 ms.
	GapAfter time.Duration
	// StallAfter is how long Drain waits without progress; 0 = 10 s.
	StallAfter time.Duration
	// TrimEvery is the time between looks for segments to delete; 0 = a minute.
	TrimEvery time.Duration
	// OnApplied is called after each applied batch, by the store's applier. May be nil.
	OnApplied func(hitkeep.TenantID, hitkeep.Applied)
	// Stores lists the stores that exist. Records of others belong to deleted stores: they are
	// not applied and their segments go after 72 h. nil = every store with records exists.
	Stores func() []hitkeep.TenantID
	// Fatal says which errors of the Appender, besides ErrInvalidated, only a restart heals.
	Fatal func(error) bool
}

func (o *PipelineOptions) setDefaults() {
	if o.At == nil {
		o.At = func(string) {}
	}
	if o.FlushHits == 0 {
		o.FlushHits = 10_000
	}
	for _, d := range []struct {
		option *time.Duration
		value  time.Duration
	}{{&o.FlushEvery, 100 * time.Millisecond}, {&o.GapAfter, 100 * time.Millisecond},
		{&o.StallAfter, 10 * time.Second}, {&o.TrimEvery, time.Minute}} {
		if *d.option == 0 {
			*d.option = d.value
		}
	}
	if o.OnApplied == nil {
		o.OnApplied = func(hitkeep.TenantID, hitkeep.Applied) {}
	}
}

// Pipeline carries durable frames from the journal to the stores: Publish -> NSQ -> one
// dispatcher -> one applier per store (invariant 2). The journal alone decides what is applied;
// NSQ only says sooner that there is something.
type Pipeline struct {
	opt PipelineOptions
	pub *publisher

	mu       sync.Mutex // guards what follows
	appliers map[hitkeep.TenantID]*applier
	start    func(*applier) // nil until Run and after it
	changed  chan struct{}  // closed and replaced after each applied batch
	ended    chan struct{}  // closed when Run has ended; ran is set before
	ran      error
}

// NewPipeline checks the options. Nothing runs until Run.
func NewPipeline(opt PipelineOptions) (*Pipeline, error) {
	if opt.Journal == nil || opt.Appender == nil || opt.Dir == "" || opt.Now == nil || opt.Log == nil {
		return nil, errors.New("new pipeline: Journal, Appender, Dir, Now and Log are required")
	}
	opt.setDefaults()
	return &Pipeline{
		opt: opt, pub: newPublisher(), appliers: map[hitkeep.TenantID]*applier{},
		changed: make(chan struct{}), ended: make(chan struct{}),
	}, nil
}

// Run applies until ctx ends, and returns nil then. It returns an error when NSQ cannot start,
// an applier panicked, or the Appender says that only a restart helps. Call it once.
//
//  1. Start NSQ on an empty directory.
//  2. Start the publisher, the trimmer and an applier for each store with records.
//  3. At the end stop those, then the consumer, then nsqd.
func (p *Pipeline) Run(ctx context.Context) (err error) {
	defer func() { p.end(err) }()
	q, err := startQueue(p.opt.Dir, p.opt.Log, p.dispatch)
	if err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	defer q.stop()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(guard("publisher", func() error { return p.pub.run(gctx, q) }))
	g.Go(guard("trimmer", func() error { return p.trimLoop(gctx) }))
	p.mu.Lock()
	p.start = func(a *applier) { g.Go(guard("applier", func() error { return a.run(gctx) })) }
	for _, a := range p.appliers {
		p.start(a)
	}
	p.mu.Unlock()
	for _, store := range p.stores() {
		p.applier(store)
	}
	// The group must not be waited for while a late Publish could still add to it.
	<-gctx.Done()
	p.mu.Lock()
	p.start = nil
	p.mu.Unlock()
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func (p *Pipeline) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ran = err
	close(p.ended)
}

// guard turns a panic into an error: the process then stops in order and replays.
func guard(what string, f func() error) func() error {
	return func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("%s: panic: %v\n%s", what, v, debug.Stack())
			}
		}()
		return f()
	}
}

// Publish is journal.Options.Published: it passes a durable frame on and never blocks.
func (p *Pipeline) Publish(f journal.Frame) {
	p.pub.add(f.Raw)
	p.applier(f.Store).poke()
}

// applier finds or starts a store's applier.
func (p *Pipeline) applier(store hitkeep.TenantID) *applier {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.appliers[store]
	if a == nil {
		a = newApplier(p, store)
		p.appliers[store] = a
		if p.start != nil {
			p.start(a)
		}
	}
	return a
}

// stores lists the existing stores that have records in the journal.
func (p *Pipeline) stores() []hitkeep.TenantID {
	all := p.opt.Journal.Stores(0)
	if p.opt.Stores == nil {
		return all
	}
	listed := p.opt.Stores()
	return slices.DeleteFunc(all, func(s hitkeep.TenantID) bool { return !slices.Contains(listed, s) })
}

func (p *Pipeline) exists(store hitkeep.TenantID) bool {
	return p.opt.Stores == nil || slices.Contains(p.opt.Stores(), store)
}

// progress wakes those who wait for applied positions.
func (p *Pipeline) progress() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Pipeline) changes() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Wait returns when the store has applied the journal up to seq.
func (p *Pipeline) Wait(ctx context.Context, store hitkeep.TenantID, id hitkeep.JournalID, seq int64) error {
	a := p.applier(store)
	return p.until(ctx, 0, func() bool { return a.position(id) >= seq })
}

// WaitAll returns when all stores have applied what was durable at the call.
func (p *Pipeline) WaitAll(ctx context.Context) error {
	return p.waitHeads(ctx, 0)
}

// Drain is WaitAll for the shutdown: it gives up after StallAfter without progress, however
// long it takes with progress. Call it after the journal is closed and before Run's ctx ends.
func (p *Pipeline) Drain(ctx context.Context) error {
	if err := p.waitHeads(ctx, p.opt.StallAfter); err != nil {
		return fmt.Errorf("drain: %w; %d records stay in the journal and are applied at the next start", err, p.Lag())
	}
	return nil
}

func (p *Pipeline) waitHeads(ctx context.Context, stall time.Duration) error {
	for _, store := range p.stores() {
		a, head := p.applier(store), p.opt.Journal.Head(store)
		if err := p.until(ctx, stall, func() bool { return a.reached(head) }); err != nil {
			return fmt.Errorf("store %s: %w", store, err)
		}
	}
	return nil
}

var errStalled = errors.New("no progress")

// until waits for done, looking at each applied batch. stall 0 = no limit.
func (p *Pipeline) until(ctx context.Context, stall time.Duration, done func() bool) error {
	for {
		changed := p.changes()
		if done() {
			return nil
		}
		var limit <-chan time.Time
		if stall > 0 {
			limit = time.After(stall)
		}
		select {
		case <-changed:
		case <-limit:
			return errStalled
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			if done() {
				return nil
			}
			return errors.Join(errors.New("the pipeline has stopped"), p.ran)
		}
	}
}

// Lag counts the durable records that are not yet applied, at most too high (journal.Behind).
func (p *Pipeline) Lag() int64 {
	var n int64
	for _, store := range p.stores() {
		n += p.opt.Journal.Behind(store, p.applier(store).watermark())
	}
	return n
}
