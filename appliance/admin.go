package appliance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"
	"time"

	"hitkeep"
	"hitkeep/api"
	"hitkeep/compactor"
)

// adminRoutes is what the commands call, through the socket (mode 0600: its reader is the
// box's administrator) or in process. Answers are JSON; long work answers NDJSON and ends with
// {"done":true} or {"error":...}.
func (a *Appliance) adminRoutes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]adminHandler{
		"GET /status":                a.adminStatus,
		"GET /users":                 a.adminUsers,
		"POST /users":                a.adminUserAdd,
		"POST /users/reset-password": a.adminUserReset,
		"GET /sites":                 a.adminSites,
		"POST /sites":                a.adminSiteAdd,
		"POST /sites/rename":         a.adminSiteRename,
		"POST /sites/delete":         a.adminSiteDelete,
		"GET /tokens":                a.adminTokens,
		"POST /tokens":               a.adminTokenAdd,
		"POST /tokens/revoke":        a.adminTokenRevoke,
		"GET /lake/files":            a.adminLakeFiles,
		"GET /lake/check":            a.adminLakeCheck,
		"GET /dead":                  a.adminDead,
	} {
		mux.Handle(pattern, h)
	}
	// Profiles are for the box's administrator only: curl --unix-socket hitkeep.sock http://x/debug/pprof/heap
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("POST /imports", a.streaming(a.adminImport))
	mux.HandleFunc("POST /compact", a.streaming(a.adminCompact))
	mux.HandleFunc("POST /sql", a.streaming(a.adminSQL))
	return mux
}

// adminHandler answers with a value that is sent as JSON.
type adminHandler func(r *http.Request) (any, error)

func (h adminHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, err := h(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		v = map[string]any{"error": toWire(err)}
	}
	json.NewEncoder(w).Encode(v)
}

// emitter sends one line of an NDJSON answer.
type emitter func(v any) error

func (a *Appliance) streaming(h func(r *http.Request, emit emitter) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex() // progress is sent while the body is still read; in process it needs no enabling
		enc := json.NewEncoder(w)
		emit := func(v any) error {
			if err := enc.Encode(v); err != nil {
				return err
			}
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			return nil
		}
		if err := h(r, emit); err != nil {
			emit(map[string]any{"error": toWire(err)})
			return
		}
		emit(map[string]bool{"done": true})
	}
}

func decode[T any](r *http.Request) (T, error) {
	var v T
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, hitkeep.Errorf(hitkeep.Invalid, "malformed request: %v", err)
	}
	return v, nil
}

func (a *Appliance) command(ctx context.Context, c hitkeep.Command) error {
	c.At, c.Actor = a.now().UTC(), "cli"
	return a.control.Do(ctx, &c)
}

func (a *Appliance) newID() (int64, error) { return hitkeep.NewID(a.rand) }

// team resolves a team's name or id; "" is the default team.
func (a *Appliance) team(name string) (hitkeep.TenantID, error) {
	switch name {
	case "", "default", hitkeep.DefaultTenant.String():
		return hitkeep.DefaultTenant, nil
	case "demo", hitkeep.DemoTenant.String():
		if a.cfg.Demo || slices.Contains(a.teams(), hitkeep.DemoTenant) {
			return hitkeep.DemoTenant, nil
		}
	}
	return 0, &hitkeep.Error{Code: hitkeep.NotFound, Field: "team", Message: fmt.Sprintf("there is no team %q", name)}
}

// teams lists the default team and those that have sites.
func (a *Appliance) teams() []hitkeep.TenantID {
	teams := []hitkeep.TenantID{hitkeep.DefaultTenant}
	a.control.Read(func(s *hitkeep.State) {
		for _, site := range s.Sites {
			if !slices.Contains(teams, site.Tenant) {
				teams = append(teams, site.Tenant)
			}
		}
	})
	slices.Sort(teams)
	return teams
}

func (a *Appliance) hasSites(team hitkeep.TenantID) (has bool) {
	a.control.Read(func(s *hitkeep.State) {
		for _, site := range s.Sites {
			has = has || site.Tenant == team
		}
	})
	return has
}

// site finds a site by exact domain or id.
func (a *Appliance) site(name string) (*hitkeep.Site, error) {
	var site *hitkeep.Site
	folded := hitkeep.FoldHost(name)
	a.control.Read(func(s *hitkeep.State) {
		if site = s.SiteByDomain(folded); site == nil {
			var id hitkeep.SiteID
			if id.UnmarshalText([]byte(name)) == nil {
				site = s.Sites[id]
			}
		}
	})
	if site == nil {
		return nil, (&hitkeep.Error{Code: hitkeep.NotFound, Field: "site",
			Message: fmt.Sprintf("there is no site %q", name)}).WithHint("hitkeep site list; hitkeep site add %s", name)
	}
	return site, nil
}

