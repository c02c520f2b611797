package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"hitkeep"
)

const (
	liveTick   = time.Second      // between checks of current visitors, and between hits events
	liveBeat   = 15 * time.Second // between comments; access is checked again as often
	liveWrite  = 10 * time.Second // for one event; a client that is slower is dropped
	idleRecall = 5 * time.Second  // between checks while no hits arrive
	maxStreams = 512
)

// streams counts the live streams and ends them.
type streams struct {
	done chan struct{} // closed by close

	mu      sync.Mutex // guards the rest
	open    sync.WaitGroup
	n       int
	closed  bool
	watches map[hitkeep.SiteID]*watch
}

// watch is one site's number of current visitors, shared by all streams of the site.
type watch struct {
	users int // streams; guarded by streams.mu

	mu      sync.Mutex // guards the rest, and makes one stream ask for all
	asked   time.Time
	hits    bool // hits arrived since asked
	current int
}

func newStreams() *streams {
	return &streams{done: make(chan struct{}), watches: map[hitkeep.SiteID]*watch{}}
}

// enter counts a new stream of a site in.
func (s *streams) enter(site hitkeep.SiteID) (*watch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.n >= maxStreams {
		return nil, hitkeep.Errorf(hitkeep.Unavailable, "no more live views at this moment")
	}
	s.n++
	s.open.Add(1)
	w := s.watches[site]
	if w == nil {
		w = &watch{}
		s.watches[site] = w
	}
	w.users++
	return w, nil
}

func (s *streams) leave(site hitkeep.SiteID, w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.users--; w.users == 0 {
		delete(s.watches, site)
	}
	s.n--
	s.open.Done()
}

func (s *streams) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.open.Wait()
}

// visitors asks at most once a second, and only every 5 s while no hits arrive: then the number
// can only sink.
func (w *watch) visitors(ctx context.Context, stats Stats, site *hitkeep.Site, now time.Time) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	age := now.Sub(w.asked)
	if !w.asked.IsZero() && age >= 0 && (age < liveTick || (!w.hits && age < idleRecall)) {
		return w.current, nil
	}
	n, err := stats.Current(ctx, site.Tenant, site.ID, now)
	if err != nil {
		return 0, fmt.Errorf("current visitors of %s: %w", site.ID, err)
	}
	w.current, w.asked, w.hits = n, now, false
	return n, nil
}

func (w *watch) noteHits() {
	w.mu.Lock()
	w.hits = true
	w.mu.Unlock()
}

// stream is one client's.
type stream struct {
	a       *API
	w       http.ResponseWriter
	c       *call
	watch   *watch
	current int  // as last sent; -1 = never
	stored  int  // hits not told yet
	waiting bool // for the site's first hit
	told    time.Time
}

// liveEvents serves server-sent events until the client goes, its access ends or Close.
func (a *API) liveEvents(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	wt, err := a.streams.enter(c.site.ID)
	if err != nil {
		return err
	}
	defer a.streams.leave(c.site.ID, wt)
	first, err := a.firsts.of(r.Context(), &c.site, a.o.Now())
	if err != nil {
		return err
	}
	var feed <-chan int
	if a.o.Feed != nil {
		events, cancel := a.o.Feed.Subscribe(c.site.ID)
		defer cancel()
		feed = events
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	if r.Method == http.MethodHead {
		return nil
	}
	s := &stream{a: a, w: w, c: c, watch: wt, current: -1, waiting: first.IsZero()}
	if err := s.tick(r.Context()); err != nil {
		return err
	}
	return s.run(r.Context(), feed)
}

func (s *stream) run(ctx context.Context, feed <-chan int) error {
	tick, beat := time.NewTicker(liveTick), time.NewTicker(liveBeat)
	defer tick.Stop()
	defer beat.Stop()
	var ended <-chan struct{}
	if s.c.caller.login != nil {
		ended = s.c.caller.login.done
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-s.a.streams.done:
			return nil
		case <-ended:
			return nil
		case n, ok := <-feed:
			if !ok {
				feed = nil
				break
			}
			s.stored += n
			s.watch.noteHits()
			err = s.tellHits(ctx)
		case <-tick.C:
			err = s.tick(ctx)
		case <-beat.C:
			if !s.a.stillAllowed(s.c) {
				return nil
			}
			err = s.write(": beat\n\n")
		}
		if err != nil {
			return err
		}
	}
}

// tick sends what is due.
func (s *stream) tick(ctx context.Context) error {
	n, err := s.watch.visitors(ctx, s.a.o.Stats, &s.c.site, s.a.o.Now())
	if err != nil {
		return err
	}
	if n != s.current {
		s.current = n
		if err := s.send("current", map[string]int{"visitors": n}); err != nil {
			return err
		}
	}
	return s.tellHits(ctx)
}

// tellHits sends stored hits, at most once a second, the site's first one first.
func (s *stream) tellHits(ctx context.Context) error {
	now := s.a.o.Now()
	// A negative age is a clock that was set back.
	if age := now.Sub(s.told); s.stored == 0 || (age >= 0 && age < liveTick) {
		return nil
	}
	if s.waiting {
		first, err := s.a.firsts.of(ctx, &s.c.site, now)
		if err != nil {
			return err
		}
		if s.waiting = first.IsZero(); !s.waiting {
			if err := s.send("first", struct{}{}); err != nil {
				return err
			}
		}
	}
	n := s.stored
	s.stored, s.told = 0, now
	return s.send("hits", map[string]int{"stored": n})
}

func (s *stream) send(event string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	return s.write("event: " + event + "\ndata: " + string(b) + "\n\n")
}

// write bounds how long a client that does not read can hold the stream. The client's going
// away is no error of ours: the stream just ends.
func (s *stream) write(text string) error {
	rc := http.NewResponseController(s.w)
	_ = rc.SetWriteDeadline(time.Now().Add(liveWrite)) // some writers have none
	if _, err := s.w.Write([]byte(text)); err != nil {
		return errGone
	}
	if err := rc.Flush(); err != nil {
		return errGone
	}
	_ = rc.SetWriteDeadline(time.Time{}) // in HTTP/2 one that passes ends even an idle stream
	return nil
}

// errGone ends a handler whose client is not there any more.
var errGone = hitkeep.Errorf(hitkeep.Unavailable, "the client is gone")

// stillAllowed checks a stream's access again: the login, the token, the role on the site.
func (a *API) stillAllowed(c *call) bool {
	fresh := *c
	if c.caller.login != nil && !a.sessions.alive(c.caller.login) {
		return false
	}
	now, ok := a.o.Now(), true
	a.o.Control.Read(func(s *hitkeep.State) {
		if t := c.caller.token; t != nil {
			live := s.Tokens[t.ID]
			ok = live != nil && (live.ExpiresAt == nil || now.Before(*live.ExpiresAt))
		}
		if u := c.caller.user; u != nil {
			fresh.caller.user = s.Users[u.ID]
			ok = ok && fresh.caller.user != nil
		}
	})
	return ok && a.enterSite(&fresh, c.site.ID.String()) == nil
}
