package ingest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

// NSQ alone carries the frames here: the journal would be read after an hour only.
func TestPipelineCarriesThroughNSQ(t *testing.T) {
	b := newPipelineBed(t)
	var applied atomic.Int64
	b.tweak = func(o *PipelineOptions) {
		o.GapAfter = time.Hour
		o.OnApplied = func(store hitkeep.TenantID, a hitkeep.Applied) {
			applied.Add(int64(a.Sites[hitkeep.SiteID(store)*10]))
		}
	}
	b.start()
	// The first record of a store makes its applier, which reads the journal once.
	for store := range hitkeep.TenantID(3) {
		ack := b.hit(store+1, 1)
		if err := b.p.Wait(t.Context(), store+1, ack.Journal, ack.Last); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		b.hit(hitkeep.TenantID(i%3+1), 1+i%5)
	}
	b.waitAll()
	b.check()
	if lag := b.p.Lag(); lag != 0 || applied.Load() != int64(b.next) {
		t.Fatalf("lag %d, applied %d of %d", lag, applied.Load(), b.next)
	}
}

// Messages are lost, doubled and reordered: nothing else changes.
func TestPipelineSurvivesAnUnreliableQueue(t *testing.T) {
	b := newPipelineBed(t)
	r := testRand(t)
	var held [][]byte
	b.tweak = func(o *PipelineOptions) { o.GapAfter, o.FlushEvery = 5*time.Millisecond, time.Millisecond }
	b.carry = func(p *Pipeline, f journal.Frame) {
		raw := append([]byte(nil), f.Raw...)
		switch r.IntN(5) {
		case 0: // lost
		case 1:
			p.pub.add(raw)
			p.pub.add(raw)
		case 2:
			held = append(held, raw)
		case 3:
			p.pub.add(raw)
			for len(held) > 0 {
				p.pub.add(held[len(held)-1])
				held = held[:len(held)-1]
			}
		case 4:
			p.pub.add(append([]byte("HKF1 garbage"), raw...))
		}
		p.applier(f.Store).poke()
	}
	b.start()
	for i := range 1000 {
		b.hit(hitkeep.TenantID(i%3+1), 1)
	}
	b.waitAll()
	b.check()
}

// Every message is lost: an idle applier learns that the head moved, and reads the journal.
func TestPipelineWithoutMessages(t *testing.T) {
	b := newPipelineBed(t)
	b.tweak = func(o *PipelineOptions) { o.GapAfter = time.Millisecond }
	b.carry = func(p *Pipeline, f journal.Frame) { p.applier(f.Store).poke() }
	b.start()
	for range 20 {
		b.hit(1, 2)
		b.waitAll()
	}
	b.check()
}

// What an earlier process left is applied without any new hit.
func TestPipelineReplaysAtStart(t *testing.T) {
	b := newPipelineBed(t)
	for range 3 {
		b.open()
		for i := range 100 {
			b.hit(hitkeep.TenantID(i%4+1), 1+i%50)
		}
		b.stop()
	}
	b.start()
	if lag := b.p.Lag(); lag == 0 {
		t.Fatal("no lag")
	}
	b.waitAll()
	b.check()
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
}

// A store that stands still while far more arrives than NSQ and the applier hold.
func TestPipelineOverflowsIntoTheJournal(t *testing.T) {
	b := newPipelineBed(t)
	b.jopt = func(o *journal.Options) { o.SegmentBytes = 4 << 20 }
	gate := make(chan struct{})
	b.store.fault(func(*hitkeep.Batch) error { <-gate; return nil }, nil)
	b.start()
	pad := strings.Repeat("x", 30<<10)
	for range 1000 {
		b.next++
		h := hitkeep.Hit{Site: 10, ClientID: b.next, Path: pad}
		if _, err := b.j.Append(t.Context(), 1, h.AppendRecord(nil)); err != nil {
			t.Fatal(err)
		}
		b.acked[1] = append(b.acked[1], b.next)
	}
	close(gate)
	b.waitAll()
	b.check()
}

