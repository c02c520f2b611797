package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"hitkeep"
)

// Bounds of a batch request.
const (
	maxBatch     = 10 << 20  // bytes as sent
	maxUnpacked  = 100 << 20 // bytes after decompression
	maxRejected  = 1000      // rejections listed in the answer
	chunkRecords = 1000      // records per Append
	chunkBytes   = 1 << 20
)

// rejected names one hit of a batch that was not taken. Line counts lines of NDJSON, or
// elements of an array, from 1.
type rejected struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// batchAnswer is the answer to a batch: all accepted hits are durable.
type batchAnswer struct {
	Accepted int        `json:"accepted"`
	Rejected []rejected `json:"rejected"`
	// RejectedCount tells of more rejections than are listed.
	RejectedCount int `json:"rejected_count,omitempty"`
	// LateDays lists days whose salts were gone: their visitors count as new.
	LateDays []string `json:"late_days,omitempty"`
}

// batch is a batch request being taken: hits are appended to the journal in chunks, so that
// memory does not grow with the batch.
type batch struct {
	s       *Service
	token   *hitkeep.Token
	answer  batchAnswer
	parsed  bool // at least one line was JSON
	records [][]byte
	notes   []receipt // of the records that wait to be appended
	bytes   int
}

// serveBatch takes many hits of one sender: NDJSON or a JSON array, plain, gzip or zstd.
func (s *Service) serveBatch(w http.ResponseWriter, r *http.Request) {
	token, err := s.bearer(r)
	if err != nil {
		s.refuse(w, receipt{}, err)
		return
	}
	b := &batch{s: s, token: token, answer: batchAnswer{Rejected: []rejected{}}}
	body, err := unpack(http.MaxBytesReader(w, r.Body, maxBatch), r.Header.Get("Content-Encoding"))
	if err == nil {
		err = b.read(r.Context(), body)
		body.Close()
	}
	if err != nil {
		if b.answer.Accepted > 0 {
			err = fmt.Errorf("after %d hits were taken: %w", b.answer.Accepted, err)
		}
		s.refuse(w, receipt{}, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(&b.answer)
}

// unpack undoes the content encoding. Reading more than maxUnpacked fails with TooLarge.
func unpack(r io.Reader, encoding string) (io.ReadCloser, error) {
	var out io.ReadCloser
	switch encoding {
	case "", "identity":
		return io.NopCloser(r), nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, bodyError(err)
		}
		out = z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, bodyError(err)
		}
		out = z.IOReadCloser()
	default:
		return nil, hitkeep.BadField("Content-Encoding", "%q is not one of gzip, zstd, identity", shorten(encoding))
	}
	return struct {
		io.Reader
		io.Closer
	}{&bounded{out, maxUnpacked}, out}, nil
}

// bounded fails with http.MaxBytesError once more than left bytes were read.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &http.MaxBytesError{Limit: maxUnpacked}
	}
	return n, err
}

// read takes the hits of a body and returns when all that it accepts are durable.
func (b *batch) read(ctx context.Context, body io.Reader) error {
	r := bufio.NewReaderSize(body, maxBody+1)
	var err error
	if firstByte(r) == '[' {
		err = b.readArray(ctx, r)
	} else {
		err = b.readLines(ctx, r)
	}
	if err != nil {
		return err
	}
	if err := b.flush(ctx); err != nil {
		return err
	}
	if b.parsed {
		return nil
	}
	if len(b.answer.Rejected) == 0 {
		return hitkeep.BadField("body", "is empty: send one JSON object per line, or an array of them")
	}
	first := b.answer.Rejected[0]
	return &malformedError{hitkeep.BadField(first.Field, "line %d: %s", first.Line, first.Message)}
}

// firstByte skips white space and returns the byte behind it without taking it, 0 at the end.
func firstByte(r *bufio.Reader) byte {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return 0
		}
		if !bytes.ContainsRune([]byte(" \t\r\n"), rune(c)) {
			_ = r.UnreadByte()
			return c
		}
	}
}

