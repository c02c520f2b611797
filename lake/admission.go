package lake

import (
	"context"
	"errors"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sync/semaphore"

	"hitkeep"
)

// admission bounds the statements that take much memory: reports, SQL and rolls share one
// memory limit with each other and with the appliers, which must always go on. Two run at a
// time, in the order they came; one that runs out of memory beside another is run once more
// alone. The zero value is not usable.
type admission struct{ slots *semaphore.Weighted }

const admitted = 2

func newAdmission() *admission { return &admission{semaphore.NewWeighted(admitted)} }

// do runs f, which is repeatable, when its turn comes. It fails with TooLarge if f needs more
// memory than there is.
func (a *admission) do(ctx context.Context, f func() error) error {
	err := a.with(ctx, 1, f)
	if !outOfMemory(err) {
		return err
	}
	if err = a.with(ctx, admitted, f); outOfMemory(err) {
		return hitkeep.Errorf(hitkeep.TooLarge, "this needs more memory than the database may use").
			WithHint("ask for fewer days or filter, or raise memory_limit")
	}
	return err
}

func (a *admission) with(ctx context.Context, slots int64, f func() error) error {
	if err := a.slots.Acquire(ctx, slots); err != nil {
		return err
	}
	defer a.slots.Release(slots)
	return f()
}

func outOfMemory(err error) bool {
	var d *duckdb.Error
	return errors.As(err, &d) && d.Type == duckdb.ErrorTypeOutOfMemory
}
