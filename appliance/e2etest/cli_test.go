package e2etest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommandLine runs the same commands on an empty directory, beside a running server and on
// a stopped directory; each sees what the ones before did.
func TestCommandLine(t *testing.T) {
	b := New(t)
	var domains, tokens []string
	round := func(state string) {
		domain := state + ".example"
		domains = append(domains, domain)
		b.AddSite(domain, "Europe/Berlin")
		b.AddToken()
		tokens = append(tokens, b.Token)
		if !strings.HasPrefix(b.Token, "hk_") {
			t.Errorf("%s: the last word of token add is %q", state, b.Token)
		}
		var sites []struct {
			Domain   string `json:"domain"`
			Timezone string `json:"timezone"`
		}
		if err := json.Unmarshal([]byte(b.CLI("site", "list", "--json")), &sites); err != nil {
			t.Fatalf("%s: site list --json: %v", state, err)
		}
		if len(sites) != len(domains) || sites[0].Timezone != "Europe/Berlin" {
			t.Errorf("%s: sites %+v", state, sites)
		}
		b.CLI("compact", "--now")
		b.Files()
		b.CLI("lake", "check")
	}
	round("empty")
	if st, err := os.Stat(b.Dir); err != nil || st.Mode().Perm()&0o077 != 0 {
		t.Errorf("the data directory: %v, %v", st.Mode(), err)
	}

	b.Start(nil)
	b.Token = tokens[0]
	for i, at := range []string{"10:00:00", "10:01:00"} {
		h := view(daysAgo(2, at), fmt.Sprintf("https://empty.example/%d", i))
		h.Domain = "empty.example"
		b.Send(h)
	}
	b.WaitHits(2)
	if st, err := os.Stat(filepath.Join(b.Dir, "hitkeep.sock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", st, err)
	}
	round("running")
	b.Stop()

	round("stopped")
	if n := b.Count("select count(*) as n from hits"); n != 2 {
		t.Errorf("stopped: %d hits, want 2", n)
	}
	visits := b.SQL("select count(*) as n from visits")
	if len(visits) != 1 || fmt.Sprint(visits[0]["n"]) != "1" {
		t.Errorf("stopped: visits %v", visits)
	}
	b.Start(nil)
	for _, b.Token = range tokens {
		for _, d := range domains {
			b.Stats(Query{Site: d, Metrics: []string{"visitors"}, Range: "7d"}) // every token covers every site
		}
	}
	b.Stop()
}

func TestFlagsInAnyOrder(t *testing.T) {
	b := New(t)
	for _, args := range [][]string{
		{"site", "add", "a.example", "--timezone", "UTC", "--data-dir", b.Dir},
		{"site", "add", "--timezone", "UTC", "--data-dir", b.Dir, "b.example"},
		{"site", "--data-dir", b.Dir, "add", "--timezone=UTC", "c.example"},
		{"--data-dir", b.Dir, "site", "add", "d.example", "--timezone", "UTC"},
	} {
		if r := b.RunWith(nil, args...); r.Code != 0 {
			t.Errorf("hitkeep %s: %d %s", strings.Join(args, " "), r.Code, r.Stderr)
		}
	}
	for _, d := range []string{"a", "b", "c", "d"} {
		if out := b.CLI("site", "list"); !strings.Contains(out, d+".example") {
			t.Errorf("%s.example is missing:\n%s", d, out)
		}
	}
}

func TestExitStatus(t *testing.T) {
	b := New(t)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{0, "hitkeep", []string{"version"}},
		{0, "serve", []string{"help"}},
		{2, "site add", []string{"site", "ad", "x.example"}},
		{2, "no-such-flag", []string{"site", "list", "--no-such-flag"}},
		{2, "argument", []string{"site", "add"}},
		{1, "Mars/Phobos", []string{"site", "add", "x.example", "--timezone", "Mars/Phobos"}},
		{1, "stats:reed", []string{"token", "add", "--name", "n", "--scope", "stats:reed"}},
		{1, "nobody.example", []string{"import", "access-log", "/dev/null", "--site", "nobody.example"}},
		{1, "no_such_table", []string{"sql", "select * from no_such_table"}},
		{1, "", []string{"sql", "delete from hits"}},
		{1, "", []string{"sql", "create table x as select 1"}},
	} {
		r := b.Run(c.args...)
		if r.Code != c.code {
			t.Errorf("hitkeep %s: exit status %d, want %d\n%s", strings.Join(c.args, " "), r.Code, c.code, r.Stderr)
		}
		wantAll(t, "hitkeep "+strings.Join(c.args, " "), r.Stdout+r.Stderr, c.says)
	}
}

// TestSQLReadsOnly: the SQL command reaches neither files nor other databases, and changes
// nothing.
func TestSQLReadsOnly(t *testing.T) {
	b := served(t)
	secret := filepath.Join(filepath.Dir(b.Dir), "secret.csv")
	if err := os.WriteFile(secret, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"select * from read_csv('" + secret + "')",
		"select * from '" + secret + "'",
		"copy (select 1) to '" + secret + "'",
		"attach '" + secret + ".db' as x",
		"set memory_limit = '1GB'",
		"select 1; drop table hot",
		"insert into hits select * from hits",
	} {
		if r := b.Run("sql", q); r.Code != 1 {
			t.Errorf("%s: exit status %d\n%s", q, r.Code, r.Stdout)
		}
	}
	if text, _ := os.ReadFile(secret); string(text) != "a\n1\n" {
		t.Errorf("a query wrote a file: %q", text)
	}
}
