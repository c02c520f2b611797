package ingest

import (
	"container/heap"

	"hitkeep/ingest/journal"
)

// earlyFrames keeps frames that arrived before their turn, the next one first.
type earlyFrames struct {
	frames frameHeap
	bytes  int
}

// add keeps a frame; false if there is no room: then the journal must be read, and the frames
// kept are forgotten as their turn passes.
func (e *earlyFrames) add(f journal.Frame) bool {
	if e.bytes+len(f.Raw) > inboxBytes {
		return false
	}
	heap.Push(&e.frames, f)
	e.bytes += len(f.Raw)
	return true
}

func (e *earlyFrames) first() *journal.Frame { return &e.frames[0] }

func (e *earlyFrames) pop() journal.Frame {
	f := heap.Pop(&e.frames).(journal.Frame)
	e.bytes -= len(f.Raw)
	return f
}

// frameHeap orders by journal and sequence.
type frameHeap []journal.Frame

func (h frameHeap) Len() int { return len(h) }
func (h frameHeap) Less(i, k int) bool {
	if h[i].Journal != h[k].Journal {
		return h[i].Journal < h[k].Journal
	}
	return h[i].First < h[k].First
}
func (h frameHeap) Swap(i, k int) { h[i], h[k] = h[k], h[i] }
func (h *frameHeap) Push(x any)   { *h = append(*h, x.(journal.Frame)) }
func (h *frameHeap) Pop() any {
	old := *h
	f := old[len(old)-1]
	old[len(old)-1] = journal.Frame{}
	*h = old[:len(old)-1]
	return f
}
