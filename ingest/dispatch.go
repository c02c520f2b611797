package ingest

import (
	"github.com/nsqio/nsq/nsqd"

	"hitkeep/ingest/journal"
)

// dispatch hands a message's frames to their stores' appliers. It never blocks, so that a slow
// store does not hold up the others: what an applier cannot take it reads from the journal. A
// message that does not decode is dropped for the same reason.
func (p *Pipeline) dispatch(id nsqd.MessageID, body []byte) {
	// Whoever has an account on this machine can reach nsqd's port and send frames of his own, but
	// nsqd gives them ids of its own.
	if !p.pub.seen(id) {
		return
	}
	for len(body) > 0 {
		f, n, err := journal.DecodeFrame(body)
		if err != nil {
			p.opt.Log.Warn("queue message dropped, the journal has its records", "error", err)
			return
		}
		body = body[n:]
		if f.Last() > p.opt.Journal.HeadOf(f.Store, f.Journal) {
			continue // the journal does not have it: every local process can write to nsqd's port
		}
		p.applier(f.Store).deliver(f)
	}
}
