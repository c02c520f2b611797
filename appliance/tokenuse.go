package appliance

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hitkeep"
)

// tokenUse remembers when each API token was last used. It is no command: uses are collected
// in memory and written once a minute and at the stop; a crash forgets the last minute.
type tokenUse struct {
	proj *projection
	log  *slog.Logger

	mu    sync.Mutex // guards what follows
	last  map[hitkeep.TokenID]time.Time
	dirty map[hitkeep.TokenID]bool
}

func openTokenUse(ctx context.Context, p *projection, log *slog.Logger) (*tokenUse, error) {
	u := &tokenUse{proj: p, log: log, last: map[hitkeep.TokenID]time.Time{}, dirty: map[hitkeep.TokenID]bool{}}
	return u, p.withConn(ctx, func(c *sql.Conn) error {
		rows, err := c.QueryContext(ctx, `SELECT id, used_at FROM control.token_use`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			var at time.Time
			if err := rows.Scan(&id, &at); err != nil {
				return err
			}
			u.last[hitkeep.TokenID(id)] = at.UTC()
		}
		return rows.Err()
	})
}

// used notes one use.
func (u *tokenUse) used(id hitkeep.TokenID, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last[id], u.dirty[id] = at, true
}

// at returns the last use; zero = never.
func (u *tokenUse) at(id hitkeep.TokenID) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last[id]
}

// run writes the uses until ctx ends, and once more then.
func (u *tokenUse) run(ctx context.Context) error {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return u.flush(context.WithoutCancel(ctx))
		case <-t.C:
			if err := u.flush(ctx); err != nil && ctx.Err() == nil {
				// A full disk must not end the process (invariant 8); a broken instance is told by the lake.
				u.log.Warn("last uses of tokens are written later", "error", err)
			}
		}
	}
}

func (u *tokenUse) flush(ctx context.Context) error {
	u.mu.Lock()
	write := map[hitkeep.TokenID]time.Time{}
	for id := range u.dirty {
		write[id] = u.last[id]
	}
	clear(u.dirty)
	u.mu.Unlock()
	if len(write) == 0 {
		return nil
	}
	err := u.proj.inTx(ctx, func(tx *sql.Tx) error {
		for id, at := range write {
			_, err := tx.ExecContext(ctx, `DELETE FROM control.token_use WHERE id = ?`, int64(id))
			if err == nil {
				_, err = tx.ExecContext(ctx, `INSERT INTO control.token_use VALUES (?, ?)`, int64(id), at)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		for id := range write {
			u.dirty[id] = true
		}
		return errors.Join(errors.New("write last uses of tokens"), err)
	}
	return nil
}
