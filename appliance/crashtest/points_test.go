package crashtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// points are the steps at which a working box can be killed, firstPoints those that a box passes
// while it is new; elsewhere names those that this package does not lead to, and which test does.
var (
	points = []string{
		"journal.before-write",
		"journal.after-write",
		"journal.after-sync",
		"journal.after-ack",
		"ingest.append",
		"applier.before-append",
		"applier.after-append",
		"append.begun",
		"append.written",
		"append.committed",
		"roll.copied",
		"roll.synced",
		"roll.verified",
		"roll.renamed",
		"roll.named",
		"roll.committed",
		"roll.swapped",
		"checkpoint.begin",
		"checkpoint.done",
		"checkpoint.listed",
		"checkpoint.unlinked",
	}
	firstPoints = []string{
		"migrate.committed",
		"migrate.checkpointed",
		"salt.written",
		"salt.renamed",
	}
	elsewhere = map[string]string{
		"journal.roll": "a segment has 64 MiB: ingest/journal",
	}
)

// TestKillAtEveryPoint kills the box at each named step, at its first passing and at a later
// one, and restarts it straight into the next.
func TestKillAtEveryPoint(t *testing.T) {
	h := newHarness(t)
	h.furnish()
	for _, point := range points {
		fired := h.killAt(point, 1)
		if n := 2 + h.rng.IntN(3); fired && h.rng.IntN(3) == 0 {
			h.killAt(point, n) // the later passing may never come
		}
		h.check("killed at " + point)
		if !fired {
			t.Errorf("the box never came to %s", point)
		}
		if t.Failed() {
			break
		}
	}
	h.finish()
}

// TestKillNewBox kills a box at steps of its first start and its first hits.
func TestKillNewBox(t *testing.T) {
	for _, point := range firstPoints {
		t.Run(point, func(t *testing.T) {
			h := newHarness(t)
			h.box.Serve([]string{"HITKEEP_FAILPOINT=" + point + ":1"})
			if h.box.WaitReady() {
				h.furnish()
				h.workUntilDead()
			}
			if h.box.Running() {
				t.Errorf("the box never came to %s", point)
			}
			h.box.Kill()
			h.kills++
			if h.box.Token == "" {
				h.furnish()
			}
			h.finish()
		})
	}
}

// TestPointsComplete compares the list with the sources.
func TestPointsComplete(t *testing.T) {
	call := regexp.MustCompile(`\b(?:at|At|failpoint)\("([a-z][a-z0-9.-]+)"\)`)
	var found []string
	err := filepath.WalkDir(filepath.Join("..", ".."), func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"node_modules", ".git", "crashtest", "e2etest"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(p)
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	want := slices.Concat(points, firstPoints)
	for p := range elsewhere {
		want = append(want, p)
	}
	slices.Sort(want)
	if found = slices.Compact(found); !slices.Equal(found, want) {
		t.Errorf("failpoints in the sources: %q\nin this test: %q", found, want)
	}
}
