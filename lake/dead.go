package lake

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hitkeep"
)

// DeadLetter is a record that could not be stored. Raw is as it stood in the journal.
type DeadLetter struct {
	Journal hitkeep.JournalID
	Seq     int64
	Raw     []byte
	Reason  string
	At      time.Time
}

// Dead lists the tenant's dead letters in journal order.
func (l *Lake) Dead(ctx context.Context, tenant hitkeep.TenantID) (dead []DeadLetter, err error) {
	err = l.read(ctx, tenant, func(ctx context.Context, s *snapshot) error {
		dead, err = s.dead(ctx)
		return err
	})
	return dead, err
}

func (s *snapshot) dead(ctx context.Context) ([]DeadLetter, error) {
	rows, err := s.conn.QueryContext(ctx, `SELECT journal_id, seq, raw, reason, died_at
		FROM `+s.catalog+`.dead
		ORDER BY journal_id, seq`)
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	defer rows.Close()
	var dead []DeadLetter
	for rows.Next() {
		var d DeadLetter
		var raw sql.RawBytes
		if err := rows.Scan((*int64)(&d.Journal), &d.Seq, &raw, &d.Reason, &d.At); err != nil {
			return nil, fmt.Errorf("list dead letters: %w", err)
		}
		d.Raw = append([]byte(nil), raw...)
		dead = append(dead, d)
	}
	return dead, rows.Err()
}
