package reactions

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// follow publishes every order as soon as the view has it, until something does not work or ctx ends.
func (r *Reactions) follow(ctx context.Context) error {
	after, err := r.last(ctx)
	for err == nil {
		var end domain.Position
		if after, end, err = r.publish(ctx, after); err != nil {
			return err
		}
		if err = r.cfg.Orders.Await(ctx, end); err != nil {
			return errors.Wrap(err, "wait for the view of orders")
		}
		pause(ctx, gatherTime)
	}
	return err
}

// Publish publishes the orders that nobody has answered, and the recalls, that come after the last message in the stream. It returns
// domain.ErrUnavailable where the stream or the view does not answer; done again it goes on from there.
func (r *Reactions) Publish(ctx context.Context) error {
	after, err := r.last(ctx)
	if err == nil {
		_, _, err = r.publish(ctx, after)
	}
	return err
}

// last gives the position of the order that was published last, nil where none was. The stream itself says so: whoever published may
// have ended before hearing that it had.
func (r *Reactions) last(ctx context.Context) (*domain.Position, error) {
	at, some, err := r.cfg.Stream.last(ctx)
	if err != nil || !some {
		return nil, err
	}
	return &at, nil
}

// publish publishes what services are to hear after a position, nil for all. It gives the position after which the next is, and the
// one at which the view stood, so that what comes later can be waited for.
func (r *Reactions) publish(ctx context.Context, after *domain.Position) (*domain.Position, domain.Position, error) {
	for {
		messages, end, err := r.orders.Messages(ctx, after, pageSize)
		if err != nil {
			return nil, 0, err
		}
		for i := range messages {
			m := &messages[i]
			switch err := r.cfg.Stream.publish(ctx, m); {
			case errors.Is(err, domain.ErrInvalid):
				r.cfg.Logger.ErrorContext(ctx, "an order cannot be told to anybody", slog.Uint64("position", uint64(m.At)), slog.Any("error", err))
			case err != nil:
				return nil, 0, err
			}
			after = &m.At
		}
		if len(messages) < pageSize {
			return after, end, nil
		}
	}
}
