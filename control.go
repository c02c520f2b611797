package hitkeep

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Role is a right on the instance (owner, admin, user) or on a site (owner, admin, editor,
// viewer).
type Role string

// The roles, strongest first.
const (
	RoleOwner  Role = "owner"
	RoleAdmin  Role = "admin"
	RoleEditor Role = "editor"
	RoleViewer Role = "viewer"
	RoleUser   Role = "user" // instance only: no right but on sites where the user is a member
)

var siteRank = map[Role]int{RoleViewer: 1, RoleEditor: 2, RoleAdmin: 3, RoleOwner: 4}

// AtLeast reports whether site role r includes the rights of want.
func (r Role) AtLeast(want Role) bool { return siteRank[r] >= siteRank[want] && siteRank[r] > 0 }

// User is an account of the instance.
type User struct {
	ID           UserID    `json:"id"`
	Email        string    `json:"email"` // lower case
	Name         string    `json:"name,omitempty"`
	Role         Role      `json:"role"` // owner, admin or user
	PasswordHash string    `json:"password_hash"`
	CreatedAt    time.Time `json:"created_at"`
	// PasswordAt is when the password was set: login sessions made before are void.
	PasswordAt time.Time `json:"password_at"`
}

// Scopes of API tokens.
const (
	ScopeStatsRead   = "stats:read"
	ScopeEventsWrite = "events:write"
	ScopeSitesManage = "sites:manage"
	ScopeSQL         = "sql"
)

// Scopes lists all scopes of API tokens.
var Scopes = []string{ScopeStatsRead, ScopeEventsWrite, ScopeSitesManage, ScopeSQL}

// Token is an API token; only the SHA-256 of its secret is kept.
type Token struct {
	ID        TokenID    `json:"id"`
	Tenant    TenantID   `json:"team"`
	Site      SiteID     `json:"site,omitempty"` // 0 = all present and future sites of the team
	Owner     UserID     `json:"owner,omitempty"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	Prefix    string     `json:"prefix"` // the first characters, to tell tokens apart
	Hash      []byte     `json:"hash"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// Allows reports whether the token has a scope for a site at a time.
func (t *Token) Allows(scope string, s *Site, now time.Time) bool {
	if t.ExpiresAt != nil && !now.Before(*t.ExpiresAt) {
		return false
	}
	if s != nil && (s.Tenant != t.Tenant || (t.Site != 0 && t.Site != s.ID)) {
		return false
	}
	return slices.Contains(t.Scopes, scope)
}

// Import is one imported file of a site, recognised again by a keyed fingerprint of its head.
type Import struct {
	ID      ImportID  `json:"id"`
	Site    SiteID    `json:"site"`
	Format  string    `json:"format"`
	HeadLen int64     `json:"head_len"` // bytes that the fingerprint covers
	HeadMAC []byte    `json:"head_mac"` // HMAC-SHA-256 under the instance's import key
	At      time.Time `json:"at"`
}

// Command is one control change (invariant 13): typed, decided (ids, times and randomness are
// the proposer's), applied in log order by State.Apply, and the audit entry of itself.
type Command struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor"` // "user:<id>", "token:<id>", "cli" or "setup"

	PutUser      *User         `json:"put_user,omitempty"`    // create or replace
	DeleteUser   UserID        `json:"delete_user,omitempty"` // with its memberships and tokens
	PutSite      *Site         `json:"put_site,omitempty"`
	DeleteSite   SiteID        `json:"delete_site,omitempty"` // its hits are expired by the lake
	PutToken     *Token        `json:"put_token,omitempty"`
	DeleteToken  TokenID       `json:"delete_token,omitempty"`
	SetMember    *Membership   `json:"set_member,omitempty"` // Role "" removes
	PutImport    *Import       `json:"put_import,omitempty"`
	RevokeLogins *RevokeLogins `json:"revoke_logins,omitempty"`
}

// Membership gives a user a role on a site.
type Membership struct {
	User UserID `json:"user"`
	Site SiteID `json:"site"`
	Role Role   `json:"role,omitempty"`
}

// RevokeLogins voids all login sessions of a user made before the command's time.
type RevokeLogins struct {
	User UserID `json:"user"`
}

// State is the projection of all control commands. It is not safe for concurrent use: its
// owner guards it.
type State struct {
	Users   map[UserID]*User
	Sites   map[SiteID]*Site
	Tokens  map[TokenID]*Token
	Imports map[ImportID]*Import
	Members map[SiteID]map[UserID]Role
	// LoginsFrom voids a user's login sessions that began earlier.
	LoginsFrom map[UserID]time.Time
	// Deleted lists the sites that were removed, so that ids are not reused and hits not shown.
	Deleted map[SiteID]TenantID
}

// NewState returns the state before the first command.
func NewState() *State {
	return &State{
		Users: map[UserID]*User{}, Sites: map[SiteID]*Site{}, Tokens: map[TokenID]*Token{},
		Imports: map[ImportID]*Import{}, Members: map[SiteID]map[UserID]Role{},
		LoginsFrom: map[UserID]time.Time{}, Deleted: map[SiteID]TenantID{},
	}
}

// Check says whether Apply would accept c, without changing anything.
func (s *State) Check(c *Command) error {
	switch {
	case c.PutUser != nil:
		return s.checkUser(c.PutUser)
	case c.DeleteUser != 0:
		return s.checkDeleteUser(c.DeleteUser)
	case c.PutSite != nil:
		return s.checkSite(c.PutSite)
	case c.DeleteSite != 0:
		return missing(s.Sites[c.DeleteSite] == nil, "site")
	case c.PutToken != nil:
		return s.checkToken(c.PutToken)
	case c.DeleteToken != 0:
		return missing(s.Tokens[c.DeleteToken] == nil, "token")
	case c.SetMember != nil:
		return s.checkMember(c.SetMember)
	case c.PutImport != nil:
		return missing(s.Sites[c.PutImport.Site] == nil, "site")
	case c.RevokeLogins != nil:
		return missing(s.Users[c.RevokeLogins.User] == nil, "user")
	}
	return Errorf(Internal, "a control command without content")
}

func missing(gone bool, what string) error {
	if gone {
		return &Error{Code: NotFound, Field: what, Message: "there is no such " + what}
	}
	return nil
}

func (s *State) checkUser(u *User) error {
	if at := strings.IndexByte(u.Email, '@'); at < 1 || at == len(u.Email)-1 || len(u.Email) > 254 ||
		strings.ContainsAny(u.Email, " \t\r\n<>,;\"") {
		return BadField("email", "%q is not an address", u.Email)
	}
	if u.Role != RoleOwner && u.Role != RoleAdmin && u.Role != RoleUser {
		return BadField("role", "%q is not an instance role; use owner, admin or user", u.Role)
	}
	if o := s.UserByEmail(u.Email); o != nil && o.ID != u.ID {
		return &Error{Code: Conflict, Field: "email", Message: "a user with this address exists already"}
	}
	if old := s.Users[u.ID]; old != nil && old.Role == RoleOwner && u.Role != RoleOwner && s.owners() == 1 {
		return &Error{Code: Conflict, Field: "role", Message: "the last owner keeps the role"}
	}
	return nil
}

func (s *State) checkDeleteUser(id UserID) error {
	u := s.Users[id]
	if u != nil && u.Role == RoleOwner && s.owners() == 1 {
		return &Error{Code: Conflict, Field: "user", Message: "the last owner cannot be removed"}
	}
	return missing(u == nil, "user")
}

func (s *State) owners() (n int) {
	for _, u := range s.Users {
		if u.Role == RoleOwner {
			n++
		}
	}
	return n
}

func (s *State) checkSite(site *Site) error {
	if err := CheckZone(site.Timezone); err != nil {
		return err
	}
	if _, err := CheckDomain(site.Domain); err != nil {
		return err
	}
	if o := s.SiteByDomain(site.Domain); o != nil && o.ID != site.ID {
		return (&Error{Code: Conflict, Field: "domain", Message: "the site " + site.Domain + " exists already"})
	}
	if old := s.Sites[site.ID]; old != nil && old.Tenant != site.Tenant {
		return BadField("team", "a site cannot change its team")
	}
	if _, gone := s.Deleted[site.ID]; gone {
		return Errorf(Conflict, "the id of a deleted site is not used again")
	}
	return s.checkHosts(site)
}

// checkHosts keeps a site from taking another one's hits: a further host must not be, lie under or
// be listed by another site.
func (s *State) checkHosts(site *Site) error {
	for _, h := range site.Hosts {
		for _, o := range s.Sites {
			if o.ID != site.ID && (under(h, o.Domain) || slices.Contains(o.Hosts, h)) {
				return &Error{Code: Conflict, Field: "hosts", Message: h + " belongs to another site"}
			}
		}
	}
	return nil
}

func (s *State) checkToken(t *Token) error {
	if strings.TrimSpace(t.Name) == "" || len(t.Name) > 200 {
		return BadField("name", "give the token a name of 1 to 200 characters")
	}
	if len(t.Scopes) == 0 {
		return BadField("scopes", "give at least one of %s", strings.Join(Scopes, ", "))
	}
	for _, sc := range t.Scopes {
		if !slices.Contains(Scopes, sc) {
			return BadField("scopes", "%q is not a scope; use %s", sc, strings.Join(Scopes, ", "))
		}
	}
	return missing(t.Site != 0 && (s.Sites[t.Site] == nil || s.Sites[t.Site].Tenant != t.Tenant), "site")
}

func (s *State) checkMember(m *Membership) error {
	if err := missing(s.Sites[m.Site] == nil, "site"); err != nil {
		return err
	}
	if err := missing(s.Users[m.User] == nil, "user"); err != nil {
		return err
	}
	if m.Role != "" && siteRank[m.Role] == 0 {
		return BadField("role", "%q is not a site role; use owner, admin, editor or viewer", m.Role)
	}
	return nil
}

// Apply checks and applies one command. Commands of the log were checked before they were
// written: a replay that fails means a damaged log.
func (s *State) Apply(c *Command) error {
	if err := s.Check(c); err != nil {
		return err
	}
	switch {
	case c.PutUser != nil:
		s.Users[c.PutUser.ID] = c.PutUser
	case c.DeleteUser != 0:
		s.deleteUser(c.DeleteUser)
	case c.PutSite != nil:
		c.PutSite.LoadZone()
		s.Sites[c.PutSite.ID] = c.PutSite
	case c.DeleteSite != 0:
		s.deleteSite(c.DeleteSite)
	case c.PutToken != nil:
		s.Tokens[c.PutToken.ID] = c.PutToken
	case c.DeleteToken != 0:
		delete(s.Tokens, c.DeleteToken)
	case c.SetMember != nil:
		s.setMember(c.SetMember)
	case c.PutImport != nil:
		s.Imports[c.PutImport.ID] = c.PutImport
	case c.RevokeLogins != nil:
		s.LoginsFrom[c.RevokeLogins.User] = c.At
	}
	return nil
}

func (s *State) deleteUser(id UserID) {
	delete(s.Users, id)
	delete(s.LoginsFrom, id)
	for _, m := range s.Members {
		delete(m, id)
	}
	maps.DeleteFunc(s.Tokens, func(_ TokenID, t *Token) bool { return t.Owner == id })
}

func (s *State) deleteSite(id SiteID) {
	s.Deleted[id] = s.Sites[id].Tenant
	delete(s.Sites, id)
	delete(s.Members, id)
	maps.DeleteFunc(s.Tokens, func(_ TokenID, t *Token) bool { return t.Site == id })
	maps.DeleteFunc(s.Imports, func(_ ImportID, i *Import) bool { return i.Site == id })
}

func (s *State) setMember(m *Membership) {
	if m.Role == "" {
		delete(s.Members[m.Site], m.User)
		return
	}
	if s.Members[m.Site] == nil {
		s.Members[m.Site] = map[UserID]Role{}
	}
	s.Members[m.Site][m.User] = m.Role
}

// UserByEmail returns the user with an address, without regard to case, or nil.
func (s *State) UserByEmail(email string) *User {
	email = strings.ToLower(strings.TrimSpace(email))
	for _, u := range s.Users {
		if u.Email == email {
			return u
		}
	}
	return nil
}

// SiteByDomain returns the site with exactly this folded domain, or nil.
func (s *State) SiteByDomain(domain string) *Site {
	for _, site := range s.Sites {
		if site.Domain == domain {
			return site
		}
	}
	return nil
}

// SiteRole returns u's role on a site: instance owners and admins have owner and admin rights
// on every site; others what their membership says; "" = none.
func (s *State) SiteRole(u *User, id SiteID) Role {
	switch {
	case u == nil || s.Sites[id] == nil:
		return ""
	case u.Role == RoleOwner:
		return RoleOwner
	case u.Role == RoleAdmin:
		return RoleAdmin
	}
	return s.Members[id][u.ID]
}

// Encode returns the command as it is written to the control log.
func (c *Command) Encode() ([]byte, error) { return json.Marshal(c) }

// DecodeCommand parses a command of the control log.
func DecodeCommand(b []byte) (*Command, error) {
	c := new(Command)
	if err := json.Unmarshal(b, c); err != nil {
		return nil, err
	}
	return c, nil
}
