package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

const (
	// checkpointEvery bounds how long the journal must be kept for a store that takes hits: its
	// segments go only after a CHECKPOINT (invariant 6).
	checkpointEvery = time.Minute
	// checkpointRows bounds what a store keeps in its write-ahead log (about 320 bytes a row) and
	// with it in memory.
	checkpointRows = 30_000
	// aloneWithin is how long a CHECKPOINT waits for running reports to end. It needs memory, and
	// one that finds none invalidates its database; but a report whose reader is slow must not hold
	// up the others.
	aloneWithin = 2 * time.Second
)

// alone runs f, a CHECKPOINT, without reports and rolls beside it where that can be had soon.
func (l *Lake) alone(ctx context.Context, f func() error) error {
	wait, cancel := context.WithTimeout(ctx, aloneWithin)
	defer cancel()
	if l.heavy.slots.Acquire(wait, admitted) == nil {
		defer l.heavy.slots.Release(admitted)
	}
	return f()
}

// Run checkpoints the stores that took hits, once a minute or after checkpointRows, until ctx is done. An error is
// returned only when the database is unusable.
func (l *Lake) Run(ctx context.Context) error {
	t := time.NewTicker(checkpointEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		case <-l.due:
		}
		if err := l.Checkpoint(ctx); errors.Is(err, ErrInvalidated) {
			return err
		} else if err != nil && ctx.Err() == nil && !errors.Is(err, errReaders) {
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
	return l.alone(ctx, func() error {
		s.write.Lock()
		defer s.write.Unlock()
		if !s.dirty {
			return nil
		}
		return s.withConn(ctx, func(c *sql.Conn) error { return s.checkpoint(ctx, c) })
	})
}

// checkpointSoon checkpoints as soon as the readers allow it: DuckDB refuses while an older
// reader needs what a newer transaction changed.
func (s *store) checkpointSoon(ctx context.Context) error {
	for {
		s.pin.Lock()
		released := s.released
		s.pin.Unlock()
		err := s.l.alone(ctx, func() error {
			s.write.Lock()
			defer s.write.Unlock()
			return s.withConn(ctx, func(c *sql.Conn) error { return s.checkpoint(ctx, c) })
		})
		if !errors.Is(err, errReaders) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-released:
		}
	}
}

// errReaders says that a CHECKPOINT must wait for a reader to end.
var errReaders = errors.New("readers keep the store from being checkpointed")

// checkpoint runs CHECKPOINT and then does what may only be done after it (invariant 10): the
// floor moves, manifest.json follows the table, replaced parts are unlinked. write is held, so
// what it reads is what the checkpoint holds.
func (s *store) checkpoint(ctx context.Context, c *sql.Conn) error {
	s.l.at("checkpoint.begin")
	if _, err := c.ExecContext(ctx, "CHECKPOINT "+s.catalog); err != nil {
		var d *duckdb.Error
		if errors.As(err, &d) && d.Type == duckdb.ErrorTypeTransaction {
			err = errors.Join(errReaders, err)
		}
		return fmt.Errorf("checkpoint store %s: %w", s.tenant, s.diagnose(c, err))
	}
	s.l.at("checkpoint.done")
	s.dirty, s.fresh = false, 0
	if err := s.raiseFloor(ctx, c); err != nil {
		return fmt.Errorf("checkpoint store %s: %w", s.tenant, err)
	}
	if err := s.writeManifest(ctx, c); err != nil {
		return fmt.Errorf("checkpoint store %s: %w", s.tenant, err)
	}
	s.l.at("checkpoint.listed")
	s.pin.Lock()
	defer s.pin.Unlock()
	for _, name := range s.replaced {
		s.doomed[name] = true
	}
	s.replaced = nil
	s.unlinkDoomed()
	s.l.at("checkpoint.unlinked")
	return nil
}

// diagnose adds ErrInvalidated to an error after which the store's database answers no more: a
// failed CHECKPOINT leaves it so and calls it an I/O error, as it calls a full disk.
func (s *store) diagnose(c *sql.Conn, err error) error {
	err = classify(err)
	var d *duckdb.Error
	if err == nil || errors.Is(err, ErrInvalidated) || !errors.As(err, &d) || errors.Is(err, errReaders) {
		return err
	}
	rollback(c)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var n int64
	probe := c.QueryRowContext(ctx, "SELECT count(*) FROM "+s.catalog+".watermark").Scan(&n)
	if errors.As(probe, &d) && d.Type != duckdb.ErrorTypeOutOfMemory {
		return errors.Join(ErrInvalidated, err)
	}
	return err
}

// raiseFloor notes what the journal no longer has to hold for this store.
func (s *store) raiseFloor(ctx context.Context, c *sql.Conn) error {
	oldest, err := readMap[hitkeep.JournalID](ctx, c, "SELECT journal_id, min(seq) FROM "+s.catalog+".hot GROUP BY ALL")
	if err != nil {
		return err
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
