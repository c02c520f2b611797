package e2etest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Patience bounds every wait: long enough for a busy machine, so that only a hang reaches it.
const Patience = 60 * time.Second

// Box is one data directory and at most one process that serves it. Its address stays the same
// over restarts.
type Box struct {
	tb    testing.TB
	Dir   string // the data directory
	Addr  string // host:port
	URL   string // http://Addr
	Token string // set by AddToken

	log  string // file with the output of all processes so far
	proc *process
}

// process is one run of the binary.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed by the waiting goroutine when the process has ended
}

// New returns a box on an empty directory; nothing runs yet. Its name is short: a socket in it
// must fit 108 bytes.
func New(tb testing.TB) *Box {
	tb.Helper()
	dir, err := os.MkdirTemp("", "hk-")
	if err != nil {
		tb.Fatal(err)
	}
	b := &Box{tb: tb, Dir: filepath.Join(dir, "d"), Addr: FreeAddr(tb), log: filepath.Join(dir, "serve.log")}
	b.URL = "http://" + b.Addr
	tb.Cleanup(func() {
		b.Kill()
		if tb.Failed() {
			tb.Logf("log of %s (end):\n%s", b.Dir, tail(b.Log(), 6000))
		}
		os.RemoveAll(dir)
	})
	return b
}

// FreeAddr returns a loopback address nobody listens on, below the ports that the kernel hands
// to outgoing connections: it stays free while a process restarts.
func FreeAddr(tb testing.TB) string {
	tb.Helper()
	for range 200 {
		addr := fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(15000))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	tb.Fatal("found no free port")
	return ""
}

// Command returns `hitkeep args...` with a bare environment plus env, not started.
func (b *Box) Command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(Binary(b.tb), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(b.Dir), "TZ=UTC"}, env...)
	// A test binary that is killed takes its processes with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Serve starts `hitkeep serve` and returns at once. Rolls happen on demand only, and clients
// are not limited: a test wants to say itself when things happen.
func (b *Box) Serve(env []string, args ...string) {
	b.tb.Helper()
	if b.Running() {
		b.tb.Fatalf("%s is being served already", b.Dir)
	}
	env = append([]string{"HITKEEP_ROLL_SCHEDULE=0 0 1 1 *"}, env...)
	cmd := b.Command(env, append([]string{"serve", "--data-dir", b.Dir, "--listen", b.Addr, "--ingest-rate", "0"}, args...)...)
	out, err := os.OpenFile(b.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.tb.Fatal(err)
	}
	defer out.Close() // the process has its own copy
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		b.tb.Fatal(err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(p.done)
	}()
	b.proc = p
}

// Start serves and waits until hits can be taken.
func (b *Box) Start(env []string, args ...string) {
	b.tb.Helper()
	b.Serve(env, args...)
	if !b.WaitReady() {
		b.tb.Fatalf("serve ended before it was ready: %v", b.proc.cmd.ProcessState)
	}
}

// WaitReady waits for /readyz; false = the process ended first.
func (b *Box) WaitReady() bool {
	b.tb.Helper()
	c := &http.Client{Timeout: 5 * time.Second}
	defer c.CloseIdleConnections()
	for end := time.Now().Add(Patience); time.Now().Before(end); {
		if res, err := c.Get(b.URL + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-b.proc.done:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	b.tb.Fatalf("not ready after %s\n%s", Patience, tail(b.Log(), 4000))
	return false
}

// Running says whether the box's process lives.
func (b *Box) Running() bool {
	if b.proc == nil {
		return false
	}
	select {
	case <-b.proc.done:
		return false
	default:
		return true
	}
}

// Pid is the serving process's.
func (b *Box) Pid() int { return b.proc.cmd.Process.Pid }

// Done is closed when the serving process has ended.
func (b *Box) Done() <-chan struct{} { return b.proc.done }

// Kill ends the process with SIGKILL, if it runs, and waits for its end.
func (b *Box) Kill() {
	if b.proc == nil {
		return
	}
	b.proc.cmd.Process.Kill()
	<-b.proc.done
}

// Stop asks the process to end with SIGTERM and fails the test unless it exits with status 0.
func (b *Box) Stop() {
	b.tb.Helper()
	b.Terminate()
	if state := b.proc.cmd.ProcessState; !state.Success() {
		b.tb.Fatalf("after SIGTERM: %v\n%s", state, tail(b.Log(), 4000))
	}
}

// Terminate sends SIGTERM and waits for the end, whatever the exit status.
func (b *Box) Terminate() *os.ProcessState {
	b.tb.Helper()
	if err := b.proc.cmd.Process.Signal(syscall.SIGTERM); err != nil && b.Running() {
		b.tb.Fatal(err)
	}
	select {
	case <-b.proc.done:
	case <-time.After(Patience):
		b.proc.cmd.Process.Signal(syscall.SIGQUIT) // leaves the goroutines in the log
		<-b.proc.done
		b.tb.Fatalf("still running %s after SIGTERM\n%s", Patience, tail(b.Log(), 12000))
	}
	return b.proc.cmd.ProcessState
}

// Log returns what all processes of the box have printed.
func (b *Box) Log() string {
	text, _ := os.ReadFile(b.log)
	return string(text)
}

// Result is what a command printed and its exit status.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs a command on the box's directory and returns its result, good or bad.
func (b *Box) Run(args ...string) Result {
	b.tb.Helper()
	return b.RunWith(nil, append(args, "--data-dir", b.Dir)...)
}

// RunWith runs a command with further environment and exactly these arguments.
func (b *Box) RunWith(env []string, args ...string) Result {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*Patience)
	defer cancel()
	cmd := b.Command(env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		b.tb.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	cmd.Wait()
	if ctx.Err() != nil {
		b.tb.Errorf("hitkeep %s: no end after %s", strings.Join(args, " "), 2*Patience)
	}
	return Result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// CLI runs a command that must succeed and returns its standard output.
func (b *Box) CLI(args ...string) string {
	b.tb.Helper()
	r := b.Run(args...)
	if r.Code != 0 {
		b.tb.Fatalf("hitkeep %s: exit status %d\n%s%s", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// Eventually polls until ok is true, and fails the test with what() when it never is.
func Eventually(tb testing.TB, ok func() bool, what func() string) {
	tb.Helper()
	for end := time.Now().Add(Patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("not within %s: %s", Patience, what())
		}
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}
