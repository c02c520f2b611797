package ingest

import (
	"context"

	"hitkeep/ingest/journal"
)

// read collects the store's records of cur from the journal, up to its head. An error of the
// journal's files is tried again: a record is never skipped because a disk was slow to answer.
func (a *applier) read(ctx context.Context) error {
	a.behind, a.skips = false, a.p.pub.skipped.Load()
	end := a.p.opt.Journal.HeadOf(a.store, a.cur)
	var collected error
	err := a.p.opt.Journal.Read(ctx, a.cur, a.store, a.at, func(f journal.Frame) error {
		if f.Prev > a.at {
			a.reportHole(a.at+1, f.Prev)
		}
		a.unread = 0
		collected = a.collect(ctx, &f)
		return collected
	})
	if collected != nil || ctx.Err() != nil {
		return err
	}
	if err != nil {
		return a.readLater(ctx, err)
	}
	if a.at < end {
		// The journal was indexed up to end and cannot be read that far any more.
		a.reportHole(a.at+1, end)
		a.at = end
	}
	return a.takeEarly(ctx)
}

// readLater waits after a failed read, longer each time.
func (a *applier) readLater(ctx context.Context, err error) error {
	if a.unread == 0 {
		a.p.opt.Log.Error("journal not readable, trying again", "store", a.store, "journal", int64(a.cur),
			"after", a.at, "error", err)
	}
	a.behind = true
	if err := pause(ctx, a.unread); err != nil {
		return err
	}
	a.unread++
	return errRestart
}

// reportHole says that records are lost to damage: whatever could be read of the journal has
// been. Open has reported the bytes.
func (a *applier) reportHole(first, last int64) {
	a.p.opt.Log.Error("records missing in the journal, going on behind them", "store", a.store,
		"journal", int64(a.cur), "first", first, "last", last, "hint", "check the disk; run hitkeep check")
}
