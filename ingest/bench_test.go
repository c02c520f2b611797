package ingest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"hitkeep"
	"hitkeep/ingest/journal"
)

const benchBody = `{"id":"00ff00ff00ff00ff","d":"example.com","lang":"de-AT","sc_w":1280,"sc_h":800,"vp_w":1200,"vp_h":700,"url":"https://www.example.com/blog/post?utm_source=news","referrer":"https://www.google.de/"}`

func BenchmarkEnrich(b *testing.B) {
	tb := newTestbed(b, nil)
	body := []byte(benchBody)
	r := request{site: tb.dir.sites[0], ts: testNow, at: testNow, addr: netip.MustParseAddr("203.0.113.7"), agent: agentKey{ua: humanUA}}
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		q := r
		if err := parsePayload(body, &q.p); err != nil {
			b.Fatal(err)
		}
		if err := q.findPage(""); err != nil {
			b.Fatal(err)
		}
		if _, _, _, err := tb.record(&q); err != nil {
			b.Fatal(err)
		}
	}
	// The wall clock says little on a shared machine.
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkHandler is the whole request but for the connection, over a journal that does nothing.
func BenchmarkHandler(b *testing.B) {
	tb := newTestbed(b, nil)
	tb.o.Journal = nowhere{}
	body := strings.NewReader(benchBody)
	r := httptest.NewRequest(http.MethodPost, "/ingest", nil)
	r.Header.Set("User-Agent", humanUA)
	r.Header.Set("Origin", "https://www.example.com")
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		body.Reset(benchBody)
		r.Body = io.NopCloser(body)
		w := httptest.NewRecorder()
		tb.mux.ServeHTTP(w, r)
		if w.Code != http.StatusAccepted {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// nowhere is what the handler is measured against, never part of a test.
type nowhere struct{}

func (nowhere) Append(context.Context, hitkeep.TenantID, ...[]byte) (journal.Ack, error) {
	return journal.Ack{}, nil
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
