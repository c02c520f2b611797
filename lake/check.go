package lake

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"hitkeep"
)

// Report is what Check found. No problems: the store is sound.
type Report struct {
	Tenant   hitkeep.TenantID
	Hot      int64 // rows in the hot table
	Parts    int   // live parts
	Rows     int64 // rows in them, counted by reading them
	Dead     int64
	Problems []string // sentences for the operator
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Check compares the manifest with the files, reads every part again, and verifies that each
// record is accounted for exactly once (invariants 4, 9 and 11). It changes nothing.
func (l *Lake) Check(ctx context.Context, tenant hitkeep.TenantID) (Report, error) {
	r := Report{Tenant: tenant}
	err := l.read(ctx, tenant, func(ctx context.Context, s *snapshot) error {
		r.Problems = append(r.Problems, s.warnings...)
		r.Parts = len(s.parts)
		sound, err := r.checkFiles(ctx, tenant, s)
		if err != nil {
			return err
		}
		if err := r.checkAccounts(ctx, s, sound); err != nil {
			return err
		}
		return r.checkTwice(ctx, s, sound)
	})
	if err != nil {
		return r, fmt.Errorf("check store %s: %w", tenant, err)
	}
	return r, nil
}

// checkFiles reads every part and returns those that can be read.
func (r *Report) checkFiles(ctx context.Context, tenant hitkeep.TenantID, s *snapshot) (sound []hitkeep.Part, err error) {
	sums, err := s.checksums(ctx)
	if err != nil {
		return nil, err
	}
	for i, p := range s.parts {
		before := len(r.Problems)
		r.checkFile(tenant, s, p, sums[p.Name])
		if len(r.Problems) == before {
			sound = append(sound, p)
			r.Rows += p.Rows
		}
		if i > 0 && s.parts[i-1].Site == p.Site && s.parts[i-1].To >= p.From {
			r.problem("parts %s and %s hold the same day", s.parts[i-1].Name, p.Name)
		}
	}
	return sound, nil
}

// checksums returns the parts' CRC-32C as the manifest has it.
func (s *snapshot) checksums(ctx context.Context) (map[string]int64, error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT name, crc32c FROM "+s.catalog+".part")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[string]int64{}
	for rows.Next() {
		var name string
		var crc int64
		if err := rows.Scan(&name, &crc); err != nil {
			return nil, err
		}
		sums[name] = crc
	}
	return sums, rows.Err()
}

func (r *Report) checkFile(tenant hitkeep.TenantID, s *snapshot, p hitkeep.Part, crc int64) {
	name := filepath.Join(s.dir, p.Name)
	if size, sum, err := checksum(name); err != nil || size != p.Bytes || sum != crc {
		r.problem("part %s is damaged: its %d bytes are not what was written", p.Name, size)
		return
	}
	f, closer, err := openPart(name)
	if err != nil {
		r.problem("part %s cannot be read: %v", p.Name, err)
		return
	}
	defer closer.Close()
	r.checkStamps(tenant, f, p)
	seq, err := readColumn(f, "seq")
	if err != nil {
		r.problem("part %s cannot be read: %v", p.Name, err)
		return
	}
	ts, err := readColumn(f, "ts")
	if err != nil {
		r.problem("part %s cannot be read: %v", p.Name, err)
		return
	}
	if seq.n != p.Rows || ts.n != p.Rows || ts.min != p.MinTS || ts.max != p.MaxTS {
		r.problem("part %s holds %d rows instead of %d, or other times", p.Name, seq.n, p.Rows)
	}
}

func (r *Report) checkStamps(tenant hitkeep.TenantID, f *parquet.File, p hitkeep.Part) {
	st, err := stampsIn(f)
	switch {
	case err != nil:
		r.problem("part %s: %v", p.Name, err)
	case st.Tenant != tenant || st.Site != p.Site || st.From != p.From || st.To != p.To || st.Rows != p.Rows:
		r.problem("part %s is stamped as site %s, %s to %s, %d rows: not what the manifest says", p.Name, st.Site, st.From, st.To, st.Rows)
	case st.Schema > partSchema:
		r.problem("part %s has schema %d, this binary knows %d", p.Name, st.Schema, partSchema)
	}
}

// everythingSQL selects columns of all rows, hot and in the given parts.
func (s *snapshot) everythingSQL(columns string, parts []hitkeep.Part) string {
	text := "SELECT " + columns + " FROM " + s.catalog + ".hot"
	if len(parts) == 0 {
		return text
	}
	files := make([]string, len(parts))
	for i, p := range parts {
		files[i] = quote(filepath.Join(s.dir, p.Name))
	}
	return text + " UNION ALL SELECT " + columns + " FROM read_parquet([" + strings.Join(files, ", ") + "], hive_partitioning = false)"
}

// checkAccounts verifies invariant 4 per journal.
func (r *Report) checkAccounts(ctx context.Context, s *snapshot, parts []hitkeep.Part) error {
	count := func(query string) (map[hitkeep.JournalID]int64, error) {
		return readMap[hitkeep.JournalID](ctx, s.conn, query)
	}
	rows, err := count("SELECT journal_id, count(*) FROM (" + s.everythingSQL("journal_id", parts) + ") GROUP BY ALL")
	if err != nil {
		return err
	}
	dead, err := count("SELECT journal_id, count(*) FROM " + s.catalog + ".dead GROUP BY ALL")
	if err != nil {
		return err
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+s.catalog+".hot").Scan(&r.Hot); err != nil {
		return err
	}
	marks, err := s.conn.QueryContext(ctx, `SELECT journal_id, records, stored, duplicate, dead, erased, expired, moved
		FROM `+s.catalog+`.watermark
		ORDER BY journal_id`)
	if err != nil {
		return err
	}
	defer marks.Close()
	var known []hitkeep.JournalID
	for marks.Next() {
		var j hitkeep.JournalID
		var n [7]int64
		if err := marks.Scan((*int64)(&j), &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6]); err != nil {
			return err
		}
		if slices.Contains(known, j) {
			r.problem("journal %d has two watermarks", j)
		}
		known = append(known, j)
		r.checkJournal(j, n, rows[j], dead[j])
	}
	for j, n := range rows {
		if !slices.Contains(known, j) {
			r.problem("journal %d has %d rows but no watermark", j, n)
		}
	}
	return marks.Err()
}

