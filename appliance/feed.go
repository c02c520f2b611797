package appliance

import (
	"sync"

	"hitkeep"
)

// feed tells live views how many hits of a site were just stored. It never blocks the applier:
// a subscriber that lags finds the counts added up.
type feed struct {
	mu   sync.Mutex
	subs map[hitkeep.SiteID]map[chan int]struct{} // channels of capacity 1; closed by nobody
}

func newFeed() *feed { return &feed{subs: map[hitkeep.SiteID]map[chan int]struct{}{}} }

// Subscribe returns a channel of stored counts of a site; cancel ends the subscription.
func (f *feed) Subscribe(site hitkeep.SiteID) (<-chan int, func()) {
	ch := make(chan int, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs[site] == nil {
		f.subs[site] = map[chan int]struct{}{}
	}
	f.subs[site][ch] = struct{}{}
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs[site], ch)
		if len(f.subs[site]) == 0 {
			delete(f.subs, site)
		}
	}
}

// applied is the pipeline's hook.
func (f *feed) applied(_ hitkeep.TenantID, a hitkeep.Applied) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for site, n := range a.Sites {
		for ch := range f.subs[site] {
			select {
			case waiting := <-ch:
				ch <- waiting + n
			default:
				ch <- n
			}
		}
	}
}
