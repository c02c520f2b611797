//go:build !hitkeep_journal_off

package journal

const writeOff = false
