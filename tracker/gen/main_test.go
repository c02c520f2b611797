package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// TestFresh compiles the sources and compares the result with the committed files. Compressed
// forms are compared unpacked: their bytes may change with the compressor's version.
func TestFresh(t *testing.T) {
	t.Chdir("..")
	for _, name := range scripts {
		want, err := compile(name + ".ts")
		if err != nil {
			t.Fatal(err)
		}
		for ext, unpack := range map[string]func(io.Reader) (io.Reader, error){
			".js":    func(r io.Reader) (io.Reader, error) { return r, nil },
			".js.gz": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
			".js.br": func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		} {
			if got := read(t, name+ext, unpack); !bytes.Equal(got, want) {
				t.Errorf("%s is stale: run go generate ./tracker", name+ext)
			}
		}
	}
}

func read(t *testing.T, file string, unpack func(io.Reader) (io.Reader, error)) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := unpack(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCompile shows that a broken source is an error with its place, and that newer syntax comes
// out as ES2018.
func TestCompile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "bad.ts", "let a = ;")
	if _, err := compile("bad.ts"); err == nil || !strings.Contains(err.Error(), "bad.ts:1:8") {
		t.Errorf("bad source: %v", err)
	}
	write(t, "new.ts", "const f = (a?: {b: number}) => a?.b ?? 1\nconsole.log(f)")
	js, err := compile("new.ts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(js), "?.") || strings.Contains(string(js), "??") {
		t.Errorf("not ES2018: %s", js)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
