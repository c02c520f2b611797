package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"hitkeep"
)

// The names on disk.
const (
	metaName      = "META"
	metaTemp      = "META.tmp"
	segmentSuffix = ".seg"
	damagedSuffix = ".damaged"
	metaTitle     = "hitkeep journal 1"
)

// readMeta returns the journal ids of META in start order: none if there is no META. It only
// serves to never give an id twice when the segments of the last ids are gone: ids also stand in
// every segment.
func readMeta(dir string) ([]hitkeep.JournalID, error) {
	b, err := os.ReadFile(filepath.Join(dir, metaName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read META: %w", err)
	}
	at := bytes.LastIndex(b, []byte("crc32c "))
	if at < 0 || string(b[at:]) != fmt.Sprintf("crc32c %08x\n", castagnoli(b[:at])) {
		return nil, errors.New("read META: checksum does not match")
	}
	lines := strings.Split(strings.TrimSuffix(string(b[:at]), "\n"), "\n")
	if lines[0] != metaTitle {
		return nil, fmt.Errorf("read META: unknown format %q", lines[0])
	}
	var ids []hitkeep.JournalID
	for _, line := range lines[1:] {
		id, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read META: %w", err)
		}
		ids = append(ids, hitkeep.JournalID(id))
	}
	return ids, nil
}

// writeMeta replaces META atomically and durably.
func writeMeta(dir string, ids []hitkeep.JournalID) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, metaTitle)
	for _, id := range ids {
		fmt.Fprintln(&b, int64(id))
	}
	fmt.Fprintf(&b, "crc32c %08x\n", castagnoli(b.Bytes()))
	tmp := filepath.Join(dir, metaTemp)
	if err := writeSynced(tmp, b.Bytes()); err != nil {
		os.Remove(tmp) // on a full disk every byte counts
		return fmt.Errorf("write META: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, metaName)); err != nil {
		return fmt.Errorf("write META: %w", err)
	}
	return syncDir(dir)
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}
