package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"hitkeep"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// migrations returns the schema's steps in order; the n-th (from 1) makes version n.
func migrations() ([]string, error) {
	names, err := fs.Glob(schemaFiles, "schema/*.sql") // sorted by name
	if err != nil {
		return nil, err
	}
	var steps []string
	for _, n := range names {
		b, err := schemaFiles.ReadFile(n)
		if err != nil {
			return nil, err
		}
		steps = append(steps, string(b))
	}
	return steps, nil
}

// migrate brings the store to this binary's schema. Each step is one transaction with its
// version, and is CHECKPOINTed before the next: replaying DDL from a write-ahead log is where
// databases were lost.
func (s *store) migrate(ctx context.Context, c *sql.Conn) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	have, err := s.schemaVersion(ctx, c)
	if err != nil {
		return err
	}
	if have > len(steps) {
		return hitkeep.Errorf(hitkeep.Conflict, "the store of team %s has schema %d, this binary knows up to %d", s.tenant, have, len(steps)).
			WithHint("start the newer hitkeep again, or restore a backup made before the upgrade")
	}
	if have == 0 {
		if parts, err := filepath.Glob(filepath.Join(s.lake, "site=*", "month=*", "*"+partSuffix)); err != nil || len(parts) > 0 {
			return errors.Join(err, hitkeep.Errorf(hitkeep.Conflict, "the database of team %s is gone, but %d parts are there that it named", s.tenant, len(parts)).
				WithHint("bring tenants/%s/%s back from a backup; without it a sweep would throw the parts away", s.tenant, databaseFile))
		}
	}
	for v := have; v < len(steps); v++ {
		if err := s.migrateStep(ctx, c, v+1, steps[v]); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", v+1, err)
		}
	}
	return nil
}

// schemaVersion is 0 for a file without tables.
func (s *store) schemaVersion(ctx context.Context, c *sql.Conn) (int, error) {
	var n int
	err := c.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_tables()
		WHERE database_name = $1 AND table_name = 'store'`, s.catalog).Scan(&n)
	if err != nil || n == 0 {
		return 0, err
	}
	var tenant int64
	err = c.QueryRowContext(ctx, "SELECT tenant_id, schema_version FROM "+s.catalog+".store").Scan(&tenant, &n)
	if err == nil && tenant != int64(s.tenant) {
		err = hitkeep.Errorf(hitkeep.Conflict, "the file belongs to team %d", tenant).WithHint("put each team's directory back in its place")
	}
	return n, err
}

func (s *store) migrateStep(ctx context.Context, c *sql.Conn, version int, text string) error {
	// The step's text names tables without a catalog.
	if _, err := c.ExecContext(ctx, "USE "+s.catalog); err != nil {
		return err
	}
	defer leaveCatalog(c)
	record := fmt.Sprintf("UPDATE store SET schema_version = %d", version)
	if version == 1 {
		record = fmt.Sprintf("INSERT INTO store VALUES (%d, 1)", s.tenant)
	}
	if _, err := c.ExecContext(ctx, "BEGIN;\n"+text+";\n"+record+";\nCOMMIT"); err != nil {
		rollback(c)
		return err
	}
	s.l.at("migrate.committed")
	if _, err := c.ExecContext(ctx, "CHECKPOINT "+s.catalog); err != nil {
		return err
	}
	s.l.at("migrate.checkpointed")
	return nil
}

// leaveCatalog resets a connection's default catalog, or throws the connection away.
func leaveCatalog(c *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := c.ExecContext(ctx, "USE memory"); err != nil {
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
	}
}
