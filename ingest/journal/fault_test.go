package journal

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"hitkeep"
)

// After a failed sync or write nothing is acknowledged any more (invariant 8).
func TestPoison(t *testing.T) {
	broken := errors.New("input/output error")
	for name, disk := range map[string]faultyDisk{
		"sync":     {sync: broken},
		"write":    {write: broken},
		"truncate": {write: syscall.ENOSPC, truncate: broken},
	} {
		t.Run(name, func(t *testing.T) {
			opt := testOptions(t, t.TempDir())
			var d faultyDisk
			opt.create = d.create
			j := mustOpen(t, opt)
			mustAppend(t, j, 1, "before")
			d = disk
			if _, err := j.Append(t.Context(), 1, []byte("x")); !errors.Is(err, broken) {
				t.Fatalf("append: %v", err)
			}
			d = faultyDisk{}
			if _, err := j.Append(t.Context(), 1, []byte("y")); !errors.Is(err, broken) {
				t.Fatalf("append after the failure: %v", err)
			}
			if err := j.Ready(); !errors.Is(err, broken) {
				t.Fatalf("ready after the failure: %v", err)
			}
			if err := <-j.Fatal(); !errors.Is(err, broken) {
				t.Fatalf("fatal: %v", err)
			}
			if err := j.Close(); !errors.Is(err, broken) {
				t.Fatalf("close: %v", err)
			}
			again := mustOpen(t, testOptions(t, opt.Dir))
			if got := records(t, again, j.ID(), 1, 0); len(got) == 0 || got[0] != "before" {
				t.Fatalf("after restart %q", got)
			}
		})
	}
}

// A full disk: the frame is cut back, the caller told to come again, and later appends work.
func TestDiskFull(t *testing.T) {
	for _, short := range []int{0, 1, headBytes, headBytes + 3} {
		opt := testOptions(t, t.TempDir())
		var d faultyDisk
		opt.create = d.create
		j := mustOpen(t, opt)
		a := mustAppend(t, j, 1, "one")
		d = faultyDisk{write: syscall.ENOSPC, short: short}
		if _, err := j.Append(t.Context(), 1, []byte("lost")); hitkeep.CodeOf(err) != hitkeep.Unavailable {
			t.Fatal(err)
		}
		d = faultyDisk{}
		if b := mustAppend(t, j, 1, "two"); b.First != a.Last+1 {
			t.Fatalf("sequence %d after %d", b.First, a.Last)
		}
		wantRecords(t, records(t, j, j.ID(), 1, 0), "one", "two")
		mustClose(t, j)
		again := mustOpen(t, testOptions(t, opt.Dir))
		wantRecords(t, records(t, again, j.ID(), 1, 0), "one", "two")
		if len(again.Damage()) != 0 {
			t.Fatalf("damage %+v", again.Damage())
		}
		mustClose(t, again)
	}
}

// A start on a full disk: all can be read, and appends work as soon as there is room.
func TestStartOnFullDisk(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	j := mustOpen(t, opt)
	mustAppend(t, j, 1, "one")
	mustClose(t, j)
	full := true
	opt.create = func(path string) (segmentFile, error) {
		if full {
			return nil, syscall.ENOSPC
		}
		return createFile(path)
	}
	again := mustOpen(t, opt)
	wantRecords(t, records(t, again, j.ID(), 1, 0), "one")
	if _, err := again.Append(t.Context(), 1, []byte("lost")); hitkeep.CodeOf(err) != hitkeep.Unavailable {
		t.Fatal(err)
	}
	full = false
	if a := mustAppend(t, again, 1, "two"); a.First != 1 || a.Journal <= j.ID() {
		t.Fatalf("%+v", a)
	}
	mustClose(t, again)
	full = true
	third := mustOpen(t, opt)
	done := hitkeep.Floor{Checkpointed: third.Head(1), Parted: third.Head(1)}
	if n, err := third.Trim(t.Context(), map[hitkeep.TenantID]hitkeep.Floor{1: done}, startTime); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	mustClose(t, third)
}

