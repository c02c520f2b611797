package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"hitkeep"
)

// The frame's head, little endian; FORMAT.md has the same table. The checksum covers all that
// follows it, the length included.
const (
	offMagic   = 0  // uint32
	offCRC     = 4  // uint32, crc32c
	offLength  = 8  // uint32, bytes behind the head
	offJournal = 12 // int64
	offStore   = 20 // int64
	offFirst   = 28 // int64
	offPrev    = 36 // int64
	offCount   = 44 // uint32
	headBytes  = 48

	frameMagic = 0x31464b48 // "HKF1"
	// maxPayload bounds what a decoder believes; a group is far smaller.
	maxPayload = 16 << 20
)

// ErrFrame is wrapped by every frame decoding error; ErrShortFrame, which wraps it, says that
// the bytes end before the frame does.
var (
	ErrFrame      = errors.New("malformed journal frame")
	ErrShortFrame = fmt.Errorf("%w: cut short", ErrFrame)
)

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// Frame is a run of one store's records with the sequences First .. First+Count-1. The same
// bytes lie in a segment and travel over NSQ.
type Frame struct {
	Store   hitkeep.TenantID
	Journal hitkeep.JournalID
	First   int64
	Count   int // EncodeFrame takes len(Records) instead
	Prev    int64
	Records [][]byte
	Raw     []byte // the encoded frame, where it was decoded or published
}

// Last is the sequence of the frame's last record.
func (f *Frame) Last() int64 { return f.First + int64(f.Count) - 1 }

// EncodeFrame appends the frame with its Records to b. They must not be empty nor exceed 16 MiB
// together.
func EncodeFrame(b []byte, f Frame) []byte {
	at := len(b)
	b = append(b, zeroHead[:]...)
	for _, r := range f.Records {
		b = binary.AppendUvarint(b, uint64(len(r)))
		b = append(b, r...)
	}
	f.Count = len(f.Records)
	sealFrame(b[at:], &f)
	return b
}

// sealFrame fills in the head of a frame whose records stand behind it already.
func sealFrame(b []byte, f *Frame) {
	le := binary.LittleEndian
	le.PutUint32(b[offMagic:], frameMagic)
	le.PutUint32(b[offLength:], uint32(len(b)-headBytes))
	le.PutUint64(b[offJournal:], uint64(f.Journal))
	le.PutUint64(b[offStore:], uint64(f.Store))
	le.PutUint64(b[offFirst:], uint64(f.First))
	le.PutUint64(b[offPrev:], uint64(f.Prev))
	le.PutUint32(b[offCount:], uint32(f.Count))
	le.PutUint32(b[offCRC:], castagnoli(b[offLength:]))
}

// DecodeFrame decodes the frame at the start of b and returns its length in bytes. Records and
// Raw alias b. Errors wrap ErrFrame.
func DecodeFrame(b []byte) (Frame, int, error) {
	f, n, err := parseHead(b)
	if err != nil {
		return Frame{}, 0, err
	}
	if len(b) < n {
		return Frame{}, 0, ErrShortFrame
	}
	if err := f.fill(b[:n]); err != nil {
		return Frame{}, 0, err
	}
	f.Records, err = f.split()
	return f, n, err
}

// parseHead reads a head and checks what can be checked without the records. It returns the
// whole frame's length.
func parseHead(b []byte) (Frame, int, error) {
	le := binary.LittleEndian
	if len(b) >= 4 && le.Uint32(b) != frameMagic {
		return Frame{}, 0, fmt.Errorf("%w: no frame here", ErrFrame)
	}
	if len(b) < headBytes {
		return Frame{}, 0, ErrShortFrame
	}
	f := Frame{
		Journal: hitkeep.JournalID(le.Uint64(b[offJournal:])), Store: hitkeep.TenantID(le.Uint64(b[offStore:])),
		First: int64(le.Uint64(b[offFirst:])), Prev: int64(le.Uint64(b[offPrev:])),
		Count: int(le.Uint32(b[offCount:])),
	}
	length := le.Uint32(b[offLength:])
	// Each record takes at least a length and one byte, so count is bounded by the length.
	if length > maxPayload || f.Count < 1 || f.Count > int(length)/2 {
		return Frame{}, 0, fmt.Errorf("%w: %d records in %d bytes", ErrFrame, f.Count, length)
	}
	if f.First < 1 || f.Prev < 0 || f.Prev >= f.First || f.Last() < f.First {
		return Frame{}, 0, fmt.Errorf("%w: sequence %d after %d", ErrFrame, f.First, f.Prev)
	}
	return f, headBytes + int(length), nil
}

// fill takes the whole frame's bytes and checks the checksum.
func (f *Frame) fill(b []byte) error {
	if castagnoli(b[offLength:]) != binary.LittleEndian.Uint32(b[offCRC:]) {
		return fmt.Errorf("%w: checksum", ErrFrame)
	}
	f.Raw = b
	return nil
}

// split cuts the payload into exactly Count records.
func (f *Frame) split() ([][]byte, error) {
	records := make([][]byte, 0, f.Count)
	p := f.Raw[headBytes:]
	for range f.Count {
		size, n := binary.Uvarint(p)
		if n <= 0 || size == 0 || size > uint64(len(p)-n) {
			return nil, fmt.Errorf("%w: record %d runs over the end", ErrFrame, len(records))
		}
		records = append(records, p[n:n+int(size):n+int(size)])
		p = p[n+int(size):]
	}
	if len(p) > 0 {
		return nil, fmt.Errorf("%w: %d bytes behind the last record", ErrFrame, len(p))
	}
	return records, nil
}
