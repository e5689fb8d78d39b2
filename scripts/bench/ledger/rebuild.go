package ledger

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/errors"
)

// Rebuild stops the ledger, deletes every view, starts it again and waits until all views have caught up from the log. It gives
// the number of events and the time from the start of the process, so that starting is part of it.
func (p *Process) Rebuild(ctx context.Context) (events uint64, took time.Duration, err error) {
	if err := p.Stop(); err != nil {
		return 0, 0, err
	}
	if err := os.RemoveAll(filepath.Join(p.data, "views")); err != nil {
		return 0, 0, errors.Wrap(err, "delete the views")
	}
	began := time.Now()
	if err := p.serve(ctx); err != nil {
		return 0, 0, err
	}
	if err := p.Await(ctx); err != nil {
		return 0, 0, err
	}
	took = time.Since(began)
	events, err = p.End(ctx)
	return events, took, err
}
