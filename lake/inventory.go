package lake

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"hitkeep"
)

// Inventory lists a tenant's hot days and live parts by site, of one moment.
func (l *Lake) Inventory(ctx context.Context, tenant hitkeep.TenantID) (inv hitkeep.Inventory, err error) {
	err = l.read(ctx, tenant, func(ctx context.Context, s *snapshot) error {
		inv, err = s.inventory(ctx, tenant)
		return err
	})
	return inv, err
}

func (s *snapshot) inventory(ctx context.Context, tenant hitkeep.TenantID) (hitkeep.Inventory, error) {
	sites := map[hitkeep.SiteID]*hitkeep.SiteInventory{}
	of := func(id hitkeep.SiteID) *hitkeep.SiteInventory {
		if sites[id] == nil {
			sites[id] = &hitkeep.SiteInventory{Site: id}
		}
		return sites[id]
	}
	rows, err := s.conn.QueryContext(ctx, `SELECT site_id, day, count(*), max(epoch_us(received_at))
		FROM `+s.catalog+`.hot
		GROUP BY ALL
		ORDER BY site_id, day`)
	if err != nil {
		return hitkeep.Inventory{}, fmt.Errorf("count hot days: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var site int64
		var day time.Time
		var d hitkeep.HotDay
		if err := rows.Scan(&site, &day, &d.Rows, &d.LastReceived); err != nil {
			return hitkeep.Inventory{}, fmt.Errorf("count hot days: %w", err)
		}
		d.Day = dayOf(day)
		i := of(hitkeep.SiteID(site))
		i.Hot = append(i.Hot, d)
	}
	for _, p := range s.parts {
		i := of(p.Site)
		i.Parts = append(i.Parts, p)
	}
	inv := hitkeep.Inventory{Tenant: tenant}
	for _, i := range sites {
		inv.Sites = append(inv.Sites, *i)
	}
	slices.SortFunc(inv.Sites, func(a, b hitkeep.SiteInventory) int { return int(min(max(a.Site-b.Site, -1), 1)) })
	return inv, rows.Err()
}

// Files lists the live parts that hold days from..to (inclusive; to 0 = no bound) of a site
// (0 = all sites), by site and day.
func (l *Lake) Files(ctx context.Context, tenant hitkeep.TenantID, site hitkeep.SiteID, from, to hitkeep.Day) (parts []hitkeep.Part, err error) {
	err = l.read(ctx, tenant, func(_ context.Context, s *snapshot) error {
		for _, p := range s.parts {
			if (site == 0 || p.Site == site) && p.To >= from && (to == 0 || p.From <= to) {
				parts = append(parts, p)
			}
		}
		return nil
	})
	return parts, err
}

// Path is where a tenant's part lies, for readers outside.
func (l *Lake) Path(tenant hitkeep.TenantID, p hitkeep.Part) string {
	return filepath.Join(l.dir, tenantsDir, tenant.String(), lakeDir, filepath.FromSlash(p.Name))
}
