package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// result is what one run of a binary showed. Memory is in KB.
type result struct {
	ready, length, drain time.Duration
	acked, stored        int64
	idleRSS, peakRSS     int64
	latencies            []time.Duration
}

func (r *result) perSecond() float64 { return float64(r.acked) / r.length.Seconds() }

func (r *result) quantile(q float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	slices.Sort(r.latencies)
	return r.latencies[int(q*float64(len(r.latencies)-1))]
}

const domain = "bench.example"

// server is a started binary on a directory of its own.
type server struct {
	binary, dir, addr string
	cmd               *exec.Cmd
}

func measure(binary string, env []string, conns int, length time.Duration) (*result, error) {
	dir, err := os.MkdirTemp("", "hitkeep-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s := &server{binary: binary, dir: dir}
	if s.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	r := &result{length: length}
	if r.ready, err = s.start(env); err != nil {
		return nil, err
	}
	defer s.stop()
	if _, err := s.run("site", "add", domain); err != nil {
		return nil, err
	}
	// One hit loads the country table and opens the store: the state an idle box is in.
	if err := s.load(&result{}, 1, 100*time.Millisecond); err != nil {
		return nil, err
	}
	time.Sleep(5 * time.Second)
	r.idleRSS = s.rss()
	before, err := s.count()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	peak := make(chan int64)
	go func() { peak <- s.watchRSS(ctx) }()
	if err := s.load(r, conns, length); err != nil {
		cancel()
		return nil, err
	}
	storing := time.Now()
	if len(env) == 0 {
		if err := s.waitStored(); err != nil {
			cancel()
			return nil, err
		}
	}
	r.drain = time.Since(storing)
	cancel()
	r.peakRSS = <-peak
	after, err := s.count()
	r.stored = after - before
	return r, err
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// start returns how long it took until /readyz answered 200.
func (s *server) start(env []string) (time.Duration, error) {
	begin := time.Now()
	s.cmd = exec.Command(s.binary, "serve", "--data-dir", s.dir, "--listen", s.addr, "--ingest-rate", "0", "--log-level", "warn")
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return 0, err
	}
	for time.Since(begin) < 30*time.Second {
		resp, err := http.Get("http://" + s.addr + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Since(begin), nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, errors.Join(errors.New("the server did not become ready"), s.stop())
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// run runs a command against the server's directory.
func (s *server) run(args ...string) ([]byte, error) {
	out, err := exec.Command(s.binary, append(args, "--data-dir", s.dir)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("hitkeep %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return out, nil
}

func (s *server) count() (int64, error) {
	out, err := s.run("sql", "select count(*) as n from hits", "--format", "json")
	if err != nil {
		return 0, err
	}
	var rows []struct{ N int64 }
	if err := json.Unmarshal(out, &rows); err != nil || len(rows) != 1 {
		return 0, fmt.Errorf("count: %w: %s", err, out)
	}
	return rows[0].N, nil
}

func (s *server) waitStored() error {
	for range 3000 {
		out, err := s.run("status", "--json")
		if err != nil {
			return err
		}
		var st struct {
			Lag int64 `json:"journal_lag_records"`
		}
		if err := json.Unmarshal(out, &st); err != nil {
			return err
		}
		if st.Lag == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the hits were not stored within 30 s")
}

// rss reads the server's resident memory in KB.
func (s *server) rss() (kb int64) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			fmt.Sscan(v, &kb)
		}
	}
	return kb
}

func (s *server) watchRSS(ctx context.Context) (highest int64) {
	for {
		highest = max(highest, s.rss())
		select {
		case <-ctx.Done():
			return highest
		case <-time.After(100 * time.Millisecond):
		}
	}
}