// checkJournal compares one journal's account (records, stored, duplicate, dead, erased,
// expired, moved) with what there is.
func (r *Report) checkJournal(j hitkeep.JournalID, n [7]int64, rows, dead int64) {
	r.Dead += dead
	if sum := n[1] + n[2] + n[3] + n[4] + n[5] + n[6]; sum != n[0] {
		r.problem("journal %d: %d records were applied but %d are accounted for", j, n[0], sum)
	}
	if rows != n[1] {
		r.problem("journal %d: %d rows are stored, there should be %d", j, rows, n[1])
	}
	if dead > n[3] { // replayed ones leave the table
		r.problem("journal %d: %d dead letters are kept, there should be %d", j, dead, n[3])
	}
}

// checkTwice looks for a record that is stored twice.
func (r *Report) checkTwice(ctx context.Context, s *snapshot, parts []hitkeep.Part) error {
	rows, err := s.conn.QueryContext(ctx, `SELECT journal_id, seq, count(*)
		FROM (`+s.everythingSQL("journal_id, seq", parts)+`)
		GROUP BY ALL
		HAVING count(*) > 1
		ORDER BY ALL
		LIMIT 10`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var j, seq, n int64
		if err := rows.Scan(&j, &seq, &n); err != nil {
			return err
		}
		r.problem("record %d of journal %d is stored %d times", seq, j, n)
	}
	return rows.Err()
}
