package appliance

import (
	"flag"
	"slices"
	"strings"

	"hitkeep"
)

// switches are the flags without a value; every other flag takes the next argument.
var switches = []string{"json", "demo", "now", "password-stdin", "h", "help"}

// commandWords returns where the first two words among args stand that are neither flags nor
// their values: flags may stand before and between the words of a command.
func commandWords(args []string) (at []int) {
	for i := 0; i < len(args) && len(at) < 2; i++ {
		name := strings.TrimLeft(args[i], "-")
		switch {
		case len(args[i]) < 2 || args[i][0] != '-':
			at = append(at, i)
		case args[i] == "--":
			return at
		case !strings.Contains(name, "=") && !slices.Contains(switches, name):
			i++ // its value
		}
	}
	return at
}

// findCommand returns the command that args name, and args without the command's words.
func findCommand(args []string) (*command, []string, error) {
	at := commandWords(args)
	words := make([]string, len(at))
	for i, k := range at {
		words[i] = args[k]
	}
	all := commands()
	var names []string
	for i := range all {
		name := strings.Fields(all[i].name)
		names = append(names, all[i].name)
		if len(words) >= len(name) && slices.Equal(words[:len(name)], name) {
			rest := slices.Clone(args)
			for _, k := range slices.Backward(at[:len(name)]) {
				rest = slices.Delete(rest, k, k+1)
			}
			return &all[i], rest, nil
		}
	}
	typed := strings.Join(words, " ")
	if best := hitkeep.Nearest(typed, names); best != "" {
		return nil, nil, usagef("unknown command %q; did you mean %q?", typed, best)
	}
	return nil, nil, usagef("unknown command %q; hitkeep help lists them", typed)
}

// flagError explains an error of fs.Parse; to a flag that does not exist it names the nearest.
func flagError(cmd *command, fs *flag.FlagSet, err error) error {
	_, name, unknown := strings.Cut(err.Error(), "not defined: -")
	if !unknown {
		return usagef("%s: %v", cmd.name, err)
	}
	var names []string
	fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if best := hitkeep.Nearest(name, names); best != "" {
		return usagef("%s has no flag --%s; did you mean --%s?", cmd.name, name, best)
	}
	return usagef("%s has no flag --%s; hitkeep %s --help lists them", cmd.name, name, cmd.name)
}