func TestPipelineAppendErrors(t *testing.T) {
	for name, f := range map[string]struct{ before, after error }{
		"refused":               {before: errDisk},
		"not contiguous":        {before: hitkeep.ErrNotContiguous},
		"applied and then lost": {after: errors.New("commit: connection reset")},
	} {
		t.Run(name, func(t *testing.T) {
			b := newPipelineBed(t)
			n := 0
			sometimes := func(err error) func(*hitkeep.Batch) error {
				return func(*hitkeep.Batch) error {
					if n++; n%2 == 1 && n < 8 {
						return err
					}
					return nil
				}
			}
			b.store.fault(sometimes(f.before), sometimes(f.after))
			b.tweak = func(o *PipelineOptions) { o.FlushEvery = time.Millisecond }
			b.start()
			for range 20 {
				b.hit(1, 5)
				b.waitAll()
			}
			b.check()
		})
	}
}

// Somebody else moved the watermark (a restored database): the applier follows the store's word.
func TestPipelineFollowsTheWatermark(t *testing.T) {
	b := newPipelineBed(t)
	b.start()
	ack := b.hit(1, 10)
	b.waitAll()
	b.store.mu.Lock()
	b.store.marks[1][ack.Journal] = ack.Last - 4
	for _, id := range b.acked[1][6:] {
		delete(b.store.hits[1], id)
	}
	b.store.order[1] = b.store.order[1][:6]
	b.store.mu.Unlock()
	last := b.hit(1, 1)
	if err := b.p.Wait(t.Context(), 1, last.Journal, last.Last); err != nil {
		t.Fatal(err)
	}
	b.check()
}

func TestPipelineKeepsUndecodableRecords(t *testing.T) {
	b := newPipelineBed(t)
	b.start()
	b.hit(1, 1)
	if _, err := b.j.Append(t.Context(), 1, []byte{99, 1, 2}, []byte{1, 0xff}); err != nil {
		t.Fatal(err)
	}
	b.hit(1, 1)
	b.waitAll()
	b.check()
	if b.store.bad[1] != 2 {
		t.Fatalf("%d bad records", b.store.bad[1])
	}
}

// What only a restart heals ends Run, and so does a panic.
func TestPipelineStops(t *testing.T) {
	own := errors.New("engine gone")
	for name, c := range map[string]struct {
		fault func(*hitkeep.Batch) error
		want  error
		text  string
	}{
		"invalidated": {func(*hitkeep.Batch) error { return errors.Join(ErrInvalidated, errDisk) }, ErrInvalidated, "invalidated"},
		"fatal":       {func(*hitkeep.Batch) error { return own }, ErrInvalidated, "engine gone"},
		"panic":       {func(*hitkeep.Batch) error { panic("boom") }, nil, "panic: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newPipelineBed(t)
			b.tweak = func(o *PipelineOptions) { o.Fatal = func(err error) bool { return errors.Is(err, own) } }
			b.store.fault(c.fault, nil)
			b.start()
			ack := b.hit(1, 1)
			err := <-b.ran
			b.ran <- err
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("run: %v", err)
			}
			if err := b.p.Wait(t.Context(), 1, ack.Journal, ack.Last); err == nil {
				t.Fatal("wait returned although nothing was applied")
			}
			b.stop()
			b.store.fault(nil, nil)
			b.start()
			b.waitAll()
			b.check()
		})
	}
}

// Drain ends when nothing moves, and only then.
func TestPipelineDrain(t *testing.T) {
	b := newPipelineBed(t)
	b.tweak = func(o *PipelineOptions) { o.StallAfter, o.FlushHits = 20*time.Millisecond, 10 }
	b.store.fault(func(*hitkeep.Batch) error { return errDisk }, nil)
	b.start()
	b.hit(1, 100)
	if err := b.p.Drain(t.Context()); !errors.Is(err, errStalled) || !strings.Contains(err.Error(), "100 records") {
		t.Fatalf("drain of a store that stands still: %v", err)
	}
	b.store.fault(nil, nil)
	b.stop()
	b.tweak = nil
	b.start()
	b.hit(2, 100)
	if err := b.j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.p.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.check()
}

