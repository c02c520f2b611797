package appliance

import (
	"flag"
	"slices"
	"strings"
	"testing"
)

// TestSwitchesComplete: a switch that is missing from the list would swallow a command's word.
func TestSwitchesComplete(t *testing.T) {
	for _, cmd := range commands() {
		if cmd.flags == nil {
			continue
		}
		fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
		c := &call{opt: map[string]*string{}, on: map[string]*bool{}}
		cmd.flags(fs, c)
		for name := range c.on {
			if !slices.Contains(switches, name) {
				t.Errorf("hitkeep %s: --%s takes no value and is not in switches", cmd.name, name)
			}
		}
	}
}

func TestFindCommand(t *testing.T) {
	for _, c := range []struct{ args, name, rest string }{
		{"site add x.example --timezone UTC", "site add", "x.example --timezone UTC"},
		{"--data-dir d site --timezone UTC add x.example", "site add", "--data-dir d --timezone UTC x.example"},
		{"--json=true --data-dir=d lake files", "lake files", "--json=true --data-dir=d"},
		{"--json site list", "site list", "--json"},
		{"import access-log - --site x", "import access-log", "- --site x"},
		{"sql select", "sql", "select"},
		{"compact --now", "compact", "--now"},
	} {
		cmd, rest, err := findCommand(strings.Fields(c.args))
		if err != nil || cmd.name != c.name || strings.Join(rest, " ") != c.rest {
			t.Errorf("%s: got %v, %q, %v", c.args, cmd, rest, err)
		}
	}
	for args, hint := range map[string]string{"site ad x": `"site add"`, "--json nonsense": "hitkeep help"} {
		if _, _, err := findCommand(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
