package appliance

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hitkeep"
)

// adminClient speaks to the admin routes: of the running appliance through its socket, or of
// one that this process opens without listeners on a stopped directory. Commands cannot tell.
type adminClient struct {
	http  http.Client
	close func() error
}

// connect finds the running appliance or opens the directory. A directory that is locked but
// has no socket yet is one that starts or stops: connect waits for it for a while.
func connect(ctx context.Context, cfg *Config) (*adminClient, error) {
	deadline := time.Now().Add(15 * time.Second)
	for {
		if c := dialSocket(cfg); c != nil {
			return c, nil
		}
		c, err := openOffline(ctx, cfg)
		if err == nil || !errors.Is(err, errLocked) || time.Now().After(deadline) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func dialSocket(cfg *Config) *adminClient {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		dir, err := os.Open(cfg.DataDir)
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		var d net.Dialer
		return d.DialContext(ctx, "unix", socketPath(dir))
	}
	conn, err := dial(context.Background(), "", "")
	if err != nil {
		return nil
	}
	conn.Close()
	return &adminClient{
		http:  http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}},
		close: func() error { return nil },
	}
}

// socketPath names the socket through an open directory: the path itself may be longer than
// the 108 bytes a socket address holds.
func socketPath(dir *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketFile)
}

func openOffline(ctx context.Context, cfg *Config) (*adminClient, error) {
	if err := becomeOwner(cfg.DataDir); err != nil {
		return nil, err
	}
	a, err := New(ctx, cfg, quietLogger(cfg))
	if err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- a.RunOffline(run) }()
	if err := a.WaitApplied(ctx); err != nil {
		if ctx.Err() != nil {
			cancel()
			return nil, errors.Join(err, <-done, a.Close())
		}
		// What is stored can be looked at all the same, and be the way to find out why.
		a.log.Warn("not all accepted hits are stored yet, so numbers may be too low", "error", err)
	}
	return &adminClient{
		http: http.Client{Transport: handlerTransport{a.admin}},
		close: func() error {
			cancel()
			return errors.Join(<-done, a.Close())
		},
	}, nil
}

// becomeOwner drops root for the owner of an existing data directory, so that no file in it
// ends up unreadable for the service.
func becomeOwner(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil // it does not exist yet, or New says what is wrong
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(int(st.Gid)), syscall.Setuid(int(st.Uid))); err != nil {
		return fmt.Errorf("become the owner of %s (uid %d): %w", filepath.Base(dir), st.Uid, err)
	}
	return nil
}

// call sends one request and decodes the answer into out (nil = ignore it).
func (c *adminClient) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = strings.NewReader(string(b))
	}
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// stream sends a body and calls each for every line of the NDJSON answer. A line {"error":...}
// ends it with that error; an answer without a last line {"done":true} was cut off.
func (c *adminClient) stream(ctx context.Context, path string, body io.Reader, each func(line []byte) error) error {
	resp, err := c.send(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewReaderSize(resp.Body, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the answer was cut off: %w", err)
		}
		var end struct {
			Done  bool       `json:"done"`
			Error *wireError `json:"error"`
		}
		if line[0] == '{' {
			if err := json.Unmarshal(line, &end); err != nil {
				return err
			}
		}
		if end.Error != nil {
			return end.Error.domain()
		}
		if end.Done {
			return nil
		}
		if err := each(line); err != nil {
			return err
		}
	}
}

func (c *adminClient) send(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://hitkeep"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	var e struct{ Error *wireError }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&e); err != nil || e.Error == nil {
		return nil, fmt.Errorf("the appliance answered %s", resp.Status)
	}
	return nil, e.Error.domain()
}

// wireError carries a *hitkeep.Error over the socket.
type wireError struct {
	Code    hitkeep.Code `json:"code"`
	Message string       `json:"message"`
	Field   string       `json:"field,omitempty"`
	Hint    string       `json:"hint,omitempty"`
}

func (w *wireError) domain() error {
	return &hitkeep.Error{Code: w.Code, Message: w.Message, Field: w.Field, Hint: w.Hint}
}

func toWire(err error) *wireError {
	var e *hitkeep.Error
	if errors.As(err, &e) {
		return &wireError{e.Code, e.Message, e.Field, e.Hint}
	}
	return &wireError{Code: hitkeep.Internal, Message: err.Error()}
}

// handlerTransport serves requests in this process, streaming both ways.
type handlerTransport struct{ h http.Handler }

// RoundTrip runs the handler in a goroutine that ends with the handler.
func (t handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	r, w := io.Pipe()
	pw := &pipeWriter{header: http.Header{}, w: w, started: make(chan int, 1)}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	go func() {
		t.h.ServeHTTP(pw, req)
		pw.WriteHeader(http.StatusOK)
		w.Close()
	}()
	select {
	case status := <-pw.started:
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Header: pw.header, Body: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: -1,
		}, nil
	case <-req.Context().Done():
		r.Close()
		return nil, req.Context().Err()
	}
}

type pipeWriter struct {
	header  http.Header
	w       *io.PipeWriter
	started chan int // receives the status once; capacity 1
	sent    bool
}

func (p *pipeWriter) Header() http.Header { return p.header }
func (p *pipeWriter) Flush()              {}
func (p *pipeWriter) WriteHeader(status int) {
	if !p.sent {
		p.sent = true
		p.started <- status
	}
}

func (p *pipeWriter) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.w.Write(b)
}