type userRequest struct{ Email, Role, Password string }

type userAnswer struct {
	ID        hitkeep.UserID `json:"id"`
	Email     string         `json:"email"`
	Role      hitkeep.Role   `json:"role"`
	CreatedAt time.Time      `json:"created_at"`
	// Password is set when the appliance made one.
	Password string `json:"password,omitempty"`
}

func (a *Appliance) adminUsers(*http.Request) (any, error) {
	users := []userAnswer{}
	a.control.Read(func(s *hitkeep.State) {
		for _, u := range s.Users {
			users = append(users, userAnswer{ID: u.ID, Email: u.Email, Role: u.Role, CreatedAt: u.CreatedAt})
		}
	})
	slices.SortFunc(users, func(x, y userAnswer) int { return strings.Compare(x.Email, y.Email) })
	return users, nil
}

func (a *Appliance) adminUserAdd(r *http.Request) (any, error) {
	in, err := decode[userRequest](r)
	if err != nil {
		return nil, err
	}
	hash, made, err := a.hashPassword(in.Password)
	if err != nil {
		return nil, err
	}
	id, err := a.newID()
	if err != nil {
		return nil, err
	}
	now := a.now().UTC()
	u := &hitkeep.User{ID: hitkeep.UserID(id), Email: strings.ToLower(strings.TrimSpace(in.Email)), Role: hitkeep.Role(in.Role),
		PasswordHash: hash, CreatedAt: now, PasswordAt: now}
	if err := a.command(r.Context(), hitkeep.Command{PutUser: u}); err != nil {
		return nil, err
	}
	return userAnswer{ID: u.ID, Email: u.Email, Role: u.Role, CreatedAt: now, Password: made}, nil
}

func (a *Appliance) adminUserReset(r *http.Request) (any, error) {
	in, err := decode[userRequest](r)
	if err != nil {
		return nil, err
	}
	var user hitkeep.User
	a.control.Read(func(s *hitkeep.State) {
		if u := s.UserByEmail(in.Email); u != nil {
			user = *u
		}
	})
	if user.ID == 0 {
		return nil, (&hitkeep.Error{Code: hitkeep.NotFound, Field: "email", Message: "there is no such user"}).
			WithHint("hitkeep user list")
	}
	hash, made, err := a.hashPassword(in.Password)
	if err != nil {
		return nil, err
	}
	user.PasswordHash, user.PasswordAt = hash, a.now().UTC()
	if err := a.command(r.Context(), hitkeep.Command{PutUser: &user}); err != nil {
		return nil, err
	}
	return userAnswer{ID: user.ID, Email: user.Email, Role: user.Role, CreatedAt: user.CreatedAt, Password: made}, nil
}

// hashPassword hashes a given password, or one that it makes and returns.
func (a *Appliance) hashPassword(password string) (hash, made string, err error) {
	if password == "" {
		if made, err = randomText(a.rand, 16); err != nil {
			return "", "", err
		}
		password = made
	}
	if err := api.CheckPassword("password", password); err != nil {
		return "", "", err
	}
	hash, err = api.HashPassword(a.rand, password)
	return hash, made, err
}

type siteRequest struct{ Domain, Timezone, Team, New string }

func (a *Appliance) adminSites(*http.Request) (any, error) {
	sites := []*hitkeep.Site{}
	a.control.Read(func(s *hitkeep.State) {
		for _, site := range s.Sites {
			sites = append(sites, site)
		}
	})
	slices.SortFunc(sites, func(x, y *hitkeep.Site) int { return strings.Compare(x.Domain, y.Domain) })
	return sites, nil
}

func (a *Appliance) adminSiteAdd(r *http.Request) (any, error) {
	in, err := decode[siteRequest](r)
	if err != nil {
		return nil, err
	}
	domain, err := hitkeep.CheckDomain(in.Domain)
	if err != nil {
		return nil, err
	}
	team, err := a.team(in.Team)
	if err != nil {
		return nil, err
	}
	if in.Timezone == "" {
		in.Timezone = "UTC"
	}
	id, err := a.newID()
	if err != nil {
		return nil, err
	}
	site := &hitkeep.Site{ID: hitkeep.SiteID(id), Tenant: team, Domain: domain, Timezone: in.Timezone, CreatedAt: a.now().UTC()}
	return site, a.command(r.Context(), hitkeep.Command{PutSite: site})
}

