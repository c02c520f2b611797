package api

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"net/http"
	"slices"
	"sync"
	"time"

	"hitkeep"
)

const maxHosts = 100 // further host names of a site

// siteView is the JSON form of a site, as one caller sees it.
type siteView struct {
	ID         hitkeep.SiteID `json:"id"`
	Domain     string         `json:"domain"`
	Name       string         `json:"name"`
	Timezone   string         `json:"timezone"`
	Role       hitkeep.Role   `json:"role"`
	CreatedAt  time.Time      `json:"created_at"`
	FirstHitAt *time.Time     `json:"first_hit_at"`
	HonorDNT   bool           `json:"honor_dnt"`
	Hosts      []string       `json:"hosts"`
	Snippet    string         `json:"snippet"`
}

func (a *API) viewSite(r *http.Request, s *hitkeep.Site, role hitkeep.Role) siteView {
	first, err := a.firsts.of(r.Context(), s, a.o.Now())
	if err != nil {
		// A site without its first hit is still worth showing.
		a.log(r).Warn("first hit unknown", "site", s.ID.String(), "err", err)
	}
	return siteView{ID: s.ID, Domain: s.Domain, Name: s.Domain, Timezone: s.Timezone, Role: role,
		CreatedAt: s.CreatedAt.UTC(), FirstHitAt: optionalTime(first), HonorDNT: !s.IgnoreDNT,
		Hosts: append([]string{}, s.Hosts...), Snippet: a.snippet(r, s)}
}

func (a *API) snippet(r *http.Request, s *hitkeep.Site) string {
	return fmt.Sprintf(`<script defer src="%s/hk.js" data-site="%s"></script>`,
		html.EscapeString(a.publicURL(r)), html.EscapeString(s.Domain))
}

// publicURL is the configured address, else the one in the request.
func (a *API) publicURL(r *http.Request) string {
	if a.o.PublicURL != "" {
		return a.o.PublicURL
	}
	return a.scheme(r) + "://" + r.Host
}

// firstHits remembers the sites' earliest hits for a minute. That there is none is not
// remembered: somebody waits for it to change.
type firstHits struct {
	stats Stats

	mu    sync.Mutex // guards known
	known map[hitkeep.SiteID]knownFirst
}

type knownFirst struct{ first, asked time.Time }

func newFirstHits(s Stats) *firstHits {
	return &firstHits{stats: s, known: map[hitkeep.SiteID]knownFirst{}}
}

