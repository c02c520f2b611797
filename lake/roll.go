package lake

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hitkeep"
)

// Roll makes a partition exactly one part of all that exists for its days: the hot rows and the
// live parts. It is the roll of a closed day, the rewrite of a day with late rows and the merge
// of a month's days in one mechanism. Parts that reach over the partition's days widen it. A
// partition that is one part already, without hot rows, stays as it is.
//
// A hit is in exactly one place at every step (invariant 9; DESIGN.md has the crash matrix):
//
//  1. In one read transaction take the manifest, the watermark W and the rows, and COPY them to
//     a .tmp file.
//  2. fsync it, read it again with another Parquet reader, rename it to its name for good, fsync
//     the directory.
//  3. In one transaction raise the manifest's version, replace the parts, delete the hot rows up
//     to W.
//  4. CHECKPOINT, write manifest.json, unlink the replaced parts when their readers are done.
func (l *Lake) Roll(ctx context.Context, p hitkeep.Partition) error {
	s, done, err := l.use(ctx, p.Tenant)
	if err != nil {
		return err
	}
	defer done()
	s.roll.Lock()
	defer s.roll.Unlock()
	start := l.now()
	var jobs []*job
	err = l.heavy.do(ctx, func() (err error) {
		jobs, err = s.rollPartition(ctx, p)
		return err
	})
	if err == nil && len(jobs) > 0 {
		// Readers may hold this up for long: it must not take a turn from others meanwhile.
		err = s.checkpointSoon(ctx)
	}
	if err != nil {
		return fmt.Errorf("roll site %s, %s to %s: %w", p.Site, p.From, p.To, err)
	}
	for _, j := range jobs {
		l.log.Info("rolled", "tenant", p.Tenant, "part", j.part.Name, "rows", j.part.Rows, "bytes", j.part.Bytes,
			"hot", j.hotRows, "replaces", len(j.replaces), "ms", l.now().Sub(start).Milliseconds())
	}
	return nil
}

// job is one part to be written.
type job struct {
	partition hitkeep.Partition
	replaces  []hitkeep.Part
	takeHot   bool // the partition's hot rows move into the part
	w         hitkeep.Watermark
	manifest  manifestState // the one that the job was planned on

	part    hitkeep.Part // what was written; Name is set before the COPY
	hotRows int64
	seqSum  uint64 // of all rows, modulo 2^64
	crc     int64  // CRC-32C of the file
}

