package appliance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"hitkeep"
	"hitkeep/tracker"
	"hitkeep/ui"
)

func runServe(ctx context.Context, c *call) error {
	log := newLogger(c.cfg, c.stderr)
	a, err := New(ctx, c.cfg, log)
	if err != nil {
		return err
	}
	l, err := a.listen()
	if err != nil {
		return errors.Join(err, a.Close())
	}
	err = a.Serve(ctx, l, c.stdout)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		log.Info("stopped; everything accepted is stored")
	}
	return err
}

// listen opens the web server's address, so that a port that is taken is told before anything
// starts.
func (a *Appliance) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", a.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hitkeep.BadField("listen", "%s is taken by another program", a.cfg.Listen).
			WithHint("stop that program, or choose another address with --listen")
	}
	if err != nil {
		return nil, hitkeep.BadField("listen", "%v", err)
	}
	if a.cfg.TLSCert == "" {
		return l, nil
	}
	cert, err := tls.LoadX509KeyPair(a.cfg.TLSCert, a.cfg.TLSKey)
	if err != nil {
		l.Close()
		return nil, hitkeep.BadField("tls_cert", "%v", err)
	}
	return tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}), nil
}

// Serve answers on l and on the admin socket until ctx ends, then drains: no new requests, all
// accepted hits stored. out receives the address and how to sign in.
func (a *Appliance) Serve(ctx context.Context, l net.Listener, out io.Writer) error {
	a.running = true
	sock, err := listenSocket(a.cfg.DataDir)
	if err != nil {
		l.Close()
		return err
	}
	if a.cfg.Demo {
		if err := a.openDemo(ctx); err != nil {
			return errors.Join(err, l.Close(), sock.Close())
		}
	}
	url, err := a.greet(out, l.Addr())
	if err != nil {
		return errors.Join(err, l.Close(), sock.Close())
	}
	a.log.Info("serving", "url", url)
	parts := []func(context.Context) error{
		serveHTTP(l, patient(a.web()), a.log),
		serveHTTP(sock, a.admin, a.log),
		a.ingest.Run,
		a.lake.Run,
		a.compactor.Run,
		a.endStreams,
		a.pruneLogins,
		a.uses.run,
	}
	if a.cfg.Demo {
		parts = append(parts, a.runDemo)
	}
	return a.runParts(ctx, parts)
}

// greet prints the address, and the login or the one-time setup link.
func (a *Appliance) greet(out io.Writer, addr net.Addr) (string, error) {
	url := a.cfg.PublicURL
	if url == "" {
		url = "http://" + browserHost(addr)
		if a.cfg.TLSCert != "" {
			url = "https://" + browserHost(addr)
		}
	}
	users := 0
	a.control.Read(func(s *hitkeep.State) { users = len(s.Users) })
	fmt.Fprintf(out, "\n  HitKeep %s\n\n  %s\n", Version, url)
	switch {
	case a.demoLogin != nil:
		fmt.Fprintf(out, "  demo login: %s / %s\n", a.demoLogin.Email, a.demoLogin.Password)
	case users == 0:
		token, err := a.setup.arm(a.rand)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(out, "  open this one-time link to create the owner's account:\n  %s/setup#%s\n", url, token)
	}
	if os.Getenv("SSH_CONNECTION") != "" && a.cfg.PublicURL == "" {
		_, port, _ := net.SplitHostPort(addr.String())
		fmt.Fprintf(out, "  you are on ssh; from your own machine: ssh -L %s:localhost:%s <this host>\n", port, port)
	}
	fmt.Fprintln(out)
	return url, nil
}

// browserHost is the address as a browser on this machine would type it.
func browserHost(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// web is the public mux: ingest, tracker, API, health and the dashboard.
func (a *Appliance) web() http.Handler {
	mux := http.NewServeMux()
	for _, r := range a.ingest.Routes() {
		mux.Handle(strings.TrimSpace(r.Method+" "+r.Pattern), r.Handler)
	}
	mux.Handle("GET /hk.js", tracker.Handler())
	mux.Handle("GET /hk-ext.js", tracker.Handler())
	a.api.Register(mux)
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	if a.cfg.Demo {
		mux.Handle("GET /demo/", a.demoPages())
	}
	mux.Handle("/", ui.Handler(ui.Options{}))
	return mux
}

// healthz says whether the process can go on: the database answers.
func (a *Appliance) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	conn, err := a.engine.Conn(ctx)
	if err == nil {
		var n int64
		err = errors.Join(conn.QueryRowContext(ctx, `SELECT count(*) FROM control.applied`).Scan(&n), conn.Close())
	}
	a.answerHealth(w, err)
}

