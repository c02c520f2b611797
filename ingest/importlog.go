package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"hitkeep"
	"hitkeep/ingest/journal"
)

const (
	maxLogLine     = 64 << 10
	malformedShown = 20
	progressLines  = 5000
)

// ImportRequest names one access log to import. The same Import, Site and file always give the
// same hits with the same positions.
type ImportRequest struct {
	Site   *hitkeep.Site
	Import hitkeep.ImportID
	Via    hitkeep.Via // ViaImport, unless it is demo data; the zero value means ViaImport
	// From is the byte offset to skip to: behind the last line that was imported before.
	From int64
	// Format is combined, common, json, or "" to tell by each line.
	Format string
	// Follow makes hits durable whenever the reader has no further line at hand, for a log that
	// is still being written.
	Follow bool
}

// ImportProgress says what became of the lines so far. Every line is counted once: as a hit, a
// malformed line, or under the first rule that leaves it out, in the order of the fields here.
type ImportProgress struct {
	Lines       int64 `json:"lines"` // all lines, those before From too
	Skipped     int64 `json:"skipped"`
	Blank       int64 `json:"blank"`
	BadLines    int64 `json:"malformed"`
	OtherMethod int64 `json:"other_method"` // not GET
	OtherStatus int64 `json:"other_status"` // neither 2xx nor 304
	OtherHost   int64 `json:"other_host"`   // of a virtual host that is not the site's
	Assets      int64 `json:"assets"`
	Hits        int64 `json:"hits"` // pageviews, bots included
	Bots        int64 `json:"bots"`
	// Malformed holds the first malformed lines.
	Malformed []BadLine `json:"malformed_lines,omitempty"`
	// Pos is the byte offset behind the last line read, LastAck the last durable records.
	Pos     int64       `json:"pos"`
	LastAck journal.Ack `json:"-"`
}

// BadLine is a line that could not be read. Its text is not kept: it may hold an address.
type BadLine struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
}

// logImport is one running import.
type logImport struct {
	s       *Service
	req     ImportRequest
	r       *bufio.Reader
	p       ImportProgress
	records [][]byte
	report  func(ImportProgress)
}

// ImportLog turns an access log into pageviews and returns when all of them are durable. r
// starts at the file's first byte. progress, if not nil, is called now and then. After an
// error the import can go on from where its last durable hit ends.
func (s *Service) ImportLog(ctx context.Context, req ImportRequest, r io.Reader, progress func(ImportProgress)) (ImportProgress, error) {
	if progress == nil {
		progress = func(ImportProgress) {}
	}
	if err := checkFormat(req.Format); err != nil {
		return ImportProgress{}, err
	}
	if req.Via == hitkeep.ViaSnippet {
		req.Via = hitkeep.ViaImport
	}
	im := &logImport{s: s, req: req, r: bufio.NewReaderSize(r, maxLogLine), report: progress}
	err := im.run(ctx)
	if err == nil {
		err = s.salts.EndImport(req.Import)
	} else {
		s.salts.release(req.Import)
	}
	return im.p, err
}

func (im *logImport) run(ctx context.Context) error {
	if err := im.skip(); err != nil {
		return err
	}
	for {
		line, tooLong, err := im.next()
		if err == io.EOF {
			return im.flush(ctx)
		}
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if tooLong {
			im.malformed(fmt.Errorf("the line is longer than %d bytes", maxLogLine))
		} else if err := im.take(line); err != nil {
			return err
		}
		if err := im.pace(ctx); err != nil {
			return err
		}
	}
}

// skip passes over the bytes before From, counting their lines.
func (im *logImport) skip() error {
	for im.p.Pos < im.req.From {
		n := int(min(im.req.From-im.p.Pos, maxLogLine))
		b, err := im.r.Peek(n)
		if err != nil {
			return hitkeep.Errorf(hitkeep.Conflict, "the log ends at byte %d, but %d were imported before", im.p.Pos+int64(len(b)), im.req.From).
				WithHint("was the file truncated or rotated?")
		}
		im.p.Lines += int64(bytes.Count(b, []byte{'\n'}))
		im.p.Pos += int64(n)
		_, _ = im.r.Discard(n)
	}
	im.p.Skipped = im.p.Lines
	return nil
}

