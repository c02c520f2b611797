package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"hitkeep"
)

// Read calls f for the durable frames of a store in one journal whose last sequence is greater
// than after, in order, up to what was durable when Read began. Appends go on meanwhile. The
// frame and its Records are valid during the call only. Where the frame's Prev is greater than
// after, or than the frame before, the records between are damaged or trimmed.
// It stops at the first error of f and returns it.
func (j *Journal) Read(ctx context.Context, id hitkeep.JournalID, store hitkeep.TenantID, after int64, f func(Frame) error) error {
	for _, p := range j.pieces(id, store, after) {
		err := p.read(ctx, store, after, f)
		if errors.Is(err, os.ErrNotExist) {
			// Trimmed meanwhile: every store had applied it.
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// piece is a stretch of one segment to read.
type piece struct {
	path     string
	journal  hitkeep.JournalID
	from, to int64
	until    int64 // the store's last sequence in it
}

func (j *Journal) pieces(id hitkeep.JournalID, store hitkeep.TenantID, after int64) []piece {
	j.imu.RLock()
	defer j.imu.RUnlock()
	var ps []piece
	for _, s := range j.segments {
		if sp := s.stores[store]; s.journal == id && sp != nil && sp.last > after {
			ps = append(ps, piece{s.path, id, s.from(max(after, sp.first-1)), s.size, sp.last})
		}
	}
	return ps
}

func (p piece) read(ctx context.Context, store hitkeep.TenantID, after int64, f func(Frame) error) error {
	file, err := os.Open(p.path)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	sc := scanner{r: file, off: p.from, end: p.to, journal: p.journal}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		frame, _, err := sc.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if frame.Store != store || frame.Last() <= after {
			continue
		}
		if frame.Records, err = frame.split(); err != nil {
			return fmt.Errorf("read journal: frame %d of store %s: %w", frame.First, store, err)
		}
		if err := f(frame); err != nil {
			return err
		}
		if frame.Last() >= p.until {
			return nil
		}
	}
}
