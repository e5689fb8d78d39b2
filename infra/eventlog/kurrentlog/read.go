package kurrentlog

import (
	"context"
	"iter"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Read is described at commands.Log. A batch is what there is, at most 1,024 events and some 2 MiB. The loop ends without an error
// when ctx does. The newest events come from memory, whoever wrote them, and the others from the server.
func (l *Log) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		r := reading{log: l, next: from}
		err := r.run(ctx, func(b domain.Batch) bool { return yield(b, nil) })
		if err != nil && ctx.Err() == nil {
			yield(domain.Batch{}, err)
		}
	}
}

// reading is one loop over the log.
type reading struct {
	log  *Log
	next domain.Position // of the next event to give
	goal domain.Position // the end that the log had when reading began
	told bool            // that the goal was reached
}

// run gives batches until give returns false, ctx ends, or something is wrong.
func (r *reading) run(ctx context.Context, give func(domain.Batch) bool) error {
	start := r.log.tail.from(0).interrupts
	if r.log.done.Err() != nil {
		return errors.Wrap(domain.ErrUnavailable, "read from a closed KurrentDB log")
	}
	if err := r.log.refresh(ctx); err != nil {
		return err
	}
	if r.goal = r.log.tail.last(); r.next > r.goal {
		return errors.Wrapf(domain.ErrInvalid, "read from %s, beyond the end at %s", r.next, r.goal)
	}
	if r.told = r.next == r.goal; r.told && !give(domain.Batch{At: r.next, CaughtUp: true}) {
		return nil
	}
	for ctx.Err() == nil {
		v := r.log.tail.from(r.next)
		events := v.held
		switch {
		case v.interrupts != start:
			return v.reason
		case len(events) == 0 && r.next < v.end:
			var err error
			if events, err = r.window(ctx, v.end); err != nil {
				return err
			}
		case len(events) == 0:
			select {
			case <-v.changed:
			case <-ctx.Done():
			}
			continue
		}
		b := domain.Batch{At: r.next, Events: events}
		b.CaughtUp = b.End() == v.end || !r.told && b.End() >= r.goal
		r.told, r.next = r.told || b.CaughtUp, b.End()
		if ctx.Err() != nil || !give(b) {
			return nil
		}
	}
	return nil
}

// window asks the server for the next events, of which there are some.
func (r *reading) window(ctx context.Context, end domain.Position) ([][]byte, error) {
	events, err := r.log.window(ctx, r.next, int(min(batchEvents, end-r.next)))
	if err == nil && len(events) == 0 {
		return nil, errors.AssertionFailedf("the stream lost the event at %s", r.next)
	}
	return events, err
}
