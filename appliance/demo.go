package appliance

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"hitkeep"
	"hitkeep/api"
	"hitkeep/appliance/demo"
	"hitkeep/ingest"
)

// demoYear is how far back the demo's history goes.
const demoYear = 365

const demoEmail = "demo@hitkeep.example"

// demoPassword belongs to this data directory and is the same after a restart.
func (a *Appliance) demoPassword() string {
	m := hmac.New(sha256.New, a.importKey)
	m.Write([]byte("demo login"))
	return hex.EncodeToString(m.Sum(nil)[:6])
}

// openDemo makes sure that the demo's user and site exist. They live in a team of their own. The
// login is public: see demoRole.
func (a *Appliance) openDemo(ctx context.Context) error {
	var user *hitkeep.User
	var site *hitkeep.Site
	a.control.Read(func(s *hitkeep.State) { user, site = s.UserByEmail(demoEmail), s.SiteByDomain(demo.Domain) })
	var ids [2]int64
	for i := range ids {
		var err error
		if ids[i], err = a.newID(); err != nil {
			return err
		}
	}
	now := a.now().UTC()
	if user == nil {
		hash, err := api.HashPassword(a.rand, a.demoPassword())
		if err != nil {
			return err
		}
		user = &hitkeep.User{ID: hitkeep.UserID(ids[0]), Email: demoEmail, Name: "Demo", Role: hitkeep.RoleUser,
			PasswordHash: hash, CreatedAt: now, PasswordAt: now}
		if err := a.demoCommand(ctx, hitkeep.Command{PutUser: user}); err != nil {
			return fmt.Errorf("demo user: %w", err)
		}
	}
	if site == nil {
		site = &hitkeep.Site{ID: hitkeep.SiteID(ids[1]), Tenant: hitkeep.DemoTenant, Domain: demo.Domain, Timezone: demo.Timezone,
			CreatedAt: now, Hosts: []string{"localhost", "127.0.0.1"}}
		if err := a.demoCommand(ctx, hitkeep.Command{PutSite: site}); err != nil {
			return fmt.Errorf("demo site: %w", err)
		}
	}
	return a.demoCommand(ctx, hitkeep.Command{SetMember: &hitkeep.Membership{User: user.ID, Site: site.ID, Role: a.demoRole()}})
}

// demoRole lets the demo's login try everything on a box that only its own people reach; where
// strangers can, it may look and change nothing.
func (a *Appliance) demoRole() hitkeep.Role {
	host, _, err := net.SplitHostPort(a.cfg.Listen)
	if ip := net.ParseIP(host); err == nil && a.cfg.PublicURL == "" && (host == "localhost" || ip != nil && ip.IsLoopback()) {
		return hitkeep.RoleOwner
	}
	return hitkeep.RoleViewer
}

func (a *Appliance) demoCommand(ctx context.Context, c hitkeep.Command) error {
	c.At, c.Actor = a.now().UTC(), "demo"
	return a.control.Do(ctx, &c)
}

func (a *Appliance) demoPages() http.Handler { return demo.Handler() }

// runDemo fills the history, rolls it, and then sends a trickle of visits until ctx ends.
func (a *Appliance) runDemo(ctx context.Context) error {
	site := a.control.ByHost(demo.Domain)
	if site == nil {
		return nil // deleted just now
	}
	if err := a.fillDemo(ctx, site); err != nil && ctx.Err() == nil {
		if hitkeep.CodeOf(err) == hitkeep.NotFound { // somebody deleted the site
			a.log.Warn("the demo ends", "error", err)
			return nil
		}
		return fmt.Errorf("fill the demo: %w", err)
	}
	// It rolls every team; the schedule tries again.
	if _, err := a.compactor.Compact(ctx, false, nil); err != nil && ctx.Err() == nil {
		a.log.Error("roll the demo", "error", err)
	}
	if err := a.trickle(ctx, site); err != nil && ctx.Err() == nil {
		return fmt.Errorf("demo traffic: %w", err)
	}
	return nil
}

