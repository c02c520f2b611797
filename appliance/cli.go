package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"hitkeep"
)

// Version is set by the linker.
var Version = "dev"

// Exit statuses of the command line.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// command is one entry of the command line.
type command struct {
	name  string // one or two words
	args  string // positional arguments, for the usage line
	about string
	flags func(fs *flag.FlagSet, c *call)
	run   func(ctx context.Context, c *call) error
}

// call is one invocation of a command: its streams, flags and arguments.
type call struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	cfg            *Config
	args           []string
	json           bool
	opt            map[string]*string // string flags of the command by name
	on             map[string]*bool   // boolean flags
}

// errUsage is wrapped by errors that end with status 2.
var errUsage = errors.New("usage")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

func commands() []command {
	return []command{
		{"serve", "", "run the appliance", serveFlags, runServe},
		{"user add", "", "add an account", withFlags("email", "role"), runUserAdd},
		{"user list", "", "list accounts", nil, runUserList},
		{"user reset-password", "", "set a new password", withFlags("email"), runUserReset},
		{"site add", "DOMAIN", "add a site", withFlags("timezone", "team"), runSiteAdd},
		{"site list", "", "list sites", nil, runSiteList},
		{"site rename", "DOMAIN NEW", "give a site another domain", nil, runSiteRename},
		{"site delete", "DOMAIN", "delete a site from the dashboard and the API", nil, runSiteDelete},
		{"token add", "", "make an API token; the last line is the token", withFlags("name", "scope", "site"), runTokenAdd},
		{"token list", "", "list API tokens", nil, runTokenList},
		{"token revoke", "ID", "revoke an API token", nil, runTokenRevoke},
		{"import access-log", "FILE|-", "import a web server's log", withFlags("site"), runImport},
		{"sql", "QUERY", "run one SELECT over the views hits and visits", withFlags("format", "team"), runSQL},
		{"compact", "", "roll closed days into Parquet; --now takes late rows too", compactFlags, runCompact},
		{"lake check", "", "verify parts, manifest and accounts", nil, runLakeCheck},
		{"lake files", "", "list the Parquet files", withFlags("site", "from", "to"), runLakeFiles},
		{"dead list", "", "list records that could not be stored", nil, runDeadList},
		{"config check", "", "check the configuration", serveFlags, runConfigCheck},
		{"config show", "", "print the resolved configuration", serveFlags, runConfigShow},
		{"status", "", "what the appliance holds and does", nil, runStatus},
		{"version", "", "print the version", nil, runVersion},
	}
}

// Main runs one command line and returns the exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := dispatch(ctx, args, stdin, stdout, stderr)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "hitkeep:", err)
		return exitUsage
	}
	fmt.Fprintln(stderr, "hitkeep:", err)
	return exitFailed
}

func dispatch(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "--help"}, args[0]) {
		return printHelp(stdout)
	}
	cmd, rest, err := findCommand(args)
	if err != nil {
		return err
	}
	c := &call{stdin: stdin, stdout: stdout, stderr: stderr, opt: map[string]*string{}, on: map[string]*bool{}}
	flags, help, err := c.parse(cmd, rest)
	if err != nil || help {
		return err
	}
	c.cfg, err = LoadConfig(take(flags, "config"), environ(), flags)
	if err != nil {
		return err
	}
	c.cfg.Demo = c.on["demo"] != nil && *c.on["demo"]
	return cmd.run(ctx, c)
}

// parse reads flags and arguments in any order and returns the settings given as flags.
func (c *call) parse(cmd *command, args []string) (settingFlags map[string]string, help bool, err error) {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	c.string(fs, "config", "configuration file")
	c.string(fs, "data-dir", "directory of all data")
	fs.BoolVar(&c.json, "json", false, "print JSON")
	if cmd.flags != nil {
		cmd.flags(fs, c)
	}
	for {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, true, printUsage(c.stdout, cmd, fs)
		} else if err != nil {
			return nil, false, flagError(cmd, fs, err)
		}
		if fs.NArg() == 0 {
			break
		}
		c.args = append(c.args, fs.Arg(0))
		args = fs.Args()[1:]
	}
	if want := len(strings.Fields(cmd.args)); len(c.args) != want {
		return nil, false, usagef("hitkeep %s %s takes %d argument(s), got %d", cmd.name, cmd.args, want, len(c.args))
	}
	settingFlags = map[string]string{}
	fs.Visit(func(f *flag.Flag) {
		name := strings.ReplaceAll(f.Name, "-", "_")
		if name == "config" || slices.ContainsFunc(settings, func(s setting) bool { return s.name == name }) {
			settingFlags[name] = f.Value.String()
		}
	})
	return settingFlags, false, nil
}

