// Package journal is the source of truth for accepted hits: append-only segments of frames,
// one frame per store and group, fsynced before anybody is answered (invariants 1 and 3).
//
// Package ingest appends and reads; the appliance opens and closes. Open owns one goroutine, the
// committer, which Close ends and waits for. Killed at any moment, the journal comes back with
// every acknowledged record; Open cuts a torn tail, reports damage in the middle and starts a
// new journal id (FORMAT.md, DESIGN.md).
package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hitkeep"
)

// Options configure a Journal. Dir, Now and Log are required.
type Options struct {
	Dir string
	Now func() time.Time
	Log *slog.Logger
	// At is called at the failpoints "journal.before-write", "journal.after-write",
	// "journal.after-sync", "journal.after-ack" and "journal.roll"; nil = none.
	At func(string)
	// After is a journal id known from elsewhere (a store's watermark): the new id is greater.
	After hitkeep.JournalID
	// SegmentBytes is where a segment is closed and the next one opened; 0 = 64 MiB.
	SegmentBytes int64
	// MaxBytes caps all segments together; 0 = no cap.
	MaxBytes int64
	// FreeDisk says how many bytes are free where Dir is. Below MinFree the gate closes, from
	// 1.25 times MinFree on it is open again. nil = never asked.
	FreeDisk func() (uint64, error)
	MinFree  uint64
	// Published is called by the committer for each frame, in order, after its appenders were
	// answered. It must not block. Only the frame's head and Raw are set, and Raw is the
	// journal's buffer: copy it.
	Published func(Frame)

	// create opens a new segment file; tests put a failing disk here. nil = the real one.
	create func(path string) (segmentFile, error)
}

// segmentFile is what the committer needs of a file.
type segmentFile interface {
	WriteAt([]byte, int64) (int, error)
	Datasync() error
	Truncate(int64) error
	Close() error
}

// Journal takes records and keeps them. All methods may be called concurrently.
type Journal struct {
	opt  Options
	id   hitkeep.JournalID
	gate gate

	mu      sync.Mutex // guards open, stopped, free
	open    *group     // takes records; the committer swaps it
	stopped error      // why Append refuses: poisoned or closed
	free    [][]byte   // frame buffers to use again

	wake  chan struct{} // capacity 1: the open group has records
	quit  chan struct{} // closed by Close
	ended chan struct{} // closed by the committer as it ends
	fatal chan error    // capacity 1, never closed

	// Only the committer touches these.
	file    segmentFile
	active  *segment                   // the last of segments; nil, as file, while the disk has no room for one
	next    int64                      // sequence of the next record
	prev    map[hitkeep.TenantID]int64 // each store's last sequence in this journal
	scratch []byte

	imu      sync.RWMutex // guards the index: segments (the last one is active) and heads
	segments []*segment
	heads    map[hitkeep.TenantID]hitkeep.Watermark
	damage   []Damage

	bytes   atomic.Int64 // of all segments
	trimmed [trimReasons]atomic.Int64
	closing sync.Once
}

// Damage is a range of bytes that holds no valid frame.
type Damage struct {
	Segment  string // file name
	From, To int64  // byte offsets, To exclusive
	Torn     bool   // a tail that was never acknowledged, cut; else media corruption, kept
}

