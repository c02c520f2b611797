package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

func mustAppend(t testing.TB, l *Lake, b *hitkeep.Batch) hitkeep.Applied {
	t.Helper()
	a, err := l.Append(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// number runs a query of one number on the default tenant; %s is the catalog.
func number(t testing.TB, l *Lake, query string) (n int64) {
	t.Helper()
	err := l.read(context.Background(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		return s.conn.QueryRowContext(ctx, strings.ReplaceAll(query, "%s", s.catalog)).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func batchOf(prev int64, hits ...hitkeep.Hit) *hitkeep.Batch {
	return &hitkeep.Batch{Store: hitkeep.DefaultTenant, Journal: hits[0].Journal, Prev: prev, Last: hits[len(hits)-1].Seq, Records: len(hits), Hits: hits}
}

func TestAppendKeepsEveryColumn(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(1)
	b := g.batch(5, 5000, day0, day0+2)
	long := strings.Repeat("ä long path ", 60_000) // longer than one arena block
	b.Hits[10].Path, b.Hits[11].City, b.Hits[12].Region = long, "nul\x00byte", "exactly12byt"
	b.Hits[13].Props = nil
	for i := range 200 {
		b.Hits[13].Props = append(b.Hits[13].Props, hitkeep.Prop{Key: fmt.Sprintf("key %08d", i), Value: strings.Repeat("v", i)})
	}
	for i := range 3000 { // more pairs than DuckDB reserves for a chunk
		b.Hits[20+i].Props = []hitkeep.Prop{{Key: "a", Value: "1"}, {Key: "b", Value: strings.Repeat("x", i%40)}}
	}
	b.Hits[14].Import, b.Hits[14].ImportPos, b.Hits[14].Via, b.Hits[14].Kind = 99, 120, hitkeep.ViaImport, hitkeep.Event
	b.Hits[14].Bot, b.Hits[14].BotName, b.Hits[14].Currency, b.Hits[14].RevenueMilli = "ua", "Googlebot", "USD", -1e18+1
	if a := mustAppend(t, l, b); a.Stored != 5000 || a.Sites[7] != 5000 {
		t.Fatalf("%+v", a)
	}
	err := l.read(t.Context(), hitkeep.DefaultTenant, func(ctx context.Context, s *snapshot) error {
		rows, err := s.conn.QueryContext(ctx, "SELECT * FROM "+s.catalog+".hot ORDER BY seq")
		if err != nil {
			return err
		}
		defer rows.Close()
		for i := 0; rows.Next(); i++ {
			got, err := scanRow(rows)
			if err != nil {
				return err
			}
			if want := wantRow(&b.Hits[i]); !reflect.DeepEqual(got, want) {
				t.Fatalf("row %d:\ngot  %v\nwant %v", i, got, want)
			}
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func scanRow(rows *sql.Rows) (map[string]any, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, at := make([]any, len(names)), make([]any, len(names))
	for i := range at {
		at[i] = &values[i]
	}
	if err := rows.Scan(at...); err != nil {
		return nil, err
	}
	m := map[string]any{}
	for i, n := range names {
		switch v := values[i].(type) {
		case nil:
		case duckdb.Decimal:
			m[n] = v.Value.Int64()
		case time.Time:
			m[n] = v.UnixMicro()
		case duckdb.OrderedMap:
			props := []hitkeep.Prop{}
			for _, k := range v.Keys() {
				val, _ := v.Get(k)
				props = append(props, hitkeep.Prop{Key: k.(string), Value: val.(string)})
			}
			m[n] = props
		case duckdb.Map:
			return nil, errors.New("unordered map")
		default:
			m[n] = v
		}
	}
	return m, nil
}

// wantRow spells the mapping of a hit to columns out again, without nulls.
func wantRow(h *hitkeep.Hit) map[string]any {
	m := map[string]any{"site_id": int64(h.Site), "journal_id": int64(h.Journal), "seq": h.Seq, "ts": h.TS,
		"received_at": h.ReceivedAt, "day": startOf(h.Day), "kind": h.Kind.String(), "visitor_id": h.Visitor, "via": h.Via.String()}
	for n, s := range map[string]string{"name": h.Name, "hostname": h.Hostname, "path": h.Path, "referrer": h.Referrer,
		"source": h.Source, "channel": h.Channel, "utm_source": h.UTMSource, "utm_medium": h.UTMMedium,
		"utm_campaign": h.UTMCampaign, "utm_term": h.UTMTerm, "utm_content": h.UTMContent, "click_id": h.ClickID,
		"country": h.Country, "region": h.Region, "city": h.City, "browser": h.Browser, "browser_version": h.BrowserVersion,
		"os": h.OS, "os_version": h.OSVersion, "device": h.Device, "screen": h.Screen, "language": h.Language,
		"currency": h.Currency, "bot": h.Bot, "bot_name": h.BotName} {
		if s != "" {
			m[n] = s
		}
	}
	if h.MidnightKey != 0 {
		m["midnight_key"] = h.MidnightKey
	}
	if h.Kind == hitkeep.Event {
		m["interactive"] = h.Interactive
	}
	if h.EngagedMS >= 0 {
		m["engaged_ms"] = h.EngagedMS
	}
	if h.ScrollDepth >= 0 {
		m["scroll_depth"] = h.ScrollDepth
	}
	if len(h.Props) > 0 {
		m["props"] = h.Props
	}
	if h.Currency != "" {
		m["revenue"] = h.RevenueMilli
	}
	if h.Kind == hitkeep.Vital {
		m["vital"] = h.VitalMicro
	}
	if h.Import != 0 {
		m["import_id"] = int64(h.Import)
	}
	return m
}

func TestAppendTwiceIsRefused(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(2)
	first, second := g.batch(5, 100, day0, day0), g.batch(5, 100, day0, day0)
	if _, err := l.Append(t.Context(), second); !errors.Is(err, hitkeep.ErrNotContiguous) {
		t.Fatalf("a batch with a gap before it: %v", err)
	}
	mustAppend(t, l, first)
	if _, err := l.Append(t.Context(), first); !errors.Is(err, hitkeep.ErrNotContiguous) {
		t.Fatalf("the same batch again: %v", err)
	}
	mustAppend(t, l, second)
	if n := number(t, l, "SELECT count(*) FROM %s.hot"); n != 200 {
		t.Fatalf("%d rows", n)
	}
	w, err := l.Watermark(t.Context(), hitkeep.DefaultTenant)
	if err != nil || !maps.Equal(w, hitkeep.Watermark{5: 200}) {
		t.Fatalf("%v, %v", w, err)
	}
}

func TestClientIDsCountOnceForADay(t *testing.T) {
	dir := t.TempDir()
	l := testLake(t, dir, nil)
	hit := func(seq int64, site hitkeep.SiteID, id uint64, hours float64) hitkeep.Hit {
		return hitkeep.Hit{Site: site, Journal: 3, Seq: seq, ClientID: id, TS: 1, ReceivedAt: startOf(day0) + int64(hours*3600e6), EngagedMS: -1, ScrollDepth: -1}
	}
	a := mustAppend(t, l, batchOf(0, hit(1, 7, 1<<63, 0), hit(2, 7, 1<<63, 0), hit(3, 8, 1<<63, 0), hit(4, 7, 0, 0), hit(5, 7, 0, 0)))
	if a.Stored != 4 || a.Duplicate != 1 {
		t.Fatalf("within a batch: %+v", a)
	}
	if a = mustAppend(t, l, batchOf(5, hit(6, 7, 1<<63, 23.9), hit(7, 9, 1<<63, 23.9))); a.Stored != 1 || a.Duplicate != 1 {
		t.Fatalf("over batches: %+v", a)
	}
	// A second process knows the same.
	l.Close(t.Context())
	if a = mustAppend(t, l, batchOf(7, hit(8, 7, 1<<63, 24), hit(9, 7, 1<<63, 24.1))); a.Stored != 1 || a.Duplicate != 1 {
		t.Fatalf("after opening again, then after the window: %+v", a)
	}
	// The ids go once the clock was steady for an hour.
	mustAppend(t, l, batchOf(9, hit(10, 7, 77, 60)))
	mustAppend(t, l, batchOf(10, hit(11, 7, 78, 60.6)))
	mustAppend(t, l, batchOf(11, hit(12, 7, 79, 61.1)))
	if n := number(t, l, "SELECT count(*) FROM %s.seen"); n != 3 {
		t.Fatalf("%d client ids are kept, not those of the last hours", n)
	}
}

func TestSeenIsBounded(t *testing.T) {
	s := newSeenSet()
	for h := range int64(3) {
		s.add(uint64(h), h*hourUS)
	}
	s.total += maxSeen
	s.hours[0].n += maxSeen
	if gone := s.forget(2 * hourUS); len(gone) != 1 || gone[0] != 0 || s.total > maxSeen {
		t.Fatalf("forgot %v, %d ids left", gone, s.total)
	}
}

// A hit stamped by a clock ten years ahead must not make the present look old.
func TestSeenSurvivesAClockStep(t *testing.T) {
	s := newSeenSet()
	at := 500_000 * hourUS
	tick := func(from, to, step int64) (gone int) {
		for ; from <= to; from += step {
			s.add(uint64(from), from)
			gone += len(s.forget(from))
			s.gone = nil
		}
		return gone
	}
	if n := tick(at, at+20*hourUS, hourUS/4); n != 0 {
		t.Fatalf("%d hours forgotten within a day", n)
	}
	now := at + 20*hourUS
	key := uint64(now)
	if n := tick(now+87_600*hourUS, now+87_600*hourUS+hourUS/2, hourUS/4); n != 0 || !s.mayHold(key) {
		t.Fatalf("half an hour of a wrong clock made %d hours forgotten", n)
	}
	if n := tick(now+hourUS/4, now+3*hourUS, hourUS/4); !s.mayHold(key) {
		t.Fatalf("back again, %d hours forgotten, the present among them", n)
	}
	if n := tick(now+3*hourUS, now+10*hourUS, hourUS/4); n == 0 || s.mayHold(uint64(at)) || !s.mayHold(key) {
		t.Fatalf("%d hours forgotten after more than a day", n)
	}
}

func TestFiltersForgetNothing(t *testing.T) {
	s, wrong := newSeenSet(), 0
	for i := range uint64(300_000) {
		h := clientKey{7, i}.hash()
		if s.mayHold(h) {
			wrong++
		}
		s.add(h, int64(i%24)*hourUS)
	}
	for i := range uint64(300_000) {
		if !s.mayHold(clientKey{7, i}.hash()) {
			t.Fatalf("id %d is forgotten", i)
		}
	}
	if wrong > 3000 { // 1 %: the cost of looking up, never of correctness
		t.Fatalf("%d of 300000 new ids were looked up", wrong)
	}
}

func TestImportPositions(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	hit := func(seq int64, id hitkeep.ImportID, pos int64) hitkeep.Hit {
		return hitkeep.Hit{Site: 7, Journal: 3, Seq: seq, TS: 1, Import: id, ImportPos: pos, Via: hitkeep.ViaImport, EngagedMS: -1, ScrollDepth: -1}
	}
	a := mustAppend(t, l, batchOf(0, hit(1, 50, 100), hit(2, 50, 200), hit(3, 50, 200), hit(4, 60, 150)))
	if a.Stored != 3 || a.Duplicate != 1 {
		t.Fatalf("%+v", a)
	}
	l.Close(t.Context())
	a = mustAppend(t, l, batchOf(4, hit(5, 50, 100), hit(6, 50, 200), hit(7, 50, 201), hit(8, 60, 150)))
	if a.Stored != 1 || a.Duplicate != 3 {
		t.Fatalf("the same import again: %+v", a)
	}
}

func TestDeadLetters(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	g := newGenerator(4)
	b := g.batch(5, 1000, day0, day0)
	b.Hits[3].Path = "/\xff"
	b.Hits[4].RevenueMilli = math.MinInt64
	b.Hits[5].TS = -1
	b.Hits[6].Props = []hitkeep.Prop{{Key: "a"}, {Key: "a"}}
	g.seq++
	b.Bad = []hitkeep.BadRecord{{Seq: g.seq, Raw: []byte{1, 2, 0xff}, Reason: "malformed"}}
	b.Records, b.Last = 1001, g.seq
	if a := mustAppend(t, l, b); a.Stored != 996 || a.Dead != 5 {
		t.Fatalf("%+v", a)
	}
	dead, err := l.Dead(t.Context(), hitkeep.DefaultTenant)
	if err != nil || len(dead) != 5 {
		t.Fatalf("%v, %v", dead, err)
	}
	if d := dead[4]; d.Seq != g.seq || d.Journal != 5 || string(d.Raw) != "\x01\x02\xff" || d.Reason != "malformed" {
		t.Fatalf("%+v", d)
	}
}

func TestRefusedRowsAreFoundAndKeptAside(t *testing.T) {
	l := testLake(t, t.TempDir(), nil)
	s, done, err := l.use(t.Context(), hitkeep.DefaultTenant)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	s.refuse = func(h *hitkeep.Hit) error {
		if h.Seq == 17 || h.Seq == 4000 {
			return &duckdb.Error{Type: duckdb.ErrorTypeConversion, Msg: "no such value"}
		}
		return nil
	}
	g := newGenerator(5)
	if a := mustAppend(t, l, g.batch(5, 5000, day0, day0)); a.Stored != 4998 || a.Dead != 2 {
		t.Fatalf("%+v", a)
	}
	if n := number(t, l, "SELECT count(*) FROM %s.hot WHERE seq IN (17, 4000)"); n != 0 {
		t.Fatal("a refused row was stored")
	}
	// Disk full is nobody's poison.
	s.refuse = func(*hitkeep.Hit) error { return &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: "no space left"} }
	b := g.batch(5, 10, day0, day0)
	if _, err := l.Append(t.Context(), b); err == nil {
		t.Fatal("an I/O error was swallowed")
	}
	s.refuse = nil
	if a := mustAppend(t, l, b); a.Stored != 10 || a.Dead != 0 {
		t.Fatalf("the same batch after the disk has room: %+v", a)
	}
}

func BenchmarkAppend10k(b *testing.B) {
	l := benchLake(b)
	g := newGenerator(6)
	batches := make([]*hitkeep.Batch, b.N)
	for i := range batches {
		batches[i] = g.batch(5, 10_000, day0, day0)
	}
	b.ResetTimer()
	for _, batch := range batches {
		mustAppend(b, l, batch)
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "rows/s")
}

func benchLake(b *testing.B) *Lake {
	e, err := OpenEngine(EngineOptions{TempDir: b.TempDir(), Threads: 2})
	if err != nil {
		b.Fatal(err)
	}
	l, err := Open(b.Context(), Options{Engine: e, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close(context.Background()); e.Close() })
	return l
}

// BenchmarkRoll100k rolls a day of 100,000 hits and reports what they weigh.
func BenchmarkRoll100k(b *testing.B) {
	for range b.N {
		b.StopTimer()
		l := benchLake(b)
		g := newGenerator(7)
		for range 10 {
			mustAppend(b, l, g.batch(5, 10_000, day0, day0))
		}
		b.StartTimer()
		mustRoll(b, l, day0, day0)
		b.StopTimer()
		b.ReportMetric(float64(liveParts(b, l)[0].Bytes)/0.1, "bytes/1M-rows")
	}
}
