package projections

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// worker folds events into the files of one view. Its fields are used by run alone where nothing else is said.
type worker struct {
	runner     *Runner
	projection Projection
	view       *View
	linger     time.Duration // how long a transaction of few events waits for more
	queue      chan chunk
	offers     chan offer
	// want is the end of what the live reading has handed over, or would have where the queue was full.
	want       atomic.Uint64
	generation atomic.Int64 // the newest; whoever makes a file counts it up
	rebuilding atomic.Bool

	folding *file // nil where it could not be opened
	held    *chunk
	checked bool
	missed  bool // something could not be written, and is to be read again
}

// diskPause is the wait before a disk that was full is written to again.
const diskPause = time.Second

// offer is a file built elsewhere that is to take the place of the one that answers.
type offer struct {
	file  *file
	taken chan error
}

// run folds what comes until ctx ends.
func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		if w.held != nil {
			c := *w.held
			w.held = nil
			w.take(ctx, c)
		} else {
			select {
			case c := <-w.queue:
				w.take(ctx, c)
			case o := <-w.offers:
				o.taken <- w.adopt(ctx, o.file)
			case <-ctx.Done():
			}
		}
		// Whatever was taken, what was left out meanwhile will not come: nothing wakes this loop for it.
		if want := domain.Position(w.want.Load()); w.going() && w.held == nil && len(w.queue) == 0 && want > w.folding.position {
			w.fill(ctx, want)
		} else if end := domain.Position(w.runner.end.Load()); w.missed && w.going() && w.held == nil && end > w.folding.position {
			w.fill(ctx, end)
		}
	}
}

// going says that the view takes in events.
func (w *worker) going() bool {
	w.view.mu.Lock()
	defer w.view.mu.Unlock()
	return w.view.stopped == nil
}

// take folds a chunk, and those that wait behind it, in one transaction.
func (w *worker) take(ctx context.Context, c chunk) {
	if !w.going() {
		return // The queue of a stopped view is emptied, so that it holds up nobody.
	}
	f := w.folding
	if c.caughtUp && !w.checked {
		w.checked = true
		if c.end < f.position {
			w.stop(ctx, errors.WithHint(errors.Wrapf(errAhead, "view at %s, end of the log at %s", f.position, c.end), hintRebuild))
			return
		}
	}
	if c.end <= f.position && c.fault == nil && f.built && (f.verified || f.last == nil) {
		w.publish(ctx, f, c.live && len(w.queue) == 0)
		return // It was read otherwise in the meantime.
	}
	if c.at > f.position {
		w.fill(ctx, c.at)
		if !w.going() || ctx.Err() != nil {
			return
		}
	}
	last, many := c, c.behind // what is read to catch up is committed as soon as that is done
	var patience <-chan time.Time
	if len(c.events) > 0 && !c.behind {
		patience = time.After(w.linger)
		w.view.linger(true)
	}
	writing, written := lasting(ctx)
	defer written()
	fault, err := f.write(writing, c, func(after chunk) (chunk, bool) {
		if after.end >= c.at+busy && !many {
			many, patience = true, time.After(gather)
		}
		next, ok := w.next(ctx, after, patience, !many)
		if ok {
			last = next
		}
		return next, ok
	})
	w.settle(ctx, f, fault, err)
	w.publish(ctx, f, last.live && len(w.queue) == 0)
}

// Small transactions cost more for each event than large ones: one of a single event costs each view as much as folding fifty. So a
// transaction waits a moment for more, and where many events come, longer, unless somebody waits for the view. Each view waits its own
// moment, so that they do not all commit when the next event comes.
const (
	linger = 25 * time.Millisecond
	apart  = 5 * time.Millisecond
	busy   = 256
	gather = 250 * time.Millisecond
	// round is where a transaction that gathers ends before its time: entries of package sorted are written once where it ends at a
	// multiple of so many events, and twice elsewhere.
	round = 4_096
)

// farewell is how much longer than its context a transaction may take.
const farewell = 2 * time.Second

// lasting gives a context that lasts a little longer than another, so that what waits for more events when everything ends is
// committed: what a view has seen bears witness of the log.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(farewell, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel() }
}

