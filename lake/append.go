package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"hitkeep"
)

// Watermark returns, per journal, the last sequence that the tenant's store has applied.
func (l *Lake) Watermark(ctx context.Context, tenant hitkeep.TenantID) (hitkeep.Watermark, error) {
	s, done, err := l.use(ctx, tenant)
	if err != nil {
		return nil, err
	}
	defer done()
	s.write.Lock()
	defer s.write.Unlock()
	m := make(hitkeep.Watermark, len(s.marks))
	for j, seq := range s.marks {
		m[j] = seq
	}
	return m, nil
}

// Append stores a batch exactly once (invariant 4): rows, client ids, import positions, dead
// letters and the watermark change in one transaction, or nothing does. A batch that does not
// follow the watermark is refused with ErrNotContiguous. ErrInvalidated means that the process
// must restart; after any other error the same batch may be sent again.
//
//  1. Take out the hits that are there already and those no table can hold.
//  2. In one transaction write the rest, and move the watermark from Prev to Last.
//  3. If DuckDB refuses the rows, find the one it refuses, make it a dead letter, and repeat.
//  4. If COMMIT answers with an error, the watermark on disk says whether it happened.
func (l *Lake) Append(ctx context.Context, b *hitkeep.Batch) (hitkeep.Applied, error) {
	s, done, err := l.use(ctx, b.Store)
	if err != nil {
		return hitkeep.Applied{}, err
	}
	defer done()
	s.write.Lock()
	defer s.write.Unlock()
	applied, err := s.append(ctx, b)
	if err != nil {
		err = fmt.Errorf("append %d records to store %s: %w", b.Records, b.Store, err)
	}
	return applied, err
}

func (s *store) append(ctx context.Context, b *hitkeep.Batch) (hitkeep.Applied, error) {
	if err := checkBatch(b); err != nil {
		return hitkeep.Applied{}, err
	}
	if b.Prev != s.marks[b.Journal] {
		return hitkeep.Applied{}, hitkeep.ErrNotContiguous
	}
	var p *intake
	err := s.withConn(ctx, func(c *sql.Conn) (err error) {
		if p, err = s.sortOut(ctx, c, b); err != nil {
			return err
		}
		err = s.apply(ctx, c, b, p)
		if !poisonous(err) {
			return s.diagnose(c, err)
		}
		if p, err = s.withoutPoison(ctx, c, p, err); err != nil {
			return err
		}
		return s.apply(ctx, c, b, p)
	})
	if errors.Is(err, errRowCount) {
		// Memory and table differ: a COMMIT happened whose outcome nobody could read. Without the
		// table's word the same batch would be refused for ever.
		err = errors.Join(err, s.withConn(ctx, func(c *sql.Conn) error { return s.loadMarks(ctx, c) }))
	}
	if err != nil {
		return hitkeep.Applied{}, err
	}
	s.marks[b.Journal] = b.Last
	for id, pos := range p.imports {
		s.imports[id] = pos
	}
	s.seen.gone = nil
	s.dirty = true
	if s.fresh += len(p.rows); s.fresh >= checkpointRows {
		select {
		case s.l.due <- struct{}{}:
		default:
		}
	}
	return p.applied(), nil
}

// checkBatch refuses what the caller must never send.
func checkBatch(b *hitkeep.Batch) error {
	if b.Journal <= 0 || b.Last <= b.Prev || b.Records != len(b.Hits)+len(b.Bad) {
		return fmt.Errorf("malformed batch: journal %d, %d to %d, %d records, %d hits, %d bad", b.Journal, b.Prev, b.Last, b.Records, len(b.Hits), len(b.Bad))
	}
	prev := b.Prev
	for i := range b.Hits {
		h := &b.Hits[i]
		if h.Seq <= prev || h.Seq > b.Last || h.Journal != b.Journal {
			return fmt.Errorf("malformed batch: record %d of journal %d is out of place", h.Seq, h.Journal)
		}
		prev = h.Seq
	}
	return nil
}

// deadLetter is a record that is kept aside.
type deadLetter struct {
	seq    int64
	raw    []byte
	reason string
}

// intake says what becomes of a batch's records.
type intake struct {
	rows      []*hitkeep.Hit
	dead      []deadLetter
	duplicate int
	imports   map[hitkeep.ImportID]int64 // new positions
}

func (p *intake) applied() hitkeep.Applied {
	a := hitkeep.Applied{Stored: len(p.rows), Duplicate: p.duplicate, Dead: len(p.dead), Sites: map[hitkeep.SiteID]int{}}
	for _, h := range p.rows {
		a.Sites[h.Site]++
	}
	return a
}

func (p *intake) bury(h *hitkeep.Hit, reason string) {
	p.dead = append(p.dead, deadLetter{seq: h.Seq, raw: h.AppendRecord(nil), reason: reason})
}

