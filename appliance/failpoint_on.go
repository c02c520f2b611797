//go:build failpoints

package appliance

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"hitkeep"
	"hitkeep/ingest"
	"hitkeep/ingest/journal"
)

// HITKEEP_FAILPOINT=name:n kills the process with SIGKILL at the n-th passing of that step, as
// a power cut would; HITKEEP_SEEDED_BUG=no-journal answers without writing the journal, to show
// that the crash tests notice. Only in builds with the tag failpoints.
var (
	failpointName, failpointCount, _ = strings.Cut(os.Getenv("HITKEEP_FAILPOINT"), ":")
	failpointPassed                  atomic.Int64
)

func failpoint(point string) {
	if point != failpointName {
		return
	}
	n, err := strconv.ParseInt(failpointCount, 10, 64)
	if err != nil {
		n = 1
	}
	if failpointPassed.Add(1) == n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal ends all threads
	}
}

type noJournal struct{ ingest.Journal }

func (noJournal) Append(context.Context, hitkeep.TenantID, ...[]byte) (journal.Ack, error) {
	return journal.Ack{}, nil
}

func seededBug(j ingest.Journal) ingest.Journal {
	if os.Getenv("HITKEEP_SEEDED_BUG") == "no-journal" {
		return noJournal{j}
	}
	return j
}