// next gives the chunk that goes into the transaction after another. patience ends the wait for one that may not come; nil is none. few
// says that the transaction has few events, for which whoever reads waits.
func (w *worker) next(ctx context.Context, after chunk, patience <-chan time.Time, few bool) (c chunk, ok bool) {
	if after.fault != nil || int(after.end)%w.runner.config.Transaction == 0 || patience != nil && !after.behind && after.end%round == 0 {
		return c, false
	}
	select {
	case c = <-w.queue:
	default:
		switch {
		case domain.Position(w.want.Load()) > after.end:
			return c, false // What follows was left out while the queue was full, and will not come.
		case !after.live:
			patience = nil // It comes.
		case patience == nil || !w.view.linger(few):
			return c, false
		}
		select {
		case c = <-w.queue:
		case <-patience:
			return c, false
		case <-w.view.asked:
			return c, false
		case <-ctx.Done():
			return c, false
		}
	}
	if c.at > after.end {
		w.held = &c
		return c, false
	}
	return c, true
}

// fill reads the log itself up to an event that the worker has missed while its queue was full or its view was built.
func (w *worker) fill(ctx context.Context, until domain.Position) {
	f := w.folding
	fault, err := w.runner.absorb(ctx, f, func(c chunk) bool { return c.end >= until }, func(chunk) { w.publish(ctx, f, false) })
	w.settle(ctx, f, fault, err)
}

// settle stops the view where something went wrong that is not just the end of ctx. What the disk does not take now, as where it
// is full, is tried again after a pause.
func (w *worker) settle(ctx context.Context, f *file, fault, err error) {
	if damaged(err) {
		w.view.found(err)
	} else if errors.Is(err, domain.ErrUnavailable) && ctx.Err() == nil {
		w.runner.config.Log.WarnContext(ctx, "view waits for its disk", slog.String("view", w.projection.Name()), slog.Any("error", err))
		w.missed = true
		timer := time.NewTimer(diskPause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return
	}
	w.missed = false
	if err == nil {
		err = fault
	}
	if err != nil && ctx.Err() == nil {
		w.stop(ctx, errors.Wrapf(err, "view %s at %s", errors.Safe(w.projection.Name()), f.position))
	}
}

// stop takes in no more events. The view goes on answering with what it has.
func (w *worker) stop(ctx context.Context, err error) {
	w.view.change(func() { w.view.stopped = err })
	w.runner.config.Log.ErrorContext(ctx, "view stopped", slog.String("view", w.projection.Name()), slog.Any("error", err))
}

// publish shows what was committed. A file that has reached the end of the log for the first time begins to answer.
func (w *worker) publish(ctx context.Context, f *file, caughtUp bool) {
	v := w.view
	if f.built && v.answering != f {
		w.install(ctx, f)
	}
	of := w.runner.known(f.position)
	v.change(func() {
		v.lingers = false
		v.caughtUp = caughtUp && f.position >= of
		switch {
		case v.answering != f:
			v.building = &Progress{f.position, of}
		case !w.rebuilding.Load():
			v.building = nil
			fallthrough
		default:
			v.position = f.position
		}
	})
}

// install makes a file the one that answers, and deletes the one before.
func (w *worker) install(ctx context.Context, f *file) {
	old := w.view.swap(f)
	if old == nil || old == f {
		return
	}
	if err := old.remove(); err != nil {
		// The next start tries again.
		w.runner.config.Log.WarnContext(ctx, "old file of a view left behind", slog.String("view", w.projection.Name()), slog.Any("error", err))
	}
	w.runner.config.Log.InfoContext(ctx, "view rebuilt", slog.String("view", w.projection.Name()), slog.Uint64("position", uint64(f.position)))
}

// adopt goes on with a file that was built elsewhere, once it has all that the one before has. One that has stopped may have been
// folded from another history, and is not waited for.
func (w *worker) adopt(ctx context.Context, f *file) error {
	old := w.folding
	if old != nil && f.position < old.position && w.going() {
		fault, err := w.runner.absorb(ctx, f, func(c chunk) bool { return c.end >= old.position }, func(chunk) {})
		if err := errors.CombineErrors(err, fault); err != nil || ctx.Err() != nil {
			return errors.CombineErrors(err, errors.WithStack(errClosed))
		}
	}
	w.folding, w.checked = f, true
	unfinished := old != nil && old != w.view.answering
	w.view.change(func() { w.view.stopped = nil })
	w.publish(ctx, f, true)
	w.view.change(func() { w.view.building = nil })
	select {
	case w.runner.revived <- struct{}{}:
	default:
	}
	if unfinished {
		return old.remove()
	}
	return nil
}
