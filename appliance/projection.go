package appliance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"hitkeep"
	"hitkeep/api"
	"hitkeep/lake"
)

// projection is hitkeep.db: a copy of the control state for SQL readers, rebuilt from the log
// whenever it lags, and the home of what is no command: login sessions and last-use times.
// No keys and no indexes (DuckDB facts in ARCHITECTURE.md); rows are unique because this is
// the only writer.
type projection struct {
	engine *lake.Engine
}

const projectionSchema = `
CREATE TABLE IF NOT EXISTS control.applied (seq BIGINT);
CREATE TABLE IF NOT EXISTS control.entity (kind VARCHAR, id BIGINT, body VARCHAR);
CREATE TABLE IF NOT EXISTS control.login (
	id VARCHAR, user_id BIGINT, created_at TIMESTAMPTZ, last_seen_at TIMESTAMPTZ, body VARCHAR);
CREATE TABLE IF NOT EXISTS control.token_use (id BIGINT, used_at TIMESTAMPTZ);
CHECKPOINT control;
`

// openProjection attaches hitkeep.db. A file that cannot be opened is set aside and made anew:
// all in it but the login sessions comes back from the log.
func openProjection(ctx context.Context, e *lake.Engine, path string, aside func(error)) (*projection, error) {
	err := e.Attach(ctx, path, "control")
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("open the control database: %w", err)
	}
	if err != nil {
		aside(err)
		if err := os.Rename(path, path+".bad-"+time.Now().UTC().Format("20060102T150405.000")); err != nil {
			return nil, fmt.Errorf("set the control database aside: %w", err)
		}
		err = e.Attach(ctx, path, "control")
	}
	if err != nil {
		return nil, fmt.Errorf("open the control database: %w", err)
	}
	p := &projection{e}
	return p, p.withConn(ctx, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, projectionSchema)
		return err
	})
}

func (p *projection) withConn(ctx context.Context, f func(*sql.Conn) error) error {
	c, err := p.engine.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close())
}

func (p *projection) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	return p.withConn(ctx, func(c *sql.Conn) error {
		tx, err := c.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	})
}

// sync makes the entity table equal to the state after command seq.
func (p *projection) sync(ctx context.Context, s *hitkeep.State, seq int64) error {
	return p.inTx(ctx, func(tx *sql.Tx) error {
		var applied sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT max(seq) FROM control.applied`).Scan(&applied); err != nil {
			return err
		}
		if applied.Valid && applied.Int64 == seq {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM control.entity; DELETE FROM control.applied;`); err != nil {
			return err
		}
		for _, e := range entities(s) {
			body, err := json.Marshal(e.body)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO control.entity VALUES (?, ?, ?)`, e.kind, e.id, string(body)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO control.applied VALUES (?)`, seq)
		return err
	})
}

type entity struct {
	kind string
	id   int64
	body any
}

func entities(s *hitkeep.State) []entity {
	var es []entity
	for id, u := range s.Users {
		es = append(es, entity{"user", int64(id), u})
	}
	for id, site := range s.Sites {
		es = append(es, entity{"site", int64(id), site})
		for user, role := range s.Members[id] {
			es = append(es, entity{"member", int64(id), hitkeep.Membership{User: user, Site: id, Role: role}})
		}
	}
	for id, t := range s.Tokens {
		es = append(es, entity{"token", int64(id), t})
	}
	for id, i := range s.Imports {
		es = append(es, entity{"import", int64(id), i})
	}
	return es
}

// Put stores a login session, replacing one of the same id.
func (p *projection) Put(ctx context.Context, l api.Login) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return p.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM control.login WHERE id = ?`, l.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO control.login VALUES (?, ?, ?, ?, ?)`,
			l.ID, int64(l.User), l.CreatedAt, l.LastSeenAt, string(body))
		return err
	})
}

// Get returns a login session, or nil if there is none.
func (p *projection) Get(ctx context.Context, id string) (*api.Login, error) {
	ls, err := p.logins(ctx, `SELECT body FROM control.login WHERE id = ?`, id)
	if err != nil || len(ls) == 0 {
		return nil, err
	}
	return &ls[0], nil
}

// List returns a user's login sessions, the latest first.
func (p *projection) List(ctx context.Context, user hitkeep.UserID) ([]api.Login, error) {
	return p.logins(ctx, `SELECT body FROM control.login WHERE user_id = ? ORDER BY last_seen_at DESC, id`, int64(user))
}

// Delete removes a login session.
func (p *projection) Delete(ctx context.Context, id string) error {
	return p.withConn(ctx, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `DELETE FROM control.login WHERE id = ?`, id)
		return err
	})
}

func (p *projection) logins(ctx context.Context, query string, arg any) (ls []api.Login, err error) {
	err = p.withConn(ctx, func(c *sql.Conn) error {
		rows, err := c.QueryContext(ctx, query, arg)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body string
			var l api.Login
			if err := rows.Scan(&body); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(body), &l); err != nil {
				return err
			}
			ls = append(ls, l)
		}
		return rows.Err()
	})
	return ls, err
}

// prune removes login sessions that were last seen before a time.
func (p *projection) prune(ctx context.Context, before time.Time) error {
	return p.withConn(ctx, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `DELETE FROM control.login WHERE last_seen_at < ?`, before)
		return err
	})
}