// A deleted store's records are not applied and do not hold segments for ever.
func TestPipelineDeletedStore(t *testing.T) {
	b := newPipelineBed(t)
	now := time.Now()
	b.jopt = func(o *journal.Options) { o.SegmentBytes = 200 }
	b.tweak = func(o *PipelineOptions) {
		o.Stores = func() []hitkeep.TenantID { return []hitkeep.TenantID{1} }
	}
	b.start()
	for range 10 {
		b.hit(1, 3)
		b.hit(2, 3)
	}
	b.waitAll()
	delete(b.acked, 2)
	b.check()
	if len(b.store.order[2]) != 0 || b.p.Lag() != 0 {
		t.Fatalf("applied %d, lag %d", len(b.store.order[2]), b.p.Lag())
	}
	b.store.floors = map[hitkeep.TenantID]hitkeep.Floor{1: {Checkpointed: b.j.Head(1), Parted: b.j.Head(1)}}
	if err := b.p.trim(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	kept := b.j.Trimmed()[journal.TrimAged]
	if err := b.p.trim(t.Context(), now.Add(80*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if aged := b.j.Trimmed()[journal.TrimAged]; kept != 0 || aged == 0 {
		t.Fatalf("trimmed by age: %d at once, %d after 80 h", kept, aged)
	}
}

// Nothing follows from a clock that stepped until it was steady for an hour.
func TestTrimClock(t *testing.T) {
	wall := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := trimClock{wall: wall}
	for _, s := range []struct {
		wall, mono time.Duration
		want       bool
	}{
		{time.Minute, time.Minute, true},
		{5 * time.Hour, 2 * time.Minute, false},
		{5*time.Hour + 59*time.Minute, 61 * time.Minute, false},
		{6*time.Hour + time.Minute, 63 * time.Minute, true},
		{time.Hour, 64 * time.Minute, false},
	} {
		if got := c.steady(wall.Add(s.wall), s.mono); got != s.want {
			t.Errorf("at %v: %v", s.mono, got)
		}
	}
}

// Beyond the limits the publisher skips, and frees places as messages are seen or lost.
func TestPublisherSkips(t *testing.T) {
	b := newPublisher()
	for i := range maxOutstanding {
		b.add([]byte{byte(i)})
		if id, body := b.take(); body == nil || len(strings.Trim(string(id[:]), "0123456789abcdef")) > 0 {
			t.Fatalf("message %d: id %q", i, id)
		}
	}
	b.add([]byte("x"))
	if _, body := b.take(); body != nil || b.skipped.Load() != 1 {
		t.Fatal("no limit")
	}
	for id := range b.out {
		if !b.seen(id) || b.seen(id) {
			t.Error("a message is taken twice, or not at all")
		}
		break
	}
	b.add([]byte("x"))
	if _, body := b.take(); body == nil || len(b.out) != maxOutstanding || b.bytes != maxOutstanding {
		t.Fatalf("%d outstanding, %d bytes", len(b.out), b.bytes)
	}
	b.forget(time.Now().Add(time.Second))
	if len(b.out) != 0 || b.bytes != 0 {
		t.Fatalf("%d outstanding, %d bytes", len(b.out), b.bytes)
	}
}

func BenchmarkPipeline(bm *testing.B) {
	b := newPipelineBed(bm)
	b.jopt = func(o *journal.Options) { o.SegmentBytes = 0 }
	b.start()
	b.store.mu.Lock()
	b.store.order[1] = make([]uint64, 0, bm.N)
	b.store.mu.Unlock()
	record := (&hitkeep.Hit{Site: 10, ClientID: 7, Path: strings.Repeat("p", 200)}).AppendRecord(nil)
	bm.SetParallelism(32)
	bm.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := b.j.Append(context.Background(), 1, record); err != nil {
				bm.Error(err)
			}
		}
	})
	b.waitAll()
	bm.ReportMetric(float64(bm.N)/bm.Elapsed().Seconds(), "applied/s")
}

// A frame from somebody else on nsqd's port moves no position: the hits behind it would be lost.
func TestPipelineForgedFrame(t *testing.T) {
	b := newPipelineBed(t)
	b.start()
	ack := b.hit(1, 1)
	b.waitAll()
	h := hitkeep.Hit{Site: 10, ClientID: 1 << 40, Path: "/forged"}
	for _, store := range []hitkeep.TenantID{1, 99} {
		b.p.pub.add(journal.EncodeFrame(nil, journal.Frame{
			Store: store, Journal: ack.Journal, First: 1 << 30, Prev: ack.Last, Records: [][]byte{h.AppendRecord(nil)},
		}))
	}
	time.Sleep(50 * time.Millisecond) // it takes the way of a real one, a few milliseconds
	b.hit(1, 3)
	b.waitAll()
	b.check()
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	if b.p.appliers[99] != nil {
		t.Error("an applier of a store without records")
	}
}