func (a *Appliance) adminSiteRename(r *http.Request) (any, error) {
	in, err := decode[siteRequest](r)
	if err != nil {
		return nil, err
	}
	old, err := a.site(in.Domain)
	if err != nil {
		return nil, err
	}
	renamed := *old
	if renamed.Domain, err = hitkeep.CheckDomain(in.New); err != nil {
		return nil, err
	}
	return &renamed, a.command(r.Context(), hitkeep.Command{PutSite: &renamed})
}

func (a *Appliance) adminSiteDelete(r *http.Request) (any, error) {
	in, err := decode[siteRequest](r)
	if err != nil {
		return nil, err
	}
	site, err := a.site(in.Domain)
	if err != nil {
		return nil, err
	}
	return site, a.command(r.Context(), hitkeep.Command{DeleteSite: site.ID})
}

type tokenRequest struct {
	ID     hitkeep.TokenID
	Name   string
	Scopes []string
	Site   string
}

type tokenAnswer struct {
	ID        hitkeep.TokenID `json:"id"`
	Name      string          `json:"name"`
	Scopes    []string        `json:"scopes"`
	Site      string          `json:"site"` // domain; "" = all sites of the team
	Prefix    string          `json:"prefix"`
	CreatedAt time.Time       `json:"created_at"`
	Token     string          `json:"token,omitempty"` // only when it was just made
}

func (a *Appliance) adminTokens(*http.Request) (any, error) {
	tokens := []tokenAnswer{}
	a.control.Read(func(s *hitkeep.State) {
		for _, t := range s.Tokens {
			answer := tokenAnswer{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Prefix: t.Prefix, CreatedAt: t.CreatedAt}
			if site := s.Sites[t.Site]; site != nil {
				answer.Site = site.Domain
			}
			tokens = append(tokens, answer)
		}
	})
	slices.SortFunc(tokens, func(x, y tokenAnswer) int { return x.CreatedAt.Compare(y.CreatedAt) })
	return tokens, nil
}

func (a *Appliance) adminTokenAdd(r *http.Request) (any, error) {
	in, err := decode[tokenRequest](r)
	if err != nil {
		return nil, err
	}
	t := &hitkeep.Token{Tenant: hitkeep.DefaultTenant, Name: in.Name, Scopes: in.Scopes, CreatedAt: a.now().UTC()}
	answer := tokenAnswer{Name: t.Name, Scopes: t.Scopes, CreatedAt: t.CreatedAt}
	if in.Site != "" {
		site, err := a.site(in.Site)
		if err != nil {
			return nil, err
		}
		t.Site, t.Tenant, answer.Site = site.ID, site.Tenant, site.Domain
	}
	id, err := a.newID()
	if err != nil {
		return nil, err
	}
	secret, prefix, hash, err := api.MintToken(a.rand)
	if err != nil {
		return nil, err
	}
	t.ID, t.Prefix, t.Hash = hitkeep.TokenID(id), prefix, hash
	answer.ID, answer.Prefix, answer.Token = t.ID, prefix, secret
	return answer, a.command(r.Context(), hitkeep.Command{PutToken: t})
}

func (a *Appliance) adminTokenRevoke(r *http.Request) (any, error) {
	in, err := decode[tokenRequest](r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, a.command(r.Context(), hitkeep.Command{DeleteToken: in.ID})
}

func (a *Appliance) adminCompact(r *http.Request, emit emitter) error {
	start := a.now()
	jobs, err := a.compactor.Compact(r.Context(), r.URL.Query().Get("now") == "true", func(j compactor.Job) {
		_ = emit(map[string]string{"rolling": j.From.String() + " to " + j.To.String(), "site": j.Site.String(), "why": j.Why})
	})
	if err != nil {
		return err
	}
	return emit(map[string]any{"parts": len(jobs), "seconds": a.now().Sub(start).Seconds()})
}

func (a *Appliance) adminSQL(r *http.Request, emit emitter) error {
	in, err := decode[struct{ Query, Team string }](r)
	if err != nil {
		return err
	}
	team, err := a.team(in.Team)
	if err != nil {
		return err
	}
	// Without --team, on a directory whose only sites are the demo's, those are meant.
	if teams := a.teams(); in.Team == "" && len(teams) == 2 && !a.hasSites(team) {
		team = teams[1]
	}
	return a.sql(r.Context(), team, in.Query, emit)
}
