package lake

import (
	"context"
	"testing"

	"hitkeep"
)

func testLake(t *testing.T, dir string, change func(*Options)) *Lake {
	t.Helper()
	e, err := OpenEngine(EngineOptions{TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Engine: e, Dir: dir}
	if change != nil {
		change(&o)
	}
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
		e.Close()
	})
	return l
}

func TestSnapshotOfANewStoreIsEmpty(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	err := l.read(t.Context(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		var n int
		if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+s.catalog+".hot").Scan(&n); err != nil {
			return err
		}
		if n != 0 || len(s.parts) != 0 {
			t.Errorf("%d rows, %d parts", n, len(s.parts))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
