package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"hitkeep"
)

const (
	tokenMark   = "hk_"
	tokenChars  = 32 // of base62 after the mark: 190 bits
	prefixChars = len(tokenMark) + 4
	base62      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// MintToken makes the secret of a new API token. Only prefix and hash are stored.
func MintToken(rand io.Reader) (secret, prefix string, hash []byte, err error) {
	b := []byte(tokenMark)
	var one [1]byte
	for len(b) < len(tokenMark)+tokenChars {
		if _, err := io.ReadFull(rand, one[:]); err != nil {
			return "", "", nil, fmt.Errorf("mint token: %w", err)
		}
		if one[0] < 4*62 { // no character is more likely than another
			b = append(b, base62[one[0]%62])
		}
	}
	secret = string(b)
	return secret, secret[:prefixChars], tokenHash(secret), nil
}

// A secret of 190 random bits needs no slow hash.
func tokenHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// FindToken returns the token with a secret that is valid at a time, or nil. It takes the same
// time whichever token it is.
func FindToken(s *hitkeep.State, secret string, now time.Time) *hitkeep.Token {
	if !strings.HasPrefix(secret, tokenMark) {
		return nil
	}
	hash := tokenHash(secret)
	var found *hitkeep.Token
	for _, t := range s.Tokens {
		if subtle.ConstantTimeCompare(hash, t.Hash) == 1 {
			found = t
		}
	}
	if found == nil || (found.ExpiresAt != nil && !now.Before(*found.ExpiresAt)) {
		return nil
	}
	return found
}

// tokenView is the JSON form of a token.
type tokenView struct {
	ID         hitkeep.TokenID `json:"id"`
	Name       string          `json:"name"`
	Scopes     []string        `json:"scopes"`
	Site       *hitkeep.SiteID `json:"site"`
	CreatedAt  time.Time       `json:"created_at"`
	ExpiresAt  *time.Time      `json:"expires_at"`
	LastUsedAt *time.Time      `json:"last_used_at"`
	Prefix     string          `json:"prefix"`
	Token      string          `json:"token,omitempty"` // once, when it is made
}

func (a *API) viewToken(t *hitkeep.Token) tokenView {
	v := tokenView{ID: t.ID, Name: t.Name, Scopes: t.Scopes, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
		LastUsedAt: optionalTime(a.tokenLastUsed(t.ID)), Prefix: t.Prefix}
	if t.Site != 0 {
		v.Site = &t.Site
	}
	return v
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *API) listTokens(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	var tokens []*hitkeep.Token
	a.o.Control.Read(func(s *hitkeep.State) {
		for _, t := range s.Tokens {
			if mayManageToken(c.caller, t) {
				tokens = append(tokens, t)
			}
		}
	})
	slices.SortFunc(tokens, func(x, y *hitkeep.Token) int {
		return cmpOr(y.CreatedAt.Compare(x.CreatedAt), int(x.ID-y.ID))
	})
	views := make([]tokenView, 0, len(tokens))
	for _, t := range tokens {
		views = append(views, a.viewToken(t))
	}
	return writeJSON(w, http.StatusOK, views)
}

func mayManageToken(c caller, t *hitkeep.Token) bool {
	return t.Owner == c.user.ID || onInstance(c.instanceRole(), hitkeep.RoleAdmin)
}

type tokenForm struct {
	Name      string          `json:"name"`
	Scopes    []string        `json:"scopes"`
	Site      *hitkeep.SiteID `json:"site"`
	ExpiresAt *time.Time      `json:"expires_at"`
}

func (a *API) createToken(w http.ResponseWriter, r *http.Request) error {
	var f tokenForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	c, now := callOf(r), a.now()
	if f.ExpiresAt != nil && !f.ExpiresAt.After(now) {
		return hitkeep.BadField("expires_at", "lies in the past")
	}
	t := &hitkeep.Token{Tenant: a.o.Tenant, Owner: c.caller.user.ID, Name: strings.TrimSpace(f.Name),
		Scopes: slices.Compact(slices.Sorted(slices.Values(f.Scopes))), CreatedAt: now, ExpiresAt: f.ExpiresAt}
	if f.Site != nil {
		t.Site = *f.Site
	}
	if err := a.checkGrant(c.caller, t); err != nil {
		return err
	}
	id, err := hitkeep.NewID(a.o.Rand)
	if err != nil {
		return err
	}
	t.ID = hitkeep.TokenID(id)
	secret, prefix, hash, err := MintToken(a.o.Rand)
	if err != nil {
		return err
	}
	t.Prefix, t.Hash = prefix, hash
	if err := a.do(r, &hitkeep.Command{PutToken: t}); err != nil {
		return err
	}
	v := a.viewToken(t)
	v.Token = secret
	return writeJSON(w, http.StatusCreated, v)
}

// grants is the least role on its site that a token's maker needs for a scope.
var grants = map[string]hitkeep.Role{
	hitkeep.ScopeStatsRead:   hitkeep.RoleViewer,
	hitkeep.ScopeEventsWrite: hitkeep.RoleEditor,
	hitkeep.ScopeSitesManage: hitkeep.RoleAdmin,
}

// checkGrant refuses a token with more rights than its maker. It sets the token's team to its
// site's.
func (a *API) checkGrant(c caller, t *hitkeep.Token) (err error) {
	operator := onInstance(c.instanceRole(), hitkeep.RoleAdmin)
	var role hitkeep.Role
	if t.Site != 0 {
		a.o.Control.Read(func(s *hitkeep.State) {
			if site := s.Sites[t.Site]; site != nil {
				t.Tenant, role = site.Tenant, c.siteRole(s, site)
			}
		})
		if role == "" {
			return hitkeep.BadField("site", "there is no such site")
		}
	}
	for _, scope := range t.Scopes {
		need, ok := grants[scope]
		switch {
		case operator, !ok && scope != hitkeep.ScopeSQL: // an unknown scope is refused by the command's check
		case t.Site == 0 && scope == hitkeep.ScopeStatsRead: // reads what its maker may read at the time
		case !ok || !role.AtLeast(need):
			return &hitkeep.Error{Code: hitkeep.Forbidden, Field: "scopes", Message: "your role does not allow the scope " + scope}
		}
	}
	return nil
}

func (a *API) deleteToken(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[hitkeep.TokenID](r, "id")
	if err != nil {
		return err
	}
	c, mine := callOf(r), false
	a.o.Control.Read(func(s *hitkeep.State) {
		t := s.Tokens[id]
		mine = t != nil && mayManageToken(c.caller, t)
	})
	if !mine {
		return &hitkeep.Error{Code: hitkeep.NotFound, Field: "token", Message: "there is no such token"}
	}
	if err := a.do(r, &hitkeep.Command{DeleteToken: id}); err != nil {
		return err
	}
	return noContent(w)
}
