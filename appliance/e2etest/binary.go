package e2etest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// BinaryEnv names a binary built with `-tags failpoints`; without it the harness builds one.
const BinaryEnv = "HITKEEP_TEST_BINARY"

var build struct {
	once sync.Once
	path string
	err  error
}

// Binary returns the path of the binary under test.
func Binary(tb testing.TB) string {
	tb.Helper()
	build.once.Do(func() { build.path, build.err = buildBinary() })
	if build.err != nil {
		tb.Fatal(build.err)
	}
	return build.path
}

func buildBinary() (string, error) {
	if p := os.Getenv(BinaryEnv); p != "" {
		return filepath.Abs(p)
	}
	dir, err := os.MkdirTemp("", "hk-bin-")
	if err != nil {
		return "", err
	}
	p := filepath.Join(dir, "hitkeep")
	cmd := exec.Command("go", "build", "-tags", "failpoints", "-o", p, "hitkeep/appliance/cmd/hitkeep")
	cmd.Stderr = os.Stderr
	return p, cmd.Run()
}

// Main runs a package's tests and removes the binary that was built for them. Call it from
// TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if os.Getenv(BinaryEnv) == "" && build.path != "" {
		os.RemoveAll(filepath.Dir(build.path))
	}
	return code
}
