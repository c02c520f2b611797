package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"hitkeep"
)

// recover builds the index from the segments on disk:
//  1. Scan each segment; note frames, damaged ranges and the unparsed tail.
//  2. The tail of a journal's last segment was never acknowledged: cut it. Any other tail had
//     been synced when the next segment was opened: it is damage and stays.
//  3. Sync what a killed process may have left in the page cache only, so that nothing is
//     applied which a power cut could take back.
func (j *Journal) recover() error {
	paths, err := filepath.Glob(filepath.Join(j.opt.Dir, "*"+segmentSuffix))
	if err != nil {
		return err
	}
	type found struct {
		s    *segment
		tail int64
	}
	var all []found
	for _, path := range paths {
		s, tail, err := j.scanSegment(path)
		if err != nil {
			return err
		}
		if s != nil {
			all = append(all, found{s, tail})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.s.journal, b.s.journal), cmp.Compare(a.s.number, b.s.number))
	})
	for i, f := range all {
		last := i == len(all)-1 || all[i+1].s.journal != f.s.journal
		if err := j.settle(f.s, f.tail, last); err != nil {
			return err
		}
		j.index(f.s)
	}
	return syncDir(j.opt.Dir)
}

// scanSegment reads one file into an index. It returns nil for a file that is not a segment.
func (j *Journal) scanSegment(path string) (*segment, int64, error) {
	s := &segment{path: path, stores: map[hitkeep.TenantID]*span{}}
	var ok bool
	if s.journal, s.number, ok = parseSegmentPath(path); !ok {
		j.opt.Log.Warn("not a journal segment, left alone", "file", filepath.Base(path))
		return nil, 0, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	s.size, s.created = info.Size(), info.ModTime()
	head := make([]byte, segmentHead)
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	// A bad head with nothing behind it was being written when the power went.
	if !s.decodeHead(head) && s.size > segmentHead {
		j.report(s, Damage{From: 0, To: segmentHead})
	}
	tail, err := j.scanFrames(s, f)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return s, tail, nil
}

func (j *Journal) scanFrames(s *segment, r io.ReaderAt) (tail int64, err error) {
	sc := scanner{r: r, off: min(segmentHead, s.size), end: s.size, journal: s.journal}
	for {
		f, off, err := sc.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		s.add(&f, off)
	}
	for _, r := range sc.bad {
		j.report(s, Damage{From: r[0], To: r[1]})
	}
	return sc.tail, nil
}

// settle cuts or reports the tail and makes the segment durable.
func (j *Journal) settle(s *segment, tail int64, last bool) error {
	if tail < s.size && !last {
		j.report(s, Damage{From: tail, To: s.size})
	}
	if !last {
		return nil
	}
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if tail < s.size {
		j.report(s, Damage{From: tail, To: s.size, Torn: true})
		if err := f.Truncate(tail); err != nil {
			return fmt.Errorf("cut torn tail: %w", err)
		}
		s.size = tail
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync segment: %w", err)
	}
	return nil
}

// index adds a recovered segment to the journal's.
func (j *Journal) index(s *segment) {
	j.segments = append(j.segments, s)
	j.bytes.Add(s.size)
	for store, sp := range s.stores {
		j.setHead(store, s.journal, sp.last)
	}
}

func (j *Journal) setHead(store hitkeep.TenantID, id hitkeep.JournalID, last int64) {
	w := j.heads[store]
	if w == nil {
		w = hitkeep.Watermark{}
		j.heads[store] = w
	}
	w[id] = last
}

func (j *Journal) report(s *segment, d Damage) {
	d.Segment = filepath.Base(s.path)
	j.damage = append(j.damage, d)
	if d.Torn {
		j.opt.Log.Info("journal: torn tail cut, nothing of it was acknowledged",
			"segment", d.Segment, "from", d.From, "to", d.To)
		return
	}
	s.damaged = true
	j.opt.Log.Error("journal: damaged bytes, the hits in them are lost; the file is kept",
		"segment", d.Segment, "from", d.From, "to", d.To, "hint", "check the disk; run hitkeep check")
}
