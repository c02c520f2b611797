package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"hitkeep"
)

// store is one tenant's database file and lake directory.
type store struct {
	l       *Lake
	tenant  hitkeep.TenantID
	catalog string // the name it is attached as
	home    string // tenants/<id>
	lake    string // tenants/<id>/lake

	users int   // guarded by l.mu: who may not have it closed
	used  int64 // guarded by l.mu: l.clock at the last use

	// write is held by the one writer: append, manifest changes, checkpoint, opening.
	// Order of locks: roll, write, then pin.
	write   sync.Mutex
	ready   bool // attached, migrated, memory state loaded
	marks   map[hitkeep.JournalID]int64
	imports map[hitkeep.ImportID]int64
	seen    *seenSet
	dirty   bool                     // something was committed since the last checkpoint
	fresh   int                      // rows stored since then
	refuse  func(*hitkeep.Hit) error // tests: a row that the database refuses; nil = none
	// replaced parts wait here for the CHECKPOINT that makes their replacement certain.
	replaced []string

	roll sync.Mutex // one roll or sweep at a time

	// pin guards pins and doomed, and makes "take the manifest and pin its parts" atomic
	// against "is this replaced part unpinned".
	pin      sync.Mutex
	released chan struct{}   // closed and made anew whenever a reader ends
	pins     map[string]int  // readers per part name
	doomed   map[string]bool // replaced parts that wait for their readers

	floorMu sync.Mutex
	ground  hitkeep.Floor // as of the last CHECKPOINT
}

func newStore(l *Lake, tenant hitkeep.TenantID) *store {
	home := filepath.Join(l.dir, tenantsDir, tenant.String())
	return &store{l: l, tenant: tenant, catalog: "t_" + tenant.String(), home: home,
		lake: filepath.Join(home, lakeDir), pins: map[string]int{}, doomed: map[string]bool{}, released: make(chan struct{})}
}

// ensureOpen attaches the file, migrates it, checkpoints what its write-ahead log held, and
// loads what the writer keeps in memory.
func (s *store) ensureOpen(ctx context.Context) error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.ready {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// An asker that goes away must not leave the file attached and not ready: it could not be
	// attached again in this process.
	ctx = context.WithoutCancel(ctx)
	if err := s.makeDirs(); err != nil {
		return err
	}
	if err := s.l.engine.Attach(ctx, filepath.Join(s.home, databaseFile), s.catalog); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return errors.Join(err, s.l.engine.Detach(ctx, s.catalog))
	}
	s.ready = true
	return nil
}

// makeDirs creates the store's directories, durably: a file in a directory that a crash takes
// away is lost with it.
func (s *store) makeDirs() error {
	if err := os.MkdirAll(s.lake, 0o700); err != nil {
		return err
	}
	for _, d := range []string{s.home, filepath.Dir(s.home), s.l.dir} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) load(ctx context.Context) error {
	return s.withConn(ctx, func(c *sql.Conn) error {
		if err := s.migrate(ctx, c); err != nil {
			return err
		}
		if err := s.loadMarks(ctx, c); err != nil {
			return err
		}
		if err := s.loadSeen(ctx, c); err != nil {
			return err
		}
		return s.checkpoint(ctx, c)
	})
}

func (s *store) loadMarks(ctx context.Context, c *sql.Conn) (err error) {
	if s.marks, err = readMap[hitkeep.JournalID](ctx, c, "SELECT journal_id, applied FROM "+s.catalog+".watermark"); err != nil {
		return fmt.Errorf("read watermark: %w", err)
	}
	if s.imports, err = readMap[hitkeep.ImportID](ctx, c, "SELECT import_id, position FROM "+s.catalog+".imports"); err != nil {
		return fmt.Errorf("read imports: %w", err)
	}
	return nil
}

// close checkpoints and detaches; the caller has made sure that nobody uses the store.
func (s *store) close(ctx context.Context) error {
	s.write.Lock()
	defer s.write.Unlock()
	err := s.withConn(ctx, func(c *sql.Conn) error { return s.checkpoint(ctx, c) })
	if derr := s.l.engine.Detach(ctx, s.catalog); derr != nil {
		return errors.Join(err, derr)
	}
	s.ready = false
	return err
}

// withConn runs f on a connection of its own.
func (s *store) withConn(ctx context.Context, f func(*sql.Conn) error) error {
	c, err := s.l.engine.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return classify(f(c))
}

// floor returns a copy of the floor as of the last checkpoint.
func (s *store) floor() hitkeep.Floor {
	s.floorMu.Lock()
	defer s.floorMu.Unlock()
	return hitkeep.Floor{Checkpointed: maps.Clone(s.ground.Checkpointed), Parted: maps.Clone(s.ground.Parted)}
}

// querier is what a *sql.Conn and a *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// errRowCount says that a statement changed more or fewer rows than it must.
var errRowCount = errors.New("a statement changed another number of rows")

// execRows runs a statement that must change exactly want rows.
func (s *store) execRows(ctx context.Context, q querier, want int64, query string, args ...any) error {
	r, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n != want {
		err = fmt.Errorf("%w: %d instead of %d", errRowCount, n, want)
	}
	return err
}

// readMap reads rows of a key and a number.
func readMap[K ~int64](ctx context.Context, q querier, query string, args ...any) (map[K]int64, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	m := map[K]int64{}
	for rows.Next() {
		var k, v int64
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		m[K(k)] = v
	}
	return m, rows.Err()
}
