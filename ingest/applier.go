package ingest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

const (
	// An applier holds this many bytes of delivered and of early frames; beyond that it drops
	// them and reads the journal.
	inboxBytes = 4 << 20
	// A store that does not exist (any more) is looked for again after this time.
	absentFor = time.Minute
	// keepHits is how many hits' memory an idle applier keeps.
	keepHits = 256
)

// applier brings one store's records to it, in order, each exactly once: journals in start
// order, within a journal by sequence (invariant 3).
//
//  1. A delivered frame that follows what is collected joins the batch; an older one is a
//     duplicate; a later one waits in early.
//  2. Behind the head and no progress for GapAfter, or frames are known to be dropped: read
//     the journal from the position on. Replay at start is the same step.
//  3. An earlier journal read to its end is left for the next one that has records.
//  4. The batch goes to the Appender when it is large enough or FlushEvery after the last one.
type applier struct {
	p     *Pipeline
	store hitkeep.TenantID
	wake  chan struct{} // capacity 1
	idle  atomic.Bool   // asleep without a timer: poke must wake it

	mu      sync.Mutex // guards what follows
	inbox   []journal.Frame
	bytes   int
	dropped bool              // a delivered frame was dropped
	applied hitkeep.Watermark // nil until the store was asked

	// Only run's goroutine touches these.
	cur     hitkeep.JournalID
	at      int64 // last sequence collected of cur
	early   earlyFrames
	batch   hitkeep.Batch
	behind  bool      // read the journal at once
	skips   int64     // the publisher's count of skipped frames when the journal was last read
	unread  int       // failed reads of the journal in a row
	moved   time.Time // when the last record was collected
	flushed time.Time // when the last batch was applied
}

func newApplier(p *Pipeline, store hitkeep.TenantID) *applier {
	return &applier{p: p, store: store, wake: make(chan struct{}, 1)}
}

// deliver takes a frame from the dispatcher; it never blocks.
func (a *applier) deliver(f journal.Frame) {
	a.mu.Lock()
	if a.bytes+len(f.Raw) > inboxBytes {
		a.dropped = true
	} else {
		a.inbox = append(a.inbox, f)
		a.bytes += len(f.Raw)
	}
	a.mu.Unlock()
	notify(a.wake)
}

// poke says that the head moved. Only an idle applier needs to know: a busy one looks by itself.
func (a *applier) poke() {
	if a.idle.CompareAndSwap(true, false) {
		notify(a.wake)
	}
}

func (a *applier) position(id hitkeep.JournalID) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.applied[id]
}

// reached says whether the store applied everything up to head.
func (a *applier) reached(head hitkeep.Watermark) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, seq := range head {
		if a.applied[id] < seq {
			return false
		}
	}
	return true
}

// watermark returns a copy of what is applied.
func (a *applier) watermark() hitkeep.Watermark {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := make(hitkeep.Watermark, len(a.applied))
	for id, seq := range a.applied {
		w[id] = seq
	}
	return w
}

// run applies until ctx ends or an error that only a restart heals.
func (a *applier) run(ctx context.Context) error {
	if err := a.awaitStore(ctx); err != nil {
		return err
	}
	a.behind = true // replay
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait, err := a.step(ctx)
		if errors.Is(err, errRestart) {
			continue
		}
		if err != nil {
			return err
		}
		var due <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			due = timer.C
		} else if a.rest() {
			continue
		}
		select {
		case <-a.wake:
		case <-due:
		case <-ctx.Done():
			return ctx.Err()
		}
		a.idle.Store(false)
	}
}

// rest prepares for sleep without a timer. The head may have moved between the last look and
// the flag: look again.
func (a *applier) rest() (again bool) {
	if cap(a.batch.Hits) > keepHits {
		a.batch.Hits = nil
	}
	a.idle.Store(true)
	if a.lags() {
		a.idle.Store(false)
		return true
	}
	return false
}

