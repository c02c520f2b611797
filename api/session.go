package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"hitkeep"
)

const (
	keySize     = 32
	ticketLife  = 15 * time.Minute    // how long a cookie is good without being renewed
	overlap     = 30 * time.Second    // how long a renewed cookie's predecessor is tolerated
	loginIdle   = 30 * 24 * time.Hour // without use, a login session ends
	maxSessions = 10_000              // held in memory; the others are read again when used
	issuer      = "hitkeep-login"
)

// Login is a login session as it is stored. RefreshHash is of the secret in the newest cookie.
type Login struct {
	ID          string
	User        hitkeep.UserID
	CreatedAt   time.Time
	LastSeenAt  time.Time // as of the last renewal
	RefreshHash []byte
	Browser, OS string // names without versions, for the user to tell sessions apart
}

// Logins stores login sessions. Writes are rare: at login, logout and once in 15 minutes of use.
type Logins interface {
	Put(ctx context.Context, l Login) error
	Get(ctx context.Context, id string) (*Login, error) // nil, nil = there is none
	List(ctx context.Context, user hitkeep.UserID) ([]Login, error)
	Delete(ctx context.Context, id string) error // also of one that does not exist
}

// ticket is what the cookie says, signed: whose login session, and the secret that renews it.
type ticket struct {
	jwt.RegisteredClaims
	Secret string `json:"rs"`
}

// sessions issues, checks, renews and revokes login cookies.
//
//  1. A ticket that is not expired is good while its session is neither deleted nor voided.
//  2. An expired one is good for a renewal if its secret is the session's newest.
//  3. The one before is good for 30 s more: requests overlap. It gets the same new cookie.
//  4. Any older secret was copied from somewhere: the session is revoked.
type sessions struct {
	key     []byte
	logins  Logins
	control Control
	now     func() time.Time
	rand    io.Reader
	log     *slog.Logger

	mu   sync.Mutex // guards open
	open map[string]*session
}

// session is a login session in memory.
type session struct {
	id   string
	done chan struct{} // closed by end

	mu     sync.Mutex // guards the rest
	login  Login
	gone   bool
	seen   time.Time
	before []byte    // hash of the secret before the newest
	until  time.Time // when the overlap ends
	fresh  string    // the newest cookie, for overlapping requests
}

func newSessions(o Options) *sessions {
	return &sessions{key: o.Key, logins: o.Logins, control: o.Control, rand: o.Rand, log: o.Log,
		now: o.Now, open: map[string]*session{}}
}

var errSignedOut = hitkeep.Errorf(hitkeep.Unauthorized, "the login has ended").WithHint("please sign in again")

// start makes a login session and returns its cookie value.
func (m *sessions) start(ctx context.Context, user hitkeep.UserID, browser, os string) (*session, string, error) {
	var id [16]byte
	if _, err := io.ReadFull(m.rand, id[:]); err != nil {
		return nil, "", fmt.Errorf("start login: %w", err)
	}
	now := m.now().UTC().Truncate(time.Millisecond)
	s := &session{id: hex.EncodeToString(id[:]), done: make(chan struct{}), seen: now,
		login: Login{User: user, CreatedAt: now, LastSeenAt: now, Browser: browser, OS: os}}
	s.login.ID = s.id
	// A clock that was set back must not make the login older than the password it was made by.
	m.control.Read(func(st *hitkeep.State) {
		for _, t := range []time.Time{st.LoginsFrom[user], passwordAt(st, user)} {
			if t = t.UTC().Truncate(time.Millisecond); s.login.CreatedAt.Before(t) {
				s.login.CreatedAt = t
			}
		}
	})
	cookie, err := m.sign(&s.login, now)
	if err != nil {
		return nil, "", err
	}
	if err := m.logins.Put(ctx, s.login); err != nil {
		return nil, "", fmt.Errorf("store login: %w", err)
	}
	m.remember(s)
	return s, cookie, nil
}

func passwordAt(s *hitkeep.State, user hitkeep.UserID) time.Time {
	if u := s.Users[user]; u != nil {
		return u.PasswordAt
	}
	return time.Time{}
}

// sign makes a new secret, puts its hash into l and returns the signed cookie value.
func (m *sessions) sign(l *Login, now time.Time) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(m.rand, b[:]); err != nil {
		return "", fmt.Errorf("sign login: %w", err)
	}
	t := ticket{Secret: base64.RawURLEncoding.EncodeToString(b[:]), RegisteredClaims: jwt.RegisteredClaims{
		Issuer: issuer, Subject: l.User.String(), ID: l.ID,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ticketLife))}}
	value, err := jwt.NewWithClaims(jwt.SigningMethodHS256, t).SignedString(m.key)
	if err != nil {
		return "", fmt.Errorf("sign login: %w", err)
	}
	l.RefreshHash = secretHash(t.Secret)
	return value, nil
}

func secretHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// parse checks the signature; expiry is judged by check.
func (m *sessions) parse(value string) (*ticket, error) {
	t := new(ticket)
	p := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation())
	_, err := p.ParseWithClaims(value, t, func(*jwt.Token) (any, error) { return m.key, nil })
	if err != nil || t.Issuer != issuer || t.ExpiresAt == nil || t.ID == "" {
		return nil, errSignedOut
	}
	return t, nil
}

