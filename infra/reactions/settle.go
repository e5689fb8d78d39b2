package reactions

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
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
			err = r.another(ctx, end)
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

// another waits until something is recorded at a position, or until a sweep is due anyway: a hold may end by itself.
func (r *Reactions) another(ctx context.Context, end domain.Position) error {
	waiting, cancel := context.WithTimeout(ctx, r.cfg.Every)
	defer cancel()
	// Every view takes in every event; this one says that there is another.
	err := r.cfg.Orders.Await(waiting, end)
	if waiting.Err() != nil {
		return nil
	}
	return errors.Wrap(err, "wait for something to be recorded")
}
