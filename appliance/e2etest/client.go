package e2etest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Chrome is a user agent of a person.
const Chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

// Hit is one hit of the batch endpoint.
type Hit struct {
	Type        string            `json:"type,omitempty"`
	URL         string            `json:"url"`
	Domain      string            `json:"domain,omitempty"`
	Timestamp   time.Time         `json:"timestamp"`
	VisitorIP   string            `json:"visitor_ip,omitempty"`
	UserAgent   string            `json:"user_agent,omitempty"`
	Referrer    string            `json:"referrer,omitempty"`
	Name        string            `json:"name,omitempty"`
	Props       map[string]string `json:"props,omitempty"`
	Interactive *bool             `json:"interactive,omitempty"`
	EngagedMS   int               `json:"engaged_ms,omitempty"`
	Scroll      int               `json:"scroll,omitempty"`
	ID          string            `json:"id,omitempty"`
}

// BatchAnswer is the batch endpoint's.
type BatchAnswer struct {
	Accepted int `json:"accepted"`
	Rejected []struct {
		Line    int    `json:"line"`
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"rejected"`
}

// Answer is any HTTP answer, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// AddSite registers a site by the command line.
func (b *Box) AddSite(domain, zone string) {
	b.tb.Helper()
	b.CLI("site", "add", domain, "--timezone", zone)
}

// AddToken makes a token with all scopes by the command line; it is the last word printed.
func (b *Box) AddToken() {
	b.tb.Helper()
	b.Token = LastWord(b.CLI("token", "add", "--name", "test", "--scope", "stats:read,events:write,sites:manage,sql"))
}

// LastWord returns the last word of the last line of a command's output.
func LastWord(out string) string {
	words := strings.Fields(out)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// Do sends one request with headers "Name: value" and reads the answer.
func (b *Box) Do(method, path string, body io.Reader, headers ...string) Answer {
	b.tb.Helper()
	req, err := http.NewRequest(method, b.URL+path, body)
	if err != nil {
		b.tb.Fatal(err)
	}
	req.Header.Set("User-Agent", Chrome)
	req.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := (&http.Client{Timeout: Patience}).Do(req)
	if err != nil {
		b.tb.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.tb.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, string(text)}
}

// Post sends a JSON text.
func (b *Box) Post(path, body string, headers ...string) Answer {
	b.tb.Helper()
	return b.Do("POST", path, strings.NewReader(body), headers...)
}

// Auth is the header of the box's token.
func (b *Box) Auth() string { return "Authorization: Bearer " + b.Token }

// Send delivers hits by the batch endpoint; every one must be accepted.
func (b *Box) Send(hits ...Hit) {
	b.tb.Helper()
	for len(hits) > 0 {
		n := min(len(hits), 1000)
		a := b.Post("/api/ingest/batch", NDJSON(hits[:n]), b.Auth(), "Content-Type: application/x-ndjson")
		var ans BatchAnswer
		if err := json.Unmarshal([]byte(a.Body), &ans); err != nil || a.Status != 200 || ans.Accepted != n {
			b.tb.Fatalf("batch of %d: status %d, %s", n, a.Status, a.Body)
		}
		hits = hits[n:]
	}
}

// NDJSON writes one hit per line.
func NDJSON(hits []Hit) string {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	for _, h := range hits {
		if err := enc.Encode(h); err != nil {
			panic(err) // a Hit holds nothing that JSON cannot
		}
	}
	return buf.String()
}

// Query is a request of the stats endpoint.
type Query struct {
	Site       string   `json:"site_id"`
	Metrics    []string `json:"metrics"`
	Range      any      `json:"date_range"`
	Dimensions []string `json:"dimensions,omitempty"`
	Filters    []any    `json:"filters,omitempty"`
	Pagination any      `json:"pagination,omitempty"`
}

// Row is one row of its answer; a metric is nil where a ratio has nothing below it.
type Row struct {
	Dimensions []string   `json:"dimensions"`
	Metrics    []*float64 `json:"metrics"`
}

// Stats asks the stats endpoint; it must answer 200.
func (b *Box) Stats(q Query) []Row {
	b.tb.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		b.tb.Fatal(err)
	}
	a := b.Post("/api/v2/query", string(body), b.Auth())
	var ans struct {
		Results []Row `json:"results"`
	}
	if err := json.Unmarshal([]byte(a.Body), &ans); err != nil || a.Status != 200 {
		b.tb.Fatalf("query %s: status %d, %s", body, a.Status, tail(a.Body, 1000))
	}
	return ans.Results
}

// SQL runs `hitkeep sql` and returns its rows.
func (b *Box) SQL(query string) []map[string]any {
	b.tb.Helper()
	var rows []map[string]any
	out := b.CLI("sql", query, "--format", "json")
	dec := json.NewDecoder(strings.NewReader(out))
	dec.UseNumber() // ids have 63 bits
	if err := dec.Decode(&rows); err != nil {
		b.tb.Fatalf("sql %s: %v\n%s", query, err, tail(out, 1000))
	}
	return rows
}

// Count runs a query whose one row holds a whole number named n.
func (b *Box) Count(query string) int {
	b.tb.Helper()
	rows := b.SQL(query)
	if len(rows) != 1 {
		b.tb.Fatalf("%s: %d rows", query, len(rows))
	}
	var n int
	if _, err := fmt.Sscan(fmt.Sprint(rows[0]["n"]), &n); err != nil {
		b.tb.Fatalf("%s: n is %v", query, rows[0]["n"])
	}
	return n
}

// WaitHits waits until so many hits are visible to queries.
func (b *Box) WaitHits(n int) {
	b.tb.Helper()
	var got int
	Eventually(b.tb, func() bool {
		got = b.Count("select count(*) as n from hits")
		return got >= n
	}, func() string { return fmt.Sprintf("%d hits visible, want %d", got, n) })
	if got != n {
		b.tb.Fatalf("%d hits visible, want %d", got, n)
	}
}
