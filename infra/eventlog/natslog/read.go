package natslog

import (
	"context"
	"iter"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Read is described at commands.Log. Each batch is one frame, or the rest of it. The loop ends without an error when ctx does. What
// this process wrote itself comes from memory; what it did not comes from the server in windows of at most 1,024 frames and some
// 2 MiB, beside which a reading holds nothing.
func (l *Log) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		r := reading{log: l, next: from, window: firstWindow}
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
	seq  uint64          // of the frame that holds it
	goal domain.Position // the end that the log had when reading began
	told bool            // that the goal was reached

	begun  bool   // a frame was given; only the first may begin before next
	window uint64 // how many frames to ask the server for next
}

// run gives batches until give returns false, ctx ends, or something is wrong.
func (r *reading) run(ctx context.Context, give func(domain.Batch) bool) error {
	start := r.log.tail.from(0).interrupts
	if r.log.done.Err() != nil {
		return errors.Wrap(domain.ErrUnavailable, "read from a closed log")
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	if r.next == r.goal {
		r.told = true
		if !give(domain.Batch{At: r.next, CaughtUp: true}) {
			return nil
		}
	}
	for ctx.Err() == nil {
		v := r.log.tail.from(r.seq)
		frames := v.held
		switch {
		case v.interrupts != start:
			return v.reason
		case len(frames) == 0 && r.seq <= v.seq:
			var err error
			if frames, err = r.log.window(ctx, r.seq, v.seq, r.window); err != nil {
				return err
			}
			r.window = min(4*r.window, windowFrames)
		case len(frames) == 0:
			select {
			case <-v.changed:
			case <-ctx.Done():
			}
			continue
		}
		for _, f := range frames {
			b, err := r.batch(f, v)
			if err != nil {
				return err
			}
			if ctx.Err() != nil || !give(b) {
				return nil
			}
		}
	}
	return nil
}

// begin asks for the end of the log, and finds the frame to begin with.
func (r *reading) begin(ctx context.Context) error {
	if err := r.log.look(ctx); err != nil {
		return err
	}
	var last uint64
	last, r.goal = r.log.tail.last()
	switch {
	case r.next > r.goal:
		return errors.Wrapf(domain.ErrInvalid, "read from %s, beyond the end at %s", r.next, r.goal)
	case r.next == r.goal:
		r.seq = last + 1
		return nil
	}
	m, err := r.log.find(ctx, r.next)
	if err != nil {
		return err
	}
	r.seq = m.seq
	return nil
}

// batch checks that a frame continues the log, and gives what of it is still to come. v is the tail as it was when the frame was
// asked for.
func (r *reading) batch(f frame, v view) (domain.Batch, error) {
	inside := !r.begun && f.at < r.next && r.next < f.end()
	if f.seq != r.seq || f.at != r.next && !inside {
		return domain.Batch{}, errors.AssertionFailedf("reading found the frame from %s to %s, message %d, where %s, message %d, must follow",
			f.at, f.end(), errors.Safe(f.seq), r.next, errors.Safe(r.seq))
	}
	if f.seq == v.seq && f.end() != v.end {
		return domain.Batch{}, errors.AssertionFailedf("the last frame, message %d, ends at %s, and was said to end at %s",
			errors.Safe(f.seq), f.end(), v.end)
	}
	b := domain.Batch{At: r.next, Events: f.events[r.next-f.at:]}
	b.CaughtUp = f.seq == v.seq || !r.told && f.end() >= r.goal
	r.told = r.told || b.CaughtUp
	r.begun, r.next, r.seq = true, f.end(), f.seq+1
	return b, nil
}
