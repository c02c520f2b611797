// Package e2etest runs the real binary and looks at it from outside: command line, HTTP, files.
//
// It owns the harness that the whole-appliance tests here and in crashtest share: Box is one
// data directory with at most one serving process, Load is traffic that remembers what was
// acknowledged, Check compares that with the stored rows. It imports nothing of the module.
//
// Nothing here waits for a fixed time: every wait polls a condition up to a bound. Processes
// are ended by their own handle, and die with the test that started them.
package e2etest
