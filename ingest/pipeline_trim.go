package ingest

import (
	"context"
	"time"

	"hitkeep"
)

// trimLoop deletes what no store needs of the journal, regularly.
func (p *Pipeline) trimLoop(ctx context.Context) error {
	tick := time.NewTicker(p.opt.TrimEvery)
	defer tick.Stop()
	start := time.Now()
	clock := trimClock{wall: p.opt.Now()}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		now := p.opt.Now()
		if !clock.steady(now, time.Since(start)) {
			now = time.Time{}
		}
		if err := p.trim(ctx, now); err != nil && ctx.Err() == nil {
			p.opt.Log.Warn("trim journal", "error", err)
		}
	}
}

// trim deletes segments by invariant 6. now zero switches the rule of age off.
func (p *Pipeline) trim(ctx context.Context, now time.Time) error {
	floors, err := p.opt.Appender.Floors(ctx)
	if err != nil {
		return err
	}
	for _, store := range p.opt.Journal.Stores(0) {
		if p.exists(store) {
			continue
		}
		// A deleted store counts as applied, but its records stay for 72 h: whoever deleted it
		// by mistake restores a backup and replays them.
		floors[store] = hitkeep.Floor{Checkpointed: p.opt.Journal.Head(store)}
	}
	n, err := p.opt.Journal.Trim(ctx, floors, now)
	if n > 0 {
		p.opt.Log.Info("journal trimmed", "segments", n, "journal_bytes", p.opt.Journal.Bytes())
	}
	return err
}

const (
	clockStep   = time.Hour // a larger step of the wall clock is not believed
	clockSettle = time.Hour // until it was steady for this long
)

// trimClock notices steps of the wall clock by a clock that does not step (invariant 15).
type trimClock struct {
	wall  time.Time     // at the last look
	mono  time.Duration // at the last look
	until time.Duration // unsteady until then
}

func (c *trimClock) steady(wall time.Time, mono time.Duration) bool {
	drift := wall.Round(0).Sub(c.wall.Round(0)) - (mono - c.mono)
	c.wall, c.mono = wall, mono
	if drift.Abs() > clockStep {
		c.until = mono + clockSettle
	}
	return mono >= c.until
}
