package hitkeep_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "hitkeep"

// layers are the rays of the star: each knows the root package and nothing else of the module.
var layers = []string{"tracker", "ingest", "lake", "compactor", "api", "ui"}

// TestStarRule parses every import of the module in-process. A test that asked the go command
// instead would be answered from the test cache and stay green.
func TestStarRule(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		pkg := path.Dir(filepath.ToSlash(f))
		if pkg == "." {
			pkg = ""
		}
		seen[pkg] = true
		for _, imp := range importsOf(t, f) {
			if why := forbidden(pkg, imp, strings.HasSuffix(f, "_test.go")); why != "" {
				t.Errorf("%s imports %q: %s", f, imp, why)
			}
		}
	}
	// A walk that misses a package proves nothing about it.
	for _, pkg := range append([]string{"", "ingest/journal", "appliance", "appliance/cmd/hitkeep"}, layers...) {
		if !seen[pkg] {
			t.Errorf("found no Go file of package %q", path.Join(module, pkg))
		}
	}
}

// TestStarRuleFinds tries the rule on imports that break it.
func TestStarRuleFinds(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		ok       bool
	}{
		{"", "time", true},
		{"", "golang.org/x/net/publicsuffix", false},
		{"", "hitkeep/lake", false},
		{"lake", "hitkeep", true},
		{"lake", "github.com/robfig/cron/v3", true},
		{"lake", "hitkeep/ingest/journal", false},
		{"ingest", "hitkeep/ingest/journal", true},
		{"ingest/journal", "hitkeep/ingest", false},
		{"api", "hitkeep/lake", false},
		{"compactor", "hitkeep/appliance", false},
		{"appliance", "hitkeep/lake", true},
		{"appliance", "hitkeep/appliance/e2etest", false},
		{"appliance", "hitkeep/appliance/demo", true},
		{"tracker", "hitkeep/tracker", true},
		{"appliance/cmd/hitkeep", "hitkeep/appliance", true},
		{"appliance/cmd/hitkeep", "hitkeep/lake", false},
		{"appliance/crashtest", "hitkeep/appliance/e2etest", true},
		{"appliance/crashtest", "hitkeep/appliance", false},
		{"scripts/x", "hitkeep/ingest", false},
	} {
		if why := forbidden(c.pkg, c.imp, false); (why == "") != c.ok {
			t.Errorf("%s importing %s: %q", c.pkg, c.imp, why)
		}
	}
}

// forbidden says why the package in directory pkg must not import imp; "" = it may.
func forbidden(pkg, imp string, test bool) string {
	dir, own := strings.CutPrefix(imp+"/", module+"/")
	dir = strings.TrimSuffix(dir, "/")
	top, _, _ := strings.Cut(pkg, "/")
	switch {
	case pkg == "":
		if !own && strings.Contains(strings.Split(imp, "/")[0], ".") || own && !(test && dir == "") {
			return "the root package uses the standard library only"
		}
	case !own:
	case slices.Contains(layers, top):
		return forbiddenLayer(pkg, dir)
	case pkg == "appliance":
		if strings.HasPrefix(dir, "appliance/") && dir != "appliance/demo" {
			return "the composition root does not import its command or its tests"
		}
	case pkg == "appliance/cmd/hitkeep":
		if dir != "appliance" {
			return "the command imports the appliance only"
		}
	case strings.HasPrefix(pkg, "appliance/") && strings.HasSuffix(top2(pkg), "test"):
		// They see the binary as an operator does.
		if dir != "appliance/e2etest" {
			return "whole-appliance tests run the binary and import nothing of it"
		}
	default:
		return "only the appliance imports packages of the module"
	}
	return ""
}

func forbiddenLayer(pkg, dir string) string {
	// A test of a package's outside imports the package itself.
	if dir == "" || dir == pkg || pkg == "ingest" && dir == "ingest/journal" {
		return ""
	}
	return "a layer imports the root package only, never a sibling"
}

// top2 returns the first two elements of a path.
func top2(pkg string) string {
	return strings.Join(strings.SplitN(pkg, "/", 3)[:2], "/")
}

// goFiles lists the module's Go files, by path from the root.
func goFiles(t *testing.T) (files []string) {
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "testdata" || len(name) > 1 && name[0] == '.') {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") {
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func importsOf(t *testing.T, file string) (imports []string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, p)
	}
	return imports
}
