package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"hitkeep"
)

const maxName = 200 // bytes of a person's name

// newUser makes an account without a password.
func (a *API) newUser(email, name string, role hitkeep.Role) (*hitkeep.User, error) {
	if len(name) > maxName {
		return nil, hitkeep.BadField("name", "has more than %d bytes", maxName)
	}
	id, err := hitkeep.NewID(a.o.Rand)
	if err != nil {
		return nil, err
	}
	now := a.now()
	return &hitkeep.User{ID: hitkeep.UserID(id), Email: strings.ToLower(strings.TrimSpace(email)),
		Name: strings.TrimSpace(name), Role: role, CreatedAt: now, PasswordAt: now}, nil
}

func (a *API) listUsers(w http.ResponseWriter, r *http.Request) error {
	views := []userView{}
	a.o.Control.Read(func(s *hitkeep.State) {
		for _, u := range s.Users {
			views = append(views, viewUser(u))
		}
	})
	slices.SortFunc(views, func(x, y userView) int { return cmp.Compare(x.Email, y.Email) })
	return writeJSON(w, http.StatusOK, views)
}

type userForm struct {
	Email    string       `json:"email"`
	Role     hitkeep.Role `json:"role"`
	Password string       `json:"password"`
	Name     string       `json:"name"`
}

func (a *API) createUser(w http.ResponseWriter, r *http.Request) error {
	var f userForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	if f.Role == hitkeep.RoleOwner && callOf(r).caller.instanceRole() != hitkeep.RoleOwner {
		return &hitkeep.Error{Code: hitkeep.Forbidden, Field: "role", Message: "only owners make owners"}
	}
	if err := CheckPassword("password", f.Password); err != nil {
		return err
	}
	u, err := a.newUser(f.Email, f.Name, f.Role)
	if err != nil {
		return err
	}
	a.o.Control.Read(func(s *hitkeep.State) { err = s.Check(&hitkeep.Command{PutUser: u}) })
	if err != nil {
		return err // before the costly hash
	}
	if u.PasswordHash, err = a.hasher.hash(r.Context(), f.Password); err != nil {
		return err
	}
	if err := a.do(r, &hitkeep.Command{PutUser: u}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, viewUser(u))
}

func (a *API) deleteUser(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[hitkeep.UserID](r, "id")
	if err != nil {
		return err
	}
	a.edit.Lock()
	defer a.edit.Unlock()
	if a.isOwner(id) && callOf(r).caller.instanceRole() != hitkeep.RoleOwner {
		return hitkeep.Errorf(hitkeep.Forbidden, "only owners remove owners")
	}
	if err := a.do(r, &hitkeep.Command{DeleteUser: id}); err != nil {
		return err
	}
	if err := a.sessions.prune(r.Context(), id); err != nil {
		// The account is gone and its sessions are void already; their rows are only clutter.
		a.log(r).Warn("logins of a removed user not deleted", "err", err)
	}
	return noContent(w)
}

func (a *API) isOwner(id hitkeep.UserID) (yes bool) {
	a.o.Control.Read(func(s *hitkeep.State) {
		yes = s.Users[id] != nil && s.Users[id].Role == hitkeep.RoleOwner
	})
	return yes
}

// memberView is the JSON form of a membership.
type memberView struct {
	User struct {
		ID    hitkeep.UserID `json:"id"`
		Email string         `json:"email"`
		Name  string         `json:"name"`
	} `json:"user"`
	Role hitkeep.Role `json:"role"`
}

func viewMember(u *hitkeep.User, role hitkeep.Role) (v memberView) {
	v.User.ID, v.User.Email, v.User.Name, v.Role = u.ID, u.Email, u.Name, role
	return v
}

func (a *API) listMembers(w http.ResponseWriter, r *http.Request) error {
	views, site := []memberView{}, callOf(r).site.ID
	a.o.Control.Read(func(s *hitkeep.State) {
		for id, role := range s.Members[site] {
			if u := s.Users[id]; u != nil {
				views = append(views, viewMember(u, role))
			}
		}
	})
	slices.SortFunc(views, func(x, y memberView) int { return cmp.Compare(x.User.Email, y.User.Email) })
	return writeJSON(w, http.StatusOK, views)
}

type memberForm struct {
	Role hitkeep.Role `json:"role"`
}

func (a *API) setMember(w http.ResponseWriter, r *http.Request) error {
	var f memberForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	if f.Role == "" { // which a command would take for a removal
		return hitkeep.BadField("role", "is missing; use owner, admin, editor or viewer")
	}
	u, err := a.changeMember(r, f.Role)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewMember(u, f.Role))
}

func (a *API) removeMember(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.changeMember(r, ""); err != nil {
		return err
	}
	return noContent(w)
}

// changeMember sets or, with "", removes a role. Owners are changed and made by owners only.
func (a *API) changeMember(r *http.Request, role hitkeep.Role) (*hitkeep.User, error) {
	id, err := pathID[hitkeep.UserID](r, "user")
	if err != nil {
		return nil, err
	}
	a.edit.Lock()
	defer a.edit.Unlock()
	c := callOf(r)
	var u *hitkeep.User
	var old hitkeep.Role
	a.o.Control.Read(func(s *hitkeep.State) { u, old = s.Users[id], s.Members[c.site.ID][id] })
	switch {
	case u == nil || (role == "" && old == ""):
		return nil, &hitkeep.Error{Code: hitkeep.NotFound, Field: "user", Message: "there is no such member"}
	case (old == hitkeep.RoleOwner || role == hitkeep.RoleOwner) && c.role != hitkeep.RoleOwner:
		return nil, hitkeep.Errorf(hitkeep.Forbidden, "only owners of the site make and change owners")
	}
	return u, a.do(r, &hitkeep.Command{SetMember: &hitkeep.Membership{User: id, Site: c.site.ID, Role: role}})
}
