package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"hitkeep"
)

// errManifestMoved says that somebody changed the manifest since it was read.
var errManifestMoved = errors.New("the manifest changed meanwhile")

// manifestState is the manifest's own row.
type manifestState struct{ version, epoch int64 }

func (s *store) manifestState(ctx context.Context, q querier) (m manifestState, err error) {
	err = q.QueryRowContext(ctx, "SELECT version, epoch FROM "+s.catalog+".manifest").Scan(&m.version, &m.epoch)
	if err != nil {
		err = fmt.Errorf("read manifest: %w", err)
	}
	return m, err
}

// swapManifest raises the version by one, in the caller's transaction: compare-and-swap on the
// version that the change was planned on (invariant 10). An older leader's epoch is refused.
func (s *store) swapManifest(ctx context.Context, q querier, planned manifestState) error {
	if planned.epoch > s.l.epoch {
		return fmt.Errorf("%w: it is of epoch %d, ours is %d", errManifestMoved, planned.epoch, s.l.epoch)
	}
	err := s.execRows(ctx, q, 1, "DELETE FROM "+s.catalog+".manifest WHERE version = $1 AND epoch = $2", planned.version, planned.epoch)
	if err == nil {
		err = s.execRows(ctx, q, 1, "INSERT INTO "+s.catalog+".manifest VALUES ($1, $2)", planned.version+1, s.l.epoch)
	}
	if errors.Is(err, errRowCount) {
		return errors.Join(errManifestMoved, err)
	}
	return err
}

// manifestDoc is manifest.json, for readers outside; see FORMAT.md.
type manifestDoc struct {
	Format  int            `json:"format"`
	Tenant  string         `json:"team"`
	Version int64          `json:"version"`
	Epoch   int64          `json:"epoch"`
	Parts   []manifestPart `json:"parts"`
}

type manifestPart struct {
	Name  string `json:"name"`
	Site  string `json:"site"`
	From  string `json:"from"`
	To    string `json:"to"`
	MinTS int64  `json:"min_ts"`
	MaxTS int64  `json:"max_ts"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// writeManifest brings manifest.json up to the table, if it is not. The table is the truth.
func (s *store) writeManifest(ctx context.Context, q querier) error {
	m, err := s.manifestState(ctx, q)
	if err != nil {
		return err
	}
	parts, err := s.parts(ctx, q)
	if err != nil {
		return err
	}
	doc := manifestDoc{Format: 1, Tenant: s.tenant.String(), Version: m.version, Epoch: m.epoch, Parts: []manifestPart{}}
	for _, p := range parts {
		doc.Parts = append(doc.Parts, describe(p))
	}
	data, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	name := filepath.Join(s.lake, manifestFile)
	if old, err := os.ReadFile(name); err == nil && string(old) == string(data) {
		return nil
	}
	if err := replaceFile(name, data); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

func describe(p hitkeep.Part) manifestPart {
	return manifestPart{Name: p.Name, Site: p.Site.String(), From: p.From.String(), To: p.To.String(),
		MinTS: p.MinTS, MaxTS: p.MaxTS, Rows: p.Rows, Bytes: p.Bytes}
}

// unlinkDoomed removes the replaced parts that no reader holds; pin is held. One that cannot be
// removed stays until the next release, or until a sweep after the next start.
func (s *store) unlinkDoomed() {
	for name := range s.doomed {
		if s.pins[name] > 0 {
			continue
		}
		if err := removeFile(filepath.Join(s.lake, name)); err != nil {
			s.l.log.Warn("unlink replaced part", "tenant", s.tenant, "part", name, "error", err)
			continue
		}
		delete(s.doomed, name)
	}
}
