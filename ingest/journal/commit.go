package journal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"hitkeep"
)

// commitLoop is the committer: it takes the open group, writes and syncs it and answers, until
// Close, and then commits what is left.
func (j *Journal) commitLoop() {
	defer close(j.ended)
	for {
		select {
		case <-j.wake:
			if g := j.take(); g != nil {
				j.commit(g)
			}
		case <-j.quit:
			for g := j.take(); g != nil; g = j.take() {
				j.commit(g)
			}
			// The data is synced; an error of close says nothing new about it.
			if j.file != nil {
				j.file.Close()
			}
			return
		}
	}
}

// commit makes a group durable and answers its appenders:
//  1. Number the frames and encode them.
//  2. Write and sync (invariant 1). A failure leaves sequences and file as they were before.
//  3. Index, so that Head and Read know what the appenders are about to learn.
//  4. Answer, then publish.
func (j *Journal) commit(g *group) {
	frames := j.seal(g)
	at, err := j.write(frames)
	if err != nil {
		g.err = err
		close(g.done)
		return
	}
	j.note(frames, at)
	close(g.done)
	j.opt.At("journal.after-ack")
	if j.opt.Published != nil {
		for i := range frames {
			j.opt.Published(frames[i])
		}
	}
	j.reuse(g)
}

// seal gives the group's records their sequences: dense over the journal, frame after frame.
func (j *Journal) seal(g *group) []Frame {
	frames := make([]Frame, len(g.frames))
	next := j.next
	for i, o := range g.frames {
		o.first = next
		f := Frame{Store: o.store, Journal: j.id, First: next, Count: int(o.count), Prev: j.prev[o.store], Raw: o.buf}
		sealFrame(f.Raw, &f)
		frames[i] = f
		next += o.count
	}
	return frames
}

// write puts the frames at the end of the active segment and syncs it. It returns where they
// begin.
func (j *Journal) write(frames []Frame) (int64, error) {
	if err := j.poison(); err != nil {
		return 0, err
	}
	b := frames[0].Raw
	if len(frames) > 1 {
		b = j.scratch[:0]
		for i := range frames {
			b = append(b, frames[i].Raw...)
		}
		j.scratch = b
	}
	if err := j.roll(int64(len(b))); err != nil {
		return 0, err
	}
	at := j.active.size
	j.opt.At("journal.before-write")
	if _, err := j.file.WriteAt(b, at); err != nil {
		return 0, j.cutBack(at, err)
	}
	j.opt.At("journal.after-write")
	if err := j.file.Datasync(); err != nil {
		return 0, j.fail(fmt.Errorf("sync journal: %w", err))
	}
	j.opt.At("journal.after-sync")
	return at, nil
}

// cutBack handles a failed write. A full disk is survived: the segment ends where it ended
// before, and later appends work again. Everything else stops the process (invariant 8).
func (j *Journal) cutBack(at int64, err error) error {
	if !isFull(err) {
		return j.fail(fmt.Errorf("write journal: %w", err))
	}
	if terr := j.file.Truncate(at); terr != nil {
		return j.fail(fmt.Errorf("cut journal back on a full disk: %w", terr))
	}
	if serr := j.file.Datasync(); serr != nil {
		return j.fail(fmt.Errorf("sync journal: %w", serr))
	}
	j.opt.Log.Warn("journal: the disk is full", "error", err)
	return errFull()
}

func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// note takes durable frames into the index.
func (j *Journal) note(frames []Frame, at int64) {
	j.imu.Lock()
	defer j.imu.Unlock()
	s := j.active
	for i := range frames {
		f := &frames[i]
		s.add(f, at)
		at += int64(len(f.Raw))
		j.setHead(f.Store, j.id, f.Last())
		j.prev[f.Store], j.next = f.Last(), f.Last()+1
	}
	j.bytes.Add(at - s.size)
	s.size = at
}

// roll opens the first segment if there is none, and the next one if n more bytes would make the active one too long. On a full
// disk the active one goes on.
func (j *Journal) roll(n int64) error {
	s := j.active
	if s == nil {
		return j.fullOrFatal(j.firstSegment())
	}
	if s.size+n <= j.opt.SegmentBytes || len(s.stores) == 0 {
		return nil
	}
	j.opt.At("journal.roll")
	// All frames are synced; this makes the file's length and times durable as well.
	if err := j.file.Datasync(); err != nil {
		return j.fail(fmt.Errorf("sync journal: %w", err))
	}
	old := j.file
	if err := j.addSegment(s.number + 1); err != nil {
		return j.fullOrFatal(err)
	}
	old.Close()
	return nil
}

// fullOrFatal makes a full disk Unavailable and every other error poison.
func (j *Journal) fullOrFatal(err error) error {
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return errFull()
	}
	return j.fail(err)
}

// addSegment creates a segment durably, head and name, before any frame is written to it. After
// an error nothing of it is left.
func (j *Journal) addSegment(number int64) error {
	s := &segment{
		path: segmentPath(j.opt.Dir, j.id, number), journal: j.id, number: number,
		created: j.opt.Now(), size: segmentHead, stores: map[hitkeep.TenantID]*span{},
	}
	f, err := j.opt.create(s.path)
	if err != nil {
		return fmt.Errorf("new segment: %w", err)
	}
	if err := writeHead(f, s, j.opt.Dir); err != nil {
		f.Close()
		os.Remove(s.path)
		return fmt.Errorf("new segment: %w", err)
	}
	j.file, j.active = f, s
	j.imu.Lock()
	j.segments = append(j.segments, s)
	j.imu.Unlock()
	j.bytes.Add(s.size)
	return nil
}

func writeHead(f segmentFile, s *segment, dir string) error {
	if _, err := f.WriteAt(encodeSegmentHead(s.journal, s.number, s.created), 0); err != nil {
		return err
	}
	if err := f.Datasync(); err != nil {
		return err
	}
	return syncDir(dir)
}

// fail poisons the journal: what a failed sync left on the disk is unknown, and a second sync
// would report success for pages the kernel has dropped.
func (j *Journal) fail(err error) error {
	j.mu.Lock()
	j.stopped = err
	j.mu.Unlock()
	select {
	case j.fatal <- err:
	default:
	}
	return err
}

// poison returns the error that poisoned the journal, if one did; closing does not count.
func (j *Journal) poison() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.stopped, errClosed) {
		return nil
	}
	return j.stopped
}
