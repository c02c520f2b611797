package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hitkeep"
)

// caller is who makes a request: nobody, a user with a login session, or a token.
type caller struct {
	user  *hitkeep.User  // of a token, who made it; nil for one made on the command line
	token *hitkeep.Token // nil = login cookie
	login *session       // nil = token
}

func (c caller) anonymous() bool { return c.user == nil && c.token == nil }

// actor names the caller in commands.
func (c caller) actor() string {
	if c.token != nil {
		return "token:" + c.token.ID.String()
	}
	return "user:" + c.user.ID.String()
}

// instanceRole is the caller's role on the instance. The command line is its owner's.
func (c caller) instanceRole() hitkeep.Role {
	switch {
	case c.user != nil:
		return c.user.Role
	case c.token != nil:
		return hitkeep.RoleOwner
	}
	return ""
}

// siteRole is the caller's role on a site, "" for none.
func (c caller) siteRole(s *hitkeep.State, site *hitkeep.Site) hitkeep.Role {
	if t := c.token; t != nil {
		if t.Tenant != site.Tenant || (t.Site != 0 && t.Site != site.ID) {
			return ""
		}
		if c.user == nil {
			return hitkeep.RoleOwner
		}
	}
	return s.SiteRole(c.user, site.ID)
}

var instanceRank = map[hitkeep.Role]int{hitkeep.RoleUser: 1, hitkeep.RoleAdmin: 2, hitkeep.RoleOwner: 3}

// onInstance reports whether instance role r includes want.
func onInstance(r, want hitkeep.Role) bool { return instanceRank[r] >= instanceRank[want] && r != "" }

// authenticate finds out who the caller is: nobody without credentials, an error with wrong
// ones. It may renew the login cookie.
func (a *API) authenticate(w http.ResponseWriter, r *http.Request) (caller, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		return a.bearer(h)
	}
	value := a.readCookie(r)
	if value == "" {
		return caller{}, nil
	}
	s, user, renewed, err := a.sessions.check(r.Context(), value)
	switch {
	case hitkeep.CodeOf(err) == hitkeep.Unauthorized:
		a.clearCookie(w, r)
		return caller{}, err
	case err != nil:
		return caller{}, err
	case renewed != "":
		a.setCookie(w, r, renewed)
	}
	return caller{user: user, login: s}, nil
}

func (a *API) bearer(header string) (caller, error) {
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, hitkeep.Errorf(hitkeep.Unauthorized, "the Authorization header is not of the form: Bearer hk_...")
	}
	var c caller
	now := a.now()
	a.o.Control.Read(func(s *hitkeep.State) {
		if t := FindToken(s, strings.TrimSpace(secret), now); t != nil {
			c.token, c.user = t, s.Users[t.Owner]
		}
	})
	if c.token == nil || (c.token.Owner != 0 && c.user == nil) {
		return caller{}, hitkeep.Errorf(hitkeep.Unauthorized, "the API token is unknown, expired or revoked")
	}
	a.tokenUsed(c.token.ID, now)
	return c, nil
}

// authorize checks the caller against the route's access, and finds the site of {site}.
func (a *API) authorize(r *http.Request, c *call) error {
	acc := c.route.Access
	if acc.Public {
		return nil
	}
	if c.caller.anonymous() {
		return hitkeep.Errorf(hitkeep.Unauthorized, "please sign in")
	}
	if err := checkScope(c.caller.token, acc.Scopes); err != nil {
		return err
	}
	if acc.Instance != "" {
		return checkInstance(c.caller, acc.Instance)
	}
	if acc.InBody {
		return nil // the handler reads the body, then asks enterSite
	}
	return a.enterSite(c, r.PathValue("site"))
}

func checkScope(t *hitkeep.Token, scopes []string) error {
	switch {
	case t == nil:
		return nil
	case len(scopes) == 0:
		return hitkeep.Errorf(hitkeep.Forbidden, "API tokens cannot do this").WithHint("sign in with a login")
	case !slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(t.Scopes, s) }):
		return hitkeep.Errorf(hitkeep.Forbidden, "the token lacks the scope %s", strings.Join(scopes, " or "))
	}
	return nil
}

func checkInstance(c caller, want hitkeep.Role) error {
	if !onInstance(c.instanceRole(), want) {
		return hitkeep.Errorf(hitkeep.Forbidden, "this needs the role %s on the instance", want)
	}
	if c.token != nil && c.token.Site != 0 && want != hitkeep.RoleUser {
		return hitkeep.Errorf(hitkeep.Forbidden, "the token is bound to one site")
	}
	return nil
}

// enterSite puts the site that ref (an id or a domain) names and the caller's role on it into
// the call, or refuses. Who may not see a site cannot tell it from one that does not exist.
func (a *API) enterSite(c *call, ref string) error {
	found := false
	a.o.Control.Read(func(s *hitkeep.State) {
		if site := findSite(s, ref); site != nil {
			c.site, c.role, found = *site, c.caller.siteRole(s, site), true
		}
	})
	if !found || c.role == "" {
		return &hitkeep.Error{Code: hitkeep.NotFound, Field: "site", Message: "there is no site " + strconv.Quote(ref)}
	}
	if want := c.route.Access.Site; !c.role.AtLeast(want) {
		return hitkeep.Errorf(hitkeep.Forbidden, "this needs the role %s on the site", want)
	}
	return nil
}

func findSite(s *hitkeep.State, ref string) *hitkeep.Site {
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil {
		if site := s.Sites[hitkeep.SiteID(id)]; site != nil {
			return site
		}
	}
	return s.SiteByDomain(hitkeep.FoldHost(ref))
}

// tokenUses remembers when tokens were used last.
type tokenUses struct {
	mu sync.Mutex // guards at
	at map[hitkeep.TokenID]time.Time
}

// tokenUsed notes a use, at most once a minute and token: the time is for people.
func (a *API) tokenUsed(id hitkeep.TokenID, now time.Time) {
	a.uses.mu.Lock()
	defer a.uses.mu.Unlock()
	if now.Sub(a.uses.at[id]) < time.Minute {
		return
	}
	a.uses.at[id] = now
	if a.o.TokenUsed != nil {
		a.o.TokenUsed(id, now)
	}
}

func (a *API) tokenLastUsed(id hitkeep.TokenID) time.Time {
	a.uses.mu.Lock()
	defer a.uses.mu.Unlock()
	at := a.uses.at[id]
	if a.o.TokenLastUsed != nil {
		if stored := a.o.TokenLastUsed(id); stored.After(at) {
			return stored
		}
	}
	return at
}
