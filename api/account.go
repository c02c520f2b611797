package api

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mileusna/useragent"

	"hitkeep"
)

// userView is the JSON form of an account.
type userView struct {
	ID        hitkeep.UserID `json:"id"`
	Email     string         `json:"email"`
	Name      string         `json:"name"`
	Role      hitkeep.Role   `json:"role"`
	CreatedAt time.Time      `json:"created_at"`
}

func viewUser(u *hitkeep.User) userView {
	return userView{ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, CreatedAt: u.CreatedAt.UTC()}
}

// do runs a control command in the caller's name.
func (a *API) do(r *http.Request, cmd *hitkeep.Command) error {
	cmd.At = a.now()
	if cmd.Actor == "" {
		cmd.Actor = callOf(r).caller.actor()
	}
	return a.o.Control.Do(r.Context(), cmd)
}

// pathID parses an id in the path; what is no id names nothing.
func pathID[T ~int64, P interface {
	*T
	UnmarshalText([]byte) error
}](r *http.Request, name string) (id T, err error) {
	if P(&id).UnmarshalText([]byte(r.PathValue(name))) != nil {
		return 0, &hitkeep.Error{Code: hitkeep.NotFound, Field: name, Message: "there is no such " + name}
	}
	return id, nil
}

func cmpOr(orders ...int) int { return cmp.Or(orders...) }

