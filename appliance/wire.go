package appliance

import (
	"hitkeep"
	"hitkeep/api"
	"hitkeep/compactor"
	"hitkeep/ingest"
	"hitkeep/lake"
)

// The seams between the packages, checked by the compiler.
var (
	_ ingest.Appender = (*lake.Lake)(nil)
	_ ingest.Sites    = (*control)(nil)
	_ ingest.Tokens   = (*control)(nil)
	_ api.Control     = (*control)(nil)
	_ api.Logins      = (*projection)(nil)
	_ api.Stats       = (*lake.Lake)(nil)
	_ api.Feed        = (*feed)(nil)
	_ api.Outcomes    = outcomes{}
	_ compactor.Store = (*lake.Lake)(nil)
)

// outcomes hands ingest's record of refused and ignored hits to the API.
type outcomes struct{ s *ingest.Service }

func (o outcomes) Recent(site hitkeep.SiteID) []api.Outcome { return view(o.s.Recent(site)) }
func (o outcomes) Unknown() []api.Outcome                   { return view(o.s.RecentUnknown()) }

func view(recent []ingest.Outcome) []api.Outcome {
	out := make([]api.Outcome, len(recent))
	for i, r := range recent {
		out[i] = api.Outcome{At: r.At, Outcome: r.Outcome, Reason: r.Reason, Hostname: r.Hostname}
	}
	return out
}
