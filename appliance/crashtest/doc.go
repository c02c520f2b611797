// Package crashtest kills the real binary, at random and at named steps, and compares what it
// acknowledged with what it stored: nothing acknowledged may be lost, nothing stored twice
// (invariants 1, 4, 5, 9).
//
// `make test` runs a short profile, `make crash` a long one. CRASH_KILLS sets the number of
// kills at random moments, CRASH_SEED repeats a run's choices; the seed is printed. The
// binary is built with the tag failpoints: HITKEEP_FAILPOINT=name:n makes it kill itself at
// the n-th passing of a step, and HITKEEP_SEEDED_BUG=no-journal breaks it on purpose, to show
// that the comparison notices.
package crashtest
