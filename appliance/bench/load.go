package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// load sends single hits over conns keep-alive connections, each as soon as the one before was
// answered, for a length of time. It speaks HTTP by hand: the generator shares the CPUs with the
// server, and what it uses the server lacks.
func (s *server) load(r *result, conns int, length time.Duration) error {
	stop := time.Now().Add(length)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	begin := time.Now()
	for i := range conns {
		wg.Go(func() {
			lat, err := s.client(uint64(i), stop)
			mu.Lock()
			defer mu.Unlock()
			r.latencies = append(r.latencies, lat...)
			r.acked += int64(len(lat))
			if err != nil && first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	r.length = time.Since(begin)
	return first
}

var agents = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
}

func (s *server) client(seed uint64, stop time.Time) (lat []time.Duration, err error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := rand.New(rand.NewPCG(seed, uint64(stop.UnixNano())))
	in := bufio.NewReader(conn)
	var body, req bytes.Buffer
	for time.Now().Before(stop) {
		body.Reset()
		fmt.Fprintf(&body, `{"id":"%016x","d":"%s","url":"https://%s/page/%d?utm_source=news","referrer":"https://www.google.com/","sc_w":1920,"sc_h":1080,"vp_w":1600,"vp_h":900,"lang":"de-DE"}`,
			r.Uint64()|1, domain, domain, r.IntN(500))
		req.Reset()
		fmt.Fprintf(&req, "POST /ingest HTTP/1.1\r\nHost: %s\r\nOrigin: https://%s\r\nUser-Agent: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n",
			s.addr, domain, agents[r.IntN(len(agents))], body.Len())
		body.WriteTo(&req)
		sent := time.Now()
		if _, err := req.WriteTo(conn); err != nil {
			return lat, err
		}
		status, err := readAnswer(in)
		if err != nil {
			return lat, err
		}
		if status != 202 {
			return lat, fmt.Errorf("a hit was answered with %d", status)
		}
		lat = append(lat, time.Since(sent))
	}
	return lat, nil
}

// readAnswer reads one response with a Content-Length and returns its status.
func readAnswer(in *bufio.Reader) (status int, err error) {
	length := 0
	for line := 0; ; line++ {
		text, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		switch {
		case line == 0:
			if len(text) < 12 {
				return 0, errors.New("short status line")
			}
			status = int(text[9]-'0')*100 + int(text[10]-'0')*10 + int(text[11]-'0')
		case len(text) <= 2:
			_, err := io.CopyN(io.Discard, in, int64(length))
			return status, err
		case len(text) > 15 && bytes.EqualFold(text[:15], []byte("Content-Length:")):
			fmt.Sscan(string(text[15:]), &length)
		}
	}
}
