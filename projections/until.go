package projections

import (
	"context"
	"iter"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Until gives the log as it was when it ended at a position: whoever reads it finds its end there. Its Read yields
// domain.ErrInvalid where the log does not reach that position, and ends after the batch that does.
func Until(log Log, end domain.Position) Log { return until{log, end} }

type until struct {
	log Log
	end domain.Position
}

var errShort = errors.Wrap(domain.ErrInvalid, "the log ends before the position as of which it is asked")

// Read is described at Until.
func (u until) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		for batch, err := range u.log.Read(ctx, from) {
			switch {
			case err != nil:
				yield(domain.Batch{}, err)
				return
			case batch.End() >= u.end:
				batch.Events = batch.Events[:u.end-min(batch.At, u.end)]
				batch.CaughtUp = true
				yield(batch, nil)
				return
			case batch.CaughtUp:
				yield(domain.Batch{}, errors.WithHint(errors.Wrapf(errShort, "%s where it ends at %s", u.end, batch.End()),
					"Ask for a position that was recorded."))
				return
			}
			batch.CaughtUp = false
			if !yield(batch, nil) {
				return
			}
		}
	}
}
