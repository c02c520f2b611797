//go:build !failpoints

package appliance

import "hitkeep/ingest"

// failpoint does nothing in a release build; failpoint_on.go kills the process at a named step.
func failpoint(string) {}

// seededBug is the identity in a release build.
func seededBug(j ingest.Journal) ingest.Journal { return j }
