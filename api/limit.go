package api

import (
	"maps"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hitkeep"
)

// maxLimits bounds the memory of the login limits.
const maxLimits = 20_000

// limiter bounds login attempts, in memory: per account and address strictly, per address, and
// per account so generously that a stranger cannot lock the owner out easily.
type limiter struct {
	perMinute float64 // below 0 = no limit

	mu  sync.Mutex // guards all
	all map[string]*rate.Limiter
}

func newLimiter(perMinute float64) *limiter {
	return &limiter{perMinute: perMinute, all: map[string]*rate.Limiter{}}
}

// allow takes one attempt, or returns the error with the time to wait.
func (l *limiter) allow(now time.Time, account string, from netip.Addr) error {
	if l.perMinute < 0 {
		return nil
	}
	net := network(from)
	for _, b := range []struct {
		key    string
		factor float64
	}{{"net " + net, 2}, {"pair " + net + " " + account, 1}, {"account " + account, 10}} {
		// The first refusal ends it: who is refused by the pair must not use up the account, and
		// who is refused by the net must not fill the memory with pairs.
		if wait := l.take(now, b.key, b.factor); wait > 0 {
			return &retryError{after: wait, err: hitkeep.Errorf(hitkeep.RateLimited, "too many attempts to sign in").
				WithHint("wait a moment, then try again")}
		}
	}
	return nil
}

// network is what one person can easily have many addresses of: a /64 of IPv6.
func network(ip netip.Addr) string {
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// take uses one token of a bucket that holds a minute's worth, times factor. It returns how
// long to wait when there is none; a refused attempt costs nothing.
func (l *limiter) take(now time.Time, key string, factor float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	lim := l.all[key]
	if lim == nil {
		l.makeRoom(now)
		perMinute := l.perMinute * factor
		lim = rate.NewLimiter(rate.Limit(perMinute/60), max(1, int(perMinute)))
		l.all[key] = lim
	}
	res := lim.ReserveN(now, 1)
	if d := res.DelayFrom(now); d > 0 {
		res.CancelAt(now)
		return d
	}
	return 0
}

// makeRoom forgets full buckets, which say nothing, and if there are too few of them any.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.all) < maxLimits {
		return
	}
	maps.DeleteFunc(l.all, func(_ string, lim *rate.Limiter) bool {
		return lim.TokensAt(now) >= float64(lim.Burst())
	})
	for k := range l.all {
		if len(l.all) <= maxLimits*9/10 {
			break
		}
		delete(l.all, k)
	}
}
