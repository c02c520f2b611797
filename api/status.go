package api

import (
	_ "embed" // for the description
	"encoding/json"
	"fmt"
	"net/http"

	"gopkg.in/yaml.v3"

	"hitkeep"
)

//go:embed openapi.yaml
var specYAML []byte

// specJSON converts the description. The result is kept by the API.
func specJSON() ([]byte, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(specYAML, &doc); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return b, nil
}

func (a *API) openapi(w http.ResponseWriter, _ *http.Request) error {
	b, err := a.spec()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(b)
	return nil
}

type statusView struct {
	State     string     `json:"state"`
	Version   string     `json:"version"`
	Demo      bool       `json:"demo"`
	Insecure  bool       `json:"insecure"`
	User      *userView  `json:"user"`
	PublicURL *string    `json:"public_url"`
	Notices   []Notice   `json:"notices"`
	DemoLogin *DemoLogin `json:"demo_login,omitempty"`
}

func (a *API) status(w http.ResponseWriter, r *http.Request) error {
	v := statusView{State: "setup", Version: a.o.Version, Demo: a.o.Demo != nil, Insecure: !a.safeTransport(r),
		Notices: []Notice{}, DemoLogin: a.o.Demo}
	if a.ready() {
		v.State = "ready"
	}
	if a.o.PublicURL != "" {
		v.PublicURL = &a.o.PublicURL
	}
	if c := callOf(r).caller; c.login != nil { // a token is nobody who signed in
		view := viewUser(c.user)
		v.User = &view
		if a.o.Notices != nil && onInstance(c.user.Role, hitkeep.RoleAdmin) {
			v.Notices = append(v.Notices, a.o.Notices()...)
		}
	}
	return writeJSON(w, http.StatusOK, v)
}
