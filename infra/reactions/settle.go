package reactions

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"
)

// settling closes what recorded actions close in cases, whenever something was recorded.
func (r *Reactions) settling(ctx context.Context) error {
	for ctx.Err() == nil {
		end := r.cfg.Ledger.State().End
		closed, err := r.cfg.Cases.Sweep(ctx)
		if closed > 0 {
			r.cfg.Logger.InfoContext(ctx, "closed places of cases by what was recorded", slog.Int("places", closed))
		}
		if err == nil {
			// Every view takes in every event; this one says that there is another.
			err = errors.Wrap(r.cfg.Orders.Await(ctx, end), "wait for something to be recorded")
		}
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			r.cfg.Logger.WarnContext(ctx, "cases cannot be settled now", slog.Any("error", err))
			pause(ctx, retryTime)
			continue
		}
		pause(ctx, settleTime)
	}
	return nil
}
