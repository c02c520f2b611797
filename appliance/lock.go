package appliance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"hitkeep"
)

// dirLock holds the data directory for one process. The kernel drops it when the process
// ends, however it ends.
type dirLock struct{ f *os.File }

// errLocked is wrapped when another process holds the directory.
var errLocked = errors.New("the data directory is in use")

// lockDir takes the lock or says who holds it. From here on the process makes files for its own
// user only: DuckDB asks for mode 0666, one of its files holds password hashes, and the directory
// may be one that others can enter, as systemd makes them.
func lockDir(dir string) (*dirLock, error) {
	syscall.Umask(0o077)
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(f.Name())
		f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		return nil, fmt.Errorf("%w: %w", errLocked, hitkeep.Errorf(hitkeep.Conflict,
			"%s is in use by another hitkeep (%s)", dir, strings.TrimSpace(string(holder))).
			WithHint("stop it first, or choose another --data-dir"))
	}
	who := fmt.Sprintf("pid %d, %s\n", os.Getpid(), strings.Join(os.Args[:min(2, len(os.Args))], " "))
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(who), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write lock: %w", err)
	}
	return &dirLock{f}, nil
}

func (l *dirLock) release() error { return l.f.Close() }
