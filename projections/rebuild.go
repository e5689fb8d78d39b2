package projections

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Rebuild builds a view anew from the whole log, in a second file while the first goes on answering, and puts it in its place. It
// also brings back a view that has stopped, where the reason is gone. progress may be nil; it is called after each transaction.
// Run must be running. Rebuild returns domain.ErrNotFound for a name that no view has, domain.ErrConflict while the same is going
// on already, domain.ErrUnavailable when ctx or Run ends first, and what stopped the new file.
func (r *Runner) Rebuild(ctx context.Context, name string, progress func(Progress)) error {
	w := r.worker(name)
	if w == nil {
		return errors.WithHint(errors.WithStack(errNoView), "Name one of the views that daybook doctor lists.")
	}
	if !w.rebuilding.CompareAndSwap(false, true) {
		return errors.WithStack(errRebuilds)
	}
	defer w.rebuilding.Store(false)
	f, err := openFile(w.projection, r.open, r.dir, int(w.generation.Add(1)))
	if err != nil {
		return err
	}
	if err := r.build(ctx, w, f, progress); err != nil {
		w.view.change(func() { w.view.building = nil })
		return errors.WithSecondaryError(errors.Wrapf(err, "rebuild %s", errors.Safe(name)), f.remove())
	}
	return nil
}

func (r *Runner) build(ctx context.Context, w *worker, f *file, progress func(Progress)) error {
	fault, err := r.absorb(ctx, f, func(c chunk) bool { return c.caughtUp }, func(chunk) {
		p := Progress{f.position, r.known(f.position)}
		w.view.change(func() { w.view.building = &p })
		if progress != nil {
			progress(p)
		}
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return err
	}
	o := offer{f, make(chan error, 1)}
	select {
	case w.offers <- o:
		return <-o.taken
	case <-ctx.Done():
		return errors.Mark(errors.Wrap(context.Cause(ctx), "hand over the new file"), domain.ErrUnavailable)
	case <-r.done:
		return errors.WithStack(errClosed)
	}
}

// maxWaiting bounds the memory of what waits for one transaction, where events are large.
const maxWaiting = 32

// absorb reads the log itself and folds it into a file until enough says so of a chunk that was committed. It returns the fault of
// an event that cannot be read and the error of a transaction, and domain.ErrUnavailable where ctx ended first.
func (r *Runner) absorb(ctx context.Context, f *file, enough func(chunk) bool, committed func(chunk)) (fault, err error) {
	var waiting []chunk
	events, done := 0, false
	follow(ctx, r.log, f.position, r.config.Transaction, func(c chunk) bool {
		waiting = append(waiting, c)
		events += len(c.events)
		done = enough(c)
		if !c.live && !done && len(waiting) < maxWaiting && events < r.config.Transaction && int(c.end)%r.config.Transaction != 0 {
			return true
		}
		i := 0
		fault, err = f.write(ctx, waiting[0], func(chunk) (chunk, bool) {
			if i++; i < len(waiting) {
				return waiting[i], true
			}
			return chunk{}, false
		})
		waiting, events = waiting[:0], 0
		if err != nil || fault != nil {
			return false
		}
		committed(c)
		return !done
	})
	if err == nil && fault == nil && !done {
		err = errors.Mark(errors.Wrap(context.Cause(ctx), "read the log"), domain.ErrUnavailable)
	}
	return fault, err
}
