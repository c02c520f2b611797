package api

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"hitkeep"
)

func setupRequest() setupForm {
	return setupForm{Token: "once", Email: " Owner@Example.com", Password: goodPassword, Name: "O",
		Domain: "https://www.example.com/x", Timezone: "Europe/Berlin"}
}

func TestSetup(t *testing.T) {
	w := newWorld(t)
	if s := decode[statusView](w.call("GET", "/api/status", nil).want(200)); s.State != "setup" || s.Insecure || s.User != nil {
		t.Errorf("status %+v", s)
	}
	for _, x := range []struct {
		change func(*setupForm)
		status int
		code   hitkeep.Code
		field  string
	}{
		{func(f *setupForm) { f.Token = "Once" }, 403, hitkeep.Forbidden, "token"},
		{func(f *setupForm) { f.Token = "" }, 403, hitkeep.Forbidden, "token"},
		{func(f *setupForm) { f.Email = "nobody" }, 400, hitkeep.Invalid, "email"},
		{func(f *setupForm) { f.Password = "short" }, 400, hitkeep.Invalid, "password"},
		{func(f *setupForm) { f.Domain = "no domain" }, 400, hitkeep.Invalid, "domain"},
		{func(f *setupForm) { f.Timezone = "Mars/Base" }, 400, hitkeep.Invalid, "timezone"},
	} {
		f := setupRequest()
		x.change(&f)
		w.call("POST", "/api/setup", f).wantError(x.status, x.code, x.field)
	}
	if len(w.control.log) != 0 {
		t.Fatalf("a refused setup left %d commands", len(w.control.log))
	}
	res := w.call("POST", "/api/setup", setupRequest()).want(201)
	got := decode[struct {
		User userView
		Site siteView
	}](res)
	if got.User.Email != "owner@example.com" || got.User.Role != hitkeep.RoleOwner || got.Site.Domain != "example.com" ||
		got.Site.Role != hitkeep.RoleOwner || !strings.Contains(got.Site.Snippet, `/hk.js" data-site="example.com"></script>`) {
		t.Errorf("created %+v", got)
	}
	for _, cmd := range w.control.log {
		if cmd.Actor != "setup" || cmd.At.IsZero() {
			t.Errorf("command by %q at %v", cmd.Actor, cmd.At)
		}
	}
	w.call("GET", "/api/me", nil, withCookie(res.cookie())).want(200)
	w.call("POST", "/api/setup", setupRequest()).wantError(409, hitkeep.Conflict, "")
}

func TestSetupWithoutToken(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.SetupToken = func() string { return "" } })
	f := setupRequest()
	f.Token = ""
	w.call("POST", "/api/setup", f).wantError(403, hitkeep.Forbidden, "token")
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	known := w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: "wrong password"})
	unknown := w.call("POST", "/api/login", loginForm{Email: "x@example.com", Password: "wrong password"})
	k, u := known.wantError(401, hitkeep.Unauthorized, ""), unknown.wantError(401, hitkeep.Unauthorized, "")
	if k.ID = u.ID; k != u {
		t.Errorf("an unknown account shows: %s, %s", known.body, unknown.body)
	}
	res := w.call("POST", "/api/login", loginForm{Email: "O@example.com ", Password: goodPassword},
		withHeader("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).want(200)
	set := res.header.Get("Set-Cookie")
	for _, part := range []string{"__Host-hk=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=2592000"} {
		if !strings.Contains(set, part) {
			t.Errorf("cookie %q lacks %s", set, part)
		}
	}
	c := withCookie(res.cookie())
	list := decode[[]loginView](w.call("GET", "/api/logins", nil, c).want(200))
	if len(list) != 1 || list[0].Browser != "Firefox" || list[0].OS != "Linux" || !list[0].Current {
		t.Errorf("logins %+v", list)
	}
	status := decode[statusView](w.call("GET", "/api/status", nil, c).want(200))
	if status.User == nil || status.User.Email != "o@example.com" || status.State != "ready" {
		t.Errorf("status %+v", status)
	}
	out := w.call("POST", "/api/logout", nil, c).want(204)
	if !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("cookie stays: %q", out.header.Get("Set-Cookie"))
	}
	w.call("GET", "/api/me", nil, c).wantError(401, hitkeep.Unauthorized, "")
	w.call("POST", "/api/logout", nil).want(204)
	if w.logins.count() != 0 {
		t.Error("the login is still stored")
	}
}

func TestCookieNames(t *testing.T) {
	for _, x := range []struct {
		public, host, proto string
		name                string
		insecure            bool
	}{
		{"", "localhost:8080", "", secureCookie, false}, {"", "[::1]:8080", "", secureCookie, false},
		{"", "stats.lan", "", plainCookie, true}, {"", "localhost.evil.com", "", plainCookie, true},
		{"http://stats.lan", "stats.lan", "", plainCookie, true}, {"https://s.example.com", "s.example.com", "", secureCookie, false},
		{"", "stats.lan", "https", secureCookie, false}, // the test's peer is a trusted proxy
	} {
		w := newWorld(t, func(o *Options) {
			o.PublicURL = x.public
			o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		})
		w.addUser(1, "o@example.com", hitkeep.RoleOwner)
		host := func(r *http.Request) { r.Host = x.host }
		proto := withHeader("X-Forwarded-Proto", x.proto)
		res := w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: goodPassword}, host, proto).want(200)
		set := res.header.Get("Set-Cookie")
		if !strings.HasPrefix(set, x.name+"=") || strings.Contains(set, "Secure") == x.insecure {
			t.Errorf("%+v: %q", x, set)
		}
		s := decode[statusView](w.call("GET", "/api/status", nil, host, proto).want(200))
		if s.Insecure != x.insecure {
			t.Errorf("%+v: insecure %v", x, s.Insecure)
		}
	}
}

