package lake

import (
	"errors"
	"testing"

	"hitkeep"
)

// A CHECKPOINT that finds no memory invalidates its database and calls it an I/O error. It must
// be told as what it is, so that the process restarts instead of trying for ever; nothing that was
// committed is lost.
func TestFailedCheckpointIsTold(t *testing.T) {
	dir := t.TempDir()
	// Not testLake: closing this one fails, as it should.
	e, err := OpenEngine(EngineOptions{TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	l, err := Open(t.Context(), Options{Engine: e, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var seq int64
	batch := func(n int) *hitkeep.Batch {
		hits := make([]hitkeep.Hit, n)
		prev := seq
		for i := range hits {
			seq++
			hits[i] = hitkeep.Hit{Site: 7, Journal: 3, Seq: seq, TS: seq, ReceivedAt: startOf(day0), Visitor: seq, EngagedMS: -1, ScrollDepth: -1}
		}
		return batchOf(prev, hits...)
	}
	for range 10 {
		mustAppend(t, l, batch(10_000))
	}
	if _, err := l.engine.db.Exec("SET memory_limit = '3MB'"); err != nil {
		t.Fatal(err)
	}
	if err := l.Checkpoint(t.Context()); !errors.Is(err, ErrInvalidated) {
		t.Fatalf("a checkpoint without memory gives %v", err)
	}
	if _, err := l.Append(t.Context(), batch(1)); !errors.Is(err, ErrInvalidated) {
		t.Fatalf("an append afterwards gives %v", err)
	}
	seq--
	again := testLake(t, copyTree(t, dir), nil)
	mustAppend(t, again, batch(1))
	if n := number(t, again, "SELECT count(*) FROM %s.hot"); n != 100_001 {
		t.Fatalf("%d rows after the restart", n)
	}
}

// Many rows are checkpointed before the minute is over.
func TestManyRowsAskForACheckpoint(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	hits := make([]hitkeep.Hit, checkpointRows)
	for i := range hits {
		hits[i] = hitkeep.Hit{Site: 7, Journal: 3, Seq: int64(i + 1), TS: 1, ReceivedAt: startOf(day0), EngagedMS: -1, ScrollDepth: -1}
	}
	mustAppend(t, l, batchOf(0, hits[:10]...))
	if len(l.due) != 0 {
		t.Fatal("ten rows ask for a checkpoint")
	}
	mustAppend(t, l, batchOf(10, hits[10:]...))
	if len(l.due) != 1 {
		t.Fatal("the rows wait for the minute")
	}
}
