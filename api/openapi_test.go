package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hitkeep"
)

type spec struct {
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas map[string]struct {
			Enum       []string
			Required   []string
			Properties map[string]struct{ Enum []string }
			OneOf      []struct{ Enum []string }
		}
	}
}

func readSpec(t *testing.T) (s spec) {
	t.Helper()
	b, err := specJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSpecHasEveryRouteAndNoOther(t *testing.T) {
	w := newWorld(t)
	var have, described []string
	for _, r := range w.api.Routes() {
		have = append(have, r.Method+" "+r.Pattern)
	}
	for path, ops := range readSpec(t).Paths {
		for method := range ops {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(have)
	slices.Sort(described)
	if !slices.Equal(have, described) {
		t.Errorf("routes\n%s\ndescribed\n%s", strings.Join(have, "\n"), strings.Join(described, "\n"))
	}
}

func TestSpecNamesWhatTheCodeTakes(t *testing.T) {
	s := readSpec(t).Components.Schemas
	if got := s["Metric"].Enum; !slices.Equal(got, metricNames()) {
		t.Errorf("metrics %v", got)
	}
	if got := s["DateRange"].OneOf[0].Enum; !slices.Equal(got, rangeNames) {
		t.Errorf("ranges %v", got)
	}
	if got := s["Scope"].Enum; !slices.Equal(got, hitkeep.Scopes) {
		t.Errorf("scopes %v", got)
	}
	for code := range statuses {
		if !slices.Contains(s["Error"].Properties["code"].Enum, string(code)) {
			t.Errorf("code %s is not described", code)
		}
	}
	for _, d := range slices.Concat(dimensions, timeDimensions) {
		if !strings.Contains(string(specYAML), "`"+d+"`") {
			t.Errorf("dimension %s is not described", d)
		}
	}
}

// TestAnswersHaveTheDescribedFields compares real answers with the required and the known
// fields of their schemas.
func TestAnswersHaveTheDescribedFields(t *testing.T) {
	w := newWorld(t)
	w.addUser(1, "o@example.com", hitkeep.RoleOwner)
	w.addSite(5, "example.com", "UTC")
	c := withCookie(w.login("o@example.com"))
	w.do(hitkeep.Command{SetMember: &hitkeep.Membership{User: 1, Site: 5, Role: hitkeep.RoleOwner}})
	w.call("POST", "/api/tokens", tokenForm{Name: "n", Scopes: []string{"stats:read"}}, c).want(201)
	query := map[string]any{"site_id": "example.com", "metrics": []string{"visitors"}, "date_range": "day"}
	for _, x := range []struct {
		schema, method, path string
		body                 any
	}{
		{"Status", "GET", "/api/status", nil}, {"User", "GET", "/api/me", nil},
		{"Site", "GET", "/api/sites/example.com", nil}, {"Install", "GET", "/api/sites/5/install", nil},
		{"Site", "GET", "/api/sites", nil}, {"Login", "GET", "/api/logins", nil}, {"Token", "GET", "/api/tokens", nil},
		{"User", "GET", "/api/users", nil}, {"Member", "GET", "/api/sites/5/members", nil},
		{"QueryResponse", "POST", "/api/v2/query", query},
	} {
		schema := readSpec(t).Components.Schemas[x.schema]
		b := w.call(x.method, x.path, x.body, c).want(200).body
		if list := []json.RawMessage(nil); json.Unmarshal(b, &list) == nil {
			if len(list) == 0 {
				t.Fatalf("%s is empty", x.path)
			}
			b = list[0]
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		for _, name := range schema.Required {
			if _, ok := got[name]; !ok {
				t.Errorf("%s: %s is missing in %s", x.path, name, b)
			}
		}
		for name := range got {
			if _, ok := schema.Properties[name]; !ok {
				t.Errorf("%s: %s is not described", x.path, name)
			}
		}
	}
}

func TestSpecIsServed(t *testing.T) {
	w := newWorld(t)
	got := decode[map[string]any](w.call("GET", "/api/openapi.json", nil).want(200))
	if got["openapi"] != "3.1.0" {
		t.Errorf("openapi %v", got["openapi"])
	}
}