// fillDemo imports a year of history, the youngest day first so that the dashboard shows it at
// once. The import record fixes the time and with its id the traffic itself: a fill that was cut off
// makes the same hits again, and the applier drops those it has (their positions in the import).
func (a *Appliance) fillDemo(ctx context.Context, site *hitkeep.Site) error {
	var last *hitkeep.Import
	a.control.Read(func(s *hitkeep.State) {
		for _, i := range s.Imports {
			if i.Site == site.ID && (last == nil || i.At.After(last.At)) {
				last = i
			}
		}
	})
	if last != nil {
		if err := a.fillDays(ctx, site, last); err != nil {
			return err
		}
	}
	// Days that passed while the appliance was off are filled as well.
	zone := site.Zone()
	days := demoYear
	if last != nil {
		days = int(hitkeep.DayOf(a.now(), zone)-hitkeep.DayOf(last.At, zone)) - 1
	}
	if days < 0 || (last != nil && days == 0) {
		return nil
	}
	id, err := a.newID()
	if err != nil {
		return err
	}
	i := &hitkeep.Import{ID: hitkeep.ImportID(id), Site: site.ID, Format: "demo", HeadLen: int64(days), At: a.now().UTC()}
	if err := a.demoCommand(ctx, hitkeep.Command{PutImport: i}); err != nil {
		return err
	}
	return a.fillDays(ctx, site, i)
}

// fillDays submits the hits of an import's day and the days before, unless they are stored.
func (a *Appliance) fillDays(ctx context.Context, site *hitkeep.Site, i *hitkeep.Import) error {
	zone := site.Zone()
	today := hitkeep.DayOf(i.At, zone)
	done, err := a.lake.ImportPosition(ctx, site.Tenant, i.ID)
	if err != nil {
		return err
	}
	seed := binary.LittleEndian.Uint64(a.importKey)
	var pos int64
	for age := 0; age <= int(i.HeadLen); age++ {
		day := today - hitkeep.Day(age)
		hits := demo.Day(seed, day.Start(zone), day.End(zone), i.At, age)
		first := pos
		pos += int64(len(hits))
		if pos <= done {
			continue
		}
		if err := a.submitDemo(ctx, site, i.ID, first, hits); err != nil {
			return err
		}
	}
	if err := a.pipeline.WaitAll(ctx); err != nil {
		return err
	}
	return a.ingest.Salts().EndImport(i.ID)
}

// submitDemo takes hits in through the way of an import. Their positions count from first+1;
// an id of 0 is live traffic without positions.
func (a *Appliance) submitDemo(ctx context.Context, site *hitkeep.Site, id hitkeep.ImportID, first int64, hits []demo.Hit) error {
	raw := make([]ingest.Raw, len(hits))
	for n, h := range hits {
		raw[n] = ingest.Raw{
			At: h.At, Kind: demoKinds[h.Type], URL: "https://" + demo.Domain + h.Path, Referrer: h.Referrer,
			Address: h.IP, UserAgent: h.UserAgent, Language: h.Language, ScreenWidth: h.ScreenW,
			Name: h.Name, Props: h.Props, Revenue: h.RevenueEUR, Currency: "EUR",
			EngagedMS: h.EngagedMS, Scroll: h.Scroll,
		}
		if id != 0 {
			raw[n].Import, raw[n].Position = id, first+int64(n)+1
		}
	}
	_, err := a.ingest.Submit(ctx, site, hitkeep.ViaDemo, raw)
	return err
}

var demoKinds = map[string]hitkeep.Kind{
	"pageview": hitkeep.Pageview, "event": hitkeep.Event, "engagement": hitkeep.Engagement,
}

// trickle begins a visit every minute and a half on average, and sends each hit at its time.
func (a *Appliance) trickle(ctx context.Context, site *hitkeep.Site) error {
	r := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(a.importKey[8:]), uint64(a.now().UnixNano())))
	var waiting []demo.Hit
	nextVisit := a.now()
	for {
		now := a.now()
		if !now.Before(nextVisit) {
			waiting = append(waiting, demo.Visit(r, now)...)
			nextVisit = now.Add(time.Duration(float64(90*time.Second) * r.ExpFloat64()))
		}
		var due, later []demo.Hit
		for _, h := range waiting {
			if h.At.After(now) {
				later = append(later, h)
			} else {
				due = append(due, h)
			}
		}
		waiting = later
		if len(due) > 0 {
			if err := a.submitDemo(ctx, site, 0, 0, due); err != nil && hitkeep.CodeOf(err) != hitkeep.Unavailable {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
		}
	}
}
