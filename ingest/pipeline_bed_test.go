package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hitkeep"
	"hitkeep/ingest/journal"
)

// recordingStore is an Appender that notes which hit was applied how often, and refuses what
// breaks the contract. It outlives pipelines, as a database outlives processes.
type recordingStore struct {
	mu     sync.Mutex
	marks  map[hitkeep.TenantID]hitkeep.Watermark
	hits   map[hitkeep.TenantID]map[uint64]int // by client id
	bad    map[hitkeep.TenantID]int
	order  map[hitkeep.TenantID][]uint64
	calls  int
	before func(b *hitkeep.Batch) error // called before applying; an error refuses the batch
	after  func(b *hitkeep.Batch) error // called after it: the answer of an ambiguous COMMIT
	floors map[hitkeep.TenantID]hitkeep.Floor
}

func newRecordingStore() *recordingStore {
	return &recordingStore{
		marks: map[hitkeep.TenantID]hitkeep.Watermark{}, hits: map[hitkeep.TenantID]map[uint64]int{},
		bad: map[hitkeep.TenantID]int{}, order: map[hitkeep.TenantID][]uint64{},
	}
}

func (s *recordingStore) Watermark(_ context.Context, store hitkeep.TenantID) (hitkeep.Watermark, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.marks[store]), nil
}

func (s *recordingStore) Floors(context.Context) (map[hitkeep.TenantID]hitkeep.Floor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.floors), nil
}

func (s *recordingStore) Append(_ context.Context, b *hitkeep.Batch) (hitkeep.Applied, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.before != nil {
		if err := s.before(b); err != nil {
			return hitkeep.Applied{}, err
		}
	}
	if s.marks[b.Store] == nil {
		s.marks[b.Store], s.hits[b.Store] = hitkeep.Watermark{}, map[uint64]int{}
	}
	w := s.marks[b.Store]
	if w[b.Journal] != b.Prev {
		return hitkeep.Applied{}, hitkeep.ErrNotContiguous
	}
	if err := wellFormed(b, w); err != nil {
		panic(err)
	}
	w[b.Journal] = b.Last
	applied := hitkeep.Applied{Sites: map[hitkeep.SiteID]int{}}
	for i := range b.Hits {
		s.hits[b.Store][b.Hits[i].ClientID]++
		s.order[b.Store] = append(s.order[b.Store], b.Hits[i].ClientID)
		applied.Stored++
		applied.Sites[b.Hits[i].Site]++
	}
	s.bad[b.Store] += len(b.Bad)
	applied.Dead = len(b.Bad)
	if s.after != nil {
		if err := s.after(b); err != nil {
			return hitkeep.Applied{}, err
		}
	}
	return applied, nil
}

// wellFormed checks what the lake relies on.
func wellFormed(b *hitkeep.Batch, w hitkeep.Watermark) error {
	prev := b.Prev
	for _, h := range b.Hits {
		if h.Journal != b.Journal || h.Seq <= prev || h.Seq > b.Last {
			return fmt.Errorf("hit %d of journal %d in batch %d..%d of %d", h.Seq, h.Journal, b.Prev, b.Last, b.Journal)
		}
		prev = h.Seq
	}
	for id := range w {
		if id > b.Journal {
			return fmt.Errorf("journal %d after journal %d", b.Journal, id)
		}
	}
	if b.Records != len(b.Hits)+len(b.Bad) || b.Last <= b.Prev {
		return fmt.Errorf("%d records, %d hits, %d bad, %d..%d", b.Records, len(b.Hits), len(b.Bad), b.Prev, b.Last)
	}
	return nil
}

// fault sets what happens at the next appends.
func (s *recordingStore) fault(before, after func(*hitkeep.Batch) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// pipelineBed is one data directory with a store; start and stop play processes.
type pipelineBed struct {
	t     testing.TB
	dir   string
	log   *slog.Logger
	store *recordingStore
	// carry sends a frame on its way; nil = Pipeline.Publish.
	carry func(*Pipeline, journal.Frame)
	tweak func(*PipelineOptions)
	jopt  func(*journal.Options)

	j      *journal.Journal
	p      *Pipeline
	cancel context.CancelFunc
	ran    chan error
	next   uint64
	acked  map[hitkeep.TenantID][]uint64
}

func newPipelineBed(t testing.TB) *pipelineBed {
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
	b := &pipelineBed{t: t, dir: t.TempDir(), store: newRecordingStore(), acked: map[hitkeep.TenantID][]uint64{}}
	b.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	t.Cleanup(func() { b.stop() })
	return b
}

// open opens the journal without a pipeline.
func (b *pipelineBed) open() {
	b.t.Helper()
	var p *Pipeline
	opt := journal.Options{Dir: b.dir + "/journal", Now: time.Now, Log: b.log, SegmentBytes: 32 << 10, Published: func(f journal.Frame) {
		if p == nil {
			return
		}
		if b.carry != nil {
			b.carry(p, f)
		} else {
			p.Publish(f)
		}
	}}
	if b.jopt != nil {
		b.jopt(&opt)
	}
	j, err := journal.Open(opt)
	if err != nil {
		b.t.Fatal(err)
	}
	po := PipelineOptions{Journal: j, Appender: b.store, Dir: b.dir + "/nsq", Now: time.Now, Log: b.log}
	if b.tweak != nil {
		b.tweak(&po)
	}
	if p, err = NewPipeline(po); err != nil {
		b.t.Fatal(err)
	}
	b.j, b.p = j, p
}

// start opens the journal and runs a pipeline.
func (b *pipelineBed) start() {
	b.t.Helper()
	b.open()
	b.run()
}

func (b *pipelineBed) run() {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel, b.ran = cancel, make(chan error, 1)
	p, ran := b.p, b.ran
	go func() { ran <- p.Run(ctx) }()
}

// stop ends both without draining.
func (b *pipelineBed) stop() error {
	var err error
	if b.cancel != nil {
		b.cancel()
		err = <-b.ran
		b.cancel = nil
	}
	if b.j != nil {
		b.j.Close()
		b.j = nil
	}
	return err
}

// hit appends n hits to a store in one call and notes them as acknowledged.
func (b *pipelineBed) hit(store hitkeep.TenantID, n int) journal.Ack {
	b.t.Helper()
	var records [][]byte
	var ids []uint64
	for range n {
		b.next++
		h := hitkeep.Hit{Site: hitkeep.SiteID(store) * 10, ClientID: b.next, Path: "/a", TS: 5, ReceivedAt: 6}
		records, ids = append(records, h.AppendRecord(nil)), append(ids, b.next)
	}
	ack, err := b.j.Append(context.Background(), store, records...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.acked[store] = append(b.acked[store], ids...)
	return ack
}

func (b *pipelineBed) waitAll() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.p.WaitAll(ctx); err != nil {
		b.t.Fatalf("wait: %v; lag %d", err, b.p.Lag())
	}
}

// check compares what was acknowledged with what was applied, in number and order.
func (b *pipelineBed) check() {
	b.t.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	for store, ids := range b.acked {
		if got := b.store.order[store]; fmt.Sprint(got) != fmt.Sprint(ids) {
			b.t.Errorf("store %d: %d applied, %d acknowledged, or in another order", store, len(got), len(ids))
		}
		for id, n := range b.store.hits[store] {
			if n != 1 {
				b.t.Errorf("store %d: hit %d applied %d times", store, id, n)
			}
		}
	}
}

var errDisk = errors.New("no space left on device")

func testRand(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}
