package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"hitkeep"
)

// checkpointEvery bounds how long the journal must be kept for a store that takes hits: its
// segments go only after a CHECKPOINT (invariant 6).
const checkpointEvery = time.Minute

// Run checkpoints the stores that took hits, once a minute, until ctx is done. An error is
// returned only when the database is unusable.
func (l *Lake) Run(ctx context.Context) error {
	t := time.NewTicker(checkpointEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := l.Checkpoint(ctx); errors.Is(err, ErrInvalidated) {
			return err
		} else if err != nil && ctx.Err() == nil {
			l.log.Error("checkpoint", "error", err)
		}
	}
}

// Checkpoint makes all open stores' committed rows independent of their write-ahead logs.
func (l *Lake) Checkpoint(ctx context.Context) error {
	l.mu.Lock()
	tenants := make([]hitkeep.TenantID, 0, len(l.stores))
	for id := range l.stores {
		tenants = append(tenants, id)
	}
	l.mu.Unlock()
	var errs []error
	for _, id := range tenants {
		errs = append(errs, l.checkpointTenant(ctx, id))
	}
	return errors.Join(errs...)
}

func (l *Lake) checkpointTenant(ctx context.Context, tenant hitkeep.TenantID) error {
	s, done, err := l.use(ctx, tenant)
	if err != nil {
		return err
	}
	defer done()
	s.write.Lock()
	defer s.write.Unlock()
	if !s.dirty {
		return nil
	}
	return s.withConn(ctx, func(c *sql.Conn) error { return s.checkpoint(ctx, c) })
}

// checkpoint runs CHECKPOINT and moves the floor; write is held, so what it reads is what the
// checkpoint holds.
func (s *store) checkpoint(ctx context.Context, c *sql.Conn) error {
	s.l.at("checkpoint.begin")
	if _, err := c.ExecContext(ctx, "CHECKPOINT "+s.catalog); err != nil {
		return fmt.Errorf("checkpoint store %s: %w", s.tenant, classify(err))
	}
	s.l.at("checkpoint.done")
	s.dirty = false
	oldest, err := readMap[hitkeep.JournalID](ctx, c, "SELECT journal_id, min(seq) FROM "+s.catalog+".hot GROUP BY ALL")
	if err != nil {
		return fmt.Errorf("checkpoint store %s: %w", s.tenant, err)
	}
	f := hitkeep.Floor{Checkpointed: maps.Clone(s.marks), Parted: maps.Clone(s.marks)}
	for j, seq := range oldest {
		f.Parted[j] = seq - 1
	}
	s.floorMu.Lock()
	s.ground = f
	s.floorMu.Unlock()
	return nil
}

// Floors says for every store on disk up to where it no longer needs its journals. A store that
// was not open yet is opened for it.
func (l *Lake) Floors(ctx context.Context) (map[hitkeep.TenantID]hitkeep.Floor, error) {
	tenants, err := l.Tenants()
	if err != nil {
		return nil, err
	}
	floors := map[hitkeep.TenantID]hitkeep.Floor{}
	for _, id := range tenants {
		l.mu.Lock()
		f, known := l.floors[id]
		open := l.stores[id] != nil
		l.mu.Unlock()
		if known && !open {
			floors[id] = f
			continue
		}
		s, done, err := l.use(ctx, id)
		if err != nil {
			// Without its floor a store keeps every segment that holds its records.
			l.log.Error("floor of store", "tenant", id, "error", err)
			floors[id] = hitkeep.Floor{}
			continue
		}
		floors[id] = s.floor()
		done()
	}
	return floors, nil
}
