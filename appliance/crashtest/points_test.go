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

// points are the steps at which the binary can be killed; elsewhere names those that this
// package does not lead to, and which test does.
var (
	points    = []string{}
	elsewhere = map[string]string{}
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
	want := slices.Clone(points)
	for p := range elsewhere {
		want = append(want, p)
	}
	slices.Sort(want)
	if found = slices.Compact(found); !slices.Equal(found, want) {
		t.Errorf("failpoints in the sources: %q\nin this test: %q", found, want)
	}
}
