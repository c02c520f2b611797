package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

// filled returns a closed journal's only segment with ten frames of one record each, r0 .. r9,
// and where each frame begins.
func filled(t *testing.T, dir string) (id hitkeep.JournalID, path string, at []int64) {
	t.Helper()
	j := mustOpen(t, testOptions(t, dir))
	for i := range 10 {
		at = append(at, j.Bytes())
		mustAppend(t, j, 1, fmt.Sprintf("r%d", i))
	}
	mustClose(t, j)
	return j.ID(), segmentFiles(t, dir)[0], at
}

func names(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("r%d", i))
	}
	return all
}

// Cut at every byte of the last two frames: the whole frames before stay, the rest is cut.
func TestTornTailIsCut(t *testing.T) {
	src := t.TempDir()
	id, path, at := filled(t, src)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := at[8]; n <= int64(len(whole)); n++ {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, testOptions(t, dir))
		want := 8
		if n >= at[9] {
			want = 9
		}
		if n == int64(len(whole)) {
			want = 10
		}
		wantRecords(t, records(t, j, id, 1, 0), names(0, want)...)
		torn := n != at[8] && n != at[9] && want < 10
		if d := j.Damage(); (len(d) == 1 && d[0].Torn) != torn || len(d) > 1 {
			t.Fatalf("cut at %d: damage %+v", n, d)
		}
		mustClose(t, j)
	}
}

