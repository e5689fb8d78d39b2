package projections

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Config sets how views are folded. Its zero value is useful.
type Config struct {
	// Transaction is how many events at most go into one transaction, 0 for 16,384. Transactions of a view that is behind end
	// at its multiples.
	Transaction int
	// Queue is how many chunks of at most 1,024 events and about 1 MiB may wait for one view, 0 for 8.
	Queue int
	// Scrub is the time over which every page of every view is read once, so that damage is found before somebody asks: 0 for a day,
	// less for never.
	Scrub time.Duration
	// Log takes the lifecycle of views, nil for none.
	Log *slog.Logger
}

// farBehind is the distance in events beyond which a view reads the log apart from those that are further on.
const farBehind = 100_000

// Runner follows the log once and folds it into all views, each in its own file at its own speed. Its files belong to it alone.
type Runner struct {
	log     Log
	dir     string
	open    Opener
	config  Config
	workers []*worker
	end     atomic.Uint64 // the furthest end of the log that was seen

	mu   sync.Mutex
	live []*worker // those that the live reading hands events to

	revived chan struct{} // a rebuild brought a view back, so that reading may be worth while again
	done    chan struct{}
}

// New opens the files of all views in dir, which it makes where it is missing. A file of another version or schema is built anew
// by Run; until then it answers where it can. A view whose file cannot be opened is stopped, and the others are not. New
// returns domain.ErrUnavailable where the folder cannot be used.
func New(log Log, dir string, open Opener, views []Projection, config Config) (*Runner, error) {
	if config.Transaction <= 0 {
		config.Transaction = 16_384
	}
	if config.Queue <= 0 {
		config.Queue = 8
	}
	if config.Scrub == 0 {
		config.Scrub = 24 * time.Hour
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.WithHint(errors.Mark(errors.Wrap(err, "make the folder of the views"), domain.ErrUnavailable),
			"Check that the data directory belongs to the user that runs daybook, and that its disk has room.")
	}
	r := &Runner{log: log, dir: dir, open: open, config: config, revived: make(chan struct{}, 1), done: make(chan struct{})}
	for i, p := range views {
		w := &worker{
			runner: r, projection: p, linger: linger + time.Duration(i)*apart,
			view:  &View{name: p.Name(), version: p.Version(), asked: make(chan struct{}, 1), hurt: make(chan struct{}, 1)},
			queue: make(chan chunk, config.Queue), offers: make(chan offer),
		}
		r.workers = append(r.workers, w)
		if err := w.open(); err != nil {
			w.stop(context.Background(), err)
		}
	}
	return r, nil
}

// View gives a view by its name, nil where there is none.
func (r *Runner) View(name string) *View {
	if w := r.worker(name); w != nil {
		return w.view
	}
	return nil
}

func (r *Runner) worker(name string) *worker {
	for _, w := range r.workers {
		if w.projection.Name() == name {
			return w
		}
	}
	return nil
}

// Status gives the state of every view.
func (r *Runner) Status() []Status {
	list := make([]Status, len(r.workers))
	for i, w := range r.workers {
		list[i] = w.view.Status()
	}
	return list
}

// Run follows the log until ctx ends, and returns when everything it began has ended. It is called once. What goes wrong with a
// view shows in its status.
func (r *Runner) Run(ctx context.Context) {
	defer close(r.done)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { r.scrub(ctx) })
	var near, far []*worker
	front := domain.Position(0)
	for _, w := range r.workers {
		all.Go(func() { w.run(ctx) })
		all.Go(func() { w.mend(ctx) })
		if w.folding != nil {
			front = max(front, w.folding.position)
		}
	}
	for _, w := range r.workers {
		if w.folding != nil && w.folding.position+farBehind < front {
			far = append(far, w)
		} else {
			near = append(near, w)
		}
	}
	r.live = near
	if len(far) > 0 {
		start := lowest(far)
		all.Go(func() { r.catchUp(ctx, far, start) })
	}
	for from := lowest(near); ctx.Err() == nil; from = r.resume() {
		follow(ctx, r.log, from, r.config.Transaction, func(c chunk) bool { return r.handOut(ctx, c) })
		// The log could not be read, which has stopped every view.
		select {
		case <-r.revived:
		case <-ctx.Done():
		}
	}
}

// resume gives where the live reading begins anew.
func (r *Runner) resume() domain.Position {
	from := ^domain.Position(0)
	for _, s := range r.Status() {
		if s.Stopped == "" {
			from = min(from, s.Position)
		}
	}
	if from == ^domain.Position(0) {
		return 0
	}
	return from
}

// lowest gives where reading for all of the workers begins: at the last event that they have, to compare it.
func lowest(workers []*worker) domain.Position {
	from := ^domain.Position(0)
	for _, w := range workers {
		if w.folding != nil {
			from = min(from, w.folding.position)
		}
	}
	if from == 0 || from == ^domain.Position(0) {
		return 0
	}
	return from - 1
}

// handOut gives a chunk to every view. A view whose queue is full while the others are at the end of the log is left out: it
// reads what it missed by itself.
func (r *Runner) handOut(ctx context.Context, c chunk) bool {
	r.mu.Lock()
	r.end.Store(max(r.end.Load(), uint64(c.end)))
	live := slices.Clone(r.live)
	r.mu.Unlock()
	for _, w := range live {
		if c.behind {
			if !w.give(ctx, c) {
				return false
			}
			continue
		}
		w.want.Store(uint64(c.end))
		select {
		case w.queue <- c:
		default:
		}
	}
	return ctx.Err() == nil
}

// catchUp reads the log for views that are far behind, until they join the others.
func (r *Runner) catchUp(ctx context.Context, far []*worker, from domain.Position) {
	follow(ctx, r.log, from, r.config.Transaction, func(c chunk) bool {
		for _, w := range far {
			if !w.give(ctx, c) {
				return false
			}
		}
		return !c.caughtUp
	})
	r.mu.Lock()
	r.live = append(slices.Clone(r.live), far...)
	end := domain.Position(r.end.Load())
	r.mu.Unlock()
	for _, w := range far {
		// What was handed out before they joined is a gap that they see by this chunk.
		if !w.give(ctx, chunk{at: end, end: end, live: true}) {
			return
		}
	}
}

// give waits for room in the queue. It returns false when ctx ends.
func (w *worker) give(ctx context.Context, c chunk) bool {
	select {
	case w.queue <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// known gives the end of the log as far as it is known to one who stands at a position.
func (r *Runner) known(at domain.Position) domain.Position {
	return max(at, domain.Position(r.end.Load()))
}

// Close closes all files. It is called after Run has returned; readings that come later return domain.ErrUnavailable.
func (r *Runner) Close() error {
	var all error
	for _, w := range r.workers {
		answering := w.view.swap(nil)
		w.view.change(func() { w.view.stopped = errors.WithStack(errClosed) })
		for _, f := range []*file{answering, w.folding} {
			if f != nil && (f == answering || w.folding != answering) {
				all = errors.CombineErrors(all, errors.CombineErrors(f.settle(context.Background()), f.store.Close()))
			}
		}
		w.folding = nil
	}
	return errors.Wrap(all, "close views")
}
