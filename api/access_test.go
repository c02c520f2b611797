package api

import (
	"strings"
	"testing"

	"hitkeep"
)

// permissions says who may use which route: the whole policy, written down once more. Letters:
// a anonymous, n instance user without membership, v viewer, e editor, m admin of the site,
// o owner of the site, I instance admin, O instance owner; tokens of the instance owner for the
// site with one scope: r stats:read, w events:write, s sites:manage, q sql; S sites:manage
// without a site; x a token of the viewer with sites:manage.
var permissions = map[string]string{
	"GET /api/status":                         "anvemoIOrwsqSx",
	"GET /api/openapi.json":                   "anvemoIOrwsqSx",
	"POST /api/setup":                         "anvemoIOrwsqSx",
	"POST /api/login":                         "anvemoIOrwsqSx",
	"POST /api/logout":                        "anvemoIOrwsqSx",
	"GET /api/me":                             "nvemoIO",
	"POST /api/me/password":                   "nvemoIO",
	"GET /api/logins":                         "nvemoIO",
	"DELETE /api/logins/{id}":                 "nvemoIO",
	"GET /api/tokens":                         "nvemoIO",
	"POST /api/tokens":                        "nvemoIO",
	"DELETE /api/tokens/{id}":                 "nvemoIO",
	"GET /api/users":                          "IO",
	"POST /api/users":                         "IO",
	"DELETE /api/users/{id}":                  "IO",
	"GET /api/sites":                          "nvemoIOrsSx",
	"POST /api/sites":                         "IOS",
	"GET /api/sites/{site}":                   "vemoIOrsSx",
	"PATCH /api/sites/{site}":                 "moIOsS",
	"DELETE /api/sites/{site}":                "oOsS",
	"GET /api/sites/{site}/install":           "vemoIOrsSx",
	"GET /api/sites/{site}/live":              "vemoIOr",
	"GET /api/sites/{site}/members":           "moIO",
	"PUT /api/sites/{site}/members/{user}":    "moIO",
	"DELETE /api/sites/{site}/members/{user}": "moIO",
	"POST /api/v2/query":                      "vemoIOr",
}

const everyone = "anvemoIOrwsqSx"

// castWorld has one caller per letter of permissions.
func castWorld(t *testing.T) (*world, map[rune]option) {
	w := newWorld(t)
	w.addSite(50, "example.com", "Europe/Berlin")
	w.addSite(51, "other.org", "UTC")
	callers := map[rune]option{'a': withCookie("")}
	for i, u := range []struct {
		letter         rune
		role, siteRole hitkeep.Role
	}{
		{'O', hitkeep.RoleOwner, ""}, {'I', hitkeep.RoleAdmin, ""}, {'n', hitkeep.RoleUser, ""},
		{'v', hitkeep.RoleUser, hitkeep.RoleViewer}, {'e', hitkeep.RoleUser, hitkeep.RoleEditor},
		{'m', hitkeep.RoleUser, hitkeep.RoleAdmin}, {'o', hitkeep.RoleUser, hitkeep.RoleOwner},
	} {
		id := hitkeep.UserID(10 + i)
		email := "u" + id.String() + "@example.com"
		w.addUser(id, email, u.role)
		if u.siteRole != "" {
			w.do(hitkeep.Command{SetMember: &hitkeep.Membership{User: id, Site: 50, Role: u.siteRole}})
		}
		callers[u.letter] = withCookie(w.login(email))
	}
	for i, k := range []struct {
		letter rune
		owner  hitkeep.UserID
		site   hitkeep.SiteID
		scope  string
	}{
		{'r', 10, 50, hitkeep.ScopeStatsRead}, {'w', 10, 50, hitkeep.ScopeEventsWrite},
		{'s', 10, 50, hitkeep.ScopeSitesManage}, {'q', 10, 50, hitkeep.ScopeSQL},
		{'S', 10, 0, hitkeep.ScopeSitesManage}, {'x', 13, 50, hitkeep.ScopeSitesManage},
	} {
		callers[k.letter] = withToken(w.addToken(hitkeep.TokenID(80+i), k.owner, k.site, k.scope))
	}
	return w, callers
}

