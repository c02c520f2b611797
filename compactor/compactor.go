// Package compactor decides when hot rows become Parquet parts. Plan, a pure function, says
// which partitions are due; package lake knows how to roll one. The appliance starts Run, which
// owns one goroutine of the cron schedule; on several boxes only the leader's may run
// (invariant 16). The package keeps no state: after a crash the next run plans anew.
package compactor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"hitkeep"
)

// Store is the lake as the compactor uses it.
type Store interface {
	// Tenants lists the stores on disk.
	Tenants() ([]hitkeep.TenantID, error)
	// Inventory lists hot days and live parts of a tenant.
	Inventory(context.Context, hitkeep.TenantID) (hitkeep.Inventory, error)
	// Roll makes a partition exactly one part of all its rows.
	Roll(context.Context, hitkeep.Partition) error
	// Sweep clears away the files that no manifest names.
	Sweep(context.Context, hitkeep.TenantID) error
}

// Options configure a Compactor.
type Options struct {
	Store    Store
	Schedule string // a cron expression of five fields, or @every 10m
	Policy   Policy
	Zone     func(hitkeep.SiteID) *time.Location
	Now      func() time.Time
	Log      *slog.Logger
}

// Compactor runs due jobs, one at a time.
type Compactor struct {
	opt Options
	mu  sync.Mutex // one run at a time
}

// New checks the schedule.
func New(opt Options) (*Compactor, error) {
	if _, err := cron.ParseStandard(opt.Schedule); err != nil {
		return nil, hitkeep.BadField("roll_schedule", "%q is not a cron expression: %v", opt.Schedule, err)
	}
	return &Compactor{opt: opt}, nil
}

// Run compacts on the schedule until ctx ends and returns nil. A failed run is logged and
// tried again at the next time.
func (c *Compactor) Run(ctx context.Context) error {
	s := cron.New(cron.WithLocation(time.UTC))
	if _, err := s.AddFunc(c.opt.Schedule, func() {
		if _, err := c.Compact(ctx, false, nil); err != nil && ctx.Err() == nil {
			c.opt.Log.Error("compaction", "error", err)
		}
	}); err != nil {
		return fmt.Errorf("schedule compaction: %w", err)
	}
	s.Start()
	<-ctx.Done()
	<-s.Stop().Done()
	return nil
}

// Compact does all work that is due now and returns the jobs done. With force late rows are
// due at once. progress, if given, is called before each job. One failed job does not stop
// the others; the first error is returned.
func (c *Compactor) Compact(ctx context.Context, force bool, progress func(Job)) ([]Job, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tenants, err := c.opt.Store.Tenants()
	if err != nil {
		return nil, fmt.Errorf("list stores: %w", err)
	}
	var done []Job
	var first error
	for _, t := range tenants {
		jobs, err := c.tenant(ctx, t, force, progress)
		done = append(done, jobs...)
		if err != nil && first == nil {
			first = fmt.Errorf("compact team %s: %w", t, err)
		}
	}
	return done, first
}

func (c *Compactor) tenant(ctx context.Context, t hitkeep.TenantID, force bool, progress func(Job)) ([]Job, error) {
	inv, err := c.opt.Store.Inventory(ctx, t)
	if err != nil {
		return nil, err
	}
	policy := c.opt.Policy
	policy.Force = force
	var done []Job
	var first error
	for _, job := range Plan(inv, c.opt.Zone, c.opt.Now(), policy) {
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		if progress != nil {
			progress(job)
		}
		if err := c.opt.Store.Roll(ctx, job.Partition); err != nil {
			if first == nil {
				first = fmt.Errorf("roll site %s, %s to %s: %w", job.Site, job.From, job.To, err)
			}
			continue
		}
		done = append(done, job)
	}
	if err := c.opt.Store.Sweep(ctx, t); err != nil && first == nil {
		first = fmt.Errorf("sweep: %w", err)
	}
	return done, first
}
