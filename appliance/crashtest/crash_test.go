package crashtest

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// TestRandomKills kills the box again and again at random moments: under load, during rolls,
// during start-up and recovery, with graceful stops between.
func TestRandomKills(t *testing.T) {
	kills := 12
	if s := os.Getenv("CRASH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("CRASH_KILLS: %v", err)
		}
		kills = n
	}
	h := newHarness(t)
	h.furnish()
	for h.kills < kills && !t.Failed() {
		switch r := h.rng.IntN(10); {
		case r < 2:
			h.killStarting()
			continue
		case r < 4:
			h.box.Start(nil)
			h.stopUnderLoad()
		default:
			h.box.Start(nil)
			h.killAtRandom()
		}
		if h.rng.IntN(3) == 0 {
			h.check("stopped, by the command line") // which recovers the directory itself
		}
	}
	h.finish()
}

// TestFirstStart kills the very first start at growing delays, before anything was set up.
func TestFirstStart(t *testing.T) {
	h := newHarness(t)
	for range 4 {
		h.killStarting()
	}
	h.box.Start(nil)
	h.furnish()
	h.killAtRandom()
	h.box.Start(nil)
	h.killAtRandom()
	h.finish()
}

// TestStopAfterKill is the sequence kill, restart, graceful stop, restart, first hit: a database
// that replays its WAL and is closed cleanly afterwards must still take rows.
func TestStopAfterKill(t *testing.T) {
	h := newHarness(t)
	h.box.Start(nil)
	h.furnish()
	for range 3 {
		h.killAtRandom()
		h.box.Start(nil)
		h.box.Stop()
		h.box.Start(nil)
		stop := h.traffic()
		h.waitAcked(5, 20*time.Second)
		stop()
		h.check("first hits after kill, start, stop, start")
	}
	h.finish()
}

// TestSeededBug runs a binary that answers without writing its journal. If the comparison
// finds nothing then, it finds nothing ever.
func TestSeededBug(t *testing.T) {
	h := newHarness(t)
	h.furnish()
	h.box.Start([]string{"HITKEEP_SEEDED_BUG=no-journal"})
	h.killAtRandom()
	h.box.Start(nil)
	v := h.load.Check(t, 2*time.Second)
	t.Logf("with the seeded bug: %s", v)
	if v.Acked == 0 {
		t.Fatal("nothing was acknowledged: the run proves nothing")
	}
	if len(v.Lost) == 0 {
		t.Error("the journal was not written, and no hit is missed")
	}
}

// TestDoublesAreSeen re-sends hits under new ids, which nothing can recognise: the comparison
// must find them. With the same ids, all other tests find none.
func TestDoublesAreSeen(t *testing.T) {
	h := newHarness(t)
	h.load.NewIDs = true
	h.furnish()
	h.box.Start(nil)
	stop := h.traffic()
	h.waitAcked(200, 20*time.Second)
	stop()
	if v := h.load.Check(t, 5*time.Second); len(v.Doubled) == 0 || len(v.Lost) > 0 {
		t.Errorf("re-sent under new ids: %s", v)
	}
}
