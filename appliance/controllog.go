package appliance

import (
	"errors"
	"fmt"
	"io"
	"os"

	"hitkeep/ingest/journal"
)

// controlLog is the append-only file of control commands (invariant 13): frames of the
// journal's format, one command each, under the fixed journal id 1 and store 0. A command is
// fsynced before it is applied.
type controlLog struct {
	f    *os.File
	size int64 // bytes of whole frames
	last int64 // sequence of the last command
	err  error // of a sync that failed: nothing is appended any more (invariant 8)
}

const controlJournal = 1

// openControlLog reads every command in order and leaves the log ready to append. A torn tail,
// which was never answered, is cut; anything else that does not parse is an error that names
// the place: control data is never skipped.
func openControlLog(path string, each func(seq int64, command []byte) error) (*controlLog, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open control log: %w", err)
	}
	l := &controlLog{f: f}
	if err := l.recover(each); err != nil {
		f.Close()
		return nil, fmt.Errorf("control log: %w", err)
	}
	return l, nil
}

func (l *controlLog) recover(each func(seq int64, command []byte) error) error {
	b, err := io.ReadAll(l.f)
	if err != nil {
		return err
	}
	for len(b) > 0 {
		frame, n, err := journal.DecodeFrame(b)
		if err != nil {
			if validFrameAfter(b) {
				return fmt.Errorf("damaged at byte %d, with valid commands behind it: restore control/ from a backup", l.size)
			}
			break
		}
		if frame.First != l.last+1 || len(frame.Records) != 1 {
			return fmt.Errorf("command %d follows %d at byte %d", frame.First, l.last, l.size)
		}
		if err := each(frame.First, frame.Records[0]); err != nil {
			return fmt.Errorf("command %d: %w", frame.First, err)
		}
		l.last, l.size, b = frame.First, l.size+int64(n), b[n:]
	}
	if err := l.f.Truncate(l.size); err != nil {
		return err
	}
	return l.f.Sync()
}

// validFrameAfter tells media corruption from a torn tail (invariant 7).
func validFrameAfter(b []byte) bool {
	for i := 1; i < len(b); i++ {
		if _, _, err := journal.DecodeFrame(b[i:]); err == nil {
			return true
		}
	}
	return false
}

// append writes one command and returns its sequence when it is durable. After an error
// nothing of it is left, or the process must stop (an fsync that failed).
func (l *controlLog) append(command []byte) (int64, error) {
	if l.err != nil {
		return 0, l.err
	}
	frame := journal.Frame{Journal: controlJournal, First: l.last + 1, Prev: l.last, Records: [][]byte{command}}
	b := journal.EncodeFrame(nil, frame)
	if _, err := l.f.WriteAt(b, l.size); err != nil {
		return 0, errors.Join(fmt.Errorf("write command: %w", err), l.f.Truncate(l.size))
	}
	if err := l.f.Sync(); err != nil {
		l.err = fmt.Errorf("%w: %w", errControlSync, err)
		return 0, l.err
	}
	l.size += int64(len(b))
	l.last++
	return l.last, nil
}

// errControlSync means that the log's state on disk is unknown: the process must end.
var errControlSync = errors.New("fsync of the control log failed")

func (l *controlLog) close() error { return l.f.Close() }
