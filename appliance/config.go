package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/robfig/cron/v3"

	"hitkeep"
)

// DefaultConfigFile is read when it exists and --config is not given.
const DefaultConfigFile = "/etc/hitkeep/hitkeep.toml"

// Config is the resolved configuration: default, then file, then HITKEEP_* environment, then
// flag. One name in all of them.
type Config struct {
	DataDir        string
	Listen         string
	PublicURL      string // "" or an absolute http(s) URL without a final slash
	TrustedProxies []netip.Prefix
	IngestRate     float64 // hits per second and client; 0 = no limit
	IngestBurst    int
	LoginRate      float64 // login tries per minute, per account and per address; 0 = no limit
	MemoryLimit    string  // DuckDB's, such as 128MB
	Threads        int
	RollSchedule   string
	RollLateness   time.Duration
	TLSCert        string
	TLSKey         string
	LogLevel       string
	LogFormat      string
	Demo           bool // only a flag

	from map[string]string // where each setting came from, for config show
}

// setting is one name of the configuration: how it is parsed, shown and explained.
type setting struct {
	name string
	help string
	set  func(c *Config, v string) error
	get  func(c *Config) string
}

// settings lists every name, in the order of `config show`.
var settings = []setting{
	{"data_dir", "directory of all data", setString(func(c *Config) *string { return &c.DataDir }, notEmpty),
		func(c *Config) string { return c.DataDir }},
	{"listen", "address of the web server, host:port", setString(func(c *Config) *string { return &c.Listen }, checkAddr),
		func(c *Config) string { return c.Listen }},
	{"public_url", "address under which browsers reach it, such as https://stats.example.com", setPublicURL,
		func(c *Config) string { return c.PublicURL }},
	{"trusted_proxies", "CIDR ranges whose X-Forwarded-For is believed, comma separated", setProxies,
		func(c *Config) string { return joinPrefixes(c.TrustedProxies) }},
	{"ingest_rate", "hits per second and client address; 0 = no limit", setRate(func(c *Config) *float64 { return &c.IngestRate }),
		func(c *Config) string { return strconv.FormatFloat(c.IngestRate, 'g', -1, 64) }},
	{"ingest_burst", "hits a client may send at once", setInt(func(c *Config) *int { return &c.IngestBurst }, 1, 1_000_000),
		func(c *Config) string { return strconv.Itoa(c.IngestBurst) }},
	{"login_rate", "login tries per minute, per account and per address; 0 = no limit", setRate(func(c *Config) *float64 { return &c.LoginRate }),
		func(c *Config) string { return strconv.FormatFloat(c.LoginRate, 'g', -1, 64) }},
	{"memory_limit", "memory of the database, such as 128MB", setString(func(c *Config) *string { return &c.MemoryLimit }, checkMemory),
		func(c *Config) string { return c.MemoryLimit }},
	{"threads", "threads of the database", setInt(func(c *Config) *int { return &c.Threads }, 1, 1024),
		func(c *Config) string { return strconv.Itoa(c.Threads) }},
	{"retention_days", "delete hits older than this; 0 = keep for ever (the only value of this version)", setRetention,
		func(*Config) string { return "0" }},
	{"roll_schedule", "cron expression of the compactor", setString(func(c *Config) *string { return &c.RollSchedule }, checkCron),
		func(c *Config) string { return c.RollSchedule }},
	{"roll_lateness", "how long after its end a day is closed", setDuration(func(c *Config) *time.Duration { return &c.RollLateness }),
		func(c *Config) string { return c.RollLateness.String() }},
	{"tls_cert", "certificate file (PEM) to serve https", setString(func(c *Config) *string { return &c.TLSCert }, notEmpty),
		func(c *Config) string { return c.TLSCert }},
	{"tls_key", "key file of tls_cert", setString(func(c *Config) *string { return &c.TLSKey }, notEmpty),
		func(c *Config) string { return c.TLSKey }},
	{"log_level", "debug, info, warn or error", setString(func(c *Config) *string { return &c.LogLevel }, oneOf("debug", "info", "warn", "error")),
		func(c *Config) string { return c.LogLevel }},
	{"log_format", "text or json", setString(func(c *Config) *string { return &c.LogFormat }, oneOf("text", "json")),
		func(c *Config) string { return c.LogFormat }},
}

// reserved names belong to the contract but to later versions: they are refused, not ignored.
var reserved = []string{
	"admin_listen", "base_path", "acme_email", "geo_mmdb",
	"smtp_host", "smtp_port", "smtp_user", "smtp_password", "smtp_from",
}

func defaults(env func(string) string) *Config {
	c := &Config{
		DataDir: "./data", Listen: "127.0.0.1:8080",
		IngestRate: 20, IngestBurst: 100, LoginRate: 10,
		MemoryLimit: "128MB", Threads: min(runtime.NumCPU(), 4),
		RollSchedule: "*/15 * * * *", RollLateness: 15 * time.Minute,
		LogLevel: "info", LogFormat: "text", from: map[string]string{},
	}
	// systemd gives a colon separated list; the first is the service's own directory.
	if dir, _, _ := strings.Cut(env("STATE_DIRECTORY"), ":"); dir != "" {
		c.DataDir = dir
		c.from["data_dir"] = "$STATE_DIRECTORY"
	}
	return c
}

