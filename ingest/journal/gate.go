package journal

import (
	"log/slog"
	"sync"
	"time"

	"hitkeep"
)

const (
	// The free space is asked for again after this time or this many bytes of journal.
	gateEvery = time.Second
	gateBytes = 4 << 20
)

// gate refuses records before the disk is full (invariant 8): DuckDB needs a reserve to apply
// what is acknowledged already.
type gate struct {
	free     func() (uint64, error)
	minFree  uint64
	maxBytes int64
	log      *slog.Logger

	mu      sync.Mutex // guards what follows
	closed  bool
	checked time.Time
	at      int64 // the journal's bytes then
	left    uint64
}

// admit returns Unavailable while the gate is closed. A closed gate looks again at every call,
// so that it opens by itself.
func (g *gate) admit(now time.Time, bytes int64) error {
	if g.free == nil && g.maxBytes == 0 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	age := now.Sub(g.checked)
	if g.closed || age < 0 || age >= gateEvery || bytes-g.at >= gateBytes || g.capped(bytes) {
		g.look(now, bytes)
	}
	if !g.closed {
		return nil
	}
	return errFull()
}

func errFull() error {
	return hitkeep.Errorf(hitkeep.Unavailable, "the disk is nearly full: hits are not taken").
		WithHint("free space on the data volume or raise the journal's limit; hits are taken again by themselves")
}

func (g *gate) capped(bytes int64) bool { return g.maxBytes > 0 && bytes >= g.maxBytes }

func (g *gate) look(now time.Time, bytes int64) {
	g.checked, g.at = now, bytes
	short := false
	if g.free != nil {
		left, err := g.free()
		if err != nil {
			g.log.Warn("free disk space is unknown", "error", err)
		} else {
			g.left = left
			limit := g.minFree
			if g.closed {
				limit += g.minFree / 4
			}
			short = left < limit
		}
	}
	was := g.closed
	g.closed = short || g.capped(bytes)
	if g.closed != was {
		g.log.Warn("journal gate", "closed", g.closed, "journal_bytes", bytes, "free_bytes", g.left)
	}
}

// pressed says that segments should go as early as they may: a little before the gate closes.
func (g *gate) pressed(now time.Time, bytes int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free != nil || g.maxBytes > 0 {
		g.look(now, bytes)
	}
	return g.closed || g.maxBytes > 0 && bytes > g.maxBytes/5*4 ||
		g.free != nil && g.left < g.minFree+g.minFree/4
}

// Ready says whether a record would be taken durably now: nil, Unavailable, or the error that
// stopped the journal.
func (j *Journal) Ready() error {
	j.mu.Lock()
	stopped := j.stopped
	j.mu.Unlock()
	if stopped != nil {
		return stopped
	}
	return j.gate.admit(j.opt.Now(), j.bytes.Load())
}