// check says whose cookie it is. renewed is the cookie that replaces it, or "".
func (m *sessions) check(ctx context.Context, value string) (s *session, u *hitkeep.User, renewed string, err error) {
	t, err := m.parse(value)
	if err != nil {
		return nil, nil, "", err
	}
	if s, err = m.find(ctx, t.ID); err != nil {
		return nil, nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.now().UTC().Truncate(time.Millisecond)
	if u = m.user(&s.login, now); s.gone || u == nil || t.Subject != s.login.User.String() {
		return nil, nil, "", errSignedOut
	}
	if !now.Before(t.ExpiresAt.Time) {
		if renewed, err = m.renew(ctx, s, t, now); err != nil {
			return nil, nil, "", err
		}
	}
	s.seen = now
	return s, u, renewed, nil
}

// user returns the session's user, nil if the session is void: unused for long, or older than
// the password or than a revocation.
func (m *sessions) user(l *Login, now time.Time) (u *hitkeep.User) {
	if now.Sub(l.LastSeenAt) > loginIdle {
		return nil
	}
	m.control.Read(func(s *hitkeep.State) {
		u = s.Users[l.User]
		if u == nil || l.CreatedAt.Before(u.PasswordAt.Truncate(time.Millisecond)) ||
			l.CreatedAt.Before(s.LoginsFrom[l.User].Truncate(time.Millisecond)) {
			u = nil
		}
	})
	return u
}

// renew answers an expired ticket. s.mu is held.
func (m *sessions) renew(ctx context.Context, s *session, t *ticket, now time.Time) (string, error) {
	hash := secretHash(t.Secret)
	switch {
	case subtle.ConstantTimeCompare(hash, s.login.RefreshHash) == 1:
		return m.rotate(ctx, s, now)
	case now.Before(s.until) && subtle.ConstantTimeCompare(hash, s.before) == 1:
		return s.fresh, nil
	}
	m.log.Warn("an old login cookie was used again: login revoked", "user", s.login.User.String())
	if err := m.logins.Delete(context.WithoutCancel(ctx), s.id); err != nil {
		m.log.Error("revoked login not deleted", "err", err)
	}
	s.end()
	return "", errSignedOut
}

// rotate replaces the session's secret. Where it cannot be stored (disk full), the old one
// stays good: reports stay readable.
func (m *sessions) rotate(ctx context.Context, s *session, now time.Time) (string, error) {
	next := s.login
	next.LastSeenAt = now
	cookie, err := m.sign(&next, now)
	if err != nil {
		return "", err
	}
	// A client that goes away must not leave the store and the memory with different secrets.
	if err := m.logins.Put(context.WithoutCancel(ctx), next); err != nil {
		m.log.Warn("login not renewed", "err", err)
		return "", nil
	}
	s.before, s.until, s.fresh = s.login.RefreshHash, now.Add(overlap), cookie
	s.login = next
	return cookie, nil
}

// end marks a session as revoked and ends its live streams. s.mu is held.
func (s *session) end() {
	if !s.gone {
		s.gone = true
		close(s.done)
	}
}

// find returns a session from memory or the store.
func (m *sessions) find(ctx context.Context, id string) (*session, error) {
	m.mu.Lock()
	s := m.open[id]
	m.mu.Unlock()
	if s != nil {
		return s, nil
	}
	l, err := m.logins.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read login: %w", err)
	}
	if l == nil {
		return nil, errSignedOut
	}
	return m.remember(&session{id: id, done: make(chan struct{}), login: *l, seen: l.LastSeenAt}), nil
}

// remember keeps s in memory, unless a session of this id is there already: that one counts.
func (m *sessions) remember(s *session) *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.open[s.id]; old != nil {
		return old
	}
	for other := range m.open {
		if len(m.open) < maxSessions {
			break
		}
		delete(m.open, other)
	}
	m.open[s.id] = s
	return s
}

// revoke ends a login session at once. Its mark stays in memory, so that a request that read
// the session from the store just before does not revive it.
func (m *sessions) revoke(ctx context.Context, id string) error {
	if err := m.logins.Delete(ctx, id); err != nil {
		return fmt.Errorf("delete login: %w", err)
	}
	s := m.remember(&session{id: id, done: make(chan struct{})})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	return nil
}

// alive says whether a session that was good is good still.
func (m *sessions) alive(s *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.gone && m.user(&s.login, m.now()) != nil
}

// lastSeen is the time of a session's last use as far as it is known.
func (m *sessions) lastSeen(l Login) time.Time {
	m.mu.Lock()
	s := m.open[l.ID]
	m.mu.Unlock()
	if s == nil {
		return l.LastSeenAt
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// prune deletes the stored sessions of a user that are void.
func (m *sessions) prune(ctx context.Context, user hitkeep.UserID) error {
	all, err := m.logins.List(ctx, user)
	if err != nil {
		return fmt.Errorf("list logins: %w", err)
	}
	now := m.now()
	for _, l := range all {
		if m.user(&l, now) != nil {
			continue
		}
		if err := m.revoke(ctx, l.ID); err != nil {
			return err
		}
	}
	return nil
}
