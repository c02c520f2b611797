package lake

import (
	"errors"
	"testing"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

// A CHECKPOINT that finds no memory invalidates its database and calls it an I/O error, as it calls
// a full disk. The two are told apart by asking whether the database still answers.
func TestInvalidatedDatabaseIsTold(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	mustAppend(t, l, batchOf(0, hitkeep.Hit{Site: 7, Journal: 3, Seq: 1, TS: 1, ReceivedAt: startOf(day0), EngagedMS: -1, ScrollDepth: -1}))
	s, done, err := l.use(t.Context(), hitkeep.DefaultTenant)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	c, err := l.engine.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	failed := &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: "IO Error: it did not work"}
	if err := s.diagnose(c, failed); errors.Is(err, ErrInvalidated) || !errors.Is(err, failed) {
		t.Fatalf("of a database that answers: %v", err)
	}
	gone := &store{l: l, catalog: "t_404"}
	if err := gone.diagnose(c, failed); !errors.Is(err, ErrInvalidated) || !errors.Is(err, failed) {
		t.Fatalf("of a database that does not answer: %v", err)
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