// A disk that is full when a segment is due: the old segment stays, and rolls later.
func TestDiskFullAtRoll(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	opt.SegmentBytes = 100
	var full bool
	opt.create = func(path string) (segmentFile, error) {
		if full {
			return nil, syscall.ENOSPC
		}
		return createFile(path)
	}
	j := mustOpen(t, opt)
	mustAppend(t, j, 1, "one")
	full = true
	if _, err := j.Append(t.Context(), 1, []byte("lost")); hitkeep.CodeOf(err) != hitkeep.Unavailable {
		t.Fatal(err)
	}
	full = false
	mustAppend(t, j, 1, "two")
	wantRecords(t, records(t, j, j.ID(), 1, 0), "one", "two")
	if n := len(segmentFiles(t, opt.Dir)); n != 2 {
		t.Fatalf("%d segments", n)
	}
}

func TestGate(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	now, free := startTime, uint64(1000)
	opt.Now = func() time.Time { return now }
	opt.FreeDisk = func() (uint64, error) { return free, nil }
	opt.MinFree = 100
	j := mustOpen(t, opt)
	try := func(want hitkeep.Code) {
		t.Helper()
		bytes := j.Bytes()
		_, err := j.Append(t.Context(), 1, []byte("x"))
		if hitkeep.CodeOf(err) != want {
			t.Fatalf("free %d: %v", free, err)
		}
		if ready := j.Ready(); hitkeep.CodeOf(ready) != want {
			t.Fatalf("free %d: ready says %v", free, ready)
		}
		if err != nil && j.Bytes() != bytes {
			t.Fatal("a refused record was written")
		}
	}
	try("")
	free = 99
	now = now.Add(gateEvery)
	try(hitkeep.Unavailable)
	free = 124 // between the limit and 1.25 times the limit: still closed
	try(hitkeep.Unavailable)
	free = 125
	try("")
}

func TestGateMaxBytes(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	opt.MaxBytes, opt.SegmentBytes = 2000, 500
	j := mustOpen(t, opt)
	var err error
	for err == nil {
		_, err = j.Append(t.Context(), 1, make([]byte, 100))
	}
	if hitkeep.CodeOf(err) != hitkeep.Unavailable || j.Bytes() < 2000 || j.Bytes() > 2300 {
		t.Fatalf("%v at %d bytes", err, j.Bytes())
	}
	// All is checkpointed, nothing is in parts: the gate demands as little as it needs.
	floors := map[hitkeep.TenantID]hitkeep.Floor{1: {Checkpointed: j.Head(1)}}
	n, err := j.Trim(t.Context(), floors, startTime)
	if err != nil || n != 2 || j.Trimmed()[TrimPressure] != 2 {
		t.Fatalf("removed %d by %v: %v", n, j.Trimmed(), err)
	}
	mustAppend(t, j, 1, "again")
}

