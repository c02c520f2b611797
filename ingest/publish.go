package ingest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nsqio/nsq/nsqd"
)

const (
	// Frames are coalesced into one message for this time or until it has this many bytes.
	coalesceFor   = 5 * time.Millisecond
	coalesceBytes = 256 << 10
	// Beyond these many messages or bytes in NSQ publishing is skipped: the journal is the
	// overflow (invariant 2).
	maxOutstanding      = 512
	maxOutstandingBytes = 16 << 20
	// A message that was not seen for this long is lost and no longer counts.
	outstandingFor = time.Minute
)

// publisher coalesces frames into messages off the commit path.
type publisher struct {
	skipped atomic.Int64  // frames or messages that were not sent
	wake    chan struct{} // capacity 1: buf has frames
	full    chan struct{} // capacity 1: buf is large enough to go at once

	mu    sync.Mutex // guards what follows
	buf   []byte
	next  uint64 // the number in the next message's id
	out   map[nsqd.MessageID]outstanding
	bytes int // of all messages in out
}

type outstanding struct {
	bytes int
	since time.Time
}

func newPublisher() *publisher {
	return &publisher{
		wake: make(chan struct{}, 1), full: make(chan struct{}, 1), out: map[nsqd.MessageID]outstanding{},
	}
}

// add copies an encoded frame into the next message. While the publisher is far behind the
// frame is skipped.
func (b *publisher) add(frame []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.buf) >= 2*coalesceBytes {
		b.skipped.Add(1)
		return
	}
	b.buf = append(b.buf, frame...)
	notify(b.wake)
	if len(b.buf) >= coalesceBytes {
		notify(b.full)
	}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (b *publisher) run(ctx context.Context, q *queue) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-b.wake:
		case <-ctx.Done():
			return nil
		}
		timer.Reset(coalesceFor)
		select {
		case <-timer.C:
		case <-b.full:
		case <-ctx.Done():
			return nil
		}
		id, body := b.take()
		if body == nil {
			continue
		}
		if err := q.put(id, body); err != nil {
			// A full disk below NSQ, for one. The journal has the frames (invariant 2).
			b.seen(id)
			b.skipped.Add(1)
		}
	}
}

// take returns the collected message, nil if there is none or too much is outstanding.
func (b *publisher) take() (id nsqd.MessageID, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.buf) == 0 {
		return id, nil
	}
	now := time.Now()
	if len(b.out) >= maxOutstanding || b.bytes >= maxOutstandingBytes {
		b.forget(now.Add(-outstandingFor))
		b.skipped.Add(1)
		b.buf = b.buf[:0]
		return id, nil
	}
	b.next++
	copy(id[:], fmt.Sprintf("%016x", b.next)) // NSQ wants printable ids
	body, b.buf = b.buf, nil
	b.out[id] = outstanding{len(body), now}
	b.bytes += len(body)
	return id, body
}

// seen frees a message's place; one delivered twice, or not sent by us, has none: false.
func (b *publisher) seen(id nsqd.MessageID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ours := b.out[id]
	b.bytes -= o.bytes
	delete(b.out, id)
	return ours
}

func (b *publisher) forget(before time.Time) {
	for id, o := range b.out {
		if o.since.Before(before) {
			b.bytes -= o.bytes
			delete(b.out, id)
		}
	}
}
