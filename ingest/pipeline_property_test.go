package ingest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

const segmentHeadBytes = 36 // journal/FORMAT.md

// Random appends to several stores, crashes at random moments (the journal's directory is copied
// under running appends, what was applied stays applied), torn tails, stale frames and flipped
// bytes: everything acknowledged is applied exactly once, except what lay in a flipped frame,
// and that frame is reported.
func TestPipelineProperty(t *testing.T) {
	b := newPipelineBed(t)
	c := &crasher{b: b, r: testRand(t), lost: map[uint64]bool{}}
	b.tweak = func(o *PipelineOptions) {
		o.GapAfter, o.FlushEvery, o.FlushHits = 2*time.Millisecond, time.Millisecond, 40
	}
	b.jopt = func(o *journal.Options) { o.SegmentBytes = 8 << 10 }
	b.store.fault(func(*hitkeep.Batch) error { return c.sometimes(errDisk) }, func(*hitkeep.Batch) error { return c.sometimes(errDisk) })
	for range 12 {
		b.start()
		c.checkReported()
		c.traffic()
	}
	b.start()
	c.checkReported()
	b.waitAll()
	c.check()
	if c.flips == 0 || c.crashes == 0 || c.trimmed == 0 {
		t.Fatalf("%d flips, %d crashes, %d segments trimmed: the test tried too little", c.flips, c.crashes, c.trimmed)
	}
}

// crasher plays the world around one pipelineBed.
type crasher struct {
	b       *pipelineBed
	mu      sync.Mutex // guards what follows, and b.next and b.acked during traffic
	r       *rand.Rand
	lost    map[uint64]bool // may be missing: they lay in a flipped frame
	flipped []flip          // to be reported by the next start
	flips   int
	crashes int
	trimmed int64
}

type flip struct {
	segment string
	at      int64
}

func (c *crasher) intn(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

func (c *crasher) sometimes(err error) error {
	if c.intn(20) == 0 {
		return err
	}
	return nil
}

// traffic appends from four goroutines, and crashes or stops in the middle of it.
func (c *crasher) traffic() {
	j := c.b.j
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 40 + c.intn(40) {
				c.append(ctx, j)
			}
		})
	}
	if c.crashes%4 == 3 {
		wg.Wait()
		c.b.waitAll()
	}
	c.trim()
	c.crash(cancel, &wg)
}

// trim lets the journal forget what the stores have applied.
func (c *crasher) trim() {
	s := c.b.store
	s.mu.Lock()
	s.floors = map[hitkeep.TenantID]hitkeep.Floor{}
	for store, w := range s.marks {
		s.floors[store] = hitkeep.Floor{Checkpointed: maps.Clone(w), Parted: maps.Clone(w)}
	}
	s.mu.Unlock()
	if err := c.b.p.trim(context.Background(), time.Now()); err != nil {
		c.b.t.Error(err)
	}
	c.trimmed += c.b.j.Trimmed()[journal.TrimParted]
}

func (c *crasher) append(ctx context.Context, j *journal.Journal) {
	c.mu.Lock()
	store := hitkeep.TenantID(c.r.IntN(3) + 1)
	var records [][]byte
	var ids []uint64
	for range 1 + c.r.IntN(4) {
		c.b.next++
		h := hitkeep.Hit{Site: 1, ClientID: c.b.next, Path: fmt.Sprint(c.r.Uint64())}
		records, ids = append(records, h.AppendRecord(nil)), append(ids, c.b.next)
	}
	c.mu.Unlock()
	if _, err := j.Append(ctx, store, records...); err == nil && ctx.Err() == nil {
		c.mu.Lock()
		if ctx.Err() == nil {
			c.b.acked[store] = append(c.b.acked[store], ids...)
		}
		c.mu.Unlock()
	}
}