func take(m map[string]string, key string) string {
	v := m[key]
	delete(m, key)
	return v
}

func (c *call) string(fs *flag.FlagSet, name, about string) { c.opt[name] = fs.String(name, "", about) }
func (c *call) bool(fs *flag.FlagSet, name, about string)   { c.on[name] = fs.Bool(name, false, about) }

var flagHelp = map[string]string{
	"email": "address of the account", "role": "owner, admin or user", "timezone": "IANA name, such as Europe/Berlin",
	"team": "name or id of the team", "name": "what the token is for", "scope": "comma separated: " + strings.Join(hitkeep.Scopes, ","),
	"site": "domain or id of the site", "format": "table, csv or json", "from": "first day, 2026-01-31", "to": "last day, 2026-01-31",
}

func withFlags(names ...string) func(*flag.FlagSet, *call) {
	return func(fs *flag.FlagSet, c *call) {
		for _, n := range names {
			c.string(fs, n, flagHelp[n])
		}
		if slices.Contains(names, "email") {
			c.bool(fs, "password-stdin", "read the password from standard input")
		}
	}
}

func serveFlags(fs *flag.FlagSet, c *call) {
	for _, s := range settings {
		if name := strings.ReplaceAll(s.name, "_", "-"); fs.Lookup(name) == nil {
			c.string(fs, name, s.help)
		}
	}
	c.bool(fs, "demo", "a team of its own with generated traffic")
}

func compactFlags(fs *flag.FlagSet, c *call) {
	c.bool(fs, "now", "also take late rows that would wait for the daily rewrite")
}

func printHelp(w io.Writer) error {
	fmt.Fprintf(w, "HitKeep %s, web analytics in one binary\n\nUsage: hitkeep COMMAND [ARGUMENTS] [FLAGS], in any order\n\n", Version)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cmd := range commands() {
		fmt.Fprintf(t, "  %s %s\t%s\n", cmd.name, cmd.args, cmd.about)
	}
	fmt.Fprintf(t, "\n  --data-dir D\tdirectory of all data (every command)\n  --config F\tconfiguration file (every command)\n  --json\tprint JSON (every listing)\n")
	return t.Flush()
}

func printUsage(w io.Writer, cmd *command, fs *flag.FlagSet) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "hitkeep %s %s\n%s\n\n", cmd.name, cmd.args, cmd.about)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fs.VisitAll(func(f *flag.Flag) { fmt.Fprintf(t, "  --%s\t%s\n", f.Name, f.Usage) })
	t.Flush()
	_, err := w.Write(b.Bytes())
	return err
}

func runVersion(_ context.Context, c *call) error {
	if c.json {
		return c.printJSON(map[string]string{"version": Version})
	}
	_, err := fmt.Fprintln(c.stdout, "hitkeep", Version)
	return err
}

func runConfigCheck(_ context.Context, c *call) error {
	_, err := fmt.Fprintln(c.stdout, "the configuration is good")
	return err
}

func runConfigShow(_ context.Context, c *call) error {
	type shown struct {
		Name  string `json:"name"`
		Value string `json:"value"`
		From  string `json:"from"`
	}
	rows := []shown{}
	for _, s := range settings {
		from := c.cfg.from[s.name]
		if from == "" {
			from = "default"
		}
		rows = append(rows, shown{s.name, s.get(c.cfg), from})
	}
	return c.list(rows, func(t io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(t, "%s\t%q\t%s\n", r.Name, r.Value, r.From)
		}
	})
}

func (c *call) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// list prints rows as JSON with --json, else as a table.
func (c *call) list(rows any, table func(w io.Writer)) error {
	if c.json {
		return c.printJSON(rows)
	}
	t := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	table(t)
	return t.Flush()
}

// password reads the password from standard input with --password-stdin; else it is "" and the
// appliance makes one.
func (c *call) password() (string, error) {
	if !*c.on["password-stdin"] {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(c.stdin, 4096))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	if p := strings.TrimRight(string(b), "\r\n"); p != "" {
		return p, nil
	}
	return "", hitkeep.BadField("password", "standard input holds no password")
}

// openArg opens a file argument; "-" is standard input.
func (c *call) openArg(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(c.stdin), nil
	}
	return os.Open(name)
}