// LoadConfig resolves the configuration. file is --config ("" = DefaultConfigFile if it exists),
// env reads the environment (environ lists it), flags holds the given flags by setting name.
func LoadConfig(file string, environ []string, flags map[string]string) (*Config, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		vars[k] = v
	}
	c := defaults(func(k string) string { return vars[k] })
	if err := c.loadFile(file); err != nil {
		return nil, err
	}
	if err := c.loadEnv(vars); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(flags) {
		if err := c.apply(name, flags[name], "--"+strings.ReplaceAll(name, "_", "-")); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

func (c *Config) loadFile(file string) error {
	explicit := file != ""
	if !explicit {
		file = DefaultConfigFile
	}
	var values map[string]any
	_, err := toml.DecodeFile(file, &values)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read configuration %s: %w", file, err)
	}
	for _, name := range sortedKeys(values) {
		text, err := tomlText(values[name])
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, name, err)
		}
		if err := c.apply(name, text, file); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) loadEnv(vars map[string]string) error {
	for _, key := range sortedKeys(vars) {
		name, ours := strings.CutPrefix(key, "HITKEEP_")
		if !ours {
			continue
		}
		if err := c.apply(strings.ToLower(name), vars[key], "$"+key); err != nil {
			return err
		}
	}
	return nil
}

// apply sets one value and names the key, the value and what is allowed when it is refused.
func (c *Config) apply(name, value, from string) error {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return unknownSetting(name, from)
	}
	if err := settings[i].set(c, value); err != nil {
		return hitkeep.BadField(name, "%q (from %s): %v", value, from, err)
	}
	c.from[name] = from
	return nil
}

func unknownSetting(name, from string) error {
	if slices.Contains(reserved, name) {
		return hitkeep.BadField(name, "(from %s) is not supported by this version; remove it", from)
	}
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i] = s.name
	}
	err := hitkeep.BadField(name, "(from %s) is not a configuration name", from)
	if best := hitkeep.Nearest(name, names); best != "" {
		return err.WithHint("did you mean %s?", best)
	}
	return err.WithHint("names: %s", strings.Join(names, ", "))
}

func (c *Config) check() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return hitkeep.BadField("tls_cert", "and tls_key belong together: give both or none")
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return hitkeep.BadField("data_dir", "%q: %v", c.DataDir, err)
	}
	c.DataDir = dir
	return nil
}

func tomlText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int64, float64, bool:
		return fmt.Sprint(v), nil
	case []any:
		var parts []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return "", errors.New("the list must hold strings")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), nil
	}
	return "", errors.New("give a string, a number or a list of strings")
}

func setString(field func(*Config) *string, check func(string) error) func(*Config, string) error {
	return func(c *Config, v string) error {
		if err := check(v); err != nil {
			return err
		}
		*field(c) = v
		return nil
	}
}

func setInt(field func(*Config) *int, low, high int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < low || n > high {
			return fmt.Errorf("give a whole number from %d to %d", low, high)
		}
		*field(c) = n
		return nil
	}
}

func setRate(field func(*Config) *float64) func(*Config, string) error {
	return func(c *Config, v string) error {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || !(f >= 0 && f <= 1e9) {
			return errors.New("give a number, 0 or greater")
		}
		*field(c) = f
		return nil
	}
}

func setDuration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 || d > 48*time.Hour {
			return errors.New("give a duration such as 15m, up to 48h")
		}
		*field(c) = d
		return nil
	}
}

func setRetention(_ *Config, v string) error {
	if v != "0" {
		return errors.New("this version keeps hits for ever; only 0 is allowed")
	}
	return nil
}

func setPublicURL(c *Config, v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" ||
		u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("give an address such as https://stats.example.com, without a path")
	}
	c.PublicURL = u.Scheme + "://" + u.Host
	return nil
}

func setProxies(c *Config, v string) error {
	c.TrustedProxies = nil
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return fmt.Errorf("%q is neither an address nor a CIDR range such as 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		c.TrustedProxies = append(c.TrustedProxies, p.Masked())
	}
	return nil
}

func joinPrefixes(ps []netip.Prefix) string {
	s := make([]string, len(ps))
	for i, p := range ps {
		s[i] = p.String()
	}
	return strings.Join(s, ",")
}

func notEmpty(v string) error {
	if v == "" {
		return errors.New("must not be empty")
	}
	return nil
}

func checkAddr(v string) error {
	host, port, ok := cutLast(v, ':')
	n, err := strconv.Atoi(port)
	if !ok || err != nil || n < 0 || n > 65535 || strings.Contains(host, "/") {
		return errors.New("give host:port such as 127.0.0.1:8080 or :8080")
	}
	return nil
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func checkMemory(v string) error {
	for _, unit := range []string{"MB", "GB", "MiB", "GiB"} {
		if n, ok := strings.CutSuffix(v, unit); ok {
			if f, err := strconv.ParseFloat(strings.TrimSpace(n), 64); err == nil && f > 0 {
				return nil
			}
		}
	}
	return errors.New("give a size such as 128MB or 1GB")
}

func checkCron(v string) error {
	if _, err := cron.ParseStandard(v); err != nil {
		return fmt.Errorf("not a cron expression of five fields: %w", err)
	}
	return nil
}

func oneOf(allowed ...string) func(string) error {
	return func(v string) error {
		if slices.Contains(allowed, v) {
			return nil
		}
		return fmt.Errorf("use one of %s", strings.Join(allowed, ", "))
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// environ is the process's environment without settings that other tools prefix alike.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "HITKEEP_TEST_") || strings.HasPrefix(kv, "HITKEEP_FAILPOINT") || strings.HasPrefix(kv, "HITKEEP_SEEDED_BUG")
	})
}
