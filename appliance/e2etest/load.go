package e2etest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Load is traffic against one site of a box that remembers every hit it sent and whether it
// was acknowledged. Each hit has a path of its own, /h/<n>, by which its rows are found, and a
// random id that stays the same in a re-send.
type Load struct {
	box    *Box
	domain string
	client *http.Client

	mu   sync.Mutex
	rng  *rand.Rand
	sent []sentHit // index = n

	acked, resent int
	// NewIDs makes every re-send a hit of its own, as a broken tracker would: to see doubles.
	NewIDs bool
	// Strange counts answers that are neither an acknowledgement nor "come back later".
	Strange []string
}

type sentHit struct {
	id    uint64
	ts    time.Time // of a batch hit; zero = sent as by the snippet
	acked bool
}

// NewLoad makes a generator; its choices follow rng.
func NewLoad(b *Box, domain string, rng *rand.Rand) *Load {
	return &Load{
		box: b, domain: domain, rng: rng,
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
}

// Run sends with so many workers until ctx ends or the server is gone: a worker ends at its
// first failed connection.
func (l *Load) Run(ctx context.Context, workers int) {
	defer l.client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil && l.step(ctx) {
			}
		})
	}
	wg.Wait()
}

// step sends one request of a random sort; false = no connection.
func (l *Load) step(ctx context.Context) bool {
	l.mu.Lock()
	var ns []int
	batch := false
	switch r := l.rng.IntN(100); {
	case r < 55 || len(l.sent) < 10:
		ns = l.fresh(1, false)
	case r < 70:
		ns, batch = l.fresh(1+l.rng.IntN(20), true), true
	default:
		n := l.resend(r < 85)
		ns, batch = []int{n}, !l.sent[n].ts.IsZero()
	}
	hits := make([]sentHit, len(ns))
	for i, n := range ns {
		hits[i] = l.sent[n]
	}
	l.mu.Unlock()
	if batch {
		return l.sendBatch(ctx, ns, hits)
	}
	return l.sendSnippet(ctx, ns[0], hits[0])
}

// fresh makes new hits; those for the batch endpoint lie in closed days, so that there is
// something to roll. The caller holds mu.
func (l *Load) fresh(count int, past bool) (ns []int) {
	for range count {
		h := sentHit{id: l.rng.Uint64() | 1}
		if past {
			ago := 48*time.Hour + time.Duration(l.rng.Int64N(int64(96*time.Hour)))
			h.ts = time.Now().Add(-ago).UTC().Truncate(time.Millisecond)
		}
		ns = append(ns, len(l.sent))
		l.sent = append(l.sent, h)
	}
	return ns
}

// resend picks an old hit, if wanted and possible one that nobody acknowledged. mu is held.
func (l *Load) resend(unacked bool) int {
	l.resent++
	n := l.rng.IntN(len(l.sent))
	for try := 0; unacked && l.sent[n].acked && try < 50; try++ {
		n = l.rng.IntN(len(l.sent))
	}
	if l.NewIDs {
		l.sent[n].id = l.rng.Uint64() | 1
	}
	return n
}

func (l *Load) sendSnippet(ctx context.Context, n int, h sentHit) bool {
	body := fmt.Sprintf(`{"d":%q,"url":"https://%s/h/%d","id":"%016x"}`, l.domain, l.domain, n, h.id)
	status, text, ignored, err := l.post(ctx, "/ingest", body, false)
	switch {
	case err != nil:
		return false
	case status == http.StatusAccepted && ignored == "":
		l.ack([]int{n})
	case !later(status):
		l.strange(status, ignored+" "+text)
	}
	return true
}

func (l *Load) sendBatch(ctx context.Context, ns []int, hits []sentHit) bool {
	batch := make([]Hit, len(ns))
	for i, n := range ns {
		batch[i] = Hit{
			Type: "pageview", Domain: l.domain, URL: fmt.Sprintf("https://%s/h/%d", l.domain, n),
			Timestamp: hits[i].ts, VisitorIP: fmt.Sprintf("84.112.%d.%d", n/250%250, 1+n%250), UserAgent: Chrome,
			ID: fmt.Sprintf("%016x", hits[i].id),
		}
	}
	status, text, _, err := l.post(ctx, "/api/ingest/batch", NDJSON(batch), true)
	var ans BatchAnswer
	switch {
	case err != nil:
		return false
	case status == http.StatusOK && json.Unmarshal([]byte(text), &ans) == nil && ans.Accepted == len(ns):
		l.ack(ns)
	case !later(status):
		l.strange(status, text)
	}
	return true
}

func later(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}

func (l *Load) post(ctx context.Context, path, body string, auth bool) (status int, text, ignored string, err error) {
	req, err := http.NewRequestWithContext(ctx, "POST", l.box.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("User-Agent", Chrome)
	req.Header.Set("Content-Type", "application/json")
	if auth {
		req.Header.Set("Content-Type", "application/x-ndjson")
		req.Header.Set("Authorization", "Bearer "+l.box.Token)
	}
	res, err := l.client.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, string(answer), res.Header.Get("X-HitKeep-Ignored"), err
}

func (l *Load) ack(ns []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range ns {
		if !l.sent[n].acked {
			l.sent[n].acked = true
			l.acked++
		}
	}
}

func (l *Load) strange(status int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Strange = append(l.Strange, fmt.Sprintf("%d %s", status, tail(text, 300)))
}

// Acked counts the acknowledged hits so far.
func (l *Load) Acked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

// Verdict compares what was acknowledged with what is stored.
type Verdict struct {
	Sent, Acked, Resent, Stored int
	Lost                        []int // acknowledged, not stored
	Doubled                     []int // stored more than once
	Alien                       []string
}

// Good says that nothing is wrong.
func (v Verdict) Good() bool { return len(v.Lost)+len(v.Doubled)+len(v.Alien) == 0 }

func (v Verdict) String() string {
	return fmt.Sprintf("sent %d, re-sent %d, acknowledged %d, stored %d, lost %d, doubled %d, unknown %d",
		v.Sent, v.Resent, v.Acked, v.Stored, len(v.Lost), len(v.Doubled), len(v.Alien))
}

// Check reads the stored rows with `hitkeep sql`. While a server runs it waits for rows that
// are still on their way; what is missing after that is lost.
func (l *Load) Check(tb testing.TB, wait time.Duration) Verdict {
	tb.Helper()
	for end := time.Now().Add(wait); ; time.Sleep(50 * time.Millisecond) {
		v := l.compare(l.box.SQL("select path, count(*) as n from hits group by path"))
		if len(v.Lost) == 0 || time.Now().After(end) {
			return v
		}
	}
}

// compare judges rows {path, n}.
func (l *Load) compare(rows []map[string]any) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := Verdict{Sent: len(l.sent), Acked: l.acked, Resent: l.resent}
	stored := make([]bool, len(l.sent))
	for _, row := range rows {
		path := fmt.Sprint(row["path"])
		n, err := strconv.Atoi(strings.TrimPrefix(path, "/h/"))
		if err != nil || n < 0 || n >= len(l.sent) {
			v.Alien = append(v.Alien, path)
			continue
		}
		stored[n] = true
		v.Stored++
		if fmt.Sprint(row["n"]) != "1" {
			v.Doubled = append(v.Doubled, n)
		}
	}
	for n, h := range l.sent {
		if h.acked && !stored[n] {
			v.Lost = append(v.Lost, n)
		}
	}
	return v
}
