package journal

import (
	"context"
	"fmt"
	"os"
	"time"

	"hitkeep"
)

// keepFor is how long a segment stays whose records are checkpointed but not in parts.
const keepFor = 72 * time.Hour

// TrimReason says why a segment could go.
type TrimReason int

// The reasons, in order of preference.
const (
	TrimParted   TrimReason = iota // all its records are in verified parts, or it has none
	TrimAged                       // it is older than 72 h
	TrimPressure                   // the disk gate demanded it
	trimReasons
	keep TrimReason = -1
)

func (r TrimReason) String() string { return [...]string{"parted", "aged", "pressure"}[r] }

// Trimmed counts the deleted segments of this start by reason.
func (j *Journal) Trimmed() map[TrimReason]int64 {
	m := map[TrimReason]int64{}
	for r := range trimReasons {
		m[r] = j.trimmed[r].Load()
	}
	return m
}

// Trim deletes segments that no store needs (invariant 6): all their records are checkpointed
// and are in parts, or the segment was complete 72 h before now, or the disk gate demands it. A
// store that has records in a segment and no floor keeps it. The zero now switches the rule of
// age off. A segment with unreadable bytes is renamed to *.damaged instead: nothing unparsed is
// deleted. Calls must not overlap.
func (j *Journal) Trim(ctx context.Context, floors map[hitkeep.TenantID]hitkeep.Floor, now time.Time) (removed int, err error) {
	pressed := j.gate.pressed(j.opt.Now(), j.bytes.Load())
	for _, c := range j.sealed() {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		reason := c.segment.reason(floors, !now.IsZero() && now.Sub(c.complete) >= keepFor, pressed)
		if reason == keep {
			continue
		}
		if err := j.drop(c.segment); err != nil {
			return removed, err
		}
		j.trimmed[reason].Add(1)
		removed++
		if reason == TrimPressure {
			pressed = j.gate.pressed(j.opt.Now(), j.bytes.Load())
		}
	}
	if removed > 0 {
		return removed, syncDir(j.opt.Dir)
	}
	return 0, nil
}

// candidate is a segment that grows no more, and when the next one was opened.
type candidate struct {
	segment  *segment
	complete time.Time
}

func (j *Journal) sealed() []candidate {
	j.imu.RLock()
	defer j.imu.RUnlock()
	var cs []candidate
	for i, s := range j.segments {
		switch {
		case i+1 < len(j.segments):
			cs = append(cs, candidate{s, j.segments[i+1].created})
		case s.journal != j.id: // the disk had no room for the active segment
			cs = append(cs, candidate{s, j.opt.Now()})
		}
	}
	return cs
}

// reason decides over a sealed segment.
func (s *segment) reason(floors map[hitkeep.TenantID]hitkeep.Floor, aged, pressed bool) TrimReason {
	parted := true
	for store, sp := range s.stores {
		floor, known := floors[store]
		if !known || floor.Checkpointed[s.journal] < sp.last {
			return keep
		}
		parted = parted && floor.Parted[s.journal] >= sp.last
	}
	switch {
	case parted:
		return TrimParted
	case aged:
		return TrimAged
	case pressed:
		return TrimPressure
	}
	return keep
}

// drop removes a segment's file and then its index.
func (j *Journal) drop(s *segment) error {
	var err error
	if s.damaged {
		err = os.Rename(s.path, s.path+damagedSuffix)
	} else {
		err = os.Remove(s.path)
	}
	if err != nil {
		return fmt.Errorf("trim journal: %w", err)
	}
	j.imu.Lock()
	defer j.imu.Unlock()
	j.bytes.Add(-s.size)
	j.unindex(s)
	return nil
}

// unindex forgets a segment, and the head of each store in that journal if it was the last
// segment with its records; imu is held.
func (j *Journal) unindex(s *segment) {
	left := map[hitkeep.TenantID]bool{}
	kept := make([]*segment, 0, len(j.segments))
	for _, o := range j.segments {
		if o == s {
			continue
		}
		kept = append(kept, o)
		for store := range o.stores {
			if o.journal == s.journal {
				left[store] = true
			}
		}
	}
	j.segments = kept
	for store := range s.stores {
		if left[store] {
			continue
		}
		delete(j.heads[store], s.journal)
		if len(j.heads[store]) == 0 {
			delete(j.heads, store)
		}
	}
}
