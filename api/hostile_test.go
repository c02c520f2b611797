package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"hitkeep"
)

func TestCrossOrigin(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.PublicURL = "https://stats.example.com" })
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	c := withCookie(w.login("o@example.com"))
	site := siteForm{Domain: "example.com", Timezone: "UTC"}
	for _, x := range []struct {
		name  string
		opts  []option
		field string
		want  int
	}{
		{"other site", []option{withHeader("Sec-Fetch-Site", "cross-site"), withHeader("Origin", "https://evil.example")}, "", 403},
		{"subdomain", []option{withHeader("Sec-Fetch-Site", "same-site")}, "", 403},
		{"old browser", []option{withHeader("Origin", "https://evil.example")}, "", 403},
		{"null origin", []option{withHeader("Origin", "null")}, "", 403},
		{"form", []option{func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }}, "Content-Type", 400},
		{"public origin behind a proxy", []option{withHeader("Origin", "https://stats.example.com")}, "", 201},
	} {
		r := w.call("POST", "/api/sites", site, append(x.opts, c)...)
		if r.status != x.want {
			t.Errorf("%s: %d %s", x.name, r.status, r.body)
		}
	}
	// Signing somebody in as somebody else is an attack as well.
	w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: goodPassword},
		withHeader("Sec-Fetch-Site", "cross-site")).want(403)
	if got := w.call("GET", "/api/me", nil, c, withHeader("Sec-Fetch-Site", "cross-site")); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS headers")
	}
}

func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	for _, x := range []struct {
		body, field, says string
		status            int
	}{
		{"", "", "empty", 400},
		{`{"email": "a@example.com",`, "", "byte 26", 400},
		{"{\n\"email\": }", "", "line 2", 400},
		{`[1]`, "", "must be a JSON object", 400},
		{`null`, "email", "address", 400},
		{`{"email":"a@example.com","pasword":"x"}`, "pasword", "email, password", 400},
		{`{"Email":"a@example.com"}`, "Email", "email, password", 400},
		{`{"email":["a@example.com"]}`, "email", "must be a string, not array", 400},
		{`{"email":"a@example.com"} {}`, "", "byte", 400},
		{strings.Repeat("[", 20000), "", "malformed", 400},
		{`{"email":"` + strings.Repeat("a", maxBody) + `"}`, "", "65536 bytes", 413},
	} {
		r := w.call("POST", "/api/login", x.body)
		code := hitkeep.Invalid
		if x.status == 413 {
			code = hitkeep.TooLarge
		}
		if e := r.wantError(x.status, code, x.field); !strings.Contains(e.Error, x.says) {
			t.Errorf("%.40s: %s", x.body, r.body)
		}
	}
	e := w.call("POST", "/api/login", `{"pasword":"x"}`).wantError(400, hitkeep.Invalid, "pasword")
	if e.Hint != "did you mean password?" {
		t.Errorf("hint %q", e.Hint)
	}
}

func TestUnknownPaths(t *testing.T) {
	w := newWorld(t)
	w.call("GET", "/api/nothing", nil).wantError(404, hitkeep.NotFound, "")
	r := w.call("PUT", "/api/sites/example.com", "{}")
	r.wantError(405, hitkeep.Invalid, "")
	if got := r.header.Get("Allow"); got != "GET, HEAD, PATCH, DELETE" {
		t.Errorf("Allow %q", got)
	}
	w.call("GET", "/api/v2/query", nil).wantError(405, hitkeep.Invalid, "")
	if got := string(w.call("GET", "/example.com", nil).want(200).body); got != "<html>" {
		t.Errorf("the app's path gave %s", got)
	}
}

func TestFaultsAreHiddenAndLoggedOnce(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	w.addSite(5, "example.com", "UTC")
	c := withCookie(w.login("o@example.com"))
	query := map[string]any{"site_id": "5", "metrics": []string{"visitors"}, "date_range": "day"}
	for _, x := range []struct {
		answer func(hitkeep.Query) (*hitkeep.Result, error)
		status int
		code   hitkeep.Code
		logs   int
	}{
		{func(hitkeep.Query) (*hitkeep.Result, error) { return nil, errors.New("secret detail") }, 500, hitkeep.Internal, 1},
		{func(hitkeep.Query) (*hitkeep.Result, error) { panic("secret detail") }, 500, hitkeep.Internal, 1},
		{func(hitkeep.Query) (*hitkeep.Result, error) { return nil, context.DeadlineExceeded }, 503, hitkeep.Unavailable, 0},
		{func(hitkeep.Query) (*hitkeep.Result, error) {
			return nil, hitkeep.BadField("filters", "not yet")
		}, 400, hitkeep.Invalid, 0},
	} {
		before := strings.Count(w.logged.String(), "secret detail")
		w.stats.set(func(s *recorder) { s.answer = x.answer })
		r := w.call("POST", "/api/v2/query", query, c)
		e := decode[errorBody](r.want(x.status))
		if e.Code != x.code || strings.Contains(string(r.body), "secret") {
			t.Errorf("answer %s", r.body)
		}
		if n := strings.Count(w.logged.String(), "secret detail") - before; n != x.logs {
			t.Errorf("%d log lines for %s", n, r.body)
		}
		if x.logs > 0 && !strings.Contains(w.logged.String(), e.ID) {
			t.Errorf("the log does not have the id %s", e.ID)
		}
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	h := w.call("GET", "/api/status", nil).want(200).header
	for k, v := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Content-Type": "application/json; charset=utf-8"} {
		if h.Get(k) != v {
			t.Errorf("%s: %q", k, h.Get(k))
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := newWorld(t).options
	for name, spoil := range map[string]func(*Options){
		"key": func(o *Options) { o.Key = o.Key[:31] }, "control": func(o *Options) { o.Control = nil },
		"url": func(o *Options) { o.PublicURL = "stats.example.com" }, "rand": func(o *Options) { o.Rand = nil },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
