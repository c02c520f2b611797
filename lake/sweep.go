package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hitkeep"
)

// trashDays is how long a file that no manifest named is kept.
const trashDays = 7

// Sweep moves the files that the manifest does not name (what a kill left behind) to lake/.trash
// and removes what has lain there for 7 days. It does nothing while a named part is missing:
// then it is the manifest or the disk that is wrong, and every file may be needed.
func (l *Lake) Sweep(ctx context.Context, tenant hitkeep.TenantID) error {
	s, done, err := l.use(ctx, tenant)
	if err != nil {
		return err
	}
	defer done()
	// No roll runs: a file without a name in the manifest is nobody's work in progress.
	s.roll.Lock()
	defer s.roll.Unlock()
	if err := s.sweep(ctx); err != nil {
		return fmt.Errorf("sweep store %s: %w", tenant, err)
	}
	return nil
}

func (s *store) sweep(ctx context.Context) error {
	named, err := s.namedFiles(ctx)
	if err != nil {
		return err
	}
	var stray []string
	err = filepath.WalkDir(s.lake, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == trashDir {
			return filepath.SkipDir
		}
		name, err := filepath.Rel(s.lake, path)
		if err != nil {
			return err
		}
		// Directly in lake/ a checkpoint may just be writing manifest.json.tmp.
		ours := strings.Contains(filepath.ToSlash(name), "/") && (strings.HasSuffix(name, partSuffix) || strings.HasSuffix(name, tmpSuffix))
		if d.Type().IsRegular() && ours && !named[filepath.ToSlash(name)] {
			stray = append(stray, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range stray {
		if err := s.discard(name); err != nil {
			return err
		}
	}
	return s.emptyTrash()
}

// namedFiles are the parts of the CHECKPOINTed manifest and those that readers still hold
// (invariant 10).
func (s *store) namedFiles(ctx context.Context) (map[string]bool, error) {
	named := map[string]bool{}
	s.write.Lock()
	defer s.write.Unlock()
	err := s.withConn(ctx, func(c *sql.Conn) error {
		if err := s.checkpoint(ctx, c); err != nil {
			return err
		}
		parts, err := s.parts(ctx, c)
		for _, p := range parts {
			named[p.Name] = true
			if _, serr := os.Stat(filepath.Join(s.lake, p.Name)); serr != nil {
				return hitkeep.Errorf(hitkeep.Internal, "part %s is missing", p.Name).
					WithHint("bring it back from lake/.trash or a backup; hitkeep lake check lists all that is wrong")
			}
		}
		return err
	})
	s.pin.Lock()
	defer s.pin.Unlock()
	for name := range s.pins {
		named[name] = true
	}
	return named, err
}

// discard moves a file to the trash under <unix seconds>-<name>.
func (s *store) discard(name string) error {
	trash := filepath.Join(s.lake, trashDir)
	if err := os.MkdirAll(trash, 0o700); err != nil {
		return err
	}
	flat := strings.ReplaceAll(filepath.ToSlash(name), "/", "~")
	to := filepath.Join(trash, fmt.Sprintf("%d-%s", s.l.now().Unix(), flat))
	if err := os.Rename(filepath.Join(s.lake, name), to); err != nil {
		return err
	}
	s.l.log.Info("swept", "tenant", s.tenant, "file", name)
	return errors.Join(syncDir(trash), syncDir(filepath.Dir(filepath.Join(s.lake, name))))
}

func (s *store) emptyTrash() error {
	trash := filepath.Join(s.lake, trashDir)
	entries, err := os.ReadDir(trash)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before := s.l.now().Add(-trashDays * 24 * time.Hour).Unix()
	for _, e := range entries {
		at, _, _ := strings.Cut(e.Name(), "-")
		if since, err := strconv.ParseInt(at, 10, 64); err != nil || since > before {
			continue
		}
		if err := removeFile(filepath.Join(trash, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
