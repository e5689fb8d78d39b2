package history

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
)

// PositionAt gives where the log ended at a time: after the last event that was recorded then or earlier. Times of recording never go
// back, so it is found by halving, in about twenty short readings of a million events. end is the end of the log. It returns
// domain.ErrUnavailable where the log does not answer.
func (h *History) PositionAt(ctx context.Context, end domain.Position, at time.Time) (domain.Position, error) {
	lo, hi := domain.Position(0), end
	for lo < hi {
		middle := lo + (hi-lo)/2
		recorded, err := h.RecordedAt(ctx, middle)
		if err != nil {
			return 0, err
		}
		if recorded.After(at) {
			hi = middle
		} else {
			lo = middle + 1
		}
	}
	return lo, nil
}

// RecordedAt gives when the event at a position was recorded. It returns domain.ErrUnavailable where the log does not answer.
func (h *History) RecordedAt(ctx context.Context, at domain.Position) (time.Time, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for batch, err := range h.log.Read(ctx, at) {
		if err != nil {
			return time.Time{}, errors.Wrapf(err, "time of event %s", at)
		}
		if len(batch.Events) == 0 {
			break
		}
		event, err := catalog.Decode(batch.Events[0])
		return event.Recorded, errors.Wrapf(err, "time of event %s", at)
	}
	return time.Time{}, errors.Wrapf(domain.ErrUnavailable, "time of event %s", at)
}
