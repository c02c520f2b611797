package lake

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

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
	floor int64 // hours below were forgotten
	due   bool  // the table still has rows below floor
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

// forget drops hours that left the window, and the oldest ones above the cap. It reports
// whether the table has rows to delete: those received before floor.
func (s *seenSet) forget() (before int64, due bool) {
	hours := make([]int64, 0, len(s.hours))
	for h := range s.hours {
		hours = append(hours, h)
	}
	slices.Sort(hours)
	for len(hours) > 1 && (hours[0] <= hours[len(hours)-1]-keepHours || s.total > maxSeen) {
		s.total -= s.hours[hours[0]].n
		delete(s.hours, hours[0])
		hours = hours[1:]
		s.floor, s.due = hours[0], true
	}
	return s.floor * hourUS, s.due
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