// TestRotation walks the four rules of sessions.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	first := w.login("o@example.com")
	w.clock.add(14 * time.Minute)
	if r := w.call("GET", "/api/me", nil, withCookie(first)).want(200); r.cookie() != "" {
		t.Error("renewed before its time")
	}
	w.clock.add(2 * time.Minute)
	second := w.call("GET", "/api/me", nil, withCookie(first)).want(200).cookie()
	if second == "" || second == first {
		t.Fatal("not renewed")
	}
	w.clock.add(29 * time.Second)
	if again := w.call("GET", "/api/me", nil, withCookie(first)).want(200).cookie(); again != second {
		t.Error("an overlapping request got another cookie")
	}
	if puts := w.logins.puts; puts != 2 {
		t.Errorf("%d writes for one login and one renewal", puts)
	}
	w.call("GET", "/api/me", nil, withCookie(second)).want(200)
	w.clock.add(2 * time.Second)
	w.call("GET", "/api/me", nil, withCookie(first)).wantError(401, hitkeep.Unauthorized, "")
	w.call("GET", "/api/me", nil, withCookie(second)).wantError(401, hitkeep.Unauthorized, "")
	if w.logins.count() != 0 || !strings.Contains(w.logged.String(), "login revoked") {
		t.Errorf("a copied cookie left %d logins, log %s", w.logins.count(), w.logged)
	}
}

func TestRenewalOutlivesARestartAndAFullDisk(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	c := w.login("o@example.com")
	w.start()
	w.clock.add(time.Hour)
	w.logins.fail = errors.New("no space left")
	if r := w.call("GET", "/api/me", nil, withCookie(c)).want(200); r.cookie() != "" {
		t.Error("a renewal that was not stored was given out")
	}
	w.logins.fail = nil
	c = w.call("GET", "/api/me", nil, withCookie(c)).want(200).cookie()
	w.start()
	w.call("GET", "/api/me", nil, withCookie(c)).want(200)
	w.clock.add(loginIdle + time.Hour)
	w.call("GET", "/api/me", nil, withCookie(c)).wantError(401, hitkeep.Unauthorized, "")
}

func TestWhatVoidsLogins(t *testing.T) {
	for name, void := range map[string]func(w *world){
		"revocation":     func(w *world) { w.do(hitkeep.Command{RevokeLogins: &hitkeep.RevokeLogins{User: 1}}) },
		"password":       func(w *world) { w.addUser(1, "o@example.com", hitkeep.RoleOwner) },
		"deleted user":   func(w *world) { w.do(hitkeep.Command{DeleteUser: 1}) },
		"another key":    func(w *world) { w.options.Key = []byte(strings.Repeat("k", 32)); w.start() },
		"deleted login":  func(w *world) { w.logins.rows = map[string]Login{}; w.start() },
		"other's delete": func(w *world) { w.api.sessions.revoke(t.Context(), onlyLogin(w)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.addUser(1, "o@example.com", hitkeep.RoleOwner)
			w.addUser(2, "second@example.com", hitkeep.RoleOwner)
			c := w.login("o@example.com")
			w.call("GET", "/api/me", nil, withCookie(c)).want(200)
			w.clock.add(time.Second)
			void(w)
			r := w.call("GET", "/api/me", nil, withCookie(c))
			r.wantError(401, hitkeep.Unauthorized, "")
			if !strings.Contains(r.header.Get("Set-Cookie"), "Max-Age=0") {
				t.Error("the void cookie stays")
			}
		})
	}
}

func onlyLogin(w *world) (id string) {
	for id = range w.logins.rows {
	}
	return id
}

func TestLoginAfterTheClockWasSetBack(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	w.clock.add(-48 * time.Hour)
	w.call("GET", "/api/me", nil, withCookie(w.login("o@example.com"))).want(200)
}

