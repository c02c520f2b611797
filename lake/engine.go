package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// ErrInvalidated says that DuckDB has given up its instance: nothing more can be read or
// written. The process ends, starts again and replays the journal.
var ErrInvalidated = errors.New("the database was invalidated; the process must restart")

// EngineOptions configure the process's one DuckDB instance.
type EngineOptions struct {
	TempDir     string // spill files, on the data volume; "" = no spilling
	MemoryLimit string // DuckDB's own syntax; "" = 128MB
	Threads     int    // 0 = number of CPUs
	Log         *slog.Logger
	Now         func() time.Time // nil = time.Now; names quarantined write-ahead logs
}

// Engine is the process's one DuckDB instance: an empty main catalog in memory, to which the
// stores' files are attached. Safe for concurrent use.
type Engine struct {
	db  *sql.DB
	log *slog.Logger
	now func() time.Time
}

// A column of the hot table takes at least a block in memory and one more while it is
// checkpointed, and a checkpoint writes a row group that is not full again: with DuckDB's usual
// 256 KB and 122,880 rows ingesting took 227 MB, with these 154 MB. Blocks are fixed when a file is
// made, row groups are told each time.
const (
	attachOptions  = "ROW_GROUP_SIZE 30720"
	newFileOptions = ", BLOCK_SIZE 16384"
)

// maxTemp caps the spill files of one instance.
const maxTemp = "4GB"

// OpenEngine starts the instance with all settings made; nothing is attached yet.
func OpenEngine(o EngineOptions) (*Engine, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c, err := duckdb.NewConnector("", func(e driver.ExecerContext) error {
		_, err := e.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open duckdb: %w", err)
	}
	db := sql.OpenDB(c)
	db.SetMaxIdleConns(4)
	if _, err := db.Exec(engineSettings(o)); err != nil {
		return nil, errors.Join(fmt.Errorf("configure duckdb: %w", err), db.Close())
	}
	return &Engine{db: db, log: o.Log, now: o.Now}, nil
}

func engineSettings(o EngineOptions) string {
	if o.MemoryLimit == "" {
		o.MemoryLimit = "128MB"
	}
	set := []string{
		"autoinstall_known_extensions = false",
		"autoload_known_extensions = false",
		"memory_limit = " + quote(o.MemoryLimit),
		"temp_directory = " + quote(o.TempDir),
		// Checkpoints are ours alone (checkpoint.go): one that starts within a COMMIT can find the
		// memory taken by reports, and a CHECKPOINT that fails invalidates its database.
		"checkpoint_threshold = '1TB'",
		"allocator_background_threads = true",
		"allocator_flush_threshold = '16MB'", // memory goes back sooner than with the default of 128 MB
		"preserve_insertion_order = false",
		"TimeZone = 'UTC'",
	}
	if o.TempDir != "" {
		set = append(set, "max_temp_directory_size = "+quote(maxTemp))
	}
	if o.Threads > 0 {
		set = append(set, fmt.Sprintf("threads = %d", o.Threads))
	}
	var b strings.Builder
	for _, s := range set {
		fmt.Fprintf(&b, "SET GLOBAL %s;\n", s)
	}
	return b.String()
}

// Conn takes a connection of the instance; its time zone is UTC. Close gives it back.
func (e *Engine) Conn(ctx context.Context) (*sql.Conn, error) {
	c, err := e.db.Conn(ctx)
	return c, classify(err)
}

// Close ends the instance. Attached files are checkpointed.
func (e *Engine) Close() error { return e.db.Close() }

// Attach opens the database file at path, or makes it, as catalog alias. A write-ahead log that
// DuckDB refuses is put beside as .bad-<time>: what it held is in the journal (invariant 6).
func (e *Engine) Attach(ctx context.Context, path, alias string) error {
	options := attachOptions
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		options += newFileOptions
	}
	stmt := fmt.Sprintf("ATTACH %s AS %s (%s)", quote(path), ident(alias), options)
	_, err := e.db.ExecContext(ctx, stmt)
	if err == nil {
		return nil
	}
	wal := path + ".wal"
	if _, serr := os.Stat(wal); errors.Is(serr, fs.ErrNotExist) || ctx.Err() != nil {
		return fmt.Errorf("attach %s: %w", path, classify(err))
	}
	bad := fmt.Sprintf("%s.bad-%s", wal, e.now().UTC().Format("20060102T150405.000000000"))
	if rerr := os.Rename(wal, bad); rerr != nil {
		return fmt.Errorf("attach %s: %w", path, errors.Join(err, rerr))
	}
	if _, again := e.db.ExecContext(ctx, stmt); again != nil {
		// The log was not to blame (another process, a damaged main file): put it back.
		return fmt.Errorf("attach %s: %w", path, errors.Join(classify(err), os.Rename(bad, wal)))
	}
	e.log.Error("damaged write-ahead log put aside; the journal repairs what it held",
		"file", filepath.Base(bad), "error", err)
	return nil
}

// Detach closes an attached file, checkpointed.
func (e *Engine) Detach(ctx context.Context, alias string) error {
	if _, err := e.db.ExecContext(ctx, "DETACH "+ident(alias)); err != nil {
		return fmt.Errorf("detach %s: %w", alias, classify(err))
	}
	return nil
}

// classify marks the errors after which the instance is unusable.
func classify(err error) error {
	var d *duckdb.Error
	if errors.As(err, &d) && (d.Type == duckdb.ErrorTypeFatal || d.Type == duckdb.ErrorTypeInternal) {
		return errors.Join(ErrInvalidated, err)
	}
	return err
}

// quote makes an SQL string literal, ident a quoted name.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
