package appliance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hitkeep"
)

func TestConfigPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hitkeep.toml")
	text := "listen = \"127.0.0.1:1\"\ningest_rate = 3\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nthreads = 2\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(file, []string{"HITKEEP_LISTEN=127.0.0.1:2", "HITKEEP_INGEST_RATE=4", "STATE_DIRECTORY=/var/lib/x:/var/lib/y"},
		map[string]string{"ingest_rate": "0"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.IngestRate != 0 || c.Threads != 2 || c.DataDir != "/var/lib/x" {
		t.Errorf("got %+v", c)
	}
	if got := joinPrefixes(c.TrustedProxies); got != "10.0.0.0/8,::1/128" {
		t.Errorf("trusted proxies %s", got)
	}
	if c.from["ingest_rate"] != "--ingest-rate" || c.from["listen"] != "$HITKEEP_LISTEN" || c.from["threads"] != file {
		t.Errorf("origins %v", c.from)
	}
}

func TestConfigRefuses(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"trusted_proxy", "10.0.0.0/8", "did you mean trusted_proxies?"},
		{"zzzzzzzzzzzz", "1", "names: data_dir"},
		{"trusted_proxies", "10.0.0.0/99", "CIDR"},
		{"listen", "nowhere", "host:port"},
		{"listen", "a:99999", "host:port"},
		{"public_url", "stats.example.com", "https://"},
		{"public_url", "https://example.com/stats", "without a path"},
		{"ingest_rate", "-1", "0 or greater"},
		{"ingest_rate", "NaN", "0 or greater"},
		{"ingest_burst", "0", "whole number"},
		{"memory_limit", "lots", "128MB"},
		{"roll_schedule", "every day", "cron"},
		{"roll_lateness", "-5m", "duration"},
		{"log_level", "loud", "debug, info, warn, error"},
		{"retention_days", "30", "only 0"},
		{"smtp_host", "mail", "not supported by this version"},
		{"tls_cert", "cert.pem", "tls_key belong together"},
	} {
		_, err := LoadConfig("", nil, map[string]string{c.name: c.value})
		if hitkeep.CodeOf(err) != hitkeep.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s=%s: got %v, want it to say %q", c.name, c.value, err, c.want)
		}
	}
	if _, err := LoadConfig(filepath.Join(t.TempDir(), "none.toml"), nil, nil); err == nil {
		t.Error("a named configuration file that is missing was accepted")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"listen", "data_dir", "site add", "site list"}
	for word, want := range map[string]string{"lisen": "listen", "datadir": "data_dir", "sites add": "site add", "quux": ""} {
		if got := hitkeep.Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
