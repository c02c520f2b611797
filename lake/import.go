package lake

import (
	"context"

	"hitkeep"
)

// ImportPosition returns the position up to which an import is stored; 0 = nothing of it.
func (l *Lake) ImportPosition(ctx context.Context, tenant hitkeep.TenantID, id hitkeep.ImportID) (int64, error) {
	s, done, err := l.use(ctx, tenant)
	if err != nil {
		return 0, err
	}
	defer done()
	s.write.Lock()
	defer s.write.Unlock()
	return s.imports[id], nil
}
