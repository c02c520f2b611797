package e2etest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// connections is the number of keep-alive connections of the load; the generator shares the
// machine with the box.
const connections = 64

// BenchmarkIngest loads a running box with b.N hits. It reports hits acknowledged a second
// (all fsynced), hits stored a second (until the last is visible), the 99th percentile of the
// answer's time, and the memory of the process before and after.
func BenchmarkIngest(b *testing.B) {
	box := New(b)
	box.Start(nil)
	box.AddSite("bench.example", "Europe/Berlin")
	idle := box.rss(b)
	b.ResetTimer()
	began := time.Now()
	took := blast(b, box.Addr, b.N)
	acked := time.Since(began)
	visible := func() bool { return box.Count("select count(*) as n from hits") >= b.N }
	for !visible() {
		time.Sleep(10 * time.Millisecond)
	}
	stored := time.Since(began)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/acked.Seconds(), "acked/s")
	b.ReportMetric(float64(b.N)/stored.Seconds(), "stored/s")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(idle, "idle-MB")
	b.ReportMetric(box.rss(b), "loaded-MB")
}

// BenchmarkIngestNothingStored is the same load on the same handler with journal, queue and
// database cut off: what durability costs is the difference. It needs a binary with the tag
// failpoints.
func BenchmarkIngestNothingStored(b *testing.B) {
	box := New(b)
	box.Start([]string{"HITKEEP_SEEDED_BUG=no-journal"})
	box.AddSite("bench.example", "Europe/Berlin")
	b.ResetTimer()
	began := time.Now()
	took := blast(b, box.Addr, b.N)
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "acked/s")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
}

// BenchmarkStart measures from the start of the process on an empty directory to ready.
func BenchmarkStart(b *testing.B) {
	for range b.N {
		b.StopTimer()
		box := New(b)
		b.StartTimer()
		box.Start(nil)
		b.StopTimer()
		box.Stop()
		b.StartTimer()
	}
}

// rss returns the resident memory of the process in MB.
func (b *Box) rss(tb testing.TB) float64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.Pid()))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		tb.Fatal(err)
	}
	return kb / 1024
}

// blast sends count hits over keep-alive connections and returns the answers' times, sorted.
// It speaks HTTP by hand: a full client would take more of the machine than the server.
func blast(tb testing.TB, addr string, count int) []time.Duration {
	tb.Helper()
	var next, bad atomic.Int64
	times := make([][]time.Duration, connections)
	var wg sync.WaitGroup
	for w := range connections {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				tb.Error(err)
				return
			}
			defer conn.Close()
			in, rng := bufio.NewReader(conn), rand.New(rand.NewPCG(uint64(w), 3))
			for next.Add(1) <= int64(count) {
				began := time.Now()
				status, err := roundTrip(conn, in, rng, addr)
				if err != nil {
					tb.Error(err)
					return
				}
				if status != "202" {
					bad.Add(1)
				}
				times[w] = append(times[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	if n := bad.Load(); n > 0 {
		tb.Fatalf("%d of %d hits were not answered 202", n, count)
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	return all
}

func roundTrip(conn net.Conn, in *bufio.Reader, rng *rand.Rand, addr string) (status string, err error) {
	body := fmt.Sprintf(`{"id":"%016x","url":"https://bench.example/page/%d?utm_source=news","referrer":"https://www.google.com/","vp_w":1280,"vp_h":800,"sc_w":1920,"sc_h":1080,"lang":"en-US"}`, rng.Uint64(), rng.IntN(500))
	var req bytes.Buffer
	fmt.Fprintf(&req, "POST /ingest HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nOrigin: https://bench.example\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", addr, Chrome, len(body), body)
	if _, err := conn.Write(req.Bytes()); err != nil {
		return "", err
	}
	line, err := in.ReadString('\n')
	if err != nil || len(line) < 12 {
		return "", fmt.Errorf("answer %q: %w", line, err)
	}
	status = line[9:12]
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == "\r\n" {
			_, err2 := io.CopyN(io.Discard, in, int64(length))
			if err == nil {
				err = err2
			}
			return status, err
		}
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "content-length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return "", err
			}
		}
	}
}
