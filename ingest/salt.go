package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hitkeep"
)

// A salt file is named <day>.<zone with "~" for "/">.salt and holds 32 bytes: the salt, when it
// was made (Unix seconds, little endian), and the import that had it made (0 = none).
const (
	saltSuffix   = ".salt"
	saltFileSize = 32
	saltLife     = 24 * time.Hour
	// stepLimit is how far the wall clock may leave the monotonic one between two rotations;
	// beyond it nothing is destroyed for steadyTime (invariant 15).
	stepLimit  = time.Hour
	steadyTime = time.Hour
)

// Salt is the secret of one (time zone, local day). Late says that it was made after the day's
// own salt had been destroyed or when none was needed any more: its visitors count as new.
type Salt struct {
	Late       bool
	k0, k1     uint64
	start, end int64 // the local day, Unix seconds
	expires    time.Time
	imp        hitkeep.ImportID
}

type saltKey struct {
	zone string
	day  hitkeep.Day
}

// Salts makes, keeps and destroys the daily salts: the only place that does. A salt is on disk,
// file and directory fsynced, before For returns it. Today's and yesterday's live; one made for
// an earlier day lives for 24 h, or to the end of the import that needed it. It is safe for
// concurrent use.
type Salts struct {
	dir  string
	now  func() time.Time
	rand io.Reader
	at   func(string)
	log  *slog.Logger

	mu   sync.RWMutex // guards the fields below, and the directory when held for writing
	live map[saltKey]*Salt
	// inUse counts the running imports that used a salt: the end of one must not take it from another.
	inUse map[saltKey]map[hitkeep.ImportID]bool

	last       time.Time // of the last rotation
	holdsUntil time.Time // no destruction before, after a clock step
}

// openSalts reads the salts in dir, which it makes with mode 0700 if it is missing.
func openSalts(dir string, now func() time.Time, rand io.Reader, at func(string), log *slog.Logger) (*Salts, error) {
	s := &Salts{dir: dir, now: now, rand: rand, at: at, log: log,
		live: map[saltKey]*Salt{}, inUse: map[saltKey]map[hitkeep.ImportID]bool{}, last: now()}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open salts: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open salts: %w", err)
	}
	for _, e := range entries {
		if err := s.load(e.Name()); err != nil {
			return nil, fmt.Errorf("open salt %s: %w", e.Name(), err)
		}
	}
	return s, nil
}

// load takes a salt file into memory. What is no whole salt was never used (it becomes whole by
// its rename) or is damaged: it is destroyed, since nothing can be made of it.
func (s *Salts) load(name string) error {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return err
	}
	key, ok := parseSaltName(name)
	if !ok || len(b) != saltFileSize {
		s.log.Warn("destroying a broken salt file; visitors of its day count as new from here on", "file", name)
		return destroyFile(s.dir, name)
	}
	zone, err := time.LoadLocation(key.zone)
	if err != nil {
		zone = time.UTC // the zone database lost the name: only the time of destruction depends on it
	}
	s.live[key] = newSalt(key, zone, b)
	return nil
}

func newSalt(key saltKey, zone *time.Location, b []byte) *Salt {
	made := time.Unix(int64(binary.LittleEndian.Uint64(b[16:])), 0)
	// A day's salt lives until the next day ends.
	expires := (key.day + 2).Start(zone)
	late := !made.Before(expires)
	if late {
		expires = made.Add(saltLife)
	}
	return &Salt{
		Late: late, k0: binary.LittleEndian.Uint64(b), k1: binary.LittleEndian.Uint64(b[8:]),
		start: key.day.Start(zone).Unix(), end: key.day.End(zone).Unix(),
		expires: expires, imp: hitkeep.ImportID(binary.LittleEndian.Uint64(b[24:])),
	}
}

func saltName(k saltKey) string {
	return k.day.String() + "." + strings.ReplaceAll(k.zone, "/", "~") + saltSuffix
}

func parseSaltName(name string) (k saltKey, ok bool) {
	base, isSalt := strings.CutSuffix(name, saltSuffix)
	day, zone, cut := strings.Cut(base, ".")
	d, err := hitkeep.ParseDay(day)
	return saltKey{strings.ReplaceAll(zone, "~", "/"), d}, isSalt && cut && err == nil
}

