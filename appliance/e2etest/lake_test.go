package e2etest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// LakeFile is one line of `hitkeep lake files --json`.
type LakeFile struct {
	Path  string `json:"path"`
	Site  string `json:"site"`
	Bytes int64  `json:"bytes"`
	Rows  int64  `json:"rows"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Files lists the lake; paths are made absolute.
func (b *Box) Files() (files []LakeFile) {
	b.tb.Helper()
	out := b.CLI("lake", "files", "--json")
	if err := json.Unmarshal([]byte(out), &files); err != nil {
		b.tb.Fatalf("lake files: %v\n%s", err, out)
	}
	for i, f := range files {
		if !filepath.IsAbs(f.Path) {
			files[i].Path = filepath.Join(b.Dir, f.Path)
		}
	}
	return files
}

// TestOtherReaders opens the lake's files with parquet-go and with hyparquet (JavaScript) and
// compares rows and columns with what `hitkeep sql` says.
func TestOtherReaders(t *testing.T) {
	b := New(t)
	b.Start(nil)
	b.AddToken()
	b.AddSite("lake.example", "Asia/Kathmandu")
	const hits = 500
	b.Send(randomHits(t, "lake.example", hits, 7)...)
	b.WaitHits(hits)
	hotSum := b.Count(pathSum)
	b.CLI("compact", "--now")
	rolled := b.Count("select count(*) as n from hits where day < (select max(day) from hits)")
	if got := b.Count(pathSum); got != hotSum {
		t.Errorf("the sum over all paths was %d, is %d after the roll", hotSum, got)
	}

	files := b.Files()
	if len(files) < 2 {
		t.Fatalf("%d files after the roll", len(files))
	}
	var rows, bytes int64
	for _, f := range files {
		st, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Size() != f.Bytes {
			t.Errorf("%s has %d bytes, listed with %d", f.Path, st.Size(), f.Bytes)
		}
		if n := parquetGoRows(t, f.Path); n != f.Rows {
			t.Errorf("%s: parquet-go reads %d rows, listed with %d", f.Path, n, f.Rows)
		}
		if want := "/lake/site=" + f.Site + "/month="; !strings.Contains(f.Path, want) {
			t.Errorf("%s is not below %s", f.Path, want)
		}
		rows, bytes = rows+f.Rows, bytes+f.Bytes
	}
	if rows < int64(rolled) {
		t.Errorf("%d rows in files, at least %d are of closed days", rows, rolled)
	}
	t.Logf("%d files, %d rows, %d bytes", len(files), rows, bytes)
	readWithHyparquet(t, files, rows)
}

const pathSum = "select sum(length(path) + length(hostname) + epoch_ms(ts) % 1000)::bigint as n from hits"

// parquetGoRows reads every row and says how many there are; each must carry a path.
func parquetGoRows(t *testing.T, name string) int64 {
	type fact struct {
		Path      *string `parquet:"path,optional"`
		VisitorID *int64  `parquet:"visitor_id,optional"`
		Kind      *string `parquet:"kind,optional"`
	}
	facts, err := parquet.ReadFile[fact](name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, f := range facts {
		if f.Path == nil || f.VisitorID == nil || f.Kind == nil {
			t.Fatalf("%s: a row without path, visitor or kind: %+v", name, f)
		}
	}
	return int64(len(facts))
}

// readWithHyparquet sums up all files with reader/rows.mjs.
func readWithHyparquet(t *testing.T, files []LakeFile, rows int64) {
	if _, err := os.Stat("reader/node_modules"); err != nil {
		npm := exec.Command("npm", "ci", "--no-audit", "--no-fund")
		npm.Dir = "reader"
		if out, err := npm.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	args := []string{"reader/rows.mjs"}
	for _, f := range files {
		args = append(args, f.Path)
	}
	out, err := exec.Command("node", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("hyparquet: %v\n%s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got != strconv.FormatInt(rows, 10) {
		t.Errorf("hyparquet reads %s rows, want %d", got, rows)
	}
}
