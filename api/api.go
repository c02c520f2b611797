package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"hitkeep"
)

// Control is the control state: users, sites, members, tokens.
type Control interface {
	// Read calls f under a lock. f keeps no reference to the state's maps.
	Read(f func(*hitkeep.State))
	// Do checks a command, makes it durable and applies it. An error means nothing changed;
	// what the check refuses is a *hitkeep.Error.
	Do(ctx context.Context, cmd *hitkeep.Command) error
}

// Stats answers questions about hits.
type Stats interface {
	Query(ctx context.Context, team hitkeep.TenantID, q hitkeep.Query) (*hitkeep.Result, error)
	// Current is the number of current visitors at a time.
	Current(ctx context.Context, team hitkeep.TenantID, site hitkeep.SiteID, now time.Time) (int, error)
	// Earliest is the time of the site's earliest hit; zero = none.
	Earliest(ctx context.Context, team hitkeep.TenantID, site hitkeep.SiteID) (time.Time, error)
}

// Feed tells of newly stored hits.
type Feed interface {
	// Subscribe returns counts of hits of a site that became visible; cancel ends it. The
	// channel may be closed by the feed or not.
	Subscribe(site hitkeep.SiteID) (events <-chan int, cancel func())
}

// Outcomes remembers what became of a site's latest requests, newest first.
type Outcomes interface {
	Recent(site hitkeep.SiteID) []Outcome
	// Unknown remembers those that belonged to no site, newest first.
	Unknown() []Outcome
}

// Outcome is what became of one request with a hit. It identifies nobody.
type Outcome struct {
	At       time.Time `json:"at"`
	Outcome  string    `json:"outcome"` // stored, ignored, refused or bot
	Reason   string    `json:"reason"`
	Hostname string    `json:"hostname"`
}

// Notice is something the operator should know.
type Notice struct {
	Code    string `json:"code"`
	Level   string `json:"level"` // info, warn or error
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"` // the line to add or the command to run
}

// DemoLogin is shown on the login page in demo mode.
type DemoLogin struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Options are what an API is made of. Control, Logins, Stats and Key are required.
type Options struct {
	Control  Control
	Logins   Logins
	Stats    Stats
	Feed     Feed            // nil = live views poll only
	Outcomes Outcomes        // nil = none
	Notices  func() []Notice // nil = none
	// Key signs login cookies: 32 secret bytes, the same after a restart.
	Key []byte
	// SetupToken returns the one-time token of the setup link, "" when there is none.
	SetupToken func() string
	// PublicURL is where browsers reach the dashboard, with the base path; "" = as requested.
	PublicURL string
	// Tenant is the team of new sites and of tokens without a site; 0 = the default one.
	Tenant hitkeep.TenantID
	Demo   *DemoLogin // nil = no demo mode
	// Version of the server, as shown.
	Version string
	// TrustedProxies may say by X-Forwarded-For and X-Forwarded-Proto whom they speak for.
	TrustedProxies []netip.Prefix
	// LoginRate is how many login attempts a minute one account may get from one address; an
	// address gets the double, an account the tenfold. 0 = 10; below 0 = no limit.
	LoginRate float64
	// TokenUsed is told of each use of a token; nil = last uses are remembered until the end
	// of the process. TokenLastUsed reads them back; zero = never.
	TokenUsed     func(hitkeep.TokenID, time.Time)
	TokenLastUsed func(hitkeep.TokenID) time.Time

	Now  func() time.Time // nil = time.Now
	Rand io.Reader        // nil is refused
	Log  *slog.Logger     // nil = discarded
}

// API serves the interface. It is safe for concurrent use.
type API struct {
	o        Options
	routes   []Route
	mux      *http.ServeMux // the routes once more, to find out which methods a path takes
	origin   *http.CrossOriginProtection
	sessions *sessions
	hasher   *hasher
	limits   *limiter
	streams  *streams
	firsts   *firstHits
	uses     *tokenUses
	spec     func() ([]byte, error)
	// edit is held while a handler reads the control state and changes it by what it read.
	edit sync.Mutex
}

// New returns an API, or an error that names the missing or wrong option.
func New(o Options) (*API, error) {
	if o.Control == nil || o.Logins == nil || o.Stats == nil || o.Rand == nil {
		return nil, errors.New("api: Control, Logins, Stats and Rand are required")
	}
	if len(o.Key) != keySize {
		return nil, fmt.Errorf("api: Key has %d bytes, not %d", len(o.Key), keySize)
	}
	fillDefaults(&o)
	origin, err := originProtection(o.PublicURL)
	if err != nil {
		return nil, err
	}
	a := &API{
		o: o, origin: origin, hasher: newHasher(o.Rand), limits: newLimiter(o.LoginRate),
		streams: newStreams(), firsts: newFirstHits(o.Stats), uses: &tokenUses{at: map[hitkeep.TokenID]time.Time{}},
		spec: sync.OnceValues(specJSON),
	}
	a.sessions = newSessions(o)
	a.routes = a.table()
	a.mux = http.NewServeMux()
	for _, r := range a.routes {
		a.mux.Handle(r.Method+" "+r.Pattern, http.NotFoundHandler())
	}
	return a, nil
}

func fillDefaults(o *Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Tenant == 0 {
		o.Tenant = hitkeep.DefaultTenant
	}
	if o.LoginRate == 0 {
		o.LoginRate = 10
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
}

// originProtection trusts the public origin too: a proxy may replace the Host header.
func originProtection(public string) (*http.CrossOriginProtection, error) {
	c := http.NewCrossOriginProtection()
	if public == "" {
		return c, nil
	}
	u, err := url.Parse(public)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, hitkeep.BadField("public_url", "%q is not a URL such as https://stats.example.com", public)
	}
	return c, c.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}

// now is the present, as it is stored: UTC in whole milliseconds.
func (a *API) now() time.Time { return a.o.Now().UTC().Truncate(time.Millisecond) }

// Close ends the live streams and waits for them. Requests that come later get no stream.
func (a *API) Close() { a.streams.close() }
