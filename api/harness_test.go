package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hitkeep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const goodPassword = "correct horse battery"

// stateControl is Control over the real domain state; a command goes through its log form.
type stateControl struct {
	mu    sync.RWMutex
	state *hitkeep.State
	log   []hitkeep.Command
	fail  error // of the next Do
}

func (c *stateControl) Read(f func(*hitkeep.State)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	f(c.state)
}

func (c *stateControl) Do(_ context.Context, cmd *hitkeep.Command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	b, err := cmd.Encode()
	if err != nil {
		return err
	}
	read, err := hitkeep.DecodeCommand(b)
	if err != nil {
		return err
	}
	if err := c.state.Apply(read); err != nil {
		return err
	}
	c.log = append(c.log, *read)
	return nil
}

// mapLogins keeps login sessions by value, as a table would.
type mapLogins struct {
	mu   sync.Mutex
	rows map[string]Login
	puts int
	fail error // of Put
}

func (m *mapLogins) Put(_ context.Context, l Login) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	l.RefreshHash = slices.Clone(l.RefreshHash)
	m.rows[l.ID], m.puts = l, m.puts+1
	return nil
}

func (m *mapLogins) Get(_ context.Context, id string) (*Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.rows[id]
	if !ok {
		return nil, nil
	}
	return &l, nil
}

func (m *mapLogins) List(_ context.Context, user hitkeep.UserID) (out []Login, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.rows {
		if l.User == user {
			out = append(out, l)
		}
	}
	return out, nil
}

func (m *mapLogins) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, id)
	return nil
}

func (m *mapLogins) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rows)
}

// recorder records what Stats is asked and gives prepared answers: the engine itself is tested
// where it is.
type recorder struct {
	mu       sync.Mutex
	queries  []hitkeep.Query
	answer   func(hitkeep.Query) (*hitkeep.Result, error)
	current  int
	asked    int
	earliest time.Time
}

func (s *recorder) Query(_ context.Context, _ hitkeep.TenantID, q hitkeep.Query) (*hitkeep.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries = append(s.queries, q)
	if s.answer == nil {
		return &hitkeep.Result{DataFrom: s.earliest}, nil
	}
	return s.answer(q)
}

func (s *recorder) Current(context.Context, hitkeep.TenantID, hitkeep.SiteID, time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.current, nil
}

func (s *recorder) Earliest(context.Context, hitkeep.TenantID, hitkeep.SiteID) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.earliest, nil
}

func (s *recorder) set(f func(*recorder)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is an API with everything around it.
type world struct {
	t       *testing.T
	api     *API
	control *stateControl
	logins  *mapLogins
	stats   *recorder
	clock   *clock
	logged  *lockedBuffer
	server  *httptest.Server
	options Options
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, control: &stateControl{state: hitkeep.NewState()}, logins: &mapLogins{rows: map[string]Login{}},
		stats: &recorder{}, clock: &clock{t: time.Date(2026, 11, 23, 9, 16, 0, 0, time.UTC)}, logged: &lockedBuffer{}}
	w.options = Options{Control: w.control, Logins: w.logins, Stats: w.stats, Key: bytes.Repeat([]byte{7}, 32),
		SetupToken: func() string { return "once" }, Version: "1.0.0-test", LoginRate: -1,
		Now: w.clock.now, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(w.logged, nil))}
	for _, f := range change {
		f(&w.options)
	}
	w.start()
	t.Cleanup(func() { w.api.Close(); w.server.Close() })
	return w
}

// start makes the API new, as after a restart of the process.
func (w *world) start() {
	w.t.Helper()
	if w.server != nil {
		w.api.Close()
		w.server.Close()
	}
	a, err := New(w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	mux := http.NewServeMux()
	a.Register(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") })
	w.api, w.server = a, httptest.NewServer(mux)
}

// do runs a command in the name of nobody in particular.
func (w *world) do(cmd hitkeep.Command) {
	w.t.Helper()
	cmd.At, cmd.Actor = w.clock.now(), "cli"
	if err := w.control.Do(context.Background(), &cmd); err != nil {
		w.t.Fatal(err)
	}
}

// cheapHash is of goodPassword, with the least cost.
const cheapHash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$"

func (w *world) addUser(id hitkeep.UserID, email string, role hitkeep.Role) {
	w.t.Helper()
	w.do(hitkeep.Command{PutUser: &hitkeep.User{ID: id, Email: email, Role: role, PasswordHash: cheapPHC(w.t),
		CreatedAt: w.clock.now(), PasswordAt: w.clock.now()}})
}

func (w *world) addSite(id hitkeep.SiteID, domain, zone string) {
	w.t.Helper()
	w.do(hitkeep.Command{PutSite: &hitkeep.Site{ID: id, Tenant: hitkeep.DefaultTenant, Domain: domain, Timezone: zone}})
}

func (w *world) addToken(id hitkeep.TokenID, owner hitkeep.UserID, site hitkeep.SiteID, scopes ...string) string {
	w.t.Helper()
	secret, prefix, hash, err := MintToken(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(hitkeep.Command{PutToken: &hitkeep.Token{ID: id, Tenant: hitkeep.DefaultTenant, Site: site, Owner: owner,
		Name: "t", Scopes: scopes, Prefix: prefix, Hash: hash}})
	return secret
}

// login signs a user in by the API and returns the cookie.
func (w *world) login(email string) string {
	w.t.Helper()
	res := w.call("POST", "/api/login", loginForm{Email: email, Password: goodPassword})
	res.want(200)
	return res.cookie()
}

// reply is an answer, read.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

type option func(*http.Request)

func withCookie(value string) option {
	return func(r *http.Request) {
		if value != "" {
			r.AddCookie(&http.Cookie{Name: secureCookie, Value: value})
		}
	}
}

func withToken(secret string) option { return withHeader("Authorization", "Bearer "+secret) }

func withHeader(key, value string) option { return func(r *http.Request) { r.Header.Add(key, value) } }

// call sends a request. A string body is sent as it is, another as JSON.
func (w *world) call(method, path string, body any, opts ...option) *reply {
	w.t.Helper()
	var in io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		in = bytes.NewReader(j)
	}
	r, err := http.NewRequest(method, w.server.URL+path, in)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, o := range opts {
		o(r)
	}
	res, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return &reply{t: w.t, status: res.StatusCode, header: res.Header, body: b}
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, not %d: %s", r.status, status, r.body)
	}
	return r
}

// wantError checks status, code and field of an error.
func (r *reply) wantError(status int, code hitkeep.Code, field string) errorBody {
	r.t.Helper()
	r.want(status)
	e := decode[errorBody](r)
	if e.Code != code || e.Field != field || e.Error == "" || len(e.ID) != 16 || r.header.Get("X-Request-Id") != e.ID {
		r.t.Fatalf("error %s, not code %q field %q", r.body, code, field)
	}
	return e
}

// cookie is the value of the login cookie that was set, "" if none was.
func (r *reply) cookie() string {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == secureCookie && c.MaxAge > 0 {
			return c.Value
		}
	}
	return ""
}

func decode[T any](r *reply) (v T) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("%v in %s", err, r.body)
	}
	return v
}