// A flipped bit anywhere in the middle loses that frame alone, is reported, and stays on disk.
func TestFlippedMiddleIsReportedAndKept(t *testing.T) {
	src := t.TempDir()
	id, path, at := filled(t, src)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := at[4]; n < at[5]; n++ {
		dir := t.TempDir()
		flipped := slices.Clone(whole)
		flipped[n] ^= 1 << (n % 8)
		seg := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(seg, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, testOptions(t, dir))
		got := []string{}
		if err := j.Read(t.Context(), id, 1, 0, func(f Frame) error {
			got = append(got, string(f.Records[0]))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		wantRecords(t, got, append(names(0, 4), names(5, 10)...)...)
		want := Damage{Segment: filepath.Base(path), From: at[4], To: at[5]}
		if d := j.Damage(); len(d) != 1 || d[0] != want {
			t.Fatalf("flipped %d: damage %+v, want %+v", n, d, want)
		}
		mustClose(t, j)
		if b, err := os.ReadFile(seg); err != nil || !slices.Equal(b, flipped) {
			t.Fatalf("flipped %d: the segment's bytes changed: %v", n, err)
		}
	}
}

// Regression: a valid frame of earlier sequences behind the last one (stale disk blocks) moved
// the position backwards, and hits were skipped.
func TestStaleFrameAtEnd(t *testing.T) {
	dir := t.TempDir()
	id, path, at := filled(t, dir)
	change(t, path, func(b []byte) []byte {
		stale := slices.Clone(b[at[2]:at[4]])
		return append(b, stale...)
	})
	j := mustOpen(t, testOptions(t, dir))
	if h := j.Head(1)[id]; h != 10 {
		t.Fatalf("head is %d, want 10", h)
	}
	wantRecords(t, records(t, j, id, 1, 0), names(0, 10)...)
	if d := j.Damage(); len(d) != 1 || !d[0].Torn {
		t.Fatalf("damage %+v", d)
	}
}

// A frame of another journal is stale as well, and bad bytes before it are a torn tail.
func TestForeignFrameAtEnd(t *testing.T) {
	dir := t.TempDir()
	id, path, _ := filled(t, dir)
	change(t, path, func(b []byte) []byte {
		b = append(b, "garbage"...)
		return EncodeFrame(b, Frame{Store: 1, Journal: id + 1, First: 11, Prev: 10, Records: [][]byte{[]byte("foreign")}})
	})
	j := mustOpen(t, testOptions(t, dir))
	wantRecords(t, records(t, j, id, 1, 0), names(0, 10)...)
	if d := j.Damage(); len(d) != 1 || !d[0].Torn {
		t.Fatalf("damage %+v", d)
	}
}

// A tail in a segment that was followed by another had been synced: damage, not a torn tail.
func TestTailOfEarlierSegmentIsKept(t *testing.T) {
	opt := testOptions(t, t.TempDir())
	opt.SegmentBytes = 300
	j := mustOpen(t, opt)
	for i := range 10 {
		mustAppend(t, j, 1, fmt.Sprintf("r%d", i))
	}
	mustClose(t, j)
	first := segmentFiles(t, opt.Dir)[0]
	change(t, first, func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	before, _ := os.ReadFile(first)
	again := mustOpen(t, opt)
	if d := again.Damage(); len(d) != 1 || d[0].Torn {
		t.Fatalf("damage %+v", d)
	}
	if after, _ := os.ReadFile(first); !slices.Equal(before, after) {
		t.Fatal("the damaged segment was changed")
	}
}

// Regression: an id kept elsewhere orphaned the journal. Ids survive a lost or torn META, a lost
// journal directory's segments, and a clock that went back.
func TestJournalIDsAscend(t *testing.T) {
	dir := t.TempDir()
	opt := testOptions(t, dir)
	var ids []hitkeep.JournalID
	open := func() {
		t.Helper()
		j := mustOpen(t, opt)
		mustAppend(t, j, 1, fmt.Sprint(len(ids)))
		mustClose(t, j)
		if len(ids) > 0 && j.ID() <= ids[len(ids)-1] {
			t.Fatalf("id %d after %v", j.ID(), ids)
		}
		ids = append(ids, j.ID())
		if j.ID() < hitkeep.JournalID(startTime.AddDate(-1, 0, 0).UnixMicro()) {
			t.Fatalf("id %d is below the clock", j.ID())
		}
	}
	open()
	open() // the same microsecond
	now := startTime.AddDate(0, -6, 0)
	opt.Now = func() time.Time { return now }
	open() // the clock went back
	meta := filepath.Join(dir, metaName)
	if err := os.Remove(meta); err != nil {
		t.Fatal(err)
	}
	open() // META is gone
	change(t, meta, func(b []byte) []byte { return b[:len(b)/2] })
	open() // META is torn
	j := mustOpen(t, opt)
	for i, id := range ids {
		wantRecords(t, records(t, j, id, 1, 0), fmt.Sprint(i))
	}
	if got := j.Journals(); !slices.Equal(got[:len(ids)], ids) {
		t.Fatalf("journals %v, want %v", got, ids)
	}
	mustClose(t, j)
	ids = append(ids, j.ID())
	for _, p := range segmentFiles(t, dir) {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	open() // the segments are gone, META is there
	opt.Dir = t.TempDir()
	opt.After = ids[len(ids)-1]
	open() // the directory is gone, a watermark knows the last id
}

// The head of a segment is damaged: its name says the journal, the frames are read.
func TestDamagedSegmentHead(t *testing.T) {
	dir := t.TempDir()
	id, path, _ := filled(t, dir)
	change(t, path, func(b []byte) []byte { b[offSegJournal] ^= 0xff; return b })
	j := mustOpen(t, testOptions(t, dir))
	wantRecords(t, records(t, j, id, 1, 0), names(0, 10)...)
	if d := j.Damage(); len(d) != 1 || d[0].Torn || d[0].To != segmentHead {
		t.Fatalf("damage %+v", d)
	}
}

// Killed while a segment was made: the empty or partial file does no harm.
func TestPartialSegmentHead(t *testing.T) {
	for _, n := range []int64{0, 5, segmentHead - 1, segmentHead} {
		dir := t.TempDir()
		j := mustOpen(t, testOptions(t, dir))
		mustClose(t, j)
		if err := os.Truncate(segmentFiles(t, dir)[0], n); err != nil {
			t.Fatal(err)
		}
		if n == segmentHead {
			change(t, segmentFiles(t, dir)[0], func(b []byte) []byte { return make([]byte, len(b)) })
		}
		again := mustOpen(t, testOptions(t, dir))
		if d := again.Damage(); len(d) != 0 {
			t.Fatalf("cut at %d: damage %+v", n, d)
		}
		a := mustAppend(t, again, 1, "x")
		wantRecords(t, records(t, again, a.Journal, 1, 0), "x")
		mustClose(t, again)
	}
}

// A record that contains the bytes of a frame is data, also when recovery searches for frames.
func TestFrameInsideRecord(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, testOptions(t, dir))
	fake := EncodeFrame(nil, Frame{Store: 1, Journal: 5, First: 1000, Records: [][]byte{[]byte("fake")}})
	at := j.Bytes()
	mustAppend(t, j, 1, strings.Repeat("x", 10)+string(fake))
	mustAppend(t, j, 1, "real")
	mustClose(t, j)
	path := segmentFiles(t, dir)[0]
	change(t, path, func(b []byte) []byte { b[at+headBytes+3] ^= 1; return b })
	again := mustOpen(t, testOptions(t, dir))
	wantRecords(t, records(t, again, j.ID(), 1, 0), "real")
}
