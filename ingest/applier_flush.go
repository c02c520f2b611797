package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

const (
	retryFirst = 50 * time.Millisecond
	retryMax   = 5 * time.Second
)

// errRestart says that the position was set anew by reset: what was being collected is void.
var errRestart = errors.New("position was set anew")

// collect adds the frame's records behind the position to the batch. The caller knows that
// nothing readable lies between.
func (a *applier) collect(ctx context.Context, f *journal.Frame) error {
	for i, r := range f.Records {
		seq := f.First + int64(i)
		if seq <= a.at {
			continue
		}
		a.decode(seq, r)
		a.at = seq
		if a.batch.Records >= a.p.opt.FlushHits {
			if err := a.flush(ctx); err != nil {
				return err
			}
		}
	}
	a.moved = time.Now()
	return nil
}

// decode adds one record: a hit, or a bad record if it cannot be decoded. A record is never
// skipped (invariant 4).
func (a *applier) decode(seq int64, r []byte) {
	b := &a.batch
	b.Records++
	n := len(b.Hits)
	b.Hits = append(b.Hits, hitkeep.Hit{Journal: a.cur, Seq: seq})
	if err := b.Hits[n].DecodeRecord(r); err != nil {
		b.Hits = b.Hits[:n]
		b.Bad = append(b.Bad, hitkeep.BadRecord{Seq: seq, Raw: bytes.Clone(r), Reason: err.Error()})
	}
}

// clearBatch begins an empty batch at the position, in the same memory.
func (a *applier) clearBatch() {
	a.batch = hitkeep.Batch{Prev: a.at, Hits: a.batch.Hits[:0]}
}

// flush hands the batch to the Appender until it is applied:
//  1. After an error only the store knows whether the batch was applied: ask for its watermark.
//  2. At the batch's end: it was. At its start: try again, later each time.
//  3. Anywhere else: somebody else's word counts; start over from there (errRestart).
//
// Disk-full and I/O errors pass in time, so nothing is ever given up.
func (a *applier) flush(ctx context.Context) error {
	b := &a.batch
	if a.at == b.Prev {
		return nil
	}
	b.Store, b.Journal, b.Last = a.store, a.cur, a.at
	for try := 0; ; try++ {
		a.p.opt.At("applier.before-append")
		applied, err := a.p.opt.Appender.Append(ctx, b)
		a.p.opt.At("applier.after-append")
		if err == nil {
			a.accept(applied)
			return nil
		}
		if err := a.hopeless(ctx, err); err != nil {
			return err
		}
		if try == 0 {
			a.p.opt.Log.Warn("batch not applied, trying again", "store", a.store, "journal", int64(a.cur),
				"first", b.Prev+1, "last", b.Last, "error", err)
		}
		w, err := a.ask(ctx)
		if err != nil {
			return err
		}
		switch w[a.cur] {
		case b.Last:
			a.accept(countHits(b))
			return nil
		case b.Prev:
			if err := pause(ctx, try); err != nil {
				return err
			}
		default:
			a.reset(w)
			return errRestart
		}
	}
}

// accept notes that the batch is applied.
func (a *applier) accept(applied hitkeep.Applied) {
	a.mu.Lock()
	a.applied[a.cur] = a.at
	a.mu.Unlock()
	a.clearBatch()
	a.flushed = time.Now()
	a.p.progress()
	a.p.opt.OnApplied(a.store, applied)
}

// countHits stands in for the answer of an Append that was applied and answered with an error:
// duplicates are counted as stored.
func countHits(b *hitkeep.Batch) hitkeep.Applied {
	applied := hitkeep.Applied{Stored: len(b.Hits), Dead: len(b.Bad), Sites: map[hitkeep.SiteID]int{}}
	for i := range b.Hits {
		applied.Sites[b.Hits[i].Site]++
	}
	return applied
}

// ask reads the store's watermark, for as long as it takes.
func (a *applier) ask(ctx context.Context) (hitkeep.Watermark, error) {
	for try := 0; ; try++ {
		w, err := a.p.opt.Appender.Watermark(ctx, a.store)
		if err == nil {
			return w, nil
		}
		if err := a.hopeless(ctx, err); err != nil {
			return nil, err
		}
		if try == 0 {
			a.p.opt.Log.Warn("watermark unknown, trying again", "store", a.store, "error", err)
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

// hopeless returns the error to stop with, nil if trying again makes sense.
func (a *applier) hopeless(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, ErrInvalidated):
		return fmt.Errorf("apply to store %s: %w", a.store, err)
	case a.p.opt.Fatal != nil && a.p.opt.Fatal(err):
		return fmt.Errorf("apply to store %s: %w: %w", a.store, ErrInvalidated, err)
	}
	return ctx.Err()
}

// pause waits before the next try: 50 ms doubling to 5 s.
func pause(ctx context.Context, try int) error {
	select {
	case <-time.After(min(retryMax, retryFirst<<min(try, 10))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
