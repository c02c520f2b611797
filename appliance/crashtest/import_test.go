package crashtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hitkeep/appliance/e2etest"
)

// TestKillImport kills an import again and again, in a command of its own and in the server,
// until it comes through: every line counts exactly once.
func TestKillImport(t *testing.T) {
	h := newHarness(t)
	h.furnish()
	const lines = 12_000
	file := writeLog(t, h, lines)
	args := []string{"import", "access-log", file, "--site", domain, "--data-dir", h.box.Dir}

	for _, point := range []string{"journal.after-sync:3", "append.committed:1", "applier.before-append:2", "checkpoint.begin:1"} {
		r := h.box.RunWith([]string{"HITKEEP_FAILPOINT=" + point}, args...)
		t.Logf("killed at %s: exit status %d", point, r.Code)
		h.kills++
	}
	for range 3 {
		h.box.Start(nil)
		ended := make(chan struct{})
		go func() {
			h.box.RunWith(nil, args...) // fails when the server dies under it
			close(ended)
		}()
		h.pause(time.Duration(h.rng.Int64N(int64(400 * time.Millisecond))))
		h.box.Kill()
		h.kills++
		<-ended
	}
	h.box.Start(nil)
	for range 2 { // the second adds nothing
		if r := h.box.RunWith(nil, args...); r.Code != 0 {
			t.Fatalf("import: %d %s", r.Code, r.Stderr)
		}
		exactly(t, h.box, lines)
	}
	h.box.CLI("compact", "--now")
	exactly(t, h.box, lines)
	h.box.CLI("lake", "check")
	h.box.Stop()
}

func exactly(t *testing.T, b *e2etest.Box, lines int) {
	t.Helper()
	rows := b.Count("select count(*) as n from hits")
	paths := b.Count("select count(distinct path) as n from hits")
	if rows != lines || paths != lines {
		t.Fatalf("%d rows with %d paths of %d lines", rows, paths, lines)
	}
}

// writeLog writes a log with one path a line, over three days of 2024.
func writeLog(t *testing.T, h *harness, lines int) string {
	t.Helper()
	var b strings.Builder
	at := time.Date(2024, 5, 17, 0, 0, 0, 0, time.UTC)
	for i := range lines {
		at = at.Add(20 * time.Second)
		fmt.Fprintf(&b, "84.112.%d.%d - - [%s] \"GET /h/%d HTTP/1.1\" 200 512 \"-\" \"%s\"\n",
			i%7, 1+i%250, at.Format("02/Jan/2006:15:04:05 -0700"), i, e2etest.Chrome)
	}
	name := filepath.Join(filepath.Dir(h.box.Dir), "access.log")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
