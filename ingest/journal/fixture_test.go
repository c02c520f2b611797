package journal

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hitkeep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var startTime = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func testOptions(t testing.TB, dir string) Options {
	return Options{Dir: dir, Now: func() time.Time { return startTime }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func mustOpen(t testing.TB, opt Options) *Journal {
	t.Helper()
	j, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func mustAppend(t testing.TB, j *Journal, store hitkeep.TenantID, records ...string) Ack {
	t.Helper()
	bs := make([][]byte, len(records))
	for i, r := range records {
		bs[i] = []byte(r)
	}
	a, err := j.Append(t.Context(), store, bs...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustClose(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// records reads all of a store's records behind after, and checks that prev links the frames.
func records(t testing.TB, j *Journal, id hitkeep.JournalID, store hitkeep.TenantID, after int64) (all []string) {
	t.Helper()
	last := int64(-1)
	err := j.Read(t.Context(), id, store, after, func(f Frame) error {
		if last >= 0 && f.Prev != last {
			t.Errorf("frame %d: prev is %d, the frame before ended at %d", f.First, f.Prev, last)
		}
		last = f.Last()
		for i, r := range f.Records {
			if f.First+int64(i) > after {
				all = append(all, string(r))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func segmentFiles(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// change rewrites a file's bytes.
func change(t testing.TB, path string, f func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantRecords(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// faultyFile is a segment on a real disk whose calls can be made to fail.
type faultyFile struct {
	segmentFile
	disk *faultyDisk
}

// faultyDisk decides which calls fail. The zero value never does.
type faultyDisk struct {
	write, sync, truncate error
	short                 int // bytes that reach the file before write fails
}

func (d *faultyDisk) create(path string) (segmentFile, error) {
	f, err := createFile(path)
	if err != nil {
		return nil, err
	}
	return faultyFile{f, d}, nil
}

func (f faultyFile) WriteAt(b []byte, off int64) (int, error) {
	if f.disk.write == nil {
		return f.segmentFile.WriteAt(b, off)
	}
	n, err := f.segmentFile.WriteAt(b[:min(len(b), f.disk.short)], off)
	return n, errors.Join(f.disk.write, err)
}

func (f faultyFile) Datasync() error {
	if f.disk.sync != nil {
		return f.disk.sync
	}
	return f.segmentFile.Datasync()
}

func (f faultyFile) Truncate(n int64) error {
	if f.disk.truncate != nil {
		return f.disk.truncate
	}
	return f.segmentFile.Truncate(n)
}

func background() context.Context { return context.Background() }