type setupForm struct {
	Token    string `json:"token"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
	Domain   string `json:"domain"`
	Timezone string `json:"timezone"`
}

// setup creates the owner and the first site. Everything is checked before the first command,
// so that only a failing disk can leave it half done; then the owner exists and adds the site.
func (a *API) setup(w http.ResponseWriter, r *http.Request) error {
	var f setupForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	if err := a.limits.allow(a.o.Now(), "setup", a.client(r)); err != nil {
		return err
	}
	a.edit.Lock()
	defer a.edit.Unlock()
	if a.ready() {
		return hitkeep.Errorf(hitkeep.Conflict, "HitKeep is set up already").WithHint("sign in")
	}
	if !a.setupToken(f.Token) {
		return (&hitkeep.Error{Code: hitkeep.Forbidden, Field: "token", Message: "the setup link is not valid"}).
			WithHint("use the newest link that the server printed at its start")
	}
	u, site, err := a.firstAccount(r, f)
	if err != nil {
		return err
	}
	for _, cmd := range []*hitkeep.Command{{PutUser: u}, {PutSite: site},
		{SetMember: &hitkeep.Membership{User: u.ID, Site: site.ID, Role: hitkeep.RoleOwner}}} {
		cmd.Actor = "setup"
		if err := a.do(r, cmd); err != nil {
			return err
		}
	}
	if err := a.signIn(w, r, u.ID); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]any{
		"user": viewUser(u), "site": a.viewSite(r, site, hitkeep.RoleOwner)})
}

// firstAccount makes the owner and the site of a setup, checked.
func (a *API) firstAccount(r *http.Request, f setupForm) (*hitkeep.User, *hitkeep.Site, error) {
	u, err := a.newUser(f.Email, f.Name, hitkeep.RoleOwner)
	if err != nil {
		return nil, nil, err
	}
	if err := CheckPassword("password", f.Password); err != nil {
		return nil, nil, err
	}
	site, err := a.newSite(f.Domain, f.Timezone)
	if err != nil {
		return nil, nil, err
	}
	a.o.Control.Read(func(s *hitkeep.State) {
		if err = s.Check(&hitkeep.Command{PutUser: u}); err == nil {
			err = s.Check(&hitkeep.Command{PutSite: site})
		}
	})
	if err != nil {
		return nil, nil, err
	}
	u.PasswordHash, err = a.hasher.hash(r.Context(), f.Password)
	return u, site, err
}

// ready reports whether there is an account.
func (a *API) ready() (yes bool) {
	a.o.Control.Read(func(s *hitkeep.State) { yes = len(s.Users) > 0 })
	return yes
}

func (a *API) setupToken(given string) bool {
	if a.o.SetupToken == nil {
		return false
	}
	want, got := sha256.Sum256([]byte(a.o.SetupToken())), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && given != ""
}

type loginForm struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// login takes the same time and gives the same answer for a wrong password and for an account
// that does not exist.
func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	var f loginForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	email := strings.ToLower(strings.TrimSpace(f.Email))
	if email == "" || len(email) > 254 {
		return hitkeep.BadField("email", "give the address of your account")
	}
	if err := a.limits.allow(a.o.Now(), email, a.client(r)); err != nil {
		return err
	}
	var u hitkeep.User
	a.o.Control.Read(func(s *hitkeep.State) {
		if found := s.UserByEmail(email); found != nil {
			u = *found
		}
	})
	ok, err := a.checkUserPassword(r, &u, f.Password)
	if err != nil {
		return err
	}
	if !ok {
		return hitkeep.Errorf(hitkeep.Unauthorized, "the e-mail address or the password is wrong")
	}
	if err := a.signIn(w, r, u.ID); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"user": viewUser(&u)})
}

// checkUserPassword cuts what no password can be, so that hashing costs the same for all.
func (a *API) checkUserPassword(r *http.Request, u *hitkeep.User, password string) (bool, error) {
	return a.hasher.verify(r.Context(), u.PasswordHash, password[:min(len(password), 4*passwordMax)])
}

// signIn starts a login session and sets its cookie.
func (a *API) signIn(w http.ResponseWriter, r *http.Request, user hitkeep.UserID) error {
	if err := a.sessions.prune(r.Context(), user); err != nil {
		return err
	}
	ua := useragent.Parse(r.UserAgent())
	s, cookie, err := a.sessions.start(r.Context(), user, ua.Name, ua.OS)
	if err != nil {
		return err
	}
	callOf(r).caller.login = s
	a.setCookie(w, r, cookie)
	return nil
}

func (a *API) logout(w http.ResponseWriter, r *http.Request) error {
	if s := callOf(r).caller.login; s != nil {
		if err := a.sessions.revoke(r.Context(), s.id); err != nil {
			return err
		}
	}
	a.clearCookie(w, r)
	return noContent(w)
}

func (a *API) me(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, http.StatusOK, viewUser(callOf(r).caller.user))
}

type passwordForm struct {
	Current  string `json:"current"`
	Password string `json:"password"`
}

// changePassword voids all login sessions of the user, and starts a new one for this browser.
func (a *API) changePassword(w http.ResponseWriter, r *http.Request) error {
	var f passwordForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	if err := CheckPassword("password", f.Password); err != nil {
		return err
	}
	c := callOf(r).caller
	if a.o.Demo != nil && strings.EqualFold(c.user.Email, a.o.Demo.Email) {
		return hitkeep.Errorf(hitkeep.Forbidden, "the demo's password is the same for everybody")
	}
	if err := a.limits.allow(a.o.Now(), c.user.Email, a.client(r)); err != nil {
		return err
	}
	ok, err := a.checkUserPassword(r, c.user, f.Current)
	if err != nil {
		return err
	}
	if !ok {
		return &hitkeep.Error{Code: hitkeep.Forbidden, Field: "current", Message: "is not your password"}
	}
	phc, err := a.hasher.hash(r.Context(), f.Password)
	if err != nil {
		return err
	}
	if err := a.putPassword(r, c.user.ID, phc); err != nil {
		return err
	}
	if err := a.sessions.revoke(r.Context(), c.login.id); err != nil {
		return err
	}
	if err := a.signIn(w, r, c.user.ID); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) putPassword(r *http.Request, id hitkeep.UserID, phc string) error {
	a.edit.Lock()
	defer a.edit.Unlock()
	var u hitkeep.User
	a.o.Control.Read(func(s *hitkeep.State) {
		if now := s.Users[id]; now != nil {
			u = *now
		}
	})
	if u.ID == 0 {
		return errSignedOut
	}
	u.PasswordHash, u.PasswordAt = phc, a.now()
	return a.do(r, &hitkeep.Command{PutUser: &u})
}

// loginView is the JSON form of a login session.
type loginView struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	Browser    string    `json:"browser"`
	OS         string    `json:"os"`
	Current    bool      `json:"current"`
}

func (a *API) listLogins(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r).caller
	all, err := a.o.Logins.List(r.Context(), c.user.ID)
	if err != nil {
		return err
	}
	views, now := []loginView{}, a.now()
	for _, l := range all {
		if a.sessions.user(&l, now) == nil {
			continue
		}
		views = append(views, loginView{ID: l.ID, CreatedAt: l.CreatedAt.UTC(), LastSeenAt: a.sessions.lastSeen(l).UTC(),
			Browser: l.Browser, OS: l.OS, Current: l.ID == c.login.id})
	}
	slices.SortFunc(views, func(x, y loginView) int {
		return cmpOr(y.LastSeenAt.Compare(x.LastSeenAt), cmp.Compare(x.ID, y.ID))
	})
	return writeJSON(w, http.StatusOK, views)
}

func (a *API) deleteLogin(w http.ResponseWriter, r *http.Request) error {
	c, id := callOf(r).caller, r.PathValue("id")
	l, err := a.o.Logins.Get(r.Context(), id)
	if err != nil {
		return err
	}
	if l == nil || l.User != c.user.ID {
		return &hitkeep.Error{Code: hitkeep.NotFound, Field: "login", Message: "there is no such login"}
	}
	if err := a.sessions.revoke(r.Context(), id); err != nil {
		return err
	}
	if id == c.login.id {
		a.clearCookie(w, r)
	}
	return noContent(w)
}
