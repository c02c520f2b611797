package demo

import (
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/phuslu/iploc"
)

func TestDayIsAFunctionOfItsSeed(t *testing.T) {
	start := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(0, 0, 1)
	a, b := Day(7, start, end, end, 3), Day(7, start, end, end, 3)
	if len(a) < 200 || !reflect.DeepEqual(a, b) {
		t.Fatalf("%d hits, repeatable: %v", len(a), reflect.DeepEqual(a, b))
	}
	kinds := map[string]int{}
	for i, h := range a {
		kinds[h.Type]++
		if h.At.Before(start) || h.At.After(end) {
			t.Fatalf("hit at %v lies outside its day", h.At)
		}
		if i > 0 && h.At.Before(a[i-1].At) {
			t.Fatal("hits are not in order of time")
		}
	}
	if kinds["pageview"] == 0 || kinds["event"] == 0 || kinds["engagement"] == 0 {
		t.Fatalf("kinds %v", kinds)
	}
}

func TestCountriesLookUp(t *testing.T) {
	want := strings.Fields("DE US GB FR NL IN CA ES IT CH AT BR JP SE PL AU ZA MX")
	for i, c := range countries {
		for _, mid := range []string{".0.1", ".127.77", ".255.250"} {
			if got := iploc.IPCountry(netip.MustParseAddr(c.net + mid)); got != want[i] {
				t.Errorf("%s%s is in %s, want %s", c.net, mid, got, want[i])
			}
		}
	}
}

func TestPages(t *testing.T) {
	h := Handler()
	for _, p := range demoPages {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/demo"+p.Path, nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `data-site="`+Domain+`"`) {
			t.Errorf("%s: %d %s", p.Path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/demo/style.css", nil))
	if w.Code != 200 {
		t.Errorf("style: %d", w.Code)
	}
}
