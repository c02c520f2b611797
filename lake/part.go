package lake

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"hitkeep"
)

// partSchema is the version of the parts' columns, in their stamps and in the manifest.
const partSchema = 1

// stamps are a part's key-value metadata: enough to rebuild the manifest from the files alone
// (invariant 10). FORMAT.md has the table.
type stamps struct {
	Schema   int
	Tenant   hitkeep.TenantID
	Site     hitkeep.SiteID
	From, To hitkeep.Day
	W        hitkeep.Watermark
	Rows     int64
	Version  int64
	Epoch    int64
	Replaces []string
}

func (s *store) stampsOf(j *job) stamps {
	st := stamps{Schema: partSchema, Tenant: s.tenant, Site: j.partition.Site, From: j.partition.From, To: j.partition.To,
		W: j.w, Rows: j.part.Rows, Version: j.manifest.version + 1, Epoch: s.l.epoch}
	for _, p := range j.replaces {
		st.Replaces = append(st.Replaces, p.Name)
	}
	return st
}

// fields lists the stamps by key; the keys are part of the format.
func (st stamps) fields() map[string]string {
	return map[string]string{
		"hitkeep.schema":   strconv.Itoa(st.Schema),
		"hitkeep.team":     st.Tenant.String(),
		"hitkeep.site":     st.Site.String(),
		"hitkeep.from":     st.From.String(),
		"hitkeep.to":       st.To.String(),
		"hitkeep.w":        formatMarks(st.W),
		"hitkeep.rows":     strconv.FormatInt(st.Rows, 10),
		"hitkeep.version":  strconv.FormatInt(st.Version, 10),
		"hitkeep.epoch":    strconv.FormatInt(st.Epoch, 10),
		"hitkeep.replaces": strings.Join(st.Replaces, ","),
	}
}

// sql writes the stamps as the inside of a DuckDB struct.
func (st stamps) sql() string {
	f := st.fields()
	var b strings.Builder
	for i, k := range slices.Sorted(maps.Keys(f)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(k) + ": " + quote(f[k]))
	}
	return b.String()
}

// formatMarks writes journal:sequence pairs, oldest journal first.
func formatMarks(w hitkeep.Watermark) string {
	pairs := make([]string, 0, len(w))
	for _, id := range slices.Sorted(maps.Keys(w)) {
		pairs = append(pairs, fmt.Sprintf("%d:%d", id, w[id]))
	}
	return strings.Join(pairs, ",")
}

func parseMarks(s string) (hitkeep.Watermark, error) {
	w := hitkeep.Watermark{}
	for pair := range strings.SplitSeq(s, ",") {
		if pair == "" {
			continue
		}
		var id, seq int64
		if _, err := fmt.Sscanf(pair, "%d:%d", &id, &seq); err != nil {
			return nil, fmt.Errorf("stamp hitkeep.w: %q: %w", pair, err)
		}
		w[hitkeep.JournalID(id)] = seq
	}
	return w, nil
}

// openPart opens a part with the reader that did not write it.
func openPart(name string) (*parquet.File, io.Closer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	p, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open part: %w", err), f.Close())
	}
	return p, f, nil
}

func readStamps(name string) (stamps, error) {
	p, f, err := openPart(name)
	if err != nil {
		return stamps{}, err
	}
	defer f.Close()
	return stampsIn(p)
}

func stampsIn(p *parquet.File) (st stamps, err error) {
	text := func(key string) string {
		v, ok := p.Lookup("hitkeep." + key)
		if !ok && err == nil {
			err = fmt.Errorf("stamp hitkeep.%s is missing", key)
		}
		return v
	}
	number := func(key string) int64 {
		n, perr := strconv.ParseInt(text(key), 10, 64)
		if perr != nil && err == nil {
			err = fmt.Errorf("stamp hitkeep.%s: %w", key, perr)
		}
		return n
	}
	day := func(key string) hitkeep.Day {
		d, perr := hitkeep.ParseDay(text(key))
		if perr != nil && err == nil {
			err = fmt.Errorf("stamp hitkeep.%s: %w", key, perr)
		}
		return d
	}
	st = stamps{Schema: int(number("schema")), Tenant: hitkeep.TenantID(number("team")), Site: hitkeep.SiteID(number("site")),
		From: day("from"), To: day("to"), Rows: number("rows"), Version: number("version"), Epoch: number("epoch")}
	if r := text("replaces"); r != "" {
		st.Replaces = strings.Split(r, ",")
	}
	w, perr := parseMarks(text("w"))
	st.W = w
	return st, errors.Join(err, perr)
}

// verifyPart reads a written file again and compares it with what it should hold (invariant 11).
func verifyPart(name string, want stamps, j *job) error {
	p, f, err := openPart(name)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := stampsIn(p)
	if err != nil {
		return err
	}
	if !maps.Equal(got.fields(), want.fields()) {
		return fmt.Errorf("stamps are %v instead of %v", got.fields(), want.fields())
	}
	seq, err := readColumn(p, "seq")
	if err != nil {
		return err
	}
	ts, err := readColumn(p, "ts")
	if err != nil {
		return err
	}
	if p.NumRows() != j.part.Rows || seq.n != j.part.Rows || ts.n != j.part.Rows {
		return fmt.Errorf("%d rows instead of %d", seq.n, j.part.Rows)
	}
	if seq.sum != j.seqSum || ts.min != j.part.MinTS || ts.max != j.part.MaxTS {
		return fmt.Errorf("the rows are others: sequences add up to %d instead of %d, times are %d to %d instead of %d to %d",
			seq.sum, j.seqSum, ts.min, ts.max, j.part.MinTS, j.part.MaxTS)
	}
	return nil
}

// digest is what verification knows of a column of integers without nulls.
type digest struct {
	n, min, max int64
	sum         uint64 // modulo 2^64
}

func readColumn(p *parquet.File, name string) (d digest, err error) {
	leaf, ok := p.Schema().Lookup(name)
	if !ok {
		return d, fmt.Errorf("column %s is missing", name)
	}
	buf := make([]parquet.Value, 1024)
	for _, g := range p.RowGroups() {
		pages := g.ColumnChunks()[leaf.ColumnIndex].Pages()
		err := d.addPages(pages, buf)
		if err = errors.Join(err, pages.Close()); err != nil {
			return d, fmt.Errorf("column %s: %w", name, err)
		}
	}
	return d, nil
}

func (d *digest) addPages(pages parquet.Pages, buf []parquet.Value) error {
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		values := page.Values()
		for err == nil {
			var n int
			n, err = values.ReadValues(buf)
			for _, v := range buf[:n] {
				if v.IsNull() {
					return errors.New("a null where none can be")
				}
				d.add(v.Int64())
			}
		}
		parquet.Release(page)
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
}

func (d *digest) add(v int64) {
	if d.n == 0 {
		d.min, d.max = v, v
	}
	d.n++
	d.min, d.max = min(d.min, v), max(d.max, v)
	d.sum += uint64(v)
}
