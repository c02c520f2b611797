// Command gen compiles the tracker: hk.ts and hk-ext.ts become hk.js and hk-ext.js, each with a
// gzip and a brotli form beside it. It runs in package tracker's directory through go generate and
// needs no Node. Its test fails when the committed files are not what it would write.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

// scripts are the entry points, without extension.
var scripts = []string{"hk", "hk-ext"}

func main() {
	for _, name := range scripts {
		if err := generate(name); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

// generate writes name.js, name.js.gz and name.js.br into the working directory.
func generate(name string) error {
	js, err := compile(name + ".ts")
	if err != nil {
		return err
	}
	gz, err := gzipped(js)
	if err != nil {
		return err
	}
	br, err := brotlied(js)
	if err != nil {
		return err
	}
	for ext, b := range map[string][]byte{".js": js, ".js.gz": gz, ".js.br": br} {
		if err := os.WriteFile(name+ext, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compile returns the minified ES2018 script of a TypeScript file. Types are dropped, not checked:
// the checker is a test of its own, which needs the TypeScript compiler of ui/node_modules.
func compile(file string) ([]byte, error) {
	r := api.Build(api.BuildOptions{
		EntryPoints:       []string{file},
		Target:            api.ES2018,
		Charset:           api.CharsetASCII,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		MinifyWhitespace:  true,
		LegalComments:     api.LegalCommentsNone,
		// Without alwaysStrict there is no "use strict", 13 bytes that change nothing here.
		TsconfigRaw: `{}`,
	})
	if len(r.Errors)+len(r.Warnings) > 0 {
		msgs := api.FormatMessages(append(r.Errors, r.Warnings...), api.FormatMessagesOptions{})
		return nil, fmt.Errorf("compile %s:\n%s", file, strings.Join(msgs, ""))
	}
	return bytes.TrimSpace(r.OutputFiles[0].Contents), nil
}

func gzipped(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

func brotlied(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, brotli.BestCompression)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}