// sortOut sorts the batch's records into rows, duplicates and dead letters.
func (s *store) sortOut(ctx context.Context, c *sql.Conn, b *hitkeep.Batch) (*intake, error) {
	p := &intake{rows: make([]*hitkeep.Hit, 0, len(b.Hits)), imports: map[hitkeep.ImportID]int64{}}
	for _, bad := range b.Bad {
		p.dead = append(p.dead, deadLetter{seq: bad.Seq, raw: bad.Raw, reason: bad.Reason})
	}
	var candidates []clientKey
	for i := range b.Hits {
		h := &b.Hits[i]
		if h.Import != 0 && !s.advances(p, h) {
			p.duplicate++
			continue
		}
		if reason := unstorable(h); reason != "" {
			p.bury(h, reason)
			continue
		}
		if h.ClientID != 0 {
			k := clientKey{h.Site, h.ClientID}
			if hash := k.hash(); s.seen.mayHold(hash) {
				candidates = append(candidates, k)
			} else {
				s.seen.add(hash, h.ReceivedAt)
			}
		}
		p.rows = append(p.rows, h)
	}
	if len(candidates) == 0 {
		return p, nil
	}
	return p, s.dropSeen(ctx, c, p, candidates)
}

// advances moves the import's position to the hit's and reports whether that is further than
// all of the import before.
func (s *store) advances(p *intake, h *hitkeep.Hit) bool {
	pos, ok := p.imports[h.Import]
	if !ok {
		pos = s.imports[h.Import]
	}
	if h.ImportPos <= pos {
		return false
	}
	p.imports[h.Import] = h.ImportPos
	return true
}

// dropSeen takes out of p.rows the hits that the table or the batch itself has already. Only
// candidates can be among them: all other client ids are certainly new.
func (s *store) dropSeen(ctx context.Context, c *sql.Conn, p *intake, candidates []clientKey) error {
	last, err := s.lookUp(ctx, c, candidates)
	if err != nil {
		return err
	}
	maybe := make(map[clientKey]bool, len(candidates))
	for _, k := range candidates {
		maybe[k] = true
	}
	p.rows = slices.DeleteFunc(p.rows, func(h *hitkeep.Hit) bool {
		k := clientKey{h.Site, h.ClientID}
		if h.ClientID == 0 || !maybe[k] {
			return false
		}
		at, known := last[k]
		if known && max(h.ReceivedAt-at, at-h.ReceivedAt) <= windowUS {
			p.duplicate++
			return true
		}
		last[k] = h.ReceivedAt
		s.seen.add(k.hash(), h.ReceivedAt)
		return false
	})
	return nil
}

// apply writes the intake in one transaction.
func (s *store) apply(ctx context.Context, c *sql.Conn, b *hitkeep.Batch, p *intake) error {
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	s.l.at("append.begun")
	if err := s.writeIntake(ctx, c, b, p); err != nil {
		rollback(c)
		return err
	}
	s.l.at("append.written")
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return s.settle(c, b, err)
	}
	s.l.at("append.committed")
	return nil
}

// writeIntake makes the transaction's changes.
func (s *store) writeIntake(ctx context.Context, c *sql.Conn, b *hitkeep.Batch, p *intake) error {
	if err := s.writeHits(ctx, c, p.rows); err != nil {
		return err
	}
	for _, d := range p.dead {
		if _, err := c.ExecContext(ctx, "INSERT INTO "+s.catalog+".dead VALUES ($1, $2, $3, $4, $5)",
			int64(b.Journal), d.seq, d.raw, d.reason, s.l.now().UTC()); err != nil {
			return err
		}
	}
	for id, pos := range p.imports {
		if err := s.moveImport(ctx, c, id, pos); err != nil {
			return err
		}
	}
	if err := s.forgetSeen(ctx, c, b); err != nil {
		return err
	}
	return s.moveMark(ctx, c, b, p)
}

func (s *store) forgetSeen(ctx context.Context, c *sql.Conn, b *hitkeep.Batch) error {
	if len(b.Hits) == 0 {
		return nil
	}
	for _, hour := range s.seen.forget(b.Hits[len(b.Hits)-1].ReceivedAt) {
		if _, err := c.ExecContext(ctx, "DELETE FROM "+s.catalog+".seen WHERE received_at >= $1 AND received_at < $2",
			hour*hourUS, (hour+1)*hourUS); err != nil {
			return err
		}
	}
	return nil
}