// crash copies the journal as a kill would leave it and goes on with the copy. The pipeline is
// stopped first: what it applied was durable in the journal by then. Appends go on until the
// copy is done, but those answered after it began do not count as acknowledged.
func (c *crasher) crash(cancel context.CancelFunc, wg *sync.WaitGroup) {
	t := c.b.t
	c.crashes++
	c.b.cancel()
	if err := <-c.b.ran; err != nil {
		t.Fatal(err)
	}
	c.b.cancel = nil
	c.mu.Lock()
	cancel()
	c.mu.Unlock()
	next := t.TempDir()
	if err := os.CopyFS(filepath.Join(next, "journal"), os.DirFS(filepath.Join(c.b.dir, "journal"))); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	c.b.stop()
	c.b.dir = next
	segments, err := filepath.Glob(filepath.Join(next, "journal", "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(segments)
	if c.intn(2) == 0 {
		c.flip(segments[c.intn(len(segments))])
	}
	c.tear(segments[len(segments)-1])
}

// tear puts at the active segment's end what an interrupted write or old disk blocks may leave.
func (c *crasher) tear(path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		c.b.t.Fatal(err)
	}
	frames := segmentFrames(b)
	switch kind := c.intn(4); {
	case kind == 1:
		b = append(b, make([]byte, 1+c.intn(100))...)
	case kind == 2 && len(frames) > 0:
		f := frames[len(frames)-1].frame
		f.First, f.Prev = f.Last()+1, f.Last()
		raw := journal.EncodeFrame(nil, f)
		b = append(b, raw[:1+c.intn(len(raw)-1)]...)
	case kind == 3 && len(frames) > 0:
		b = append(b, frames[c.intn(len(frames))].frame.Raw...)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		c.b.t.Fatal(err)
	}
}

// flip changes one bit of a random frame.
func (c *crasher) flip(path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		c.b.t.Fatal(err)
	}
	frames := segmentFrames(b)
	if len(frames) == 0 {
		return
	}
	f := frames[c.intn(len(frames))]
	for _, r := range f.frame.Records {
		var h hitkeep.Hit
		if err := h.DecodeRecord(r); err != nil {
			c.b.t.Fatal(err)
		}
		c.lost[h.ClientID] = true
	}
	at := f.at + c.intn(len(f.frame.Raw))
	b[at] ^= 1 << c.intn(8)
	c.flips++
	c.flipped = append(c.flipped, flip{filepath.Base(path), int64(at)})
	if err := os.WriteFile(path, b, 0o600); err != nil {
		c.b.t.Fatal(err)
	}
}

type placedFrame struct {
	at    int
	frame journal.Frame
}

// segmentFrames walks a segment up to its first unreadable byte.
func segmentFrames(b []byte) (all []placedFrame) {
	for at := segmentHeadBytes; at < len(b); {
		f, n, err := journal.DecodeFrame(b[at:])
		if err != nil {
			break
		}
		all = append(all, placedFrame{at, f})
		at += n
	}
	return all
}

// checkReported finds each flip of the last crash in what the journal reports.
func (c *crasher) checkReported() {
	c.b.t.Helper()
	damage := c.b.j.Damage()
	for _, f := range c.flipped {
		if !slices.ContainsFunc(damage, func(d journal.Damage) bool {
			return d.Segment == f.segment && d.From <= f.at && f.at < d.To
		}) {
			c.b.t.Fatalf("flip at %d of %s is not in %+v", f.at, f.segment, damage)
		}
	}
	c.flipped = nil
}

// check compares acknowledged with applied.
func (c *crasher) check() {
	c.b.t.Helper()
	s := c.b.store
	s.mu.Lock()
	defer s.mu.Unlock()
	missing := 0
	for store, ids := range c.b.acked {
		for _, id := range ids {
			if s.hits[store][id] == 0 && !c.lost[id] {
				missing++
			}
		}
		for id, n := range s.hits[store] {
			if n != 1 || id > c.b.next {
				c.b.t.Errorf("store %d: hit %d applied %d times", store, id, n)
			}
		}
	}
	if missing > 0 {
		c.b.t.Errorf("%d acknowledged hits are missing", missing)
	}
}
