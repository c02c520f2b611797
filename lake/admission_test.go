package lake

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

var errMemory = &duckdb.Error{Type: duckdb.ErrorTypeOutOfMemory, Msg: "Out of Memory Error"}

func TestAdmissionRunsAloneAfterMemoryRanOut(t *testing.T) {
	a := newAdmission()
	var running, tries atomic.Int64
	err := a.do(t.Context(), func() error {
		if tries.Add(1) == 1 {
			return errMemory
		}
		// Alone: nobody else is let in beside the second try.
		if a.slots.TryAcquire(1) {
			running.Add(1)
		}
		return nil
	})
	if err != nil || tries.Load() != 2 || running.Load() != 0 {
		t.Fatalf("%v after %d tries, %d beside it", err, tries.Load(), running.Load())
	}
	if err := a.do(t.Context(), func() error { return errMemory }); hitkeep.CodeOf(err) != hitkeep.TooLarge {
		t.Fatalf("out of memory alone gives %v", err)
	}
	if !a.slots.TryAcquire(admitted) {
		t.Fatal("a slot was not given back")
	}
}

func TestAdmissionGivesUpWithItsContext(t *testing.T) {
	a := newAdmission()
	if err := a.slots.Acquire(t.Context(), admitted); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.do(ctx, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}
