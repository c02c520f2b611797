package appliance

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"time"

	"hitkeep"
	"hitkeep/ingest"
	"hitkeep/lake"
)

// importHead is how much of a file's beginning its fingerprint covers.
const importHead = 64 << 10

// importReport is one progress line of an import; the last one has Visible set.
type importReport struct {
	Import  hitkeep.ImportID `json:"import_id"`
	Visible bool             `json:"visible"`
	ingest.ImportProgress
}

// adminImport imports a log that the command streams. The file is known again by a keyed
// fingerprint of its head (never a plain hash: it would leak the addresses in it), and goes on
// where it ended; the applier drops what is at or before that position, so that a crash in
// between, or two imports at once, count nothing twice.
func (a *Appliance) adminImport(r *http.Request, emit emitter) error {
	a.importing.Lock()
	defer a.importing.Unlock()
	site, err := a.site(r.URL.Query().Get("site"))
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(r.Body, importHead)
	head, err := in.Peek(importHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return hitkeep.Errorf(hitkeep.Invalid, "read the file: %v", err)
	}
	if len(head) == 0 {
		return emit(importReport{Visible: true})
	}
	id, err := a.importID(r.Context(), site, head)
	if err != nil {
		return err
	}
	from, err := a.lake.ImportPosition(r.Context(), site.Tenant, id)
	if err != nil {
		return err
	}
	var lastEmit time.Time
	p, err := a.ingest.ImportLog(r.Context(), ingest.ImportRequest{Site: site, Import: id, From: from}, in,
		func(p ingest.ImportProgress) {
			if now := a.now(); now.Sub(lastEmit) > time.Second {
				lastEmit = now
				_ = emit(importReport{id, false, p})
			}
		})
	if err != nil {
		return err
	}
	if err := a.pipeline.WaitAll(r.Context()); err != nil {
		return err
	}
	return emit(importReport{id, true, p})
}

func (a *Appliance) importID(ctx context.Context, site *hitkeep.Site, head []byte) (hitkeep.ImportID, error) {
	fingerprint := func(n int64) []byte {
		m := hmac.New(sha256.New, a.importKey)
		m.Write(head[:n])
		return m.Sum(nil)
	}
	var known hitkeep.Import
	a.control.Read(func(s *hitkeep.State) {
		for _, i := range s.Imports {
			// The longest head wins: a file that grew since is still the same file.
			if i.Site == site.ID && i.HeadLen <= int64(len(head)) && i.HeadLen > known.HeadLen &&
				hmac.Equal(fingerprint(i.HeadLen), i.HeadMAC) {
				known = *i
			}
		}
	})
	if known.ID != 0 {
		return known.ID, nil
	}
	id, err := a.newID()
	if err != nil {
		return 0, err
	}
	i := &hitkeep.Import{ID: hitkeep.ImportID(id), Site: site.ID, Format: "access-log", HeadLen: int64(len(head)),
		HeadMAC: fingerprint(int64(len(head))), At: a.now().UTC()}
	return i.ID, a.command(ctx, hitkeep.Command{PutImport: i})
}

func (a *Appliance) sql(ctx context.Context, team hitkeep.TenantID, query string, emit emitter) error {
	headSent := false
	return a.lake.SQL(ctx, team, query, lake.SQLLimits{}, func(columns []lake.Column, row []any) error {
		if !headSent {
			headSent = true
			names := make([]string, len(columns))
			for i, c := range columns {
				names[i] = c.Name
			}
			if err := emit(map[string]any{"columns": names}); err != nil {
				return err
			}
		}
		if row == nil {
			return nil
		}
		return emit(row)
	})
}

