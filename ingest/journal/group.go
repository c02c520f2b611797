package journal

import (
	"context"
	"encoding/binary"

	"hitkeep"
)

const (
	// maxGroup bounds the bytes of one write and fdatasync, and so the unsynced bytes.
	maxGroup = 512 << 10
	// keepBuffers bounds the frame buffers kept for later groups.
	keepBuffers = 8
)

// group collects the records that share one write and one fdatasync: one frame per store, in
// order of arrival. At most two exist: the open one and the one the committer writes.
type group struct {
	frames []*openFrame
	index  map[hitkeep.TenantID]*openFrame // only from the second store on
	size   int
	taken  chan struct{} // closed when the committer takes the group; nil if nobody waits for room
	done   chan struct{} // closed by the committer when durable or failed; err is set before
	err    error
}

// openFrame is one store's frame under construction: room for the head, then the records. The
// committer sets first before done is closed.
type openFrame struct {
	store hitkeep.TenantID
	buf   []byte
	count int64
	first int64
}

// ticket says where n records of one Append stand: from place at on in frame.
type ticket struct {
	group *group
	frame *openFrame
	at    int64
	n     int
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// enter puts as many of the records as fit, at least one, into the open group; it waits for the
// next group if the open one is full.
func (j *Journal) enter(ctx context.Context, store hitkeep.TenantID, records [][]byte) (ticket, error) {
	for {
		j.mu.Lock()
		if j.stopped != nil {
			defer j.mu.Unlock()
			return ticket{}, j.stopped
		}
		g := j.open
		if t := g.put(j, store, records); t.n > 0 {
			j.mu.Unlock()
			select {
			case j.wake <- struct{}{}:
			default:
			}
			return t, nil
		}
		if g.taken == nil {
			g.taken = make(chan struct{})
		}
		room := g.taken
		j.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ticket{}, ctx.Err()
		}
	}
}

// put copies records into the store's frame while there is room; j.mu is held.
func (g *group) put(j *Journal, store hitkeep.TenantID, records [][]byte) ticket {
	room := maxGroup - g.size - headBytes
	if len(records[0])+binary.MaxVarintLen32 > room {
		return ticket{}
	}
	f := g.frame(j, store)
	t := ticket{group: g, frame: f, at: f.count}
	before := len(f.buf)
	for _, r := range records {
		if len(f.buf)-before+len(r)+binary.MaxVarintLen32 > room {
			break
		}
		f.buf = binary.AppendUvarint(f.buf, uint64(len(r)))
		f.buf = append(f.buf, r...)
		t.n++
	}
	f.count += int64(t.n)
	g.size += len(f.buf) - before
	return t
}

// frame finds or makes the store's frame.
func (g *group) frame(j *Journal, store hitkeep.TenantID) *openFrame {
	if len(g.frames) > 0 && g.frames[len(g.frames)-1].store == store {
		return g.frames[len(g.frames)-1]
	}
	if f := g.index[store]; f != nil {
		return f
	}
	f := &openFrame{store: store}
	if n := len(j.free); n > 0 {
		f.buf, j.free = j.free[n-1], j.free[:n-1]
	}
	f.buf = append(f.buf[:0], zeroHead[:]...)
	g.frames = append(g.frames, f)
	g.size += headBytes
	if len(g.frames) > 1 {
		if g.index == nil {
			g.index = map[hitkeep.TenantID]*openFrame{g.frames[0].store: g.frames[0]}
		}
		g.index[store] = f
	}
	return f
}

var zeroHead [headBytes]byte

// take swaps the open group for a new one; nil if it is empty.
func (j *Journal) take() *group {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.open
	if len(g.frames) == 0 {
		return nil
	}
	j.open = newGroup()
	if g.taken != nil {
		close(g.taken)
	}
	return g
}

// reuse gives the group's buffers back. Nobody reads them any more: appenders need only the
// frames' sequences, and Published has copied.
func (j *Journal) reuse(g *group) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range g.frames {
		if len(j.free) < keepBuffers && cap(f.buf) <= maxGroup+headBytes {
			j.free = append(j.free, f.buf)
		}
		f.buf = nil
	}
}
