package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

// copyTree is what a kill -9 at this moment leaves on disk, as long as the machine stays up.
func copyTree(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// story is a store's life: batches and rolls.
type story struct {
	batches []*hitkeep.Batch
}

func newStory(seed uint64) *story {
	g := newGenerator(seed)
	st := &story{}
	for range 2 {
		st.batches = append(st.batches, g.batch(5, 60, day0, day0+2))
	}
	g.seq = 0
	st.batches = append(st.batches, g.batch(9, 60, day0, day0+2)) // late, of the next process start
	return st
}

// play appends what the store does not have yet, as a replay of the journal does, and rolls.
func (st *story) play(t testing.TB, l *Lake) {
	t.Helper()
	for i, b := range st.batches {
		_, err := l.Append(context.Background(), b)
		if err != nil && !errors.Is(err, hitkeep.ErrNotContiguous) {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		mustRoll(t, l, day0+1, day0+1)
		mustRoll(t, l, day0, day0)
	}
	mustRoll(t, l, day0, day0+1)
}

func TestKilledAnywhere(t *testing.T) {
	st := newStory(20)
	plain := testLake(t, t.TempDir(), nil)
	st.play(t, plain)
	want := contents(t, plain)

	dir := t.TempDir()
	var copies, points []string
	seen := map[string]int{}
	l := testLake(t, dir, func(o *Options) {
		o.At = func(point string) {
			if seen[point]++; seen[point]%3 == 1 { // the first roll, the late rows, the merge
				points = append(points, point)
				copies = append(copies, copyTree(t, dir))
			}
		}
	})
	st.play(t, l)
	l.Close(t.Context())

	for i, dir := range copies {
		name := fmt.Sprintf("%03d %s", i, points[i])
		t.Run(name, func(t *testing.T) { recovers(t, dir, st, want) })
	}
	for _, p := range []string{"migrate.committed", "migrate.checkpointed", "checkpoint.begin", "checkpoint.done", "checkpoint.listed",
		"checkpoint.unlinked", "append.begun", "append.written", "append.committed", "roll.copied", "roll.synced",
		"roll.verified", "roll.renamed", "roll.named", "roll.swapped", "roll.committed"} {
		if seen[p] == 0 {
			t.Errorf("the story never came to %s", p)
		}
	}
}

// recovers opens what a crash left, replays, and compares with an undisturbed life.
func recovers(t *testing.T, dir string, st *story, want []string) {
	l := testLake(t, dir, nil)
	if _, err := l.Watermark(t.Context(), hitkeep.DefaultTenant); err != nil {
		t.Fatal(err)
	}
	mustBeSound(t, l)
	st.play(t, l)
	if got := contents(t, l); !slices.Equal(got, want) {
		t.Fatalf("%d rows instead of %d, or other ones", len(got), len(want))
	}
	mustBeSound(t, l)
	if err := l.Sweep(t.Context(), hitkeep.DefaultTenant); err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, p := range liveParts(t, l) {
		named = append(named, l.Path(hitkeep.DefaultTenant, p))
	}
	if files := partFiles(t, l); !slices.Equal(files, named) {
		t.Fatalf("files %v, the manifest names %v", files, named)
	}
}

// A kill right after the first start, then a graceful stop, then the first hit: the cycle that
// makes databases with ALTERs or indexes in their write-ahead log unusable.
func TestKillRestartStopRestartHit(t *testing.T) {
	dir := t.TempDir()
	first := testLake(t, dir, nil)
	if _, err := first.Watermark(t.Context(), hitkeep.DefaultTenant); err != nil {
		t.Fatal(err)
	}
	g := newGenerator(21)
	for range 3 {
		dir = copyTree(t, dir) // killed
		l := testLake(t, dir, nil)
		mustAppend(t, l, g.batch(5, 10, day0, day0))
		if err := l.Close(t.Context()); err != nil { // graceful
			t.Fatal(err)
		}
		mustAppend(t, l, g.batch(5, 10, day0, day0))
		mustBeSound(t, l)
	}
	l := testLake(t, copyTree(t, dir), nil)
	if n := number(t, l, "SELECT count(*) FROM %s.hot"); n != 60 {
		t.Fatalf("%d rows", n)
	}
}

func TestDamagedWALIsRepairedByReplay(t *testing.T) {
	dir := t.TempDir()
	l := testLake(t, dir, nil)
	g := newGenerator(22)
	var batches []*hitkeep.Batch
	for range 3 {
		batches = append(batches, g.batch(5, 200, day0, day0))
		mustAppend(t, l, batches[len(batches)-1])
	}
	wal := filepath.Join("tenants", "1", databaseFile+".wal")
	whole, err := os.ReadFile(filepath.Join(dir, wal))
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][]byte{"torn": whole[:len(whole)-100], "empty": {}, "garbage behind": append(bytes.Clone(whole), "garbage"...)}
	for _, at := range []int{10, len(whole) / 4, len(whole) / 2, len(whole) - 50} {
		b := bytes.Clone(whole)
		b[at] ^= 0x40
		damage[fmt.Sprintf("flipped at %d", at)] = b
	}
	for name, b := range damage {
		t.Run(name, func(t *testing.T) {
			dir := copyTree(t, dir)
			if err := os.WriteFile(filepath.Join(dir, wal), b, 0o600); err != nil {
				t.Fatal(err)
			}
			l := testLake(t, dir, nil)
			w, err := l.Watermark(t.Context(), hitkeep.DefaultTenant)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range batches {
				if b.Prev >= w[5] {
					mustAppend(t, l, b)
				}
			}
			if n := number(t, l, "SELECT count(*) FROM %s.hot"); n != 600 {
				t.Fatalf("%d rows", n)
			}
			mustBeSound(t, l)
		})
	}
}

func TestDiskFullDuringRoll(t *testing.T) {
	dir := t.TempDir()
	full := true
	l := testLake(t, dir, func(o *Options) {
		o.Rand = bytes.NewReader(append(bytes.Repeat([]byte{0xaa}, 8), bytes.Repeat([]byte{0xbb}, 8)...))
		o.At = func(point string) {
			if full && strings.HasPrefix(point, "roll.") {
				t.Errorf("the roll came to %s", point)
			}
		}
	})
	g := newGenerator(23)
	mustAppend(t, l, g.batch(5, 3000, day0, day0))
	want := contents(t, l)
	month := filepath.Join(dir, tenantsDir, "1", lakeDir, "site=7", "month="+day0.Month())
	if err := os.MkdirAll(month, 0o700); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(month, fmt.Sprintf("%s_%s_aaaaaaaaaaaaaaaa.parquet.tmp", day0, day0))
	if err := os.Symlink("/dev/full", tmp); err != nil {
		t.Fatal(err)
	}
	if err := l.Roll(t.Context(), hitkeep.Partition{Tenant: 1, Site: 7, From: day0, To: day0}); err == nil {
		t.Fatal("a full disk was not noticed")
	}
	if got := contents(t, l); !slices.Equal(got, want) || len(partFiles(t, l)) != 0 {
		t.Fatalf("%d rows instead of %d, files %v", len(got), len(want), partFiles(t, l))
	}
	full = false
	mustRoll(t, l, day0, day0)
	if got := contents(t, l); !slices.Equal(got, want) || len(liveParts(t, l)) != 1 {
		t.Fatal("the roll after the disk has room again lost rows")
	}
	mustBeSound(t, l)
}

func TestSweepKeepsTrashForAWeek(t *testing.T) {
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	l := testLake(t, t.TempDir(), func(o *Options) { o.Now = func() time.Time { return now } })
	g := newGenerator(24)
	mustAppend(t, l, g.batch(5, 100, day0, day0))
	mustRoll(t, l, day0, day0)
	live := l.Path(hitkeep.DefaultTenant, liveParts(t, l)[0])
	stray := filepath.Join(filepath.Dir(live), "stray.parquet")
	if err := os.WriteFile(stray, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	trash := func() int {
		if err := l.Sweep(t.Context(), hitkeep.DefaultTenant); err != nil {
			t.Fatal(err)
		}
		e, _ := os.ReadDir(filepath.Join(l.dir, tenantsDir, "1", lakeDir, trashDir))
		return len(e)
	}
	if n := trash(); n != 1 || len(partFiles(t, l)) != 1 {
		t.Fatalf("%d files in the trash, %v", n, partFiles(t, l))
	}
	now = now.Add(7*24*time.Hour - time.Minute)
	if n := trash(); n != 1 {
		t.Fatal("the trash was emptied early")
	}
	now = now.Add(2 * time.Minute)
	if n := trash(); n != 0 {
		t.Fatal("the trash was not emptied")
	}
	// While a named part is missing nothing is moved.
	if err := os.Rename(live, live+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stray, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Sweep(t.Context(), hitkeep.DefaultTenant); err == nil {
		t.Fatal("swept while a part is missing")
	}
	if _, err := os.Stat(stray); err != nil {
		t.Fatal(err)
	}
}

// A checker that finds nothing is worth nothing: every kind of damage must be told.
func TestCheckFindsDamage(t *testing.T) {
	dir := t.TempDir()
	l := testLake(t, dir, nil)
	g := newGenerator(25)
	mustAppend(t, l, g.batch(5, 300, day0, day0+1))
	mustRoll(t, l, day0, day0)
	part := liveParts(t, l)[0]
	mustBeSound(t, l)
	l.Close(t.Context())
	damage := map[string]func(l *Lake) string{
		"part missing": func(l *Lake) string { return removed(l.Path(1, part)) },
		"part damaged": func(l *Lake) string { return flipped(l.Path(1, part)) },
		"part cut":     func(l *Lake) string { return cut(l.Path(1, part)) },
		"row twice":    func(*Lake) string { return "INSERT INTO t_1.hot SELECT * FROM t_1.hot LIMIT 1" },
		"row lost":     func(*Lake) string { return "DELETE FROM t_1.hot WHERE seq = (SELECT max(seq) FROM t_1.hot)" },
		"hot row in a part": func(l *Lake) string {
			return "INSERT INTO t_1.hot SELECT * EXCLUDE visit_id FROM read_parquet(" + quote(l.Path(1, part)) + ", hive_partitioning = false) LIMIT 1; DELETE FROM t_1.hot WHERE seq = (SELECT max(seq) FROM t_1.hot)"
		},
		"account wrong":      func(*Lake) string { return "UPDATE t_1.watermark SET duplicate = 1" },
		"two watermarks":     func(*Lake) string { return "INSERT INTO t_1.watermark SELECT * FROM t_1.watermark" },
		"no watermark":       func(*Lake) string { return "DELETE FROM t_1.watermark" },
		"manifest forgets":   func(*Lake) string { return "DELETE FROM t_1.part" },
		"manifest miscounts": func(*Lake) string { return "UPDATE t_1.part SET rows = rows + 1" },
		"part listed twice":  func(*Lake) string { return "INSERT INTO t_1.part SELECT * FROM t_1.part" },
	}
	for name, do := range damage {
		t.Run(name, func(t *testing.T) {
			l := testLake(t, copyTree(t, dir), nil)
			mustBeSound(t, l)
			if q := do(l); q != "" {
				if _, err := l.engine.db.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			r, err := l.Check(t.Context(), hitkeep.DefaultTenant)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Problems) == 0 {
				t.Fatal("nothing was found")
			}
		})
	}
}

func removed(name string) string { os.Remove(name); return "" }

func flipped(name string) string {
	b, _ := os.ReadFile(name)
	b[len(b)/3] ^= 0xff
	os.WriteFile(name, b, 0o600)
	return ""
}

func cut(name string) string {
	b, _ := os.ReadFile(name)
	os.WriteFile(name, b[:len(b)/2], 0o600)
	return ""
}

func TestErrorsOfTheInstanceAreTold(t *testing.T) {
	for typ, want := range map[duckdb.ErrorType]bool{duckdb.ErrorTypeFatal: true, duckdb.ErrorTypeInternal: true, duckdb.ErrorTypeIO: false} {
		if err := classify(fmt.Errorf("x: %w", &duckdb.Error{Type: typ})); errors.Is(err, ErrInvalidated) != want {
			t.Errorf("type %d: %v", typ, err)
		}
	}
	for typ, want := range map[duckdb.ErrorType]bool{duckdb.ErrorTypeConversion: true, duckdb.ErrorTypeIO: false, duckdb.ErrorTypeOutOfMemory: false, duckdb.ErrorTypeFatal: false, duckdb.ErrorTypeInterrupt: false} {
		if got := poisonous(classify(&duckdb.Error{Type: typ})); got != want {
			t.Errorf("type %d: poison %v", typ, got)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	number(t, l, "SELECT count(*) FROM %s.hot")
	if _, err := l.engine.db.Exec("UPDATE t_1.store SET schema_version = 99"); err != nil {
		t.Fatal(err)
	}
	l.Close(t.Context())
	_, err := l.Watermark(t.Context(), hitkeep.DefaultTenant)
	if hitkeep.CodeOf(err) != hitkeep.Conflict || !strings.Contains(err.Error(), "schema 99") {
		t.Fatalf("%v", err)
	}
}

func TestFewStoresAreOpen(t *testing.T) {
	l := testLake(t, t.TempDir(), func(o *Options) { o.MaxOpen = 2 })
	for round := range int64(2) {
		for tenant := hitkeep.TenantID(1); tenant <= 5; tenant++ {
			b := newGenerator(uint64(tenant)).batch(5, 10, day0, day0)
			b.Store, b.Prev = tenant, round*10
			for i := range b.Hits {
				b.Hits[i].Seq += round * 10
				b.Hits[i].ClientID += uint64(round)
			}
			b.Last += round * 10
			mustAppend(t, l, b)
			if n := len(l.stores); n > 2 {
				t.Fatalf("%d stores are open", n)
			}
		}
	}
	floors, err := l.Floors(t.Context())
	if err != nil || len(floors) != 5 {
		t.Fatalf("%v, %v", floors, err)
	}
	if f := floors[1]; f.Checkpointed[5] != 20 {
		t.Fatalf("%+v", f)
	}
	ids, err := l.Tenants()
	if err != nil || len(ids) != 5 {
		t.Fatalf("%v, %v", ids, err)
	}
}

func TestGoodWALStaysWithADamagedFile(t *testing.T) {
	// The main file is damaged, the log is not: the log stays where it is.
	dir := t.TempDir()
	l := testLake(t, dir, nil)
	mustAppend(t, l, newGenerator(26).batch(5, 10, day0, day0))
	killed := copyTree(t, dir)
	file := filepath.Join(killed, tenantsDir, "1", databaseFile)
	if err := os.WriteFile(file, bytes.Repeat([]byte("no database "), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	other := testLake(t, killed, nil)
	if _, err := other.Watermark(t.Context(), hitkeep.DefaultTenant); err == nil {
		t.Fatal("a damaged file was opened")
	}
	if _, err := os.Stat(file + ".wal"); err != nil {
		t.Fatal(err)
	}
}

// An asker that goes away while a store is opened leaves it usable.
func TestCancelledOpening(t *testing.T) {
	for _, point := range []string{"migrate.committed", "migrate.checkpointed", "checkpoint.begin"} {
		ctx, cancel := context.WithCancel(t.Context())
		l := testLake(t, t.TempDir(), func(o *Options) {
			o.At = func(p string) {
				if p == point {
					cancel()
				}
			}
		})
		_, _ = l.Watermark(ctx, hitkeep.DefaultTenant)
		if _, err := l.Watermark(t.Context(), hitkeep.DefaultTenant); err != nil {
			t.Fatalf("%s: %v", point, err)
		}
	}
}

// A commit whose outcome nobody could read is found out at the next try.
func TestMarksAreReadAgain(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	b := newGenerator(1).batch(5, 10, day0, day0)
	mustAppend(t, l, b)
	l.stores[hitkeep.DefaultTenant].marks[b.Journal] = b.Prev
	if _, err := l.Append(t.Context(), b); !errors.Is(err, hitkeep.ErrNotContiguous) {
		t.Fatal(err)
	}
	w, err := l.Watermark(t.Context(), hitkeep.DefaultTenant)
	if err != nil || w[b.Journal] != b.Last {
		t.Fatal(w, err)
	}
}

// Parts without the database that named them are not taken for rubbish.
func TestLostDatabaseIsTold(t *testing.T) {
	dir := t.TempDir()
	l := testLake(t, dir, nil)
	mustAppend(t, l, newGenerator(1).batch(5, 10, day0, day0))
	mustRoll(t, l, day0, day0)
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, tenantsDir, hitkeep.DefaultTenant.String(), databaseFile)); err != nil {
		t.Fatal(err)
	}
	again := testLake(t, dir, nil)
	if err := again.Sweep(t.Context(), hitkeep.DefaultTenant); hitkeep.CodeOf(err) != hitkeep.Conflict {
		t.Fatal(err)
	}
	if n := len(partFiles(t, again)); n != 1 {
		t.Fatalf("%d part files", n)
	}
}