func (f *firstHits) of(ctx context.Context, s *hitkeep.Site, now time.Time) (time.Time, error) {
	f.mu.Lock()
	k := f.known[s.ID]
	f.mu.Unlock()
	if !k.first.IsZero() && now.Sub(k.asked) < time.Minute {
		return k.first, nil
	}
	first, err := f.stats.Earliest(ctx, s.Tenant, s.ID)
	if err != nil {
		return time.Time{}, fmt.Errorf("earliest hit of %s: %w", s.ID, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[s.ID] = knownFirst{first: first, asked: now}
	return first, nil
}

// newSite makes a site, checked as far as it can be without the others.
func (a *API) newSite(domain, zone string) (*hitkeep.Site, error) {
	folded, err := hitkeep.CheckDomain(domain)
	if err != nil {
		return nil, err
	}
	if err := hitkeep.CheckZone(zone); err != nil {
		return nil, err
	}
	id, err := hitkeep.NewID(a.o.Rand)
	if err != nil {
		return nil, err
	}
	return &hitkeep.Site{ID: hitkeep.SiteID(id), Tenant: a.o.Tenant, Domain: folded, Timezone: zone,
		CreatedAt: a.now()}, nil
}

func (a *API) listSites(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r).caller
	roles := map[hitkeep.SiteID]hitkeep.Role{}
	var sites []hitkeep.Site
	a.o.Control.Read(func(s *hitkeep.State) {
		for _, site := range s.Sites {
			if role := c.siteRole(s, site); role != "" {
				sites, roles[site.ID] = append(sites, *site), role
			}
		}
	})
	slices.SortFunc(sites, func(x, y hitkeep.Site) int { return cmp.Compare(x.Domain, y.Domain) })
	views := make([]siteView, 0, len(sites))
	for i := range sites {
		views = append(views, a.viewSite(r, &sites[i], roles[sites[i].ID]))
	}
	return writeJSON(w, http.StatusOK, views)
}

type siteForm struct {
	Domain   string `json:"domain"`
	Timezone string `json:"timezone"`
}

// createSite makes the user who adds a site its owner.
func (a *API) createSite(w http.ResponseWriter, r *http.Request) error {
	var f siteForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	site, err := a.newSite(f.Domain, f.Timezone)
	if err != nil {
		return err
	}
	c := callOf(r).caller
	if c.token != nil {
		site.Tenant = c.token.Tenant
	}
	if err := a.do(r, &hitkeep.Command{PutSite: site}); err != nil {
		return err
	}
	if c.user != nil {
		m := &hitkeep.Membership{User: c.user.ID, Site: site.ID, Role: hitkeep.RoleOwner}
		if err := a.do(r, &hitkeep.Command{SetMember: m}); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusCreated, a.viewSite(r, site, hitkeep.RoleOwner))
}

func (a *API) getSite(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	return writeJSON(w, http.StatusOK, a.viewSite(r, &c.site, c.role))
}

type sitePatch struct {
	Domain   *string   `json:"domain"`
	Timezone *string   `json:"timezone"`
	HonorDNT *bool     `json:"honor_dnt"`
	Hosts    *[]string `json:"hosts"`
}

func (a *API) updateSite(w http.ResponseWriter, r *http.Request) error {
	var p sitePatch
	if err := readJSON(r, &p); err != nil {
		return err
	}
	a.edit.Lock()
	defer a.edit.Unlock()
	c := callOf(r)
	if err := a.enterSite(c, c.site.ID.String()); err != nil { // as it is now, under the lock
		return err
	}
	site := c.site
	if err := p.apply(&site, a.now()); err != nil {
		return err
	}
	if err := a.do(r, &hitkeep.Command{PutSite: &site}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, a.viewSite(r, &site, c.role))
}

func (p *sitePatch) apply(s *hitkeep.Site, now time.Time) (err error) {
	if p.Domain != nil {
		if s.Domain, err = hitkeep.CheckDomain(*p.Domain); err != nil {
			return err
		}
	}
	if p.Timezone != nil {
		if err := hitkeep.CheckZone(*p.Timezone); err != nil {
			return err
		}
		s.Rezone(*p.Timezone, now)
	}
	if p.HonorDNT != nil {
		s.IgnoreDNT = !*p.HonorDNT
	}
	if p.Hosts != nil {
		s.Hosts, err = checkHosts(*p.Hosts)
	}
	return err
}

func checkHosts(in []string) ([]string, error) {
	if len(in) > maxHosts {
		return nil, hitkeep.BadField("hosts", "has more than %d names", maxHosts)
	}
	var out []string
	for i, h := range in {
		host, err := hitkeep.CheckDomain(h)
		if err != nil {
			return nil, hitkeep.BadField(fmt.Sprintf("hosts[%d]", i), "%q is not a host name", h)
		}
		if !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out, nil
}

func (a *API) deleteSite(w http.ResponseWriter, r *http.Request) error {
	if err := a.do(r, &hitkeep.Command{DeleteSite: callOf(r).site.ID}); err != nil {
		return err
	}
	return noContent(w)
}

const maxOutcomes = 20

func (a *API) install(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	first, err := a.firsts.of(r.Context(), &c.site, a.o.Now())
	if err != nil {
		return err
	}
	recent := []Outcome{}
	if a.o.Outcomes != nil {
		recent = append(recent, a.o.Outcomes.Recent(c.site.ID)...)
		// While nothing has come, a mistyped domain is a likely cause. Other sites' names are not
		// for everybody.
		if first.IsZero() && c.role.AtLeast(hitkeep.RoleAdmin) {
			recent = append(recent, a.o.Outcomes.Unknown()...)
			slices.SortStableFunc(recent, func(x, y Outcome) int { return y.At.Compare(x.At) })
		}
	}
	for i := range recent {
		recent[i].At = recent[i].At.UTC()
	}
	return writeJSON(w, http.StatusOK, map[string]any{
		"first_hit_at": optionalTime(first), "recent": recent[:min(len(recent), maxOutcomes)]})
}
