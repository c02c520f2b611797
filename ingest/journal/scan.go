package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"hitkeep"
)

const scanWindow = 256 << 10

// scanner walks the frames of one segment:
//  1. At off stands a valid frame of this journal with a greater sequence than the last one: it
//     is next.
//  2. Otherwise the bytes are bad. The next place that satisfies 1 ends the bad range; bytes
//     that look like a frame but do not ascend are stale (an earlier use of the disk's blocks):
//     taking them would move the position backwards.
//  3. No such place: all from off to the end is the tail (invariant 7).
type scanner struct {
	r       io.ReaderAt
	off     int64 // where the next frame is expected
	end     int64
	journal hitkeep.JournalID
	last    int64 // sequence of the last frame's last record

	bad  [][2]int64 // ranges that were skipped, each followed by a valid frame
	tail int64      // where the unparsed tail begins; end if there is none. Set at io.EOF.

	buf   []byte // a window of the file that starts at start
	start int64
}

// next returns the next frame, without Records, and where it begins; io.EOF at the end. The
// frame's Raw is valid until the following call.
func (s *scanner) next() (Frame, int64, error) {
	if s.off >= s.end {
		s.tail = s.end
		return Frame{}, 0, io.EOF
	}
	f, ok, err := s.at(s.off)
	if err != nil {
		return Frame{}, 0, err
	}
	at := s.off
	if !ok {
		if f, at, err = s.resync(); err != nil {
			return Frame{}, 0, err
		}
		s.bad = append(s.bad, [2]int64{s.off, at})
	}
	s.off, s.last = at+int64(len(f.Raw)), f.Last()
	return f, at, nil
}

// at tries the frame at off.
func (s *scanner) at(off int64) (Frame, bool, error) {
	b, err := s.peek(off, headBytes)
	if err != nil {
		return Frame{}, false, err
	}
	f, n, perr := parseHead(b)
	if perr != nil || f.Journal != s.journal || f.First <= s.last || off+int64(n) > s.end {
		return Frame{}, false, nil
	}
	if b, err = s.peek(off, n); err != nil {
		return Frame{}, false, err
	}
	// The file may be shorter than the index says.
	return f, len(b) >= n && f.fill(b[:n]) == nil, nil
}

// resync finds the next valid frame behind off; io.EOF if there is none.
func (s *scanner) resync() (Frame, int64, error) {
	var magic [4]byte
	binary.LittleEndian.PutUint32(magic[:], frameMagic)
	for at := s.off + 1; at < s.end; {
		b, err := s.peek(at, headBytes)
		if err != nil {
			return Frame{}, 0, err
		}
		if len(b) == 0 {
			break
		}
		i := bytes.Index(b, magic[:])
		if i < 0 {
			// The magic may begin in the window's last three bytes.
			at += int64(max(1, len(b)-len(magic)+1))
			continue
		}
		at += int64(i)
		f, ok, err := s.at(at)
		if err != nil || ok {
			return f, at, err
		}
		at++
	}
	s.tail = s.off
	return Frame{}, 0, io.EOF
}

// peek returns the window's bytes from off on: at least n unless the file ends before.
func (s *scanner) peek(off int64, n int) ([]byte, error) {
	if off >= s.start && off+int64(n) <= s.start+int64(len(s.buf)) {
		return s.buf[off-s.start:], nil
	}
	size := int(min(int64(max(n, scanWindow)), s.end-off))
	if cap(s.buf) < size {
		s.buf = make([]byte, size)
	}
	s.buf, s.start = s.buf[:size], off
	got, err := s.r.ReadAt(s.buf, off)
	s.buf = s.buf[:got]
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read segment at %d: %w", off, err)
	}
	return s.buf, nil
}