// rollPartition does Roll's steps; roll is held. No jobs means that there was nothing to do.
func (s *store) rollPartition(ctx context.Context, p hitkeep.Partition) ([]*job, error) {
	if p.From > p.To || p.From.Month() != p.To.Month() {
		return nil, errors.New("a partition is a range of days within one month")
	}
	jobs, err := s.writeParts(ctx, p)
	if err != nil {
		s.abandon(jobs)
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	committed, err := s.commitRoll(ctx, jobs)
	if err != nil && !committed {
		s.abandon(jobs)
	}
	return jobs, err
}

// writeParts plans the roll and writes its files, all on one snapshot.
func (s *store) writeParts(ctx context.Context, p hitkeep.Partition) (jobs []*job, err error) {
	err = s.withConn(ctx, func(c *sql.Conn) error {
		snap, release, err := s.snapshot(ctx, c)
		if err != nil {
			return err
		}
		defer release()
		if len(snap.warnings) > 0 {
			return hitkeep.Errorf(hitkeep.Internal, "%s", snap.warnings[0]).WithHint("nothing is rolled while a part is missing: bring it back from lake/.trash or a backup")
		}
		if jobs, err = s.planRoll(ctx, snap, p); err != nil {
			return err
		}
		for _, j := range jobs {
			if err := s.writePart(ctx, snap, j); err != nil {
				return err
			}
		}
		return nil
	})
	return jobs, err
}

// planRoll finds what has to be written: the partition, and the part that holds the day after
// it if late rows change the visits that go on over midnight (invariant 12).
func (s *store) planRoll(ctx context.Context, snap *snapshot, p hitkeep.Partition) ([]*job, error) {
	j := &job{partition: p, takeHot: true}
	var err error
	if j.manifest, err = s.manifestState(ctx, snap.conn); err != nil {
		return nil, err
	}
	marks, err := readMap[hitkeep.JournalID](ctx, snap.conn, "SELECT journal_id, applied FROM "+s.catalog+".watermark")
	if err != nil {
		return nil, err
	}
	j.w = recent(marks)
	j.widen(snap.parts)
	if err := s.measure(ctx, snap, j); err != nil {
		return nil, err
	}
	if j.part.Rows == 0 || (j.hotRows == 0 && len(j.replaces) <= 1) {
		return nil, nil
	}
	if j.hotRows == 0 {
		return []*job{j}, nil // a merge changes no visit
	}
	next, err := s.planNext(ctx, snap, j)
	if err != nil || next == nil {
		return []*job{j}, err
	}
	return []*job{j, next}, nil
}

// widen takes in all live parts that share a day with the partition, so that one local day is
// always in one file.
func (j *job) widen(parts []hitkeep.Part) {
	p := &j.partition
	for {
		j.replaces = j.replaces[:0]
		from, to := p.From, p.To
		for _, part := range parts {
			if part.Site == p.Site && part.From <= p.To && part.To >= p.From {
				j.replaces = append(j.replaces, part)
				from, to = min(from, part.From), max(to, part.To)
			}
		}
		if from == p.From && to == p.To {
			return
		}
		p.From, p.To = from, to
	}
}

// maxStampedJournals bounds W in the stamps. A store applies its journals in order, so all of a
// journal older than the oldest one stamped is contained.
const maxStampedJournals = 64

func recent(marks map[hitkeep.JournalID]int64) hitkeep.Watermark {
	ids := slices.Sorted(maps.Keys(marks))
	w := hitkeep.Watermark{}
	for _, id := range ids[max(0, len(ids)-maxStampedJournals):] {
		w[id] = marks[id]
	}
	return w
}

// planNext makes a job of the part that holds the next day if its visit ids are no longer what
// all hits say. It takes no hot rows and keeps its W: the day after it is not touched.
func (s *store) planNext(ctx context.Context, snap *snapshot, j *job) (*job, error) {
	day := j.partition.To + 1
	i := slices.IndexFunc(snap.parts, func(p hitkeep.Part) bool {
		return p.Site == j.partition.Site && p.From <= day && p.To >= day
	})
	if i < 0 {
		return nil, nil
	}
	part := snap.parts[i]
	stale, err := s.staleVisits(ctx, snap, part, day)
	if err != nil || stale == 0 {
		return nil, err
	}
	stamps, err := readStamps(filepath.Join(s.lake, part.Name))
	if err != nil {
		return nil, err
	}
	next := &job{partition: hitkeep.Partition{Tenant: s.tenant, Site: part.Site, From: part.From, To: part.To},
		replaces: []hitkeep.Part{part}, w: stamps.W, manifest: j.manifest}
	return next, s.measure(ctx, snap, next)
}

// name gives the part a name that was never used.
func (s *store) name(j *job) error {
	var b [8]byte
	if _, err := io.ReadFull(s.l.rand, b[:]); err != nil {
		return fmt.Errorf("name part: %w", err)
	}
	p := j.partition
	j.part.Name = fmt.Sprintf("site=%s/month=%s/%s_%s_%s%s", p.Site, p.From.Month(), p.From, p.To, hex.EncodeToString(b[:]), partSuffix)
	if _, err := os.Lstat(filepath.Join(s.lake, j.part.Name)); err == nil {
		return fmt.Errorf("name part: %s exists", j.part.Name)
	}
	return nil
}

// writePart makes the job's file: COPY, fsync, verify, rename, fsync of the directory.
func (s *store) writePart(ctx context.Context, snap *snapshot, j *job) error {
	if err := s.name(j); err != nil {
		return err
	}
	file := filepath.Join(s.lake, j.part.Name)
	dir, tmp := filepath.Dir(file), file+tmpSuffix
	if err := s.makePartDir(dir); err != nil {
		return err
	}
	if err := s.copyRows(ctx, snap, j, tmp); err != nil {
		return err
	}
	s.l.at("roll.copied")
	if err := syncFile(tmp); err != nil {
		return fmt.Errorf("sync part: %w", err)
	}
	s.l.at("roll.synced")
	if err := verifyPart(tmp, s.stampsOf(j), j); err != nil {
		return fmt.Errorf("verify part: %w", err)
	}
	s.l.at("roll.verified")
	var err error
	if j.part.Bytes, j.crc, err = checksum(tmp); err != nil {
		return err
	}
	j.part.WrittenAt = s.l.now().UnixMicro()
	if err := os.Rename(tmp, file); err != nil {
		return err
	}
	s.l.at("roll.renamed")
	if err := syncDir(dir); err != nil {
		return err
	}
	s.l.at("roll.named")
	return nil
}

// makePartDir creates site=<id>/month=<m>, durably.
func (s *store) makePartDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(dir)), syncDir(s.lake))
}