// readyz says whether a hit would be taken durably now.
func (a *Appliance) readyz(w http.ResponseWriter, _ *http.Request) {
	a.answerHealth(w, a.journal.Ready())
}

// answerHealth tells strangers no more than what is meant for them; the log has the rest.
func (a *Appliance) answerHealth(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		var known *hitkeep.Error
		if errors.As(err, &known) {
			fmt.Fprintln(w, known.Message)
			return
		}
		a.log.Error("not healthy", "error", err)
		fmt.Fprintln(w, "not healthy: the log says why")
		return
	}
	fmt.Fprintln(w, "ok")
}

// endStreams ends the live streams when a stop begins, so that they do not hold it up.
func (a *Appliance) endStreams(ctx context.Context) error {
	<-ctx.Done()
	a.api.Close()
	return nil
}

// pruneLogins forgets login sessions that nobody used for longer than they live.
func (a *Appliance) pruneLogins(ctx context.Context) error {
	for t := time.NewTicker(time.Hour); ; {
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
			if err := a.proj.prune(ctx, a.now().Add(-loginLife)); err != nil && ctx.Err() == nil {
				a.log.Error("prune login sessions", "error", err)
			}
		}
	}
}

// loginLife is how long an unused login session is kept.
const loginLife = 30 * 24 * time.Hour

// clientPatience is how long a client of the web server may take to send a request's body and to
// take the answer. Live streams set a deadline of their own for each event.
const clientPatience = 2 * time.Minute

// patient keeps clients that neither send nor read from holding connections and memory for ever.
func patient(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc, until := http.NewResponseController(w), time.Now().Add(clientPatience)
		_ = rc.SetWriteDeadline(until) // some writers have none
		if r.ContentLength != 0 {      // without a body it would end the request's context, too
			_ = rc.SetReadDeadline(until)
		}
		h.ServeHTTP(w, r)
	})
}

// drainLimit is how long a stop waits for requests that are being answered.
const drainLimit = 10 * time.Second

// serveHTTP answers on l until ctx ends, then lets running requests finish.
func serveHTTP(l net.Listener, h http.Handler, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		base, cut := context.WithCancel(context.WithoutCancel(ctx))
		defer cut()
		srv := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog:    stdlog.New(serverLog{log}, "", 0),
			BaseContext: func(net.Listener) context.Context { return base },
		}
		failed := make(chan error, 1)
		go func() { failed <- srv.Serve(l) }()
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-ctx.Done():
		}
		sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		defer cancel()
		if err := srv.Shutdown(sctx); err != nil {
			cut()
			_ = srv.Close()
		}
		<-failed
		return nil
	}
}

// serverLog takes net/http's log lines, which name clients: addresses are never logged.
type serverLog struct{ log *slog.Logger }

var clientAddress = regexp.MustCompile(`(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+(%\w+)?\])(:\d+)?`)

func (s serverLog) Write(b []byte) (int, error) {
	s.log.Debug(clientAddress.ReplaceAllString(strings.TrimSpace(string(b)), "(address)"))
	return len(b), nil
}

// listenSocket opens the admin socket with mode 0600. A socket left by a killed process is
// replaced: the directory's lock says that nobody serves it.
func listenSocket(dataDir string) (net.Listener, error) {
	dir, err := os.Open(dataDir)
	if err != nil {
		return nil, err
	}
	path := socketPath(dir)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("remove old socket: %w", err), dir.Close())
	}
	// Made with mode 0600 from the first moment on: only this process's umask decides that.
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open admin socket: %w", err), dir.Close())
	}
	return socketListener{l, dir}, nil
}

// socketListener keeps the directory open that the socket's address goes through.
type socketListener struct {
	net.Listener
	dir *os.File
}

func (s socketListener) Close() error { return errors.Join(s.Listener.Close(), s.dir.Close()) }

// newLogger writes to w as configured.
func newLogger(cfg *Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // LoadConfig checked it
	opts := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// quietLogger shows commands only what went wrong.
func quietLogger(*Config) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func emptyDir(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("empty %s: %w", dir, err)
	}
	return os.MkdirAll(dir, 0o700)
}

// minFreeDisk closes the ingest gate: below it DuckDB's own reserve would be used up.
const minFreeDisk = 256 << 20

// freeDisk returns the bytes free for this user on dir's file system.
func freeDisk(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free disk: %w", err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}