// moveImport and moveMark write new rows and delete the old: an UPDATE would keep CHECKPOINT from
// running for as long as an older reader is active.
func (s *store) moveImport(ctx context.Context, c *sql.Conn, id hitkeep.ImportID, pos int64) error {
	if _, known := s.imports[id]; known {
		if err := s.execRows(ctx, c, 1, "DELETE FROM "+s.catalog+".imports WHERE import_id = $1", int64(id)); err != nil {
			return err
		}
	}
	return s.execRows(ctx, c, 1, "INSERT INTO "+s.catalog+".imports VALUES ($1, $2)", int64(id), pos)
}

// moveMark moves the watermark from the batch's Prev to its Last: exactly one row, or somebody
// else has written meanwhile and nothing of this may stand.
func (s *store) moveMark(ctx context.Context, c *sql.Conn, b *hitkeep.Batch, p *intake) error {
	if _, known := s.marks[b.Journal]; !known {
		if _, err := c.ExecContext(ctx, `INSERT INTO `+s.catalog+`.watermark
			SELECT $1, 0, 0, 0, 0, 0, 0, 0, 0
			WHERE NOT EXISTS (FROM `+s.catalog+`.watermark WHERE journal_id = $1)`, int64(b.Journal)); err != nil {
			return err
		}
	}
	err := s.execRows(ctx, c, 1, `INSERT INTO `+s.catalog+`.watermark
		SELECT journal_id, $3, records + $4, stored + $5, duplicate + $6, dead + $7, erased, expired, moved
		FROM `+s.catalog+`.watermark
		WHERE journal_id = $1 AND applied = $2`,
		int64(b.Journal), b.Prev, b.Last, b.Records, len(p.rows), p.duplicate, len(p.dead))
	if err == nil {
		err = s.execRows(ctx, c, 1, "DELETE FROM "+s.catalog+".watermark WHERE journal_id = $1 AND applied = $2", int64(b.Journal), b.Prev)
	}
	if errors.Is(err, errRowCount) {
		return errors.Join(hitkeep.ErrNotContiguous, err)
	}
	return err
}

// settle decides what a COMMIT that answered with an error did: the watermark on disk knows.
func (s *store) settle(c *sql.Conn, b *hitkeep.Batch, cause error) error {
	rollback(c)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	marks, err := readMap[hitkeep.JournalID](ctx, c, "SELECT journal_id, applied FROM "+s.catalog+".watermark")
	if err != nil {
		return errors.Join(classify(cause), classify(err))
	}
	if marks[b.Journal] == b.Last {
		s.l.log.Warn("commit answered with an error but happened", "tenant", s.tenant, "error", cause)
		return nil
	}
	return fmt.Errorf("commit: %w", classify(cause))
}

// poisonous reports whether DuckDB refused the rows themselves, so that the same rows will be
// refused again. Disk full, I/O errors, memory and cancelling are never the rows' fault.
func poisonous(err error) bool {
	var d *duckdb.Error
	if err == nil || errors.Is(err, ErrInvalidated) || !errors.As(err, &d) {
		return false
	}
	switch d.Type {
	case duckdb.ErrorTypeOutOfRange, duckdb.ErrorTypeConversion, duckdb.ErrorTypeMismatchType,
		duckdb.ErrorTypeDecimal, duckdb.ErrorTypeObjectSize, duckdb.ErrorTypeInvalidType,
		duckdb.ErrorTypeConstraint, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeInvalid,
		duckdb.ErrorTypeNotImplemented, duckdb.ErrorTypeSerialization:
		return true
	}
	return false
}

// withoutPoison finds the refused hits by halving, each try a transaction that is rolled back,
// and makes them dead letters. If every hit alone is taken, the refusal was not theirs.
func (s *store) withoutPoison(ctx context.Context, c *sql.Conn, p *intake, cause error) (*intake, error) {
	clean := &intake{duplicate: p.duplicate, dead: p.dead, imports: p.imports}
	if err := s.halve(ctx, c, clean, p.rows); err != nil {
		return nil, err
	}
	if len(clean.rows) == len(p.rows) {
		return nil, cause
	}
	s.l.log.Error("records refused by the database became dead letters", "tenant", s.tenant, "records", len(p.rows)-len(clean.rows), "error", cause)
	return clean, nil
}

func (s *store) halve(ctx context.Context, c *sql.Conn, clean *intake, hits []*hitkeep.Hit) error {
	err := s.try(ctx, c, hits)
	switch {
	case err == nil:
		clean.rows = append(clean.rows, hits...)
		return nil
	case !poisonous(err):
		return err
	case len(hits) == 1:
		clean.bury(hits[0], err.Error())
		return nil
	}
	mid := len(hits) / 2
	if err := s.halve(ctx, c, clean, hits[:mid]); err != nil {
		return err
	}
	return s.halve(ctx, c, clean, hits[mid:])
}

func (s *store) try(ctx context.Context, c *sql.Conn, hits []*hitkeep.Hit) error {
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	defer rollback(c)
	return s.writeHits(ctx, c, hits)
}