// For returns the salt of a local day in a zone, and makes it on first need.
func (s *Salts) For(zone *time.Location, day hitkeep.Day) (*Salt, error) {
	return s.forImport(zone, day, 0)
}

// forImport is For on behalf of an import (0 = none).
func (s *Salts) forImport(zone *time.Location, day hitkeep.Day, imp hitkeep.ImportID) (*Salt, error) {
	key := saltKey{zone.String(), day}
	s.mu.RLock()
	salt := s.live[key]
	known := imp == 0 || s.inUse[key][imp]
	s.mu.RUnlock()
	if salt != nil && known {
		return salt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if salt = s.live[key]; salt == nil {
		var err error
		if salt, err = s.mint(key, zone, imp); err != nil {
			return nil, fmt.Errorf("make salt of %s: %w", day, err)
		}
	}
	if imp != 0 {
		if s.inUse[key] == nil {
			s.inUse[key] = map[hitkeep.ImportID]bool{}
		}
		s.inUse[key][imp] = true
	}
	return salt, nil
}

// mint makes a salt and returns it once it is durable: an id made with a salt that a crash
// could take back would split its visitor in two.
func (s *Salts) mint(key saltKey, zone *time.Location, imp hitkeep.ImportID) (*Salt, error) {
	b := make([]byte, saltFileSize)
	if _, err := io.ReadFull(s.rand, b[:16]); err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint64(b[16:], uint64(s.now().Unix()))
	binary.LittleEndian.PutUint64(b[24:], uint64(imp))
	if err := s.write(saltName(key), b); err != nil {
		return nil, err
	}
	salt := newSalt(key, zone, b)
	s.live[key] = salt
	return salt, nil
}

func (s *Salts) write(name string, b []byte) error {
	path := filepath.Join(s.dir, name)
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	s.at("salt.written")
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	s.at("salt.renamed")
	return syncDir(s.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// destroyFile overwrites a salt, then removes it.
func destroyFile(dir, name string) error {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, saltFileSize))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return syncDir(dir)
}

// EndImport destroys the salts that were made for an import, except those that another running
// import has used meanwhile.
func (s *Salts) EndImport(imp hitkeep.ImportID) error {
	s.release(imp)
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, salt := range s.live {
		if imp == 0 || salt.imp != imp || !salt.Late || len(s.inUse[key]) > 0 {
			continue
		}
		if err := s.destroy(key); err != nil {
			return err
		}
	}
	return nil
}

// release ends an import's use of salts without destroying them: it may be taken up again.
func (s *Salts) release(imp hitkeep.ImportID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, users := range s.inUse {
		if delete(users, imp); len(users) == 0 {
			delete(s.inUse, key)
		}
	}
}

func (s *Salts) destroy(key saltKey) error {
	if err := destroyFile(s.dir, saltName(key)); err != nil {
		return fmt.Errorf("destroy salt of %s: %w", key.day, err)
	}
	delete(s.live, key)
	return nil
}

// Rotate destroys what has expired. A salt that a running import uses waits for its end.
func (s *Salts) Rotate() error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	// Without Round, Sub goes by the monotonic clock that a real reading carries.
	if s.stepped(now.Round(0).Sub(s.last.Round(0)), now.Sub(s.last)) {
		s.holdsUntil = now.Add(steadyTime)
		s.log.Warn("the clock was set; salts are kept until it has been steady for an hour")
	}
	s.last = now
	if now.Before(s.holdsUntil) {
		return nil
	}
	for key, salt := range s.live {
		if now.Before(salt.expires) || len(s.inUse[key]) > 0 {
			continue
		}
		if err := s.destroy(key); err != nil {
			return err
		}
	}
	return nil
}

// stepped compares how far the wall clock and the monotonic clock went between two rotations.
func (s *Salts) stepped(wall, steady time.Duration) bool { return (wall - steady).Abs() > stepLimit }

// run rotates once a minute until ctx ends.
func (s *Salts) run(ctx context.Context) {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		if err := s.Rotate(); err != nil {
			s.log.Error("rotate salts", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
