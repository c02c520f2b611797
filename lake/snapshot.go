package lake

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hitkeep"
)

// snapshot is one moment of a store: the hot rows that conn sees and the parts that the manifest
// names belong together (invariant 9).
type snapshot struct {
	conn    *sql.Conn      // inside an open read transaction; do not commit it
	catalog string         // the hot table is catalog + ".hot"
	parts   []hitkeep.Part // all live parts, by site and first day; pinned
	dir     string         // filepath.Join(dir, part.Name) is a part's file
	// warnings name missing parts; those are left out of parts. A result built on the rest
	// must carry them.
	warnings []string
}

// read runs f on a snapshot of the tenant's store. Parts stay on disk until f returns. Readers of
// parts pass hive_partitioning = false and never glob.
func (l *Lake) read(ctx context.Context, tenant hitkeep.TenantID, f func(ctx context.Context, s *snapshot) error) error {
	st, done, err := l.use(ctx, tenant)
	if err != nil {
		return err
	}
	defer done()
	return st.withConn(ctx, func(c *sql.Conn) error {
		snap, release, err := st.snapshot(ctx, c)
		if err != nil {
			return fmt.Errorf("read store %s: %w", tenant, err)
		}
		defer release()
		return f(ctx, snap)
	})
}

// snapshot begins a transaction on c, reads the manifest and pins its parts. release ends the
// transaction and unlinks replaced parts that nobody else reads.
func (s *store) snapshot(ctx context.Context, c *sql.Conn) (*snapshot, func(), error) {
	// While pin is held no part is unlinked: a part named by this transaction's manifest is
	// pinned before anybody can ask whether it is.
	s.pin.Lock()
	defer s.pin.Unlock()
	if _, err := c.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY"); err != nil {
		return nil, nil, err
	}
	parts, err := s.parts(ctx, c)
	if err != nil {
		rollback(c)
		return nil, nil, err
	}
	snap := &snapshot{conn: c, catalog: s.catalog, dir: s.lake}
	for _, p := range parts {
		if _, err := os.Stat(filepath.Join(s.lake, p.Name)); err != nil {
			snap.warnings = append(snap.warnings, fmt.Sprintf("part %s (%d hits, %s to %s) is missing; run hitkeep lake check", p.Name, p.Rows, p.From, p.To))
			continue
		}
		s.pins[p.Name]++
		snap.parts = append(snap.parts, p)
	}
	return snap, func() { rollback(c); s.unpin(snap.parts) }, nil
}

// rollback ends c's transaction whatever became of the caller's context.
func rollback(c *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// An error here means that no transaction is open or that the instance is gone; the next
	// statement says so.
	_, _ = c.ExecContext(ctx, "ROLLBACK")
}

func (s *store) unpin(parts []hitkeep.Part) {
	s.pin.Lock()
	defer s.pin.Unlock()
	for _, p := range parts {
		if s.pins[p.Name]--; s.pins[p.Name] == 0 {
			delete(s.pins, p.Name)
		}
	}
	s.unlinkDoomed()
	close(s.released)
	s.released = make(chan struct{})
}

// parts reads the live parts in order of site and day.
func (s *store) parts(ctx context.Context, q querier) ([]hitkeep.Part, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, site_id, day_from, day_to, min_ts, max_ts, rows, bytes, written_at
		FROM `+s.catalog+`.part
		ORDER BY site_id, day_from, name`)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	defer rows.Close()
	var parts []hitkeep.Part
	for rows.Next() {
		var p hitkeep.Part
		var from, to time.Time
		if err := rows.Scan(&p.Name, &p.Site, &from, &to, &p.MinTS, &p.MaxTS, &p.Rows, &p.Bytes, &p.WrittenAt); err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		p.From, p.To = dayOf(from), dayOf(to)
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

func dayOf(t time.Time) hitkeep.Day { return hitkeep.DayOf(t, time.UTC) }
