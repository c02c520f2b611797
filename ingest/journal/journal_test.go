package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"hitkeep"
)

func TestAppendReadReopen(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, testOptions(t, dir))
	a := mustAppend(t, j, 1, "a", "b")
	b := mustAppend(t, j, 2, "c")
	c := mustAppend(t, j, 1, "d")
	if a.First != 1 || a.Last != 2 || b.First != 3 || b.Last != 3 || c.First != 4 || c.Journal != j.ID() {
		t.Fatalf("acks %v %v %v", a, b, c)
	}
	check := func(j *Journal, id hitkeep.JournalID) {
		t.Helper()
		wantRecords(t, records(t, j, id, 1, 0), "a", "b", "d")
		wantRecords(t, records(t, j, id, 1, 1), "b", "d")
		wantRecords(t, records(t, j, id, 1, 4))
		wantRecords(t, records(t, j, id, 2, 0), "c")
		if h := j.Head(1); h[id] != 4 || len(h) != 1 {
			t.Fatalf("head %v", h)
		}
		if n := j.Behind(2, nil); n != 1 {
			t.Fatalf("behind %d", n)
		}
		if n := j.Behind(1, hitkeep.Watermark{id: 4}); n != 0 {
			t.Fatalf("behind %d", n)
		}
	}
	check(j, a.Journal)
	mustClose(t, j)
	again := mustOpen(t, testOptions(t, dir))
	check(again, a.Journal)
	if again.ID() <= a.Journal || len(again.Journals()) != 2 || len(again.Damage()) != 0 {
		t.Fatalf("id %d after %d, journals %v, damage %v", again.ID(), a.Journal, again.Journals(), again.Damage())
	}
}

func TestAppendRefuses(t *testing.T) {
	j := mustOpen(t, testOptions(t, t.TempDir()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		records [][]byte
		code    hitkeep.Code
	}{
		{"none", t.Context(), nil, hitkeep.Invalid},
		{"empty", t.Context(), [][]byte{{}}, hitkeep.Invalid},
		{"long", t.Context(), [][]byte{make([]byte, hitkeep.MaxRecord+1)}, hitkeep.TooLarge},
		{"cancelled", ended, [][]byte{{1}}, hitkeep.Internal},
	} {
		if _, err := j.Append(c.ctx, 1, c.records...); hitkeep.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	mustClose(t, j)
	if _, err := j.Append(t.Context(), 1, []byte("x")); hitkeep.CodeOf(err) != hitkeep.Unavailable {
		t.Errorf("closed: %v", err)
	}
}

// A batch above a group's limit spans groups and keeps its order among other appends.
func TestAppendLargeBatch(t *testing.T) {
	j := mustOpen(t, testOptions(t, t.TempDir()))
	var want [][]byte
	for i := range 40 {
		want = append(want, []byte(fmt.Sprintf("%02d", i)+strings.Repeat("x", hitkeep.MaxRecord-2)))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				mustAppend(t, j, 7, "other")
			}
		})
	}
	a, err := j.Append(t.Context(), 1, want...)
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	var got []string
	groups := 0
	if err := j.Read(t.Context(), a.Journal, 1, a.First-1, func(f Frame) error {
		groups++
		if len(f.Raw) > maxGroup {
			t.Errorf("frame of %d bytes", len(f.Raw))
		}
		for _, r := range f.Records {
			got = append(got, string(r))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if groups < 5 || len(got) != len(want) {
		t.Fatalf("%d records in %d frames", len(got), groups)
	}
	for i := range want {
		if got[i] != string(want[i]) {
			t.Fatalf("record %d is out of order", i)
		}
	}
	if h := j.Head(1)[a.Journal]; h != a.Last {
		t.Fatalf("head %d, last acknowledged %d", h, a.Last)
	}
}

// Every acknowledged sequence is unique, dense over all stores, and carries its own record.
func TestSequencesAreDense(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	opt.SegmentBytes = 4 << 10
	j := mustOpen(t, opt)
	const workers, each = 16, 60
	var mu sync.Mutex
	acked := map[int64]string{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				r := fmt.Sprintf("%d/%d", w, i)
				a := mustAppend(t, j, hitkeep.TenantID(w%3), r, r+"b")
				mu.Lock()
				acked[a.First], acked[a.Last] = r, r+"b"
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(acked) != 2*workers*each {
		t.Fatalf("%d sequences", len(acked))
	}
	seen := 0
	for store := range hitkeep.TenantID(3) {
		if err := j.Read(t.Context(), j.ID(), store, 0, func(f Frame) error {
			for i, r := range f.Records {
				if acked[f.First+int64(i)] != string(r) {
					t.Errorf("sequence %d holds %q, acknowledged %q", f.First+int64(i), r, acked[f.First+int64(i)])
				}
				seen++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if seen != len(acked) || acked[1] == "" || acked[int64(len(acked))] == "" {
		t.Fatalf("read %d of %d", seen, len(acked))
	}
	if len(segmentFiles(t, opt.Dir)) < 3 {
		t.Fatal("the journal never rolled")
	}
}

// The caller may stop waiting; the record is durable all the same.
func TestCancelledAppendIsDurable(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	entered, release := make(chan struct{}), make(chan struct{})
	opt.At = func(name string) {
		if name == "journal.before-write" {
			entered <- struct{}{}
			<-release
		}
	}
	j := mustOpen(t, opt)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() {
		_, err := j.Append(ctx, 1, []byte("kept"))
		got <- err
	}()
	<-entered
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(release)
	mustClose(t, j)
	wantRecords(t, records(t, j, j.ID(), 1, 0), "kept")
}

// Published sees every frame in order, each decodable, after its appenders were answered.
func TestPublishedInOrder(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	var got []string
	next := int64(1)
	opt.Published = func(f Frame) {
		d, n, err := DecodeFrame(f.Raw)
		if err != nil || n != len(f.Raw) || d.First != next || d.First != f.First || d.Store != f.Store || d.Prev != f.Prev {
			t.Errorf("published %+v, decoded %+v: %v", f, d, err)
		}
		next = d.Last() + 1
		for _, r := range d.Records {
			got = append(got, string(r))
		}
	}
	j := mustOpen(t, opt)
	for i := range 100 {
		mustAppend(t, j, hitkeep.TenantID(i%2), fmt.Sprint(i))
	}
	mustClose(t, j)
	if len(got) != 100 || got[0] != "0" || got[99] != "99" {
		t.Fatalf("published %q", got)
	}
}

func BenchmarkAppend64(b *testing.B) {
	j := mustOpen(b, testOptions(b, b.TempDir()))
	record := []byte(strings.Repeat("r", 250))
	b.SetParallelism(32)
	b.SetBytes(int64(len(record)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := j.Append(background(), 1, record); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

func BenchmarkRead(b *testing.B) {
	j := mustOpen(b, testOptions(b, b.TempDir()))
	record := []byte(strings.Repeat("r", 250))
	for range 100 {
		if _, err := j.Append(b.Context(), 1, slicesRepeat(record, 1000)...); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(j.Bytes())
	for b.Loop() {
		n := 0
		if err := j.Read(b.Context(), j.ID(), 1, 0, func(f Frame) error { n += f.Count; return nil }); err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
	}
}

func slicesRepeat(r []byte, n int) (all [][]byte) {
	for range n {
		all = append(all, r)
	}
	return all
}
