package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"hitkeep/appliance/e2etest"
)

const domain = "crash.example"

func TestMain(m *testing.M) { os.Exit(e2etest.Main(m)) }

// harness is one box under load and fire.
type harness struct {
	t    *testing.T
	box  *e2etest.Box
	load *e2etest.Load
	rng  *rand.Rand
	seed uint64

	kills, stops int
}

// newHarness makes an empty box. Nothing is in it yet, not even the site.
func newHarness(t *testing.T) *harness {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CRASH_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("CRASH_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("CRASH_SEED=%d", seed)
	h := &harness{t: t, box: e2etest.New(t), seed: seed, rng: rand.New(rand.NewPCG(seed, 1))}
	h.load = e2etest.NewLoad(h.box, domain, rand.New(rand.NewPCG(seed, 2)))
	return h
}

// furnish adds the site and the token.
func (h *harness) furnish() {
	h.t.Helper()
	h.box.AddSite(domain, "Europe/Berlin")
	h.box.AddToken()
}

// traffic loads the box in the background until the process ends or stop is called; stop
// returns when all workers have ended.
func (h *harness) traffic() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() {
		h.load.Run(ctx, 8)
		close(ended)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// waitAcked waits until n more hits are acknowledged, or the process ends, or the bound.
func (h *harness) waitAcked(n int, bound time.Duration) {
	target, end := h.load.Acked()+n, time.Now().Add(bound)
	for h.load.Acked() < target && h.box.Running() && time.Now().Before(end) {
		h.pause(time.Millisecond)
	}
}

func (h *harness) pause(d time.Duration) {
	select {
	case <-h.box.Done():
	case <-time.After(d):
	}
}

// killAtRandom loads a running box and kills it at a random moment, half the time during a
// roll.
func (h *harness) killAtRandom() {
	stop := h.traffic()
	h.waitAcked(1+h.rng.IntN(400), 10*time.Second)
	rolled := make(chan struct{})
	if h.rng.IntN(2) == 0 {
		go func() {
			h.box.Run("compact", "--now") // fails when the server dies under it
			close(rolled)
		}()
		h.pause(time.Duration(h.rng.Int64N(int64(600 * time.Millisecond))))
	} else {
		close(rolled)
	}
	h.pause(time.Duration(h.rng.Int64N(int64(20 * time.Millisecond))))
	h.box.Kill()
	h.kills++
	stop()
	<-rolled
}

// killStarting kills a box at a random moment of its start-up.
func (h *harness) killStarting(env ...string) {
	h.box.Serve(env)
	h.pause(time.Duration(h.rng.Int64N(int64(400 * time.Millisecond))))
	h.box.Kill()
	h.kills++
}

// killAt starts the box so that it kills itself at the n-th passing of a step, gives it all
// the work that may lead there, and says whether it did.
func (h *harness) killAt(point string, n int) bool {
	h.t.Helper()
	h.box.Serve([]string{fmt.Sprintf("HITKEEP_FAILPOINT=%s:%d", point, n)})
	if h.box.WaitReady() {
		h.workUntilDead()
	}
	fired := !h.box.Running()
	h.box.Kill()
	h.kills++
	return fired
}

// workUntilDead loads, rolls and at last stops the process, until it is dead or has done all
// of that once.
func (h *harness) workUntilDead() {
	stop := h.traffic()
	defer stop()
	h.waitAcked(300, 5*time.Second)
	for range 2 {
		if h.box.Running() {
			h.box.Run("compact", "--now")
			h.waitAcked(50, time.Second)
		}
	}
}

// stopUnderLoad ends the process with SIGTERM while requests come in.
func (h *harness) stopUnderLoad() {
	h.t.Helper()
	stop := h.traffic()
	h.waitAcked(1+h.rng.IntN(200), 10*time.Second)
	h.box.Stop()
	h.stops++
	stop()
}

// check fails the test when something acknowledged is missing or anything is there twice.
func (h *harness) check(when string) e2etest.Verdict {
	h.t.Helper()
	v := h.load.Check(h.t, 20*time.Second)
	if !v.Good() {
		h.t.Errorf("%s: %s (CRASH_SEED=%d)\nlost %v\ndoubled %v\nunknown %v", when, v, h.seed, first(v.Lost), first(v.Doubled), first(v.Alien))
	}
	return v
}

func first[T any](s []T) []T { return s[:min(len(s), 20)] }

// finish looks at everything once more: served, rolled, checked, stopped, started again, with
// the first hit after that.
func (h *harness) finish() {
	h.t.Helper()
	if !h.box.Running() {
		h.box.Start(nil)
	}
	h.check("at the end")
	h.box.CLI("compact", "--now")
	h.check("after compact")
	h.box.CLI("lake", "check")
	h.box.Stop()
	h.check("stopped")
	h.box.Start(nil)
	stop := h.traffic()
	h.waitAcked(10, 20*time.Second)
	stop()
	v := h.check("first hits after the last start")
	h.box.Stop()
	for _, s := range first(h.load.Strange) {
		h.t.Errorf("strange answer: %s", s)
	}
	h.t.Logf("%s, kills %d, stops %d", v, h.kills, h.stops)
}
