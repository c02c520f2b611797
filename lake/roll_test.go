package lake

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"

	"hitkeep"
)

func mustRoll(t testing.TB, l *Lake, from, to hitkeep.Day) {
	t.Helper()
	if err := l.Roll(context.Background(), hitkeep.Partition{Tenant: hitkeep.DefaultTenant, Site: 7, From: from, To: to}); err != nil {
		t.Fatal(err)
	}
}

// contents is the multiset of all stored rows as text, hot and in parts, without visit_id.
func contents(t testing.TB, l *Lake) []string {
	t.Helper()
	var all []string
	err := l.read(context.Background(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		rows, err := s.conn.QueryContext(ctx, "SELECT COLUMNS(*)::VARCHAR FROM ("+s.everythingSQL(strings.Join(hotColumns, ", "), s.parts)+")")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			values, at := make([]*string, len(hotColumns)), make([]any, len(hotColumns))
			for i := range at {
				at[i] = &values[i]
			}
			if err := rows.Scan(at...); err != nil {
				return err
			}
			var b strings.Builder
			for _, v := range values {
				if v == nil {
					b.WriteString("|-")
				} else {
					fmt.Fprintf(&b, "|%q", *v)
				}
			}
			all = append(all, b.String())
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func mustBeSound(t testing.TB, l *Lake) Report {
	t.Helper()
	r, err := l.Check(context.Background(), hitkeep.DefaultTenant)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) > 0 {
		t.Fatalf("problems: %s", strings.Join(r.Problems, "\n"))
	}
	return r
}

func liveParts(t testing.TB, l *Lake) []hitkeep.Part {
	t.Helper()
	parts, err := l.Files(context.Background(), hitkeep.DefaultTenant, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// partFiles lists the Parquet files on disk, named or not.
func partFiles(t testing.TB, l *Lake) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(l.dir, tenantsDir, "1", lakeDir, "site=*", "month=*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// visitsAgree fails if a settled day's visit_id is not what all hits together say. A day with hot
// rows on it or on the day before is not settled.
func visitsAgree(t testing.TB, l *Lake) {
	t.Helper()
	err := l.read(context.Background(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		st := l.stores[hitkeep.DefaultTenant]
		for _, p := range s.parts {
			for d := p.From; d <= p.To; d++ {
				var hot int
				if err := s.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM %s.hot WHERE day - DATE '%s' IN (-1, 0)", s.catalog, d)).Scan(&hot); err != nil || hot > 0 {
					continue
				}
				n, err := st.staleVisits(ctx, s, p, d)
				if err != nil {
					return err
				}
				if n != 0 {
					t.Errorf("%d rows of %s have another visit now", n, d)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRollLateRowsAndMerge(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(10)
	mustAppend(t, l, g.batch(5, 6000, day0, day0+3)) // 30 and 31 January, 1 and 2 February
	want := contents(t, l)
	same := func(step string) {
		t.Helper()
		if got := contents(t, l); !slices.Equal(got, want) {
			t.Fatalf("%s: %d rows, before %d, or other ones", step, len(got), len(want))
		}
		mustBeSound(t, l)
		visitsAgree(t, l)
	}
	for d := day0; d <= day0+2; d++ {
		mustRoll(t, l, d, d)
		same("roll " + d.String())
	}
	if n := number(t, l, "SELECT count(*) FROM %s.hot WHERE day < DATE '2026-02-02'"); n != 0 || len(liveParts(t, l)) != 3 {
		t.Fatalf("%d hot rows, %d parts", n, len(liveParts(t, l)))
	}
	before := liveParts(t, l)
	mustRoll(t, l, day0, day0)
	if !slices.Equal(liveParts(t, l), before) {
		t.Fatal("a roll without anything to do wrote a part")
	}

	mustAppend(t, l, g.batch(5, 2000, day0, day0+1)) // late
	g.seq = 0
	mustAppend(t, l, g.batch(8, 500, day0, day0)) // another journal
	want = contents(t, l)
	mustRoll(t, l, day0+1, day0+1)
	same("late rows")
	mustRoll(t, l, day0, day0+1)
	same("merge")
	if parts := liveParts(t, l); len(parts) != 2 || parts[0].From != day0 || parts[0].To != day0+1 {
		t.Fatalf("%+v", parts)
	}
	mustAppend(t, l, g.batch(8, 300, day0, day0))
	want = contents(t, l)
	mustRoll(t, l, day0, day0)
	same("late rows of a merged month")
	if parts, files := liveParts(t, l), partFiles(t, l); len(parts) != 2 || len(files) != 2 {
		t.Fatalf("%d parts, files %v", len(parts), files)
	}
}

func TestPartitionWithinOneMonth(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	if err := l.Roll(t.Context(), hitkeep.Partition{Tenant: 1, Site: 7, From: day0, To: day0 + 3}); err == nil {
		t.Fatal("a partition over two months was taken")
	}
}

func TestPartOpensInAnotherReader(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(11)
	mustAppend(t, l, g.batch(5, 3000, day0, day0))
	mustRoll(t, l, day0, day0)
	part := liveParts(t, l)[0]
	f, closer, err := openPart(l.Path(hitkeep.DefaultTenant, part))
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	want := map[string]string{"ts": "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)", "received_at": "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		"day": "DATE", "interactive": "BOOLEAN", "scroll_depth": "INT(32,true)", "props": "MAP", "revenue": "DECIMAL(18,3)", "vital": "DECIMAL(18,6)"}
	for _, n := range []string{"site_id", "journal_id", "seq", "visitor_id", "midnight_key", "engaged_ms", "import_id", "visit_id"} {
		want[n] = "INT(64,true)"
	}
	fields := f.Schema().Fields()
	if len(fields) != len(partColumns) {
		t.Fatalf("%d columns", len(fields))
	}
	for i, c := range fields {
		w := want[partColumns[i]]
		if w == "" {
			w = "STRING"
		}
		got := c.Type().String()
		if c.Type().LogicalType() == nil && c.Leaf() && got == "INT64" {
			got = "INT(64,true)"
		}
		if c.Name() != partColumns[i] || !strings.HasPrefix(got, w) {
			t.Errorf("column %s is %s, not %s %s", c.Name(), got, partColumns[i], w)
		}
	}
	checkOrder(t, f)
}

// checkOrder verifies ORDER BY day, visit_id, ts.
func checkOrder(t *testing.T, f *parquet.File) {
	t.Helper()
	visit, _ := f.Schema().Lookup("visit_id")
	rows := parquet.NewReader(f)
	defer rows.Close()
	var last int64
	buf := make([]parquet.Row, 64)
	for {
		n, err := rows.ReadRows(buf)
		for _, r := range buf[:n] {
			for _, v := range r {
				if v.Column() != visit.ColumnIndex || v.IsNull() {
					continue
				}
				if v.Int64() < last {
					t.Fatal("rows are not in order of visit_id")
				}
				last = v.Int64()
			}
		}
		if err != nil {
			return
		}
	}
}

func TestReadersSeeAllRowsDuringRolls(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(12)
	mustAppend(t, l, g.batch(5, 4000, day0, day0+1))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if n := everything(t, l); n != 4000 {
					t.Errorf("%d rows are visible, there are 4000", n)
					return
				}
			}
		})
	}
	mustRoll(t, l, day0, day0)
	mustRoll(t, l, day0+1, day0+1)
	mustRoll(t, l, day0, day0+1)
	close(stop)
	wg.Wait()
	if files := partFiles(t, l); len(files) != 1 {
		t.Fatalf("replaced parts are left: %v", files)
	}
}

func everything(t testing.TB, l *Lake) (n int) {
	err := l.read(context.Background(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		return s.conn.QueryRowContext(ctx, "SELECT count(*) FROM ("+s.everythingSQL("seq", s.parts)+")").Scan(&n)
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

func TestUnlinkWaitsForReaders(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(13)
	mustAppend(t, l, g.batch(5, 100, day0, day0))
	mustRoll(t, l, day0, day0)
	old := l.Path(hitkeep.DefaultTenant, liveParts(t, l)[0])
	err := l.read(t.Context(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		mustAppend(t, l, g.batch(5, 100, day0, day0))
		mustRoll(t, l, day0, day0)
		var n int
		if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM ("+s.everythingSQL("seq", s.parts)+")").Scan(&n); err != nil {
			return err
		}
		if n != 100 {
			t.Errorf("the reader sees %d rows", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Fatalf("the replaced part is still there: %v", err)
	}
}

func TestInventoryAndFloors(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(14)
	mustAppend(t, l, g.batch(5, 100, day0, day0))
	b := g.batch(5, 50, day0+1, day0+1)
	mustAppend(t, l, b)
	floor := func() hitkeep.Floor {
		f, err := l.Floors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return f[hitkeep.DefaultTenant]
	}
	if f := floor(); len(f.Checkpointed) != 0 {
		t.Fatalf("a floor without a checkpoint: %+v", f)
	}
	mustRoll(t, l, day0, day0)
	if f := floor(); !maps.Equal(f.Checkpointed, hitkeep.Watermark{5: 150}) || !maps.Equal(f.Parted, hitkeep.Watermark{5: 100}) {
		t.Fatalf("%+v", f)
	}
	inv, err := l.Inventory(t.Context(), hitkeep.DefaultTenant)
	if err != nil || len(inv.Sites) != 1 {
		t.Fatalf("%+v, %v", inv, err)
	}
	s := inv.Sites[0]
	if s.Site != 7 || len(s.Hot) != 1 || s.Hot[0] != (hitkeep.HotDay{Day: day0 + 1, Rows: 50, LastReceived: b.Hits[49].ReceivedAt}) || len(s.Parts) != 1 || s.Parts[0].Rows != 100 {
		t.Fatalf("%+v", s)
	}
	l.Close(t.Context())
	if f := floor(); !maps.Equal(f.Parted, hitkeep.Watermark{5: 100}) {
		t.Fatalf("after opening again: %+v", f)
	}
}