func TestPermissions(t *testing.T) {
	w, callers := castWorld(t)
	seen := map[string]bool{}
	for _, rt := range w.api.Routes() {
		name := rt.Method + " " + rt.Pattern
		allowed, ok := permissions[name]
		if !ok {
			t.Errorf("%s has no line in the table of permissions", name)
		}
		seen[name] = true
		for _, who := range everyone {
			got := probe(w, rt, callers[who])
			if want := strings.ContainsRune(allowed, who); got != want {
				t.Errorf("%s as %c: allowed %v, not %v", name, who, got, want)
			}
		}
	}
	for name := range permissions {
		if !seen[name] {
			t.Errorf("%s is no route", name)
		}
	}
}

// probe asks for a route in a way that changes nothing where it is allowed: the access check
// comes first, then the request fails on something else or reads.
func probe(w *world, rt Route, who option) bool {
	path := strings.NewReplacer("{site}", "example.com", "{user}", "nobody", "{id}", "nobody").Replace(rt.Pattern)
	var body any
	switch {
	case rt.Pattern == "/api/logout":
		return true // it has no access check, and would end the login that other probes use
	case rt.Pattern == "/api/v2/query":
		body = map[string]any{"site_id": "example.com", "metrics": []string{"nothing"}, "date_range": "day"}
	case rt.Method == "POST" || rt.Method == "PATCH" || rt.Method == "PUT":
		body = map[string]any{"unknown_field": 1}
	case rt.Method == "DELETE" && rt.Pattern == "/api/sites/{site}":
		// A refused command stands for a deletion.
		w.control.mu.Lock()
		w.control.fail = hitkeep.Errorf(hitkeep.Conflict, "not in this test")
		w.control.mu.Unlock()
		defer func() { w.control.mu.Lock(); w.control.fail = nil; w.control.mu.Unlock() }()
	case strings.HasSuffix(rt.Pattern, "/live"):
		w.api.streams.mu.Lock()
		w.api.streams.closed = true // the handler then answers 503
		w.api.streams.mu.Unlock()
		defer func() { w.api.streams.mu.Lock(); w.api.streams.closed = false; w.api.streams.mu.Unlock() }()
	}
	r := w.call(rt.Method, path, body, who)
	switch r.status {
	case 401, 403:
		return false
	case 404:
		// The site may not be seen; an id that does not exist is beyond the check.
		e := decode[errorBody](r)
		return e.Field != "site"
	}
	return true
}

func TestTokenFollowsItsMaker(t *testing.T) {
	w, callers := castWorld(t)
	secret := withToken(w.addToken(99, 15, 50, hitkeep.ScopeSitesManage)) // of the site's admin
	patch := map[string]any{"honor_dnt": false}
	w.call("PATCH", "/api/sites/50", patch, secret).want(200)
	w.call("DELETE", "/api/sites/50", nil, secret).wantError(403, hitkeep.Forbidden, "")
	w.call("GET", "/api/sites/other.org", nil, secret).wantError(404, hitkeep.NotFound, "site")

	w.call("PUT", "/api/sites/50/members/15", memberForm{Role: "viewer"}, callers['o']).want(200)
	w.call("PATCH", "/api/sites/50", patch, secret).wantError(403, hitkeep.Forbidden, "")
	w.call("DELETE", "/api/sites/50/members/15", nil, callers['o']).want(204)
	w.call("GET", "/api/sites/50", nil, secret).wantError(404, hitkeep.NotFound, "site")
	w.call("DELETE", "/api/users/15", nil, callers['O']).want(204)
	w.call("GET", "/api/sites/50", nil, secret).wantError(401, hitkeep.Unauthorized, "")
}

func TestMemberRules(t *testing.T) {
	w, callers := castWorld(t)
	// Users: 13 viewer, 14 editor, 15 admin, 16 owner of the site.
	w.call("PUT", "/api/sites/50/members/13", memberForm{Role: "owner"}, callers['m']).wantError(403, hitkeep.Forbidden, "")
	w.call("PUT", "/api/sites/50/members/16", memberForm{Role: "viewer"}, callers['m']).wantError(403, hitkeep.Forbidden, "")
	w.call("DELETE", "/api/sites/50/members/16", nil, callers['m']).wantError(403, hitkeep.Forbidden, "")
	w.call("PUT", "/api/sites/50/members/13", memberForm{}, callers['m']).wantError(400, hitkeep.Invalid, "role")
	w.call("PUT", "/api/sites/50/members/13", memberForm{Role: "king"}, callers['m']).wantError(400, hitkeep.Invalid, "role")
	w.call("PUT", "/api/sites/50/members/13", memberForm{Role: "editor"}, callers['m']).want(200)
	w.call("DELETE", "/api/sites/50/members/12", nil, callers['m']).wantError(404, hitkeep.NotFound, "user")
	got := decode[[]memberView](w.call("GET", "/api/sites/50/members", nil, callers['m']).want(200))
	if len(got) != 4 || got[0].Role != hitkeep.RoleEditor {
		t.Errorf("members %+v", got)
	}
}

