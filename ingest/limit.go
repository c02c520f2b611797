package ingest

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// lru maps at most max keys to values; the one used longest ago makes room. Not safe for
// concurrent use.
type lru[K comparable, V any] struct {
	max   int
	items map[K]*lruItem[K, V]
	root  lruItem[K, V] // ring: root.next is the newest, root.prev the oldest
}

type lruItem[K comparable, V any] struct {
	prev, next *lruItem[K, V]
	key        K
	value      V
}

func newLRU[K comparable, V any](max int) *lru[K, V] {
	l := &lru[K, V]{max: max, items: make(map[K]*lruItem[K, V])}
	l.root.prev, l.root.next = &l.root, &l.root
	return l
}

func (l *lru[K, V]) get(key K) (v V, ok bool) {
	it := l.items[key]
	if it == nil {
		return v, false
	}
	l.unlink(it)
	l.pushFront(it)
	return it.value, true
}

func (l *lru[K, V]) put(key K, v V) {
	if it := l.items[key]; it != nil {
		it.value = v
		return
	}
	if len(l.items) >= l.max {
		oldest := l.root.prev
		l.unlink(oldest)
		delete(l.items, oldest.key)
	}
	it := &lruItem[K, V]{key: key, value: v}
	l.items[key] = it
	l.pushFront(it)
}

func (l *lru[K, V]) unlink(it *lruItem[K, V]) {
	it.prev.next, it.next.prev = it.next, it.prev
}

func (l *lru[K, V]) pushFront(it *lruItem[K, V]) {
	it.prev, it.next = &l.root, l.root.next
	l.root.next.prev, l.root.next = it, it
}

// maxBuckets bounds the limiter's memory to a few MB; a client forgotten starts with a full bucket.
const maxBuckets = 16384

// limiter grants each client a rate of hits: an IPv4 address, or an IPv6 network of 64 bits,
// since one household has all addresses in it. A nil limiter grants everything.
type limiter struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex // guards buckets
	buckets *lru[netip.Prefix, *rate.Limiter]
}

func newLimiter(perSecond float64, burst int, now func() time.Time) *limiter {
	if perSecond <= 0 {
		return nil
	}
	return &limiter{rate: rate.Limit(perSecond), burst: max(burst, 1), now: now,
		buckets: newLRU[netip.Prefix, *rate.Limiter](maxBuckets)}
}

// wait returns 0 if the client may send a hit now, else in how long it may try again.
func (l *limiter) wait(addr netip.Addr) time.Duration {
	if l == nil {
		return 0
	}
	b, now := l.bucket(addr), l.now()
	if b.AllowN(now, 1) {
		return 0
	}
	missing := 1 - b.TokensAt(now)
	return max(time.Duration(missing/float64(l.rate)*float64(time.Second)), time.Millisecond)
}

func (l *limiter) bucket(addr netip.Addr) *rate.Limiter {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	key, _ := addr.Prefix(bits)
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets.get(key)
	if !ok {
		b = rate.NewLimiter(l.rate, l.burst)
		l.buckets.put(key, b)
	}
	return b
}
