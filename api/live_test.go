package api

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hitkeep"
)

// manualFeed is fed by the test.
type manualFeed struct {
	ch       chan int
	mu       sync.Mutex
	canceled int
}

func (f *manualFeed) Subscribe(hitkeep.SiteID) (<-chan int, func()) {
	return f.ch, func() { f.mu.Lock(); f.canceled++; f.mu.Unlock() }
}

// sink is a connection that collects events; it can be broken.
type sink struct {
	httptest.ResponseRecorder
	mu     sync.Mutex
	text   strings.Builder
	broken bool
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return 0, errors.New("deadline exceeded")
	}
	return s.text.Write(b)
}

func (s *sink) Flush() {}

// take returns what came since the last call, events on one line each.
func (s *sink) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.NewReplacer("event: ", "", "\ndata: ", " ", "\n\n", "|").Replace(s.text.String())
	s.text.Reset()
	return out
}

// liveWorld runs in a bubble of synctest: its clock is the bubble's.
func liveWorld(t *testing.T, test func(w *world, feed *manualFeed, open func() (*sink, context.CancelFunc, <-chan error))) {
	synctest.Test(t, func(t *testing.T) {
		feed := &manualFeed{ch: make(chan int)}
		w := &world{t: t, control: &stateControl{state: hitkeep.NewState()}, logins: &mapLogins{rows: map[string]Login{}},
			stats: &recorder{}, clock: &clock{t: time.Now()}, logged: &lockedBuffer{}}
		api, err := New(Options{Control: w.control, Logins: w.logins, Stats: w.stats, Feed: feed, Key: make([]byte, 32),
			Rand: allOnes{}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		w.api = api
		w.addUser(1, "v@example.com", hitkeep.RoleUser)
		w.addSite(5, "example.com", "UTC")
		w.do(hitkeep.Command{SetMember: &hitkeep.Membership{User: 1, Site: 5, Role: hitkeep.RoleViewer}})
		login, _, err := api.sessions.start(t.Context(), 1, "", "")
		if err != nil {
			t.Fatal(err)
		}
		open := func() (*sink, context.CancelFunc, <-chan error) {
			ctx, cancel := context.WithCancel(t.Context())
			c := &call{route: Route{Access: readStats}, caller: caller{user: w.control.state.Users[1], login: login}}
			if err := api.enterSite(c, "5"); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(context.WithValue(ctx, callKey{}, c), "GET", "/", nil)
			s, done := &sink{}, make(chan error, 1)
			go func() { done <- api.liveEvents(s, r) }()
			synctest.Wait()
			return s, cancel, done
		}
		test(w, feed, open)
		api.Close()
	})
}

type allOnes struct{}

func (allOnes) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0xff
	}
	return len(b), nil
}

// pass lets time go by in the bubble.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestLiveEvents(t *testing.T) {
	liveWorld(t, func(w *world, feed *manualFeed, open func() (*sink, context.CancelFunc, <-chan error)) {
		s, cancel, done := open()
		expect(t, s.take(), `current {"visitors":0}|`)
		w.stats.set(func(r *recorder) { r.current, r.earliest = 1, time.Now() })
		pass(300 * time.Millisecond) // off the ticks
		feed.ch <- 2
		synctest.Wait()
		expect(t, s.take(), `first {}|hits {"stored":2}|`)
		feed.ch <- 3
		feed.ch <- 4
		synctest.Wait()
		expect(t, s.take(), "")
		pass(time.Second) // the current visitors at the tick, the hits one second after the last
		expect(t, s.take(), `current {"visitors":1}|`)
		pass(time.Second)
		expect(t, s.take(), `hits {"stored":7}|`)
		pass(13 * time.Second)
		expect(t, s.take(), `: beat|`)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if feed.canceled != 1 || len(w.api.streams.watches) != 0 {
			t.Error("something of the stream is left")
		}
	})
}

func TestLiveAsksOnceForAll(t *testing.T) {
	liveWorld(t, func(w *world, feed *manualFeed, open func() (*sink, context.CancelFunc, <-chan error)) {
		for range 10 {
			_, cancel, _ := open()
			defer cancel()
		}
		pass(20500 * time.Millisecond)
		if n := w.stats.asked; n < 4 || n > 6 {
			t.Errorf("asked %d times in 20 quiet seconds", n)
		}
		before := w.stats.asked
		for range 50 { // five seconds of hits
			feed.ch <- 1
			pass(100 * time.Millisecond)
		}
		if n := w.stats.asked - before; n < 4 || n > 6 {
			t.Errorf("asked %d times in 5 busy seconds", n)
		}
	})
}

func TestLiveEnds(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"logout":       func(w *world) { w.api.sessions.revoke(context.Background(), onlyLogin(w)) },
		"close":        func(w *world) { go w.api.Close() },
		"membership":   func(w *world) { w.do(hitkeep.Command{SetMember: &hitkeep.Membership{User: 1, Site: 5}}) },
		"deleted user": func(w *world) { w.do(hitkeep.Command{DeleteUser: 1}) },
		"deleted site": func(w *world) { w.do(hitkeep.Command{DeleteSite: 5}) },
	} {
		t.Run(name, func(t *testing.T) {
			liveWorld(t, func(w *world, _ *manualFeed, open func() (*sink, context.CancelFunc, <-chan error)) {
				_, cancel, done := open()
				defer cancel()
				pass(time.Second)
				end(w)
				pass(liveBeat)
				select {
				case err := <-done:
					if err != nil {
						t.Error(err)
					}
				default:
					t.Error("goes on")
				}
			})
		})
	}
}

func TestLiveDropsWhoDoesNotRead(t *testing.T) {
	liveWorld(t, func(w *world, feed *manualFeed, open func() (*sink, context.CancelFunc, <-chan error)) {
		s, cancel, done := open()
		defer cancel()
		s.mu.Lock()
		s.broken = true
		s.mu.Unlock()
		feed.ch <- 1
		if err := <-done; err != errGone {
			t.Error(err)
		}
	})
}

func TestLiveIsLimited(t *testing.T) {
	s := newStreams()
	for range maxStreams {
		if _, err := s.enter(1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.enter(1); hitkeep.CodeOf(err) != hitkeep.Unavailable {
		t.Error(err)
	}
}

// TestLiveOverHTTP reads a stream as a browser does and closes the API under it.
func TestLiveOverHTTP(t *testing.T) {
	w, c := queryWorld(t)
	w.stats.set(func(s *recorder) { s.current = 3 })
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+"/api/sites/example.com/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	c(r)
	res, err := w.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" || res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, ct)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Scan()
	expect(t, lines.Text(), "event: current")
	lines.Scan()
	expect(t, lines.Text(), `data: {"visitors":3}`)
	w.api.Close()
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	w.call("GET", "/api/sites/example.com/live", nil, c).wantError(503, hitkeep.Unavailable, "")
}