func (b *batch) readLines(ctx context.Context, r *bufio.Reader) error {
	for line := 1; ; line++ {
		text, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			b.reject(line, hitkeep.BadField("body", "the line is longer than %d bytes", maxBody), receipt{})
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.ReadSlice('\n')
			}
			text = nil
		}
		if err != nil && err != io.EOF {
			return bodyError(err)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if err := b.take(ctx, line, text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// readArray takes the elements of an array. Behind a malformed one nothing can be found again.
func (b *batch) readArray(ctx context.Context, r *bufio.Reader) error {
	in := &elements{r: r}
	d := json.NewDecoder(in)
	in.d = d
	_, _ = d.Token() // the [ that was seen
	for line := 1; ; line++ {
		if !d.More() {
			_, err := d.Token()
			return b.arrayError(line, err, d.InputOffset())
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return b.arrayError(line, err, d.InputOffset())
		}
		if len(raw) > maxBody {
			b.reject(line, hitkeep.BadField("body", "the hit is longer than %d bytes", maxBody), receipt{})
			continue
		}
		if err := b.take(ctx, line, raw); err != nil {
			return err
		}
	}
}

// elements fails with http.MaxBytesError when the decoder has collected more than any element may
// have: it holds one as a whole.
type elements struct {
	r    io.Reader
	d    *json.Decoder
	read int64
}

const maxElement = 1 << 20

func (e *elements) Read(p []byte) (int, error) {
	if e.read-e.d.InputOffset() > maxElement {
		return 0, &http.MaxBytesError{Limit: maxElement}
	}
	n, err := e.r.Read(p)
	e.read += int64(n)
	return n, err
}

// arrayError rejects the rest of an array that ends early; a body too large is an error of its own.
func (b *batch) arrayError(line int, err error, offset int64) error {
	if err == nil {
		return nil
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		return bodyError(err)
	}
	b.reject(line, hitkeep.BadField("body", "malformed JSON near byte %d: %v; nothing behind it was read", offset+1, err), receipt{})
	return nil
}

// take parses and enriches one hit. Only errors that end the batch are returned.
func (b *batch) take(ctx context.Context, line int, text []byte) error {
	q := &request{token: b.token, at: b.s.o.Now()}
	if err := parsePayload(text, &q.p); err != nil {
		if !errors.As(err, new(*malformedError)) {
			b.parsed = true
		}
		return b.reject(line, err, receipt{})
	}
	b.parsed = true
	if err := q.kindOfType(); err != nil {
		return b.reject(line, err, receipt{})
	}
	c, err := b.s.addressed(q)
	if err == nil && c.ignored != "" {
		err = hitkeep.BadField("domain", "no site has this domain")
	}
	if err != nil {
		return b.reject(line, err, c)
	}
	record, h, late, err := b.s.record(q)
	if err != nil {
		return b.reject(line, err, c)
	}
	if late {
		b.noteLate(h.Day.String())
	}
	c.outcome = botOutcome(h.Bot)
	return b.add(ctx, record, c)
}

func (b *batch) noteLate(day string) {
	if !slices.Contains(b.answer.LateDays, day) {
		b.answer.LateDays = append(b.answer.LateDays, day)
	}
}

// kindOfType sets the kind from `type`; without it a named hit is an event.
func (q *request) kindOfType() error {
	switch q.p.typ {
	case "pageview":
		q.kind = hitkeep.Pageview
	case "event":
		q.kind = hitkeep.Event
	case "engagement":
		q.kind = hitkeep.Engagement
	case "":
		if q.p.name != "" && q.p.name != "pageview" {
			q.kind = hitkeep.Event
		}
	default:
		return hitkeep.BadField("type", "%q is not one of pageview, event, engagement", shorten(q.p.typ))
	}
	return nil
}

// reject notes a hit that is not taken. An error that is not about the hit is returned.
func (b *batch) reject(line int, err error, c receipt) error {
	var e *hitkeep.Error
	if !errors.As(err, &e) {
		return err
	}
	o, _ := refusal(e)
	if errors.As(err, new(*malformedError)) {
		o = refusedMalformed
	}
	if c.ignored != "" {
		o = c.outcome
	}
	b.s.ledger.note(o, c.site, c.host, e.Field)
	if len(b.answer.Rejected) < maxRejected {
		b.answer.Rejected = append(b.answer.Rejected, rejected{line, e.Field, e.Message})
	} else {
		b.answer.RejectedCount = max(b.answer.RejectedCount, maxRejected) + 1
	}
	return nil
}

// add queues a record. All records of a batch belong to the token's tenant, thus to one store.
func (b *batch) add(ctx context.Context, record []byte, c receipt) error {
	b.records, b.notes = append(b.records, record), append(b.notes, c)
	if b.bytes += len(record); len(b.records) < chunkRecords && b.bytes < chunkBytes {
		return nil
	}
	return b.flush(ctx)
}

func (b *batch) flush(ctx context.Context) error {
	if len(b.records) == 0 {
		return nil
	}
	if _, err := b.s.o.Journal.Append(ctx, b.token.Tenant, b.records...); err != nil {
		return err
	}
	for _, c := range b.notes {
		b.s.ledger.note(c.outcome, c.site, c.host, "")
	}
	b.answer.Accepted += len(b.records)
	b.records, b.notes, b.bytes = b.records[:0], b.notes[:0], 0
	return nil
}