func TestInstanceAdminIsNoOwner(t *testing.T) {
	w, callers := castWorld(t)
	form := userForm{Email: "new@example.com", Role: "owner", Password: goodPassword}
	w.call("POST", "/api/users", form, callers['I']).wantError(403, hitkeep.Forbidden, "role")
	w.call("DELETE", "/api/users/10", nil, callers['I']).wantError(403, hitkeep.Forbidden, "")
	w.call("DELETE", "/api/users/10", nil, callers['O']).wantError(409, hitkeep.Conflict, "user")
	form.Role = "user"
	got := decode[userView](w.call("POST", "/api/users", form, callers['I']).want(201))
	if got.Email != "new@example.com" || got.ID == 0 {
		t.Errorf("user %+v", got)
	}
	form.Email = "NEW@example.com "
	w.call("POST", "/api/users", form, callers['I']).wantError(409, hitkeep.Conflict, "email")
}

func TestTokenGrants(t *testing.T) {
	w, callers := castWorld(t)
	site, other := hitkeep.SiteID(50), hitkeep.SiteID(51)
	for _, x := range []struct {
		who    rune
		site   *hitkeep.SiteID
		scope  string
		status int
	}{
		{'v', &site, "stats:read", 201}, {'v', nil, "stats:read", 201}, {'v', &site, "events:write", 403},
		{'e', &site, "events:write", 201}, {'e', nil, "events:write", 403}, {'e', &site, "sites:manage", 403},
		{'m', &site, "sites:manage", 201}, {'m', nil, "sites:manage", 403}, {'o', &site, "sql", 403},
		{'o', &other, "stats:read", 400}, {'I', nil, "sql", 201}, {'O', &other, "events:write", 201},
		{'O', nil, "everything", 400},
	} {
		r := w.call("POST", "/api/tokens", tokenForm{Name: "n", Site: x.site, Scopes: []string{x.scope}}, callers[x.who])
		if r.status != x.status {
			t.Errorf("%c %s: %d, not %d: %s", x.who, x.scope, r.status, x.status, r.body)
		}
	}
}

func TestTokenLife(t *testing.T) {
	w, callers := castWorld(t)
	exp := w.clock.now().Add(3600e9)
	made := decode[tokenView](w.call("POST", "/api/tokens",
		tokenForm{Name: "script", Scopes: []string{"stats:read"}, ExpiresAt: &exp}, callers['v']).want(201))
	if len(made.Token) != 35 || !strings.HasPrefix(made.Token, made.Prefix) || len(made.Prefix) != 7 {
		t.Fatalf("token %+v", made)
	}
	if strings.Contains(w.logged.String(), made.Token) {
		t.Error("the log has the secret")
	}
	w.call("GET", "/api/sites/50", nil, withToken(made.Token)).want(200)
	w.call("GET", "/api/sites/50", nil, withToken(made.Token+"x")).wantError(401, hitkeep.Unauthorized, "")
	w.call("GET", "/api/sites/50", nil, withHeader("Authorization", "Basic "+made.Token)).wantError(401, hitkeep.Unauthorized, "")
	list := decode[[]tokenView](w.call("GET", "/api/tokens", nil, callers['v']).want(200))
	mine := list[0]
	if mine.ID != made.ID || mine.Token != "" || mine.LastUsedAt == nil || len(list) != 2 {
		t.Errorf("list %+v", list)
	}
	w.call("DELETE", "/api/tokens/"+made.ID.String(), nil, callers['e']).wantError(404, hitkeep.NotFound, "token")
	w.clock.add(3600e9)
	w.call("GET", "/api/sites/50", nil, withToken(made.Token)).wantError(401, hitkeep.Unauthorized, "")
	callers['v'] = withCookie(w.login("u13@example.com"))
	w.call("DELETE", "/api/tokens/"+made.ID.String(), nil, callers['v']).want(204)
}