func TestForgedCookies(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	good := w.login("o@example.com")
	parts := strings.Split(good, ".")
	none := "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" // {"alg":"none","typ":"JWT"}
	for _, forged := range []string{"x", none + "." + parts[1] + ".", none + "." + parts[1] + "." + parts[2],
		parts[0] + "." + parts[1] + ".AAAA", good[:len(good)-2], good + "."} {
		w.call("GET", "/api/me", nil, withCookie(forged)).wantError(401, hitkeep.Unauthorized, "")
	}
	w.call("GET", "/api/me", nil, withCookie(good)).want(200)
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	here, elsewhere := w.login("o@example.com"), w.login("o@example.com")
	w.clock.add(time.Second)
	w.call("POST", "/api/me/password", passwordForm{Current: "wrong one", Password: "new password 1"}, withCookie(here)).
		wantError(403, hitkeep.Forbidden, "current")
	w.call("POST", "/api/me/password", passwordForm{Current: goodPassword, Password: "short"}, withCookie(here)).
		wantError(400, hitkeep.Invalid, "password")
	res := w.call("POST", "/api/me/password", passwordForm{Current: goodPassword, Password: "new password 1"}, withCookie(here)).want(204)
	w.call("GET", "/api/me", nil, withCookie(res.cookie())).want(200)
	w.call("GET", "/api/me", nil, withCookie(here)).want(401)
	w.call("GET", "/api/me", nil, withCookie(elsewhere)).want(401)
	w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: goodPassword}).want(401)
	w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: "new password 1"}).want(200)
}

func TestDeleteLogin(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	w.addUser(2, "u@example.com", hitkeep.RoleUser)
	mine, other, stranger := w.login("o@example.com"), w.login("o@example.com"), w.login("u@example.com")
	var id string
	for _, l := range decode[[]loginView](w.call("GET", "/api/logins", nil, withCookie(mine)).want(200)) {
		if !l.Current {
			id = l.ID
		}
	}
	w.call("DELETE", "/api/logins/"+id, nil, withCookie(stranger)).wantError(404, hitkeep.NotFound, "login")
	w.call("DELETE", "/api/logins/"+id, nil, withCookie(mine)).want(204)
	w.call("GET", "/api/me", nil, withCookie(other)).want(401)
	w.call("GET", "/api/me", nil, withCookie(mine)).want(200)
}

func TestLoginRate(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.LoginRate = 3 })
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	bad := loginForm{Email: "o@example.com", Password: "not the password"}
	for range 3 {
		w.call("POST", "/api/login", bad, withHeader("X-Forwarded-For", "203.0.113.9")).want(401)
	}
	// The header of an untrusted peer buys no further attempts, and the right password none.
	r := w.call("POST", "/api/login", bad, withHeader("X-Forwarded-For", "203.0.113.10"))
	r.wantError(429, hitkeep.RateLimited, "")
	if r.header.Get("Retry-After") != "20" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: goodPassword}).want(429)
	w.clock.add(20 * time.Second)
	w.call("POST", "/api/login", loginForm{Email: "o@example.com", Password: goodPassword}).want(200)
}

func TestLoginRateOfOthers(t *testing.T) {
	l, now := newLimiter(3), time.Unix(1e9, 0)
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8:1::1")
	for range 50 {
		l.allow(now, "o@example.com", a)
	}
	if l.allow(now, "o@example.com", netip.MustParseAddr("2001:db8::ffff")) == nil {
		t.Error("another address of the same network is let in")
	}
	if err := l.allow(now, "o@example.com", b); err != nil {
		t.Errorf("an attacker locks the owner out: %v", err)
	}
	for range 10 {
		l.allow(now, "p@example.com", a)
	}
	if l.allow(now, "q@example.com", a) == nil {
		t.Error("an address may try one account after the other")
	}
}

func TestLimiterKeepsUsedBuckets(t *testing.T) {
	l, now := newLimiter(3), time.Unix(1e9, 0)
	a := netip.MustParseAddr("192.0.2.1")
	for range 3 {
		l.allow(now, "o@example.com", a)
	}
	for i := range maxLimits {
		l.allow(now, time.Duration(i).String(), a)
	}
	if len(l.all) > 20 {
		t.Errorf("an address that is refused fills %d buckets", len(l.all))
	}
	for i := range maxLimits {
		l.all[time.Duration(i).String()] = rate.NewLimiter(1, 1) // full
	}
	l.makeRoom(now)
	if l.take(now, "pair 192.0.2.1 o@example.com", 1) == 0 {
		t.Error("a used bucket was forgotten before the full ones")
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l, now := newLimiter(3), time.Unix(1e9, 0)
	for i := range 3 * maxLimits {
		l.take(now, time.Duration(i).String(), 1)
	}
	if len(l.all) > maxLimits {
		t.Errorf("%d limits are held", len(l.all))
	}
}

func TestClientAddress(t *testing.T) {
	a := &API{o: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, x := range []struct{ peer, header, want string }{
		{"192.0.2.1:1", "203.0.113.1", "192.0.2.1"}, {"10.0.0.1:1", "203.0.113.1", "203.0.113.1"},
		{"10.0.0.1:1", "198.51.100.7, 203.0.113.1, 10.0.0.2", "203.0.113.1"}, {"10.0.0.1:1", "", "10.0.0.1"},
		{"10.0.0.1:1", "203.0.113.1, rubbish", "10.0.0.1"}, {"[::ffff:10.0.0.1]:1", "2001:db8::1", "2001:db8::1"},
		{"@", "203.0.113.1", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: x.peer, Header: http.Header{"X-Forwarded-For": {x.header}}}
		if got := a.client(r).String(); got != x.want {
			t.Errorf("%+v: %s", x, got)
		}
	}
}
