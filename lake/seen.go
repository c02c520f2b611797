package lake

import (
	"context"
	"database/sql"
	"fmt"

	"hitkeep"
)

// Client ids are compared over 24 hours of received_at (invariant 5). The table seen has them
// all; in memory stands one Bloom filter per hour, so that a hit that comes for the first time
// costs no look-up: only what a filter may know is asked from the table.
const (
	hourUS    = int64(3600 * 1e6)
	windowUS  = 24 * hourUS
	keepHours = 25 // the running hour and the 24 before it
	// maxSeen caps the ids of one store, at 4 bytes each (32 MB): above it the oldest hour is forgotten
	// early, and a re-send that old is counted again. It is 97 ids a second for a day.
	maxSeen = 8 << 20
)

// clientKey names a hit by its sender.
type clientKey struct {
	site hitkeep.SiteID
	id   uint64
}

// hash mixes both halves (splitmix64's finisher); equal on every machine is not needed.
func (k clientKey) hash() uint64 {
	x := k.id ^ uint64(k.site)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// seenSet is the filters of a store; guarded by store.write.
type seenSet struct {
	hours map[int64]*hourFilter // by received_at / 1 h
	total int
	gone  []int64 // hours that were forgotten while the table may still have their rows

	base     int64 // the running hour of a steady clock; 0 = not known yet
	stepAt   int64 // received_at of the first hit since the clock stepped; 0 = it did not
	stepHour int64
}

func newSeenSet() *seenSet { return &seenSet{hours: map[int64]*hourFilter{}} }

// mayHold reports whether some hour may know the key. No false negatives.
func (s *seenSet) mayHold(h uint64) bool {
	for _, f := range s.hours {
		if f.mayHold(h) {
			return true
		}
	}
	return false
}

func (s *seenSet) add(h uint64, receivedAt int64) {
	hour := receivedAt / hourUS
	f := s.hours[hour]
	if f == nil {
		f = &hourFilter{}
		s.hours[hour] = f
	}
	f.add(h)
	s.total++
}

// tick follows the clock of received_at. A step (or hours without a hit, or a start) is believed
// after an hour of steady clock: one hit from a wrong future must not make the present look old
// and switch deduplication off (invariant 15).
func (s *seenSet) tick(at int64) {
	hour := at / hourUS
	switch {
	case s.base != 0 && near(hour, s.base):
		s.base, s.stepAt = max(hour, s.base), 0
	case s.stepAt == 0 || !near(hour, s.stepHour) || at < s.stepAt:
		s.stepAt, s.stepHour = at, hour
	case at-s.stepAt >= hourUS:
		s.base, s.stepAt = hour, 0
	default:
		s.stepHour = hour
	}
}

func near(a, b int64) bool { return a-b <= 1 && b-a <= 1 }

// forget drops the hours that left the window around a steady clock, and above the cap those
// furthest from at. It returns the hours whose rows are to be deleted from the table; the caller
// empties gone when that is committed.
func (s *seenSet) forget(at int64) []int64 {
	s.tick(at)
	now := at / hourUS
	for h := range s.hours {
		outside := s.base != 0 && (h <= s.base-keepHours || h >= s.base+keepHours)
		if outside && h != now && (s.stepAt == 0 || !near(h, s.stepHour)) {
			s.drop(h)
		}
	}
	for s.total > maxSeen && len(s.hours) > 1 {
		far := now
		for h := range s.hours {
			if max(h-now, now-h) > max(far-now, now-far) {
				far = h
			}
		}
		s.drop(far)
	}
	return s.gone
}

func (s *seenSet) drop(h int64) {
	s.total -= s.hours[h].n
	delete(s.hours, h)
	s.gone = append(s.gone, h)
}

// hourFilter grows by blocks: each is a split-block Bloom filter of its own, four times the size
// of the one before.
type hourFilter struct {
	blocks []bloom
	n      int
}

func (f *hourFilter) mayHold(h uint64) bool {
	for i := range f.blocks {
		if f.blocks[i].mayHold(h) {
			return true
		}
	}
	return false
}

func (f *hourFilter) add(h uint64) {
	last := len(f.blocks) - 1
	if last < 0 || f.blocks[last].n >= f.blocks[last].room {
		room := 1 << 10
		if last >= 0 {
			room = min(f.blocks[last].room*4, 1<<18)
		}
		f.blocks = append(f.blocks, newBloom(room))
		last++
	}
	f.blocks[last].add(h)
	f.n++
}

// bloom spends 32 bits a key in buckets of 256 bits: one cache line a look-up, one false answer
// in about 20,000 when full.
type bloom struct {
	buckets [][8]uint32
	n, room int
}

func newBloom(room int) bloom { return bloom{buckets: make([][8]uint32, room/8), room: room} }

// The odd multipliers spread one hash over the eight words of a bucket.
var spread = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

func (b *bloom) bucket(h uint64) *[8]uint32 {
	return &b.buckets[(h>>32)*uint64(len(b.buckets))>>32]
}

func (b *bloom) mayHold(h uint64) bool {
	w := b.bucket(h)
	for i, m := range spread {
		if w[i]&(1<<(uint32(h)*m>>27)) == 0 {
			return false
		}
	}
	return true
}

func (b *bloom) add(h uint64) {
	w := b.bucket(h)
	for i, m := range spread {
		w[i] |= 1 << (uint32(h) * m >> 27)
	}
	b.n++
}

// loadSeen rebuilds the filters from the table.
func (s *store) loadSeen(ctx context.Context, q querier) error {
	s.seen = newSeenSet()
	rows, err := q.QueryContext(ctx, "SELECT site_id, client_id, received_at FROM "+s.catalog+".seen")
	if err != nil {
		return fmt.Errorf("read seen: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var site, id, at int64
		if err := rows.Scan(&site, &id, &at); err != nil {
			return fmt.Errorf("read seen: %w", err)
		}
		s.seen.add(clientKey{hitkeep.SiteID(site), uint64(id)}.hash(), at)
	}
	return rows.Err()
}

// lookUp returns when each of the candidate keys was last seen, in microseconds.
func (s *store) lookUp(ctx context.Context, c *sql.Conn, candidates []clientKey) (map[clientKey]int64, error) {
	ids := make([]int64, len(candidates))
	for i, k := range candidates {
		ids[i] = int64(k.id)
	}
	rows, err := c.QueryContext(ctx, `SELECT site_id, client_id, max(received_at)
		FROM `+s.catalog+`.seen
		WHERE client_id IN (SELECT unnest($1::BIGINT[]))
		GROUP BY ALL`, ids)
	if err != nil {
		return nil, fmt.Errorf("look up client ids: %w", err)
	}
	defer rows.Close()
	found := map[clientKey]int64{}
	for rows.Next() {
		var site, id, at int64
		if err := rows.Scan(&site, &id, &at); err != nil {
			return nil, fmt.Errorf("look up client ids: %w", err)
		}
		found[clientKey{hitkeep.SiteID(site), uint64(id)}] = at
	}
	return found, rows.Err()
}
