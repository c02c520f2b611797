//go:build hitkeep_journal_off

package journal

// writeOff makes the journal acknowledge without writing. The crash test is built with it once
// to show that it notices lost hits; nothing else may be.
const writeOff = true
