package compactor

import (
	"slices"
	"time"

	"hitkeep"
)

// Policy holds the times that decide what is due.
type Policy struct {
	// Lateness is how long after its local end a day is closed.
	Lateness time.Duration
	// RewriteAfter is how long after a part was written its late rows are merged into it:
	// late rows are collected, so that a trickle of them does not rewrite a part each run.
	RewriteAfter time.Duration
	// QuietDays is how long a month rests before its parts are merged into one.
	QuietDays int
	// MonthRows bounds the rows that are rolled or merged into one part.
	MonthRows int64
	// Force treats late rows as due whatever RewriteAfter says (hitkeep compact --now).
	Force bool
}

// DefaultPolicy is what the appliance uses: late rows once a day, months after seven quiet days.
var DefaultPolicy = Policy{
	Lateness: 15 * time.Minute, RewriteAfter: 24 * time.Hour, QuietDays: 7, MonthRows: 5_000_000,
}

// Job is one roll, with the reason it is due.
type Job struct {
	hitkeep.Partition
	Why string // "closed", "late" or "merge"
}

// Plan says which partitions of a tenant to roll, in the order of sites and days: a pure
// function. zone gives a site's time zone. Every job covers the parts that overlap it wholly.
func Plan(inv hitkeep.Inventory, zone func(hitkeep.SiteID) *time.Location, now time.Time, p Policy) []Job {
	var jobs []Job
	for _, s := range inv.Sites {
		jobs = append(jobs, planSite(inv.Tenant, s, zone(s.Site), now, p)...)
	}
	return jobs
}

func planSite(t hitkeep.TenantID, s hitkeep.SiteInventory, zone *time.Location, now time.Time, p Policy) []Job {
	months := map[hitkeep.Day]*month{}
	at := func(d hitkeep.Day) *month {
		from := d.MonthStart()
		if months[from] == nil {
			months[from] = &month{from: from, to: from.MonthEnd()}
		}
		return months[from]
	}
	for _, h := range s.Hot {
		if !now.Before(h.Day.End(zone).Add(p.Lateness)) {
			m := at(h.Day)
			m.hot = append(m.hot, h)
		}
	}
	for _, part := range s.Parts {
		m := at(part.From)
		m.parts = append(m.parts, part)
	}
	var jobs []Job
	for _, m := range months {
		jobs = append(jobs, m.plan(t, s.Site, zone, now, p)...)
	}
	slices.SortFunc(jobs, func(a, b Job) int { return int(a.From) - int(b.From) })
	return jobs
}

// month is one site's closed hot days and parts of one calendar month.
type month struct {
	from, to hitkeep.Day
	hot      []hitkeep.HotDay
	parts    []hitkeep.Part
}

func (m *month) plan(t hitkeep.TenantID, site hitkeep.SiteID, zone *time.Location, now time.Time, p Policy) []Job {
	whole := hitkeep.Partition{Tenant: t, Site: site, From: m.from, To: m.to}
	quiet := now.Add(-time.Duration(p.QuietDays) * 24 * time.Hour)
	if m.to.End(zone).Before(quiet) && m.rows() <= p.MonthRows {
		switch {
		// An old month that was never rolled (an import) becomes one part at once.
		case len(m.parts) == 0 && len(m.hot) > 0:
			return []Job{{whole, "closed"}}
		case len(m.parts) > 1 && len(m.hot) == 0 && m.lastWritten().Before(quiet):
			return []Job{{whole, "merge"}}
		}
	}
	var jobs []Job
	for _, h := range m.hot {
		if job, due := m.planDay(t, site, h, now, p); due && !slices.Contains(jobs, job) {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// planDay rolls a closed day: alone, or together with the part that holds the day already.
func (m *month) planDay(t hitkeep.TenantID, site hitkeep.SiteID, h hitkeep.HotDay, now time.Time, p Policy) (Job, bool) {
	job := Job{hitkeep.Partition{Tenant: t, Site: site, From: h.Day, To: h.Day}, "closed"}
	due := true
	for _, part := range m.parts {
		if part.From <= h.Day && h.Day <= part.To {
			job.From, job.To, job.Why = min(job.From, part.From), max(job.To, part.To), "late"
			due = p.Force || now.Sub(time.UnixMicro(part.WrittenAt)) >= p.RewriteAfter
		}
	}
	return job, due
}

func (m *month) rows() (n int64) {
	for _, h := range m.hot {
		n += h.Rows
	}
	for _, p := range m.parts {
		n += p.Rows
	}
	return n
}

func (m *month) lastWritten() (t time.Time) {
	for _, p := range m.parts {
		if w := time.UnixMicro(p.WrittenAt); w.After(t) {
			t = w
		}
	}
	return t
}
