package compactor

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

var update = flag.Bool("update", false, "write the plans as they are")

// TestPlan runs testdata/plan/*.txt. A case is lines up to "----", then the expected jobs:
//
//	now 2026-11-23T10:00:00Z
//	site 7 Europe/Berlin
//	hot 2026-11-22 rows=10
//	part 2026-10-01 2026-10-31 rows=100 written=2026-11-08T01:00:00Z
//	force
//	----
//	7 2026-11-22 2026-11-22 closed
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			for _, c := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
				in, want, _ := strings.Cut(c+"\n", "----\n")
				got := runCase(t, in)
				if got != want && !*update {
					t.Errorf("%s\ngot:\n%swant:\n%s", in, got, want)
				}
				fmt.Fprintf(&out, "%s----\n%s\n", in, got)
			}
			if *update {
				if err := os.WriteFile(f, append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func runCase(t *testing.T, in string) string {
	t.Helper()
	policy := DefaultPolicy
	zones := map[hitkeep.SiteID]*time.Location{}
	inv := hitkeep.Inventory{Tenant: 1}
	var now time.Time
	sc := bufio.NewScanner(strings.NewReader(in))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		switch f[0] {
		case "now":
			now = mustTime(t, f[1])
		case "force":
			policy.Force = true
		case "site":
			z, err := time.LoadLocation(f[2])
			if err != nil {
				t.Fatal(err)
			}
			var id hitkeep.SiteID
			if err := id.UnmarshalText([]byte(f[1])); err != nil {
				t.Fatal(err)
			}
			zones[id] = z
			inv.Sites = append(inv.Sites, hitkeep.SiteInventory{Site: id})
		case "hot":
			s := &inv.Sites[len(inv.Sites)-1]
			s.Hot = append(s.Hot, hitkeep.HotDay{Day: mustDay(t, f[1]), Rows: number(t, f[2:], "rows")})
		case "part":
			s := &inv.Sites[len(inv.Sites)-1]
			s.Parts = append(s.Parts, hitkeep.Part{
				From: mustDay(t, f[1]), To: mustDay(t, f[2]), Rows: number(t, f[3:], "rows"),
				WrittenAt: mustTime(t, value(t, f[3:], "written")).UnixMicro(),
			})
		default:
			t.Fatalf("unknown line %q", sc.Text())
		}
	}
	var b strings.Builder
	for _, j := range Plan(inv, func(s hitkeep.SiteID) *time.Location { return zones[s] }, now, policy) {
		fmt.Fprintf(&b, "%s %s %s %s\n", j.Site, j.From, j.To, j.Why)
	}
	return b.String()
}

func value(t *testing.T, f []string, key string) string {
	t.Helper()
	for _, s := range f {
		if v, ok := strings.CutPrefix(s, key+"="); ok {
			return v
		}
	}
	t.Fatalf("no %s in %v", key, f)
	return ""
}

func number(t *testing.T, f []string, key string) (n int64) {
	t.Helper()
	if _, err := fmt.Sscan(value(t, f, key), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func mustTime(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustDay(t *testing.T, s string) hitkeep.Day {
	t.Helper()
	d, err := hitkeep.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
