package lake

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"hitkeep"
)

// partColumns are a part's columns in order: those of hot, and the derived visit_id.
var partColumns = append(hotColumns[:len(hotColumns):len(hotColumns)], "visit_id")

var hotColumns = []string{
	"site_id", "journal_id", "seq", "ts", "received_at", "day", "kind", "name", "visitor_id", "midnight_key",
	"hostname", "path", "referrer", "source", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term",
	"utm_content", "click_id", "country", "region", "city", "browser", "browser_version", "os", "os_version",
	"device", "screen", "language", "interactive", "engaged_ms", "scroll_depth", "props", "revenue", "currency",
	"vital", "bot", "bot_name", "via", "import_id",
}

// factsSQL is the CTE facts of one site's days from..to as the snapshot has them: hot rows
// (is_hot) and rows of parts with the visit_id that they were stored with (old_visit).
func (s *store) factsSQL(snap *snapshot, site hitkeep.SiteID, from, to hitkeep.Day) string {
	columns := strings.Join(hotColumns, ", ")
	where := fmt.Sprintf("WHERE site_id = %d AND day BETWEEN DATE '%s' AND DATE '%s'", site, from, to)
	var files []string
	for _, p := range snap.parts {
		if p.Site == site && p.From <= to && p.To >= from {
			files = append(files, quote(filepath.Join(snap.dir, p.Name)))
		}
	}
	text := fmt.Sprintf("SELECT %s, true AS is_hot, NULL::BIGINT AS old_visit FROM %s.hot %s", columns, s.catalog, where)
	if len(files) > 0 {
		text += fmt.Sprintf("\nUNION ALL\nSELECT %s, false, visit_id FROM read_parquet([%s], hive_partitioning = false) %s",
			columns, strings.Join(files, ", "), where)
	}
	return "facts AS NOT MATERIALIZED (\n" + text + "\n)"
}

// identifiedSQL is a WITH clause that ends in identified: the days from..to with their visit_id,
// computed from those days and the one before.
func (s *store) identifiedSQL(snap *snapshot, site hitkeep.SiteID, from, to hitkeep.Day) (text string, args []any) {
	args = stitchBounds(map[hitkeep.SiteID]*time.Location{site: s.l.zone(site)}, from-1, to)
	return "WITH " + s.factsSQL(snap, site, from-1, to) + ",\n" + stitchSQL + ",\n" + identifySQL, args
}

// chosenSQL selects the rows that go into the job's part.
func chosenSQL(j *job) string {
	where := fmt.Sprintf("day BETWEEN DATE '%s' AND DATE '%s'", j.partition.From, j.partition.To)
	if !j.takeHot {
		where += " AND NOT is_hot"
	}
	return where
}

// measure counts the job's rows on the snapshot: what the file will be checked against.
func (s *store) measure(ctx context.Context, snap *snapshot, j *job) error {
	p := j.partition
	j.part = hitkeep.Part{Site: p.Site, From: p.From, To: p.To}
	text := "WITH " + s.factsSQL(snap, p.Site, p.From, p.To) + `
		SELECT count(*), coalesce(min(epoch_us(ts)), 0), coalesce(max(epoch_us(ts)), 0), count_if(is_hot),
			coalesce(sum(seq), 0) % 18446744073709551616 AS seq_sum
		FROM facts
		WHERE ` + chosenSQL(j)
	var sum string
	err := snap.conn.QueryRowContext(ctx, "SELECT * REPLACE (seq_sum::VARCHAR AS seq_sum) FROM ("+text+")").
		Scan(&j.part.Rows, &j.part.MinTS, &j.part.MaxTS, &j.hotRows, &sum)
	if err == nil {
		_, err = fmt.Sscan(sum, &j.seqSum)
	}
	if err != nil {
		return fmt.Errorf("count rows: %w", err)
	}
	return nil
}

// staleVisits counts the rows of part on day whose stored visit_id is not what all hits say now.
func (s *store) staleVisits(ctx context.Context, snap *snapshot, part hitkeep.Part, day hitkeep.Day) (n int64, err error) {
	text, args := s.identifiedSQL(snap, part.Site, day, day)
	err = snap.conn.QueryRowContext(ctx, fmt.Sprintf(`%s
		SELECT count(*)
		FROM identified
		WHERE day = DATE '%s' AND NOT is_hot AND visit_id IS DISTINCT FROM old_visit`, text, day), args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("compare visits: %w", err)
	}
	return n, nil
}

// copyRows writes the job's rows to file, with the stamps.
func (s *store) copyRows(ctx context.Context, snap *snapshot, j *job, file string) error {
	text, args := s.identifiedSQL(snap, j.partition.Site, j.partition.From, j.partition.To)
	_, err := snap.conn.ExecContext(ctx, fmt.Sprintf(`COPY (
		%s
		SELECT %s
		FROM identified
		WHERE %s
		ORDER BY day, visit_id, ts, journal_id, seq
	) TO %s (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 65536, USE_TMP_FILE false, KV_METADATA {%s})`,
		text, strings.Join(partColumns, ", "), chosenSQL(j), quote(file), s.stampsOf(j).sql()), args...)
	if err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	return nil
}