// abandon removes the files of jobs that no manifest will name.
func (s *store) abandon(jobs []*job) {
	for _, j := range jobs {
		if j.part.Name == "" {
			continue
		}
		file := filepath.Join(s.lake, j.part.Name)
		if err := errors.Join(removeFile(file+tmpSuffix), removeFile(file)); err != nil {
			s.l.log.Warn("remove unfinished part", "tenant", s.tenant, "part", j.part.Name, "error", err)
		}
	}
}

// commitRoll is Roll's step 3. committed is true if the manifest names the new parts, or
// may do so.
func (s *store) commitRoll(ctx context.Context, jobs []*job) (committed bool, err error) {
	s.write.Lock()
	err = s.withConn(ctx, func(c *sql.Conn) error {
		committed, err = s.swapParts(ctx, c, jobs)
		return err
	})
	if err == nil {
		s.dirty = true
		for _, j := range jobs {
			for _, p := range j.replaces {
				s.replaced = append(s.replaced, p.Name)
			}
		}
	}
	s.write.Unlock()
	if err != nil {
		return committed, err
	}
	s.l.at("roll.committed")
	return true, nil
}

// swapParts is the one transaction of a roll.
func (s *store) swapParts(ctx context.Context, c *sql.Conn, jobs []*job) (committed bool, err error) {
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return false, err
	}
	if err := s.swapManifest(ctx, c, jobs[0].manifest); err != nil {
		rollback(c)
		return false, err
	}
	for _, j := range jobs {
		if err := s.swapPart(ctx, c, j); err != nil {
			rollback(c)
			return false, err
		}
	}
	s.l.at("roll.swapped")
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return s.settleRoll(c, jobs[0].manifest, err)
	}
	return true, nil
}

// settleRoll decides what a COMMIT that answered with an error did.
func (s *store) settleRoll(c *sql.Conn, planned manifestState, cause error) (committed bool, err error) {
	rollback(c)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	m, err := s.manifestState(ctx, c)
	if err != nil {
		// Unknown: the files stay, the next start's manifest tells whether they count.
		return true, errors.Join(classify(cause), classify(err))
	}
	if m.version == planned.version {
		return false, classify(cause)
	}
	return true, nil
}

// swapPart replaces parts by the job's and deletes the hot rows that went into it.
func (s *store) swapPart(ctx context.Context, c *sql.Conn, j *job) error {
	for _, p := range j.replaces {
		if err := s.execRows(ctx, c, 1, "DELETE FROM "+s.catalog+".part WHERE name = $1", p.Name); err != nil {
			return err
		}
	}
	p := j.part
	if err := s.execRows(ctx, c, 1, "INSERT INTO "+s.catalog+`.part
		VALUES ($1, $2, $3::DATE, $4::DATE, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		p.Name, int64(p.Site), p.From.String(), p.To.String(), p.MinTS, p.MaxTS, p.Rows, p.Bytes,
		partSchema, s.l.epoch, j.manifest.version+1, p.WrittenAt, j.crc); err != nil {
		return err
	}
	if !j.takeHot {
		return nil
	}
	journals, seqs := make([]int64, 0, len(j.w)), make([]int64, 0, len(j.w))
	for id, seq := range j.w {
		journals, seqs = append(journals, int64(id)), append(seqs, seq)
	}
	// Rows of journals older than the oldest in W are all in the part.
	return s.execRows(ctx, c, j.hotRows, `DELETE FROM `+s.catalog+`.hot
		WHERE site_id = $1
		AND day BETWEEN $2::DATE AND $3::DATE
		AND (seq <= (SELECT w FROM (SELECT unnest($4::BIGINT[]) AS j, unnest($5::BIGINT[]) AS w) WHERE j = journal_id)
			OR journal_id < list_min($4::BIGINT[]))`,
		int64(p.Site), p.From.String(), p.To.String(), journals, seqs)
}
