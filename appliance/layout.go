package appliance

import "path/filepath"

// The names in the data directory. Packages lake and journal own what lies inside theirs.
const (
	lockFile    = "LOCK"
	socketFile  = "hitkeep.sock"
	journalDir  = "journal"
	controlDir  = "control"
	commandsLog = "commands.log" // in controlDir
	controlDB   = "hitkeep.db"   // the control projection, beside controlDir
	nsqDir      = "nsq"          // disposable, wiped at start
	saltsDir    = "salts"
	tempDir     = "tmp" // DuckDB's spill files, wiped at start
	jwtKeyFile  = "jwt.key"
	importKey   = "import.key"
)

func (c *Config) path(elem ...string) string {
	return filepath.Join(append([]string{c.DataDir}, elem...)...)
}
