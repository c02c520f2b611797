package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hitkeep"
)

// The segment's head, little endian; frames follow it without gaps. The checksum covers all
// before it.
const (
	offSegMagic   = 0  // 8 bytes
	offSegJournal = 8  // int64
	offSegNumber  = 16 // int64, from 0 in each journal
	offSegCreated = 24 // int64, microseconds UTC
	offSegCRC     = 32 // uint32, crc32c
	segmentHead   = 36

	segmentMagic = "HKSEG001"
	// markEvery is how many bytes of a segment one mark of the index stands for.
	markEvery = 64 << 10
)

// segment is the index of one file. Journal.imu guards the fields that grow: size, stores and
// marks of the active segment.
type segment struct {
	path    string
	journal hitkeep.JournalID
	number  int64
	created time.Time
	size    int64 // durable bytes
	stores  map[hitkeep.TenantID]*span
	marks   []mark
	damaged bool // it holds bytes that nobody could read
}

// span says which of a store's records a segment has.
type span struct{ first, last, records int64 }

// mark is a place where a frame begins, and its first sequence.
type mark struct{ off, first int64 }

func segmentPath(dir string, id hitkeep.JournalID, number int64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d-%06d%s", int64(id), number, segmentSuffix))
}

// parseSegmentPath is the inverse of segmentPath, for a file whose head is damaged.
func parseSegmentPath(path string) (id hitkeep.JournalID, number int64, ok bool) {
	name, found := strings.CutSuffix(filepath.Base(path), segmentSuffix)
	a, b, cut := strings.Cut(name, "-")
	n, err1 := strconv.ParseInt(a, 10, 64)
	m, err2 := strconv.ParseInt(b, 10, 64)
	return hitkeep.JournalID(n), m, found && cut && err1 == nil && err2 == nil
}

func encodeSegmentHead(id hitkeep.JournalID, number int64, created time.Time) []byte {
	b := make([]byte, segmentHead)
	copy(b, segmentMagic)
	binary.LittleEndian.PutUint64(b[offSegJournal:], uint64(id))
	binary.LittleEndian.PutUint64(b[offSegNumber:], uint64(number))
	binary.LittleEndian.PutUint64(b[offSegCreated:], uint64(created.UnixMicro()))
	binary.LittleEndian.PutUint32(b[offSegCRC:], castagnoli(b[:offSegCRC]))
	return b
}

// decodeHead fills s from a segment's head; false if the head is damaged.
func (s *segment) decodeHead(b []byte) bool {
	if len(b) < segmentHead || string(b[:8]) != segmentMagic ||
		castagnoli(b[:offSegCRC]) != binary.LittleEndian.Uint32(b[offSegCRC:]) {
		return false
	}
	s.journal = hitkeep.JournalID(binary.LittleEndian.Uint64(b[offSegJournal:]))
	s.number = int64(binary.LittleEndian.Uint64(b[offSegNumber:]))
	s.created = time.UnixMicro(int64(binary.LittleEndian.Uint64(b[offSegCreated:])))
	return true
}

// add takes a frame at off into the index.
func (s *segment) add(f *Frame, off int64) {
	if len(s.marks) == 0 || off-s.marks[len(s.marks)-1].off >= markEvery {
		s.marks = append(s.marks, mark{off, f.First})
	}
	sp := s.stores[f.Store]
	if sp == nil {
		sp = &span{first: f.First}
		s.stores[f.Store] = sp
	}
	sp.last = f.Last()
	sp.records += int64(f.Count)
}

// from returns where to start reading for the records behind sequence after.
func (s *segment) from(after int64) int64 {
	i := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].first > after })
	if i == 0 {
		return segmentHead
	}
	return s.marks[i-1].off
}

// diskFile is a segmentFile on a real disk.
type diskFile struct{ *os.File }

func (f diskFile) Datasync() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func createFile(path string) (segmentFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}
