package appliance

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestServerLog: what net/http logs of a client goes without its address.
func TestServerLog(t *testing.T) {
	for _, line := range []string{
		"http: TLS handshake error from 203.0.113.7:50123: EOF",
		"http: TLS handshake error from [2001:db8::7]:50123: read tcp [::1]:8080->[2001:db8::7%eth0]:50123: reset",
		"http: panic serving 203.0.113.7:50123: boom",
	} {
		var out bytes.Buffer
		_, _ = serverLog{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}.Write([]byte(line))
		if s := out.String(); strings.Contains(s, "203.0.113") || strings.Contains(s, "2001:db8") || strings.Contains(s, "50123") || !strings.Contains(s, "(address)") {
			t.Error(s)
		}
	}
}

// TestPatient: the deadlines do not disturb a client that keeps them.
func TestPatient(t *testing.T) {
	s := httptest.NewServer(patient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Method))
	})))
	defer s.Close()
	for range 2 { // on one connection
		resp, err := http.Post(s.URL, "text/plain", strings.NewReader("x"))
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
	}
}