// awaitStore waits until the store exists and has records, and asks for its watermark.
func (a *applier) awaitStore(ctx context.Context) error {
	for !a.p.exists(a.store) {
		select {
		case <-time.After(absentFor):
		case <-a.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w, err := a.ask(ctx)
	if err != nil {
		return err
	}
	a.reset(w)
	return nil
}

// reset takes the store's own word for what is applied and starts over from there.
func (a *applier) reset(w hitkeep.Watermark) {
	a.mu.Lock()
	a.applied = hitkeep.Watermark{}
	for id, seq := range w {
		a.applied[id] = seq
	}
	a.mu.Unlock()
	a.clearBatch()
	a.behind = true
	a.seek()
	a.p.progress()
}

// seek puts the position on the first journal with records that are not applied, else on the
// current one.
func (a *applier) seek() {
	a.cur = a.p.opt.Journal.ID()
	for _, id := range a.p.opt.Journal.Journals() {
		if a.p.opt.Journal.HeadOf(a.store, id) > a.position(id) {
			a.cur = id
			break
		}
	}
	a.at = a.position(a.cur)
	a.batch.Prev = a.at
}

func (a *applier) lags() bool { return a.p.opt.Journal.HeadOf(a.store, a.cur) > a.at }

// step does what can be done now and returns when to look again at the latest; negative means
// not before the next wake.
func (a *applier) step(ctx context.Context) (wait time.Duration, err error) {
	if err := a.takeInbox(ctx); err != nil {
		return 0, err
	}
	if a.lags() && a.mustRead() {
		if err := a.read(ctx); err != nil {
			return 0, err
		}
	}
	for !a.lags() && a.cur != a.p.opt.Journal.ID() {
		if err := a.nextJournal(ctx); err != nil {
			return 0, err
		}
	}
	wait = -1
	if a.at > a.batch.Prev {
		left := a.p.opt.FlushEvery - time.Since(a.flushed)
		if left <= 0 {
			return 0, a.flush(ctx)
		}
		wait = left
	}
	if a.lags() {
		gap := max(0, a.p.opt.GapAfter-time.Since(a.moved))
		if wait < 0 || gap < wait {
			wait = gap
		}
	}
	return wait, nil
}

// mustRead says whether the missing frames are known not to come, or did not come for too long.
func (a *applier) mustRead() bool {
	return a.behind || a.skips != a.p.pub.skipped.Load() || time.Since(a.moved) >= a.p.opt.GapAfter
}

// nextJournal leaves a journal that is read to its end.
func (a *applier) nextJournal(ctx context.Context) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	a.seek()
	if !a.lags() {
		return nil
	}
	return a.read(ctx)
}

// takeInbox sorts the delivered frames in.
func (a *applier) takeInbox(ctx context.Context) error {
	a.mu.Lock()
	frames := a.inbox
	a.behind = a.behind || a.dropped
	a.inbox, a.bytes, a.dropped = nil, 0, false
	a.mu.Unlock()
	for i := range frames {
		if a.follows(&frames[i]) {
			if err := a.collect(ctx, &frames[i]); err != nil {
				return err
			}
		} else if a.later(&frames[i]) && !a.early.add(frames[i]) {
			a.behind = true
		}
	}
	return a.takeEarly(ctx)
}

// takeEarly collects the early frames whose turn has come and forgets those behind.
func (a *applier) takeEarly(ctx context.Context) error {
	for len(a.early.frames) > 0 {
		f := a.early.first()
		if !a.follows(f) && a.later(f) {
			return nil
		}
		next := a.early.pop()
		if !a.follows(&next) {
			continue // a duplicate
		}
		if err := a.collect(ctx, &next); err != nil {
			return err
		}
	}
	return nil
}

// follows says that the frame holds the store's next record.
func (a *applier) follows(f *journal.Frame) bool {
	return f.Journal == a.cur && f.Prev <= a.at && f.Last() > a.at
}

// later says that records before the frame are still missing.
func (a *applier) later(f *journal.Frame) bool {
	return f.Journal > a.cur || f.Journal == a.cur && f.Prev > a.at
}