// next returns the next line without its end; the last one needs none. io.EOF ends the log.
func (im *logImport) next() (line []byte, tooLong bool, err error) {
	line, err = im.r.ReadSlice('\n')
	im.p.Pos += int64(len(line))
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		line, err = im.r.ReadSlice('\n')
		im.p.Pos += int64(len(line))
	}
	if err == io.EOF && (len(line) > 0 || tooLong) {
		err = nil
	}
	if err == nil {
		im.p.Lines++
	}
	return line, tooLong, err
}

// pace appends full batches, and with Follow whatever there is before a read that may wait.
func (im *logImport) pace(ctx context.Context) error {
	if im.p.Lines%progressLines == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		im.report(im.p)
	}
	if len(im.records) < chunkRecords {
		buffered, _ := im.r.Peek(im.r.Buffered())
		if !im.req.Follow || bytes.IndexByte(buffered, '\n') >= 0 {
			return nil
		}
	}
	return im.flush(ctx)
}

func (im *logImport) malformed(reason error) {
	im.p.BadLines++
	if len(im.p.Malformed) < malformedShown {
		im.p.Malformed = append(im.p.Malformed, BadLine{im.p.Lines, reason.Error()})
	}
}

// take turns one line into a pageview, or counts why it is none.
func (im *logImport) take(line []byte) error {
	text := strings.TrimSpace(strings.ToValidUTF8(string(line), "\uFFFD"))
	if text == "" {
		im.p.Blank++
		return nil
	}
	l, err := parseLogLine(text)
	if err != nil {
		im.malformed(err)
		return nil
	}
	now := im.s.o.Now()
	if checkTime(l.at, now) != nil {
		im.malformed(errors.New("the time lies outside 2000-01-01 to now + 5 min"))
		return nil
	}
	q := &request{
		kind: hitkeep.Pageview, via: im.req.Via, site: im.req.Site, addr: l.addr, client: l.client,
		agent: agentKey{ua: l.agent}, ts: l.at, at: now, imp: im.req.Import, pos: im.p.Pos,
	}
	q.p.referrer = l.referer
	if !im.counts(&l, q) {
		return nil
	}
	record, h, _, err := im.s.record(q)
	if err != nil {
		return fmt.Errorf("line %d: %w", im.p.Lines, err)
	}
	im.records = append(im.records, record)
	im.p.Hits++
	if h.Bot != "" {
		im.p.Bots++
	}
	return nil
}

// counts applies the rules in their order and takes the page from the line.
func (im *logImport) counts(l *logLine, q *request) (ok bool) {
	switch {
	case l.method != "GET":
		im.p.OtherMethod++
		return false
	case (l.status < 200 || l.status > 299) && l.status != 304:
		im.p.OtherStatus++
		return false
	case l.host != "" && !im.req.Site.Allows(l.host):
		im.p.OtherHost++
		return false
	}
	if q.page, ok = parsePage(l.target, false); !ok {
		im.malformed(errors.New("the request names no path"))
		return false
	}
	if l.host != "" {
		q.page.host = l.host
	} else if !im.req.Site.Allows(q.page.host) {
		q.page.host = ""
	}
	if im.s.asset(q.page.path) {
		im.p.Assets++
		return false
	}
	return true
}

func (im *logImport) flush(ctx context.Context) error {
	if len(im.records) > 0 {
		ack, err := im.s.o.Journal.Append(ctx, im.req.Site.Tenant, im.records...)
		if err != nil {
			return fmt.Errorf("import to the journal: %w", err)
		}
		im.p.LastAck = ack
		im.records = im.records[:0]
	}
	im.report(im.p)
	return nil
}