// Open recovers the journal in opt.Dir and starts a new journal id in a new segment.
func Open(opt Options) (*Journal, error) {
	if opt.SegmentBytes == 0 {
		opt.SegmentBytes = 64 << 20
	}
	if opt.At == nil {
		opt.At = func(string) {}
	}
	if opt.create == nil {
		opt.create = createFile
	}
	j := &Journal{
		opt: opt, next: 1,
		open: newGroup(), wake: make(chan struct{}, 1), quit: make(chan struct{}),
		ended: make(chan struct{}), fatal: make(chan error, 1),
		prev: map[hitkeep.TenantID]int64{}, heads: map[hitkeep.TenantID]hitkeep.Watermark{},
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := j.recover(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := j.begin(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.gate = gate{free: opt.FreeDisk, minFree: opt.MinFree, maxBytes: opt.MaxBytes, log: opt.Log}
	go j.commitLoop()
	return j, nil
}

// begin chooses the new journal id and makes its first segment. On a full disk that waits for
// the first append that finds room: what is there can be read all the same (invariant 8).
func (j *Journal) begin() error {
	ids, err := readMeta(j.opt.Dir)
	if err != nil {
		j.opt.Log.Warn("journal META is unreadable and made anew from the segments", "error", err)
	}
	j.id = max(hitkeep.JournalID(j.opt.Now().UnixMicro()), j.opt.After+1, 1)
	for _, id := range append(ids, j.Journals()...) {
		j.id = max(j.id, id+1)
	}
	err = j.firstSegment()
	if isFull(err) {
		j.opt.Log.Warn("journal: the disk is full, hits are not taken yet", "error", err)
		return nil
	}
	return err
}

// firstSegment makes META name the new id durably, and then the segment that bears it.
func (j *Journal) firstSegment() error {
	if err := writeMeta(j.opt.Dir, append(j.Journals(), j.id)); err != nil {
		return err
	}
	return j.addSegment(0)
}

// ID is the journal id of this start.
func (j *Journal) ID() hitkeep.JournalID { return j.id }

// Fatal delivers, once, the error after which nothing can be appended: the process must stop
// (invariant 8).
func (j *Journal) Fatal() <-chan error { return j.fatal }

// Bytes is the size of all segments.
func (j *Journal) Bytes() int64 { return j.bytes.Load() }

// Damage lists what Open found damaged or torn.
func (j *Journal) Damage() []Damage { return slices.Clone(j.damage) }

// Journals lists the ids that have segments, in start order.
func (j *Journal) Journals() []hitkeep.JournalID {
	j.imu.RLock()
	defer j.imu.RUnlock()
	var ids []hitkeep.JournalID
	for _, s := range j.segments {
		if len(ids) == 0 || ids[len(ids)-1] != s.journal {
			ids = append(ids, s.journal)
		}
	}
	return ids
}

// Stores lists the stores with records in a journal; id 0 means in any.
func (j *Journal) Stores(id hitkeep.JournalID) []hitkeep.TenantID {
	j.imu.RLock()
	defer j.imu.RUnlock()
	set := map[hitkeep.TenantID]bool{}
	for store, w := range j.heads {
		if _, ok := w[id]; ok || id == 0 {
			set[store] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Head returns the last durable sequence of a store per journal that still has its records.
func (j *Journal) Head(store hitkeep.TenantID) hitkeep.Watermark {
	j.imu.RLock()
	defer j.imu.RUnlock()
	return maps.Clone(j.heads[store])
}

// HeadOf returns the last durable sequence of a store in one journal, 0 if it has none there.
func (j *Journal) HeadOf(store hitkeep.TenantID, id hitkeep.JournalID) int64 {
	j.imu.RLock()
	defer j.imu.RUnlock()
	return j.heads[store][id]
}

// Behind counts the records of a store that lie behind applied: exact where a store has a
// segment alone, else at most too high; 0 exactly if there are none.
func (j *Journal) Behind(store hitkeep.TenantID, applied hitkeep.Watermark) int64 {
	j.imu.RLock()
	defer j.imu.RUnlock()
	var n int64
	for _, s := range j.segments {
		if sp := s.stores[store]; sp != nil {
			n += min(sp.records, max(0, sp.last-applied[s.journal]))
		}
	}
	return n
}

// Close commits what is waiting, refuses everything later and closes the active segment. It
// returns the error that poisoned the journal, if one did.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.mu.Lock()
		if j.stopped == nil {
			j.stopped = errClosed
		}
		j.mu.Unlock()
		close(j.quit)
	})
	<-j.ended
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.stopped, errClosed) {
		return nil
	}
	return j.stopped
}

var errClosed error = hitkeep.Errorf(hitkeep.Unavailable, "the journal is closed: the server is stopping")

// Ack says where records became durable. Other stores' records may lie between First and Last.
type Ack struct {
	Journal     hitkeep.JournalID
	First, Last int64 // sequences of the first and the last record
}

// Append returns when all records are durable (invariant 1). They keep their order; one Append
// larger than a group spans several. If ctx ends after the records entered a group they become
// durable all the same and only the caller stops waiting. After an error the first records of
// the call may be durable, never a later one without those before it: an import goes on behind
// the last one that is.
// Errors: Unavailable when the disk is too full or the journal closed, TooLarge for a record
// above hitkeep.MaxRecord, Invalid for no or an empty record, and the poisoning error.
func (j *Journal) Append(ctx context.Context, store hitkeep.TenantID, records ...[]byte) (Ack, error) {
	if err := j.admit(ctx, records); err != nil {
		return Ack{}, err
	}
	ack := Ack{Journal: j.id}
	for len(records) > 0 {
		t, err := j.enter(ctx, store, records)
		if err != nil {
			return Ack{}, err
		}
		select {
		case <-t.group.done:
		case <-ctx.Done():
			return Ack{}, ctx.Err()
		}
		if t.group.err != nil {
			return Ack{}, t.group.err
		}
		if ack.First == 0 {
			ack.First = t.frame.first + t.at
		}
		ack.Last = t.frame.first + t.at + int64(t.n) - 1
		records = records[t.n:]
	}
	return ack, nil
}

func (j *Journal) admit(ctx context.Context, records [][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(records) == 0 {
		return hitkeep.Errorf(hitkeep.Invalid, "no records to append")
	}
	for _, r := range records {
		if len(r) == 0 {
			return hitkeep.Errorf(hitkeep.Invalid, "an empty record")
		}
		if len(r) > hitkeep.MaxRecord {
			return hitkeep.Errorf(hitkeep.TooLarge, "a record of %d bytes, at most %d", len(r), hitkeep.MaxRecord)
		}
	}
	return j.gate.admit(j.opt.Now(), j.bytes.Load())
}
