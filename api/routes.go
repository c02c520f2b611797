package api

import (
	"net/http"
	"strings"

	"hitkeep"
)

// Route is one operation of the interface.
type Route struct {
	Method  string
	Pattern string // of http.ServeMux, without the method
	Access  Access
	Handler func(w http.ResponseWriter, r *http.Request) error
}

// Access says who may use a route. A login cookie and a token are judged alike, but a token
// also needs one of Scopes, and has at most the rights of the user who made it.
type Access struct {
	Public   bool         // everybody; who is signed in is still found out
	Instance hitkeep.Role // the least role on the instance
	// Site is the least role on the site that {site}, or the body (InBody), names. Who has
	// none at all is told that the site does not exist.
	Site   hitkeep.Role
	InBody bool
	Scopes []string // none = login cookie only
}

var (
	anybody   = Access{Public: true}
	signedIn  = Access{Instance: hitkeep.RoleUser}
	operators = Access{Instance: hitkeep.RoleAdmin}
	members   = Access{Site: hitkeep.RoleAdmin}

	readScopes   = []string{hitkeep.ScopeStatsRead, hitkeep.ScopeSitesManage}
	statsScope   = []string{hitkeep.ScopeStatsRead}
	manageScope  = []string{hitkeep.ScopeSitesManage}
	listSites    = Access{Instance: hitkeep.RoleUser, Scopes: readScopes}
	createSites  = Access{Instance: hitkeep.RoleAdmin, Scopes: manageScope}
	seeSite      = Access{Site: hitkeep.RoleViewer, Scopes: readScopes}
	changeSite   = Access{Site: hitkeep.RoleAdmin, Scopes: manageScope}
	deleteSite   = Access{Site: hitkeep.RoleOwner, Scopes: manageScope}
	readStats    = Access{Site: hitkeep.RoleViewer, Scopes: statsScope}
	readStatsFor = Access{Site: hitkeep.RoleViewer, InBody: true, Scopes: statsScope}
)

// table lists every operation: what is registered, what openapi.yaml must describe, and who
// may do what.
func (a *API) table() []Route {
	return []Route{
		{"GET", "/api/status", anybody, a.status},
		{"GET", "/api/openapi.json", anybody, a.openapi},
		{"POST", "/api/setup", anybody, a.setup},
		{"POST", "/api/login", anybody, a.login},
		{"POST", "/api/logout", anybody, a.logout},

		{"GET", "/api/me", signedIn, a.me},
		{"POST", "/api/me/password", signedIn, a.changePassword},
		{"GET", "/api/logins", signedIn, a.listLogins},
		{"DELETE", "/api/logins/{id}", signedIn, a.deleteLogin},
		{"GET", "/api/tokens", signedIn, a.listTokens},
		{"POST", "/api/tokens", signedIn, a.createToken},
		{"DELETE", "/api/tokens/{id}", signedIn, a.deleteToken},

		{"GET", "/api/users", operators, a.listUsers},
		{"POST", "/api/users", operators, a.createUser},
		{"DELETE", "/api/users/{id}", operators, a.deleteUser},

		{"GET", "/api/sites", listSites, a.listSites},
		{"POST", "/api/sites", createSites, a.createSite},
		{"GET", "/api/sites/{site}", seeSite, a.getSite},
		{"PATCH", "/api/sites/{site}", changeSite, a.updateSite},
		{"DELETE", "/api/sites/{site}", deleteSite, a.deleteSite},
		{"GET", "/api/sites/{site}/install", seeSite, a.install},
		{"GET", "/api/sites/{site}/live", readStats, a.liveEvents},
		{"GET", "/api/sites/{site}/members", members, a.listMembers},
		{"PUT", "/api/sites/{site}/members/{user}", members, a.setMember},
		{"DELETE", "/api/sites/{site}/members/{user}", members, a.removeMember},

		{"POST", "/api/v2/query", readStatsFor, a.query},
	}
}

// Routes returns the table of operations.
func (a *API) Routes() []Route { return a.routes }

// Register adds all routes to mux, and answers every other path under /api/ with a JSON error
// instead of what mux has for "/".
func (a *API) Register(mux *http.ServeMux) {
	for _, r := range a.routes {
		mux.Handle(r.Method+" "+r.Pattern, a.serve(r))
	}
	mux.Handle("/api/", a.serve(Route{Pattern: "/api/", Access: anybody, Handler: a.unknown}))
}

// unknown tells a wrong method from a path that does not exist.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: m, Host: r.Host, URL: r.URL}
		if _, pattern := a.mux.Handler(probe); pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		return hitkeep.Errorf(hitkeep.NotFound, "there is no %s", r.URL.Path).
			WithHint("GET /api/openapi.json lists what there is")
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &statusError{status: http.StatusMethodNotAllowed,
		err: hitkeep.Errorf(hitkeep.Invalid, "%s takes %s", r.URL.Path, strings.Join(allowed, ", "))}
}