func TestTrim(t *testing.T) {
	dir := t.TempDir()
	opt := testOptions(t, dir)
	now := startTime
	opt.Now = func() time.Time { return now }
	opt.SegmentBytes = 200
	j := mustOpen(t, opt)
	// One frame of two records per segment: [1 2] [3 4] [5 6] [7 8 of store 2] [9 10].
	pad := fmt.Sprintf("%050d", 0)
	for _, store := range []hitkeep.TenantID{1, 1, 1, 2, 1} {
		mustAppend(t, j, store, pad, pad)
	}
	id := j.ID()
	trim := func(floors map[hitkeep.TenantID]hitkeep.Floor, at time.Time, want int) {
		t.Helper()
		n, err := j.Trim(t.Context(), floors, at)
		if err != nil || n != want {
			t.Fatalf("removed %d, want %d: %v", n, want, err)
		}
	}
	upTo := func(n int64) hitkeep.Watermark { return hitkeep.Watermark{id: n} }
	type floors = map[hitkeep.TenantID]hitkeep.Floor
	old := now.Add(keepFor * 2)
	trim(nil, old, 0)                                                                // nothing is known of store 1
	trim(floors{1: {Parted: upTo(10)}}, old, 0)                                      // not checkpointed
	trim(floors{1: {Checkpointed: upTo(1)}}, old, 0)                                 // not to the segment's end
	trim(floors{1: {Checkpointed: upTo(10)}}, now, 0)                                // neither in parts nor old
	trim(floors{1: {Checkpointed: upTo(10), Parted: upTo(1)}}, now, 0)               // not all in parts
	trim(floors{1: {Checkpointed: upTo(10), Parted: upTo(2)}}, now, 1)               // the first is in parts
	trim(floors{1: {Checkpointed: upTo(10)}}, time.Time{}, 0)                        // the rule of age is off
	trim(floors{1: {Checkpointed: upTo(5)}}, now.Add(keepFor), 1)                    // the second is old
	trim(floors{1: {Checkpointed: upTo(99), Parted: upTo(99)}}, now.Add(keepFor), 1) // store 2 keeps the fourth
	wantRecords(t, records(t, j, id, 2, 0), pad, pad)
	all := floors{1: {Checkpointed: upTo(99), Parted: upTo(99)}, 2: {Checkpointed: upTo(99), Parted: upTo(99)}}
	trim(all, now, 1)
	trim(all, old, 0) // the active segment never goes
	wantRecords(t, records(t, j, id, 1, 0), pad, pad)
	if h := j.Head(2); len(h) != 0 {
		t.Fatalf("head of a store without records: %v", h)
	}
	mustClose(t, j)
	// Segments of earlier starts without records go at once.
	again := mustOpen(t, opt)
	empty := again.ID()
	mustClose(t, again)
	last := mustOpen(t, opt)
	if n, err := last.Trim(t.Context(), nil, now); err != nil || n != 1 {
		t.Fatalf("removed %d: %v", n, err)
	}
	for _, left := range last.Journals() {
		if left == empty {
			t.Fatal("the empty journal stayed")
		}
	}
}

// A segment with damaged bytes is put aside, not deleted.
func TestTrimKeepsDamagedBytes(t *testing.T) {
	dir := t.TempDir()
	id, path, at := filled(t, dir)
	change(t, path, func(b []byte) []byte { b[at[3]+headBytes] ^= 1; return b })
	j := mustOpen(t, testOptions(t, dir))
	done := hitkeep.Floor{Checkpointed: hitkeep.Watermark{id: 10}, Parted: hitkeep.Watermark{id: 10}}
	if n, err := j.Trim(t.Context(), map[hitkeep.TenantID]hitkeep.Floor{1: done}, startTime); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	change(t, path+damagedSuffix, func(b []byte) []byte { return b })
}

// onceFull is a segment whose first write finds no room.
type onceFull struct {
	segmentFile
	failed *bool
}

func (f onceFull) WriteAt(b []byte, off int64) (int, error) {
	if off >= segmentHead && !*f.failed {
		*f.failed = true
		return 0, syscall.ENOSPC
	}
	return f.segmentFile.WriteAt(b, off)
}

// An Append over several groups leaves its first records or none: an import goes on behind the
// last durable one and would never come back for a hole.
func TestDiskFullInTheMiddleLeavesNoHole(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	failed := false
	opt.create = func(path string) (segmentFile, error) {
		f, err := createFile(path)
		return onceFull{f, &failed}, err
	}
	j := mustOpen(t, opt)
	var rs [][]byte
	for range 3 {
		rs = append(rs, make([]byte, hitkeep.MaxRecord))
	}
	for size := 0; size < 2*maxGroup; size += hitkeep.MaxRecord {
		rs = append(rs, make([]byte, hitkeep.MaxRecord))
	}
	if _, err := j.Append(t.Context(), 1, rs...); hitkeep.CodeOf(err) != hitkeep.Unavailable {
		t.Fatal(err)
	}
	if n := len(records(t, j, j.ID(), 1, 0)); n != 0 {
		t.Fatalf("%d records behind those that were refused", n)
	}
	if a, err := j.Append(t.Context(), 1, rs...); err != nil || a.First != 1 || a.Last != int64(len(rs)) {
		t.Fatal(a, err)
	}
	mustClose(t, j)
}
