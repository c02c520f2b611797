package ingest

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

// Raw is one hit of a sender inside the process, such as the demo's traffic, before enrichment.
type Raw struct {
	At                 time.Time
	Kind               hitkeep.Kind
	URL, Referrer      string
	Address, UserAgent string
	Language           string
	ScreenWidth        int
	Name               string            // events
	Props              map[string]string // events
	Revenue, Currency  string            // events: a decimal and a code of three letters; "" = none
	EngagedMS          int64             // engagement
	Scroll             int               // engagement, percent
	Import             hitkeep.ImportID  // 0 = none
	Position           int64             // ascending within an import: what is not beyond the stored one is dropped
}

// Submit enriches hits of one site and returns when they are durable. Nothing is stored of a
// call that fails before its first chunk of 1,000.
func (s *Service) Submit(ctx context.Context, site *hitkeep.Site, via hitkeep.Via, hits []Raw) (journal.Ack, error) {
	var last journal.Ack
	for chunk := range slices.Chunk(hits, chunkRecords) {
		records := make([][]byte, len(chunk))
		for i := range chunk {
			q, err := s.rawRequest(site, via, &chunk[i])
			if err != nil {
				return last, err
			}
			if records[i], _, _, err = s.record(q); err != nil {
				return last, err
			}
		}
		ack, err := s.o.Journal.Append(ctx, site.Tenant, records...)
		if err != nil {
			return last, err
		}
		last = ack
	}
	return last, nil
}

func (s *Service) rawRequest(site *hitkeep.Site, via hitkeep.Via, r *Raw) (*request, error) {
	q := &request{kind: r.Kind, via: via, site: site, ts: r.At, at: s.o.Now(), imp: r.Import, pos: r.Position,
		agent: agentKey{ua: r.UserAgent}}
	q.p = payload{name: r.Name, referrer: r.Referrer, lang: r.Language, screenW: int64(r.ScreenWidth),
		engagedMS: hitkeep.Absent, scroll: hitkeep.Absent}
	if r.Kind == hitkeep.Engagement {
		q.p.engagedMS, q.p.scroll = r.EngagedMS, int32(r.Scroll)
	}
	for k, v := range r.Props {
		q.p.props = append(q.p.props, hitkeep.Prop{Key: k, Value: v})
	}
	slices.SortFunc(q.p.props, func(a, b hitkeep.Prop) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	var ok bool
	if q.page, ok = parsePage(r.URL, false); !ok {
		return nil, hitkeep.BadField("url", "%q is no address", r.URL)
	}
	if r.Address != "" {
		addr, err := netip.ParseAddr(r.Address)
		if err != nil {
			return nil, hitkeep.BadField("address", "is not an IP address")
		}
		q.addr = addr
	}
	if r.Revenue != "" {
		if err := q.p.setRevenue("revenue", r.Revenue, r.Currency); err != nil {
			return nil, err
		}
	}
	return q, nil
}