// lakeFile is one entry of `lake files --json`.
type lakeFile struct {
	Path  string    `json:"path"`
	Site  string    `json:"site"`
	Bytes int64     `json:"bytes"`
	Rows  int64     `json:"rows"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

func (a *Appliance) adminLakeFiles(r *http.Request) (any, error) {
	files := []lakeFile{}
	q := r.URL.Query()
	var only hitkeep.SiteID
	if name := q.Get("site"); name != "" {
		site, err := a.site(name)
		if err != nil {
			return nil, err
		}
		only = site.ID
	}
	from, err := dayParam(q.Get("from"), "from")
	if err != nil {
		return nil, err
	}
	to, err := dayParam(q.Get("to"), "to")
	if err != nil {
		return nil, err
	}
	for _, team := range a.teams() {
		parts, err := a.lake.Files(r.Context(), team, only, from, to)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			files = append(files, lakeFile{
				Path: a.lake.Path(team, p), Site: p.Site.String(), Bytes: p.Bytes, Rows: p.Rows,
				From: time.UnixMicro(p.MinTS).UTC(), To: time.UnixMicro(p.MaxTS).UTC(),
			})
		}
	}
	return files, nil
}

// dayParam parses a day; "" is 0, no bound.
func dayParam(v, field string) (hitkeep.Day, error) {
	if v == "" {
		return 0, nil
	}
	d, err := hitkeep.ParseDay(v)
	if err != nil {
		return 0, hitkeep.BadField(field, "%q is not a day such as 2026-01-31", v)
	}
	return d, nil
}

// checkReport is the answer of `lake check` over all teams.
type checkReport struct {
	Parts    int      `json:"parts"`
	PartRows int64    `json:"part_rows"`
	HotRows  int64    `json:"hot_rows"`
	Problems []string `json:"problems"`
}

func (a *Appliance) adminLakeCheck(r *http.Request) (any, error) {
	out := checkReport{Problems: []string{}}
	tenants, err := a.lake.Tenants()
	if err != nil {
		return nil, err
	}
	for _, t := range tenants {
		rep, err := a.lake.Check(r.Context(), t)
		if err != nil {
			return nil, err
		}
		out.Parts += rep.Parts
		out.PartRows += rep.Rows
		out.HotRows += rep.Hot
		for _, p := range rep.Problems {
			out.Problems = append(out.Problems, "team "+t.String()+": "+p)
		}
	}
	return out, nil
}

// deadRecord is one entry of `dead list`; the raw record stays on the box.
type deadRecord struct {
	Team    string            `json:"team"`
	Journal hitkeep.JournalID `json:"journal_id"`
	Seq     int64             `json:"seq"`
	Reason  string            `json:"reason"`
	At      time.Time         `json:"at"`
}

func (a *Appliance) adminDead(r *http.Request) (any, error) {
	dead := []deadRecord{}
	tenants, err := a.lake.Tenants()
	if err != nil {
		return nil, err
	}
	for _, t := range tenants {
		records, err := a.lake.Dead(r.Context(), t)
		if err != nil {
			return nil, err
		}
		for _, d := range records {
			dead = append(dead, deadRecord{t.String(), d.Journal, d.Seq, d.Reason, d.At})
		}
	}
	return dead, nil
}

type statusAnswer struct {
	Version      string           `json:"version"`
	Running      bool             `json:"running"`
	Uptime       string           `json:"uptime"`
	Listen       string           `json:"listen"`
	DataDir      string           `json:"data_dir"`
	Users        int              `json:"users"`
	Sites        int              `json:"sites"`
	JournalBytes int64            `json:"journal_bytes"`
	Lag          int64            `json:"journal_lag_records"`
	HotRows      int64            `json:"hot_rows"`
	Parts        int              `json:"parts"`
	PartRows     int64            `json:"part_rows"`
	PartBytes    int64            `json:"part_bytes"`
	Dead         int              `json:"dead_letters"`
	Outcomes     map[string]int64 `json:"outcomes"`
}

func (a *Appliance) adminStatus(r *http.Request) (any, error) {
	s := statusAnswer{Version: Version, Running: a.running, Listen: a.cfg.Listen, DataDir: a.cfg.DataDir,
		Uptime: a.now().Sub(a.started).Round(time.Second).String(), JournalBytes: a.journal.Bytes(),
		Lag: a.pipeline.Lag(), Outcomes: a.ingest.Counts()}
	a.control.Read(func(st *hitkeep.State) { s.Users, s.Sites = len(st.Users), len(st.Sites) })
	tenants, err := a.lake.Tenants()
	if err != nil {
		return nil, err
	}
	for _, t := range tenants {
		inv, err := a.lake.Inventory(r.Context(), t)
		if err != nil {
			return nil, err
		}
		for _, site := range inv.Sites {
			for _, h := range site.Hot {
				s.HotRows += h.Rows
			}
			for _, p := range site.Parts {
				s.Parts++
				s.PartRows += p.Rows
				s.PartBytes += p.Bytes
			}
		}
		dead, err := a.lake.Dead(r.Context(), t)
		if err != nil {
			return nil, err
		}
		s.Dead += len(dead)
	}
	return s, nil
}
