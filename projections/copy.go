package projections

import (
	"context"
	"os"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/domain"
)

// Copy is views folded from the log up to positions of their own, in files apart from those that follow it: to be compared with
// them, or to answer as they did then. Nothing follows the log by itself. To and Close are called by one goroutine at a time;
// its views may be read concurrently with neither.
type Copy struct {
	log         Log
	transaction int
	made        []made
}

type made struct {
	file *file
	view *View
}

// NewCopy makes empty files of the views in dir, which it makes where it is missing and which holds no others of them. It returns
// domain.ErrUnavailable where the folder cannot be used.
func NewCopy(log Log, dir string, open Opener, views []Projection, config Config) (*Copy, error) {
	if config.Transaction <= 0 {
		config.Transaction = 16_384
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.WithHint(errors.Mark(errors.Wrap(err, "make the folder of a copy of views"), domain.ErrUnavailable),
			"Check that the folder can be made by the user that runs daybook, and that its disk has room.")
	}
	c := &Copy{log: log, transaction: config.Transaction}
	for _, p := range views {
		f, err := openFile(p, open, dir, 1)
		if err != nil {
			return nil, errors.CombineErrors(err, c.Close())
		}
		c.made = append(c.made, made{f, &View{name: p.Name(), version: p.Version(), answering: f, position: f.position}})
	}
	return c, nil
}

// View gives a view by its name, nil where the copy has none of it.
func (c *Copy) View(name string) *View {
	for _, m := range c.made {
		if m.view.name == name {
			return m.view
		}
	}
	return nil
}

// To folds the events before a position into each view that target names, which none of them may be beyond. The log is read once,
// from where the first of them stands. progress may be nil; it is called after each transaction. To returns domain.ErrInvalid
// where the log does not reach a position, domain.ErrUnavailable when ctx ends first, and what stops a view; it can be called
// again then.
func (c *Copy) To(ctx context.Context, target map[string]domain.Position, progress func(Progress)) error {
	b := building{copy: c, progress: progress}
	from := ^domain.Position(0)
	for i, m := range c.made {
		at, wanted := target[m.view.name]
		switch {
		case !wanted || at == m.file.position && m.file.built:
			continue
		case at < m.file.position:
			return errors.AssertionFailedf("a copy of view %s is at %s, beyond %s", errors.Safe(m.view.name), m.file.position, at)
		}
		b.goals = append(b.goals, goal{&c.made[i], at})
		from, b.end = min(from, m.file.position), max(b.end, at)
	}
	if len(b.goals) == 0 {
		return nil
	}
	// The last event that they have is read once more, to be compared.
	follow(ctx, Until(c.log, b.end), from-min(from, 1), c.transaction, func(chunk chunk) bool { return b.take(ctx, chunk) })
	for _, g := range b.goals {
		g.file.folder = g.file.projection.Folder() // what it remembers is not needed while nothing is folded
		g.view.change(func() { g.view.position, g.view.caughtUp = g.file.position, true })
		if b.err == nil {
			b.err = g.file.settle(ctx)
		}
	}
	if b.err == nil && !b.done {
		b.err = errors.Mark(errors.Wrap(context.Cause(ctx), "read the log for a copy of views"), domain.ErrUnavailable)
	}
	return b.err
}

// Close closes the files and leaves them where they are.
func (c *Copy) Close() error {
	var all error
	for _, m := range c.made {
		m.view.change(func() { m.view.stopped = errors.WithStack(errClosed) })
		if f := m.view.swap(nil); f != nil {
			all = errors.CombineErrors(all, f.store.Close())
		}
	}
	return errors.Wrap(all, "close a copy of views")
}

// goal is a view and where it is to stand.
type goal struct {
	*made
	at domain.Position
}

// building is one reading of the log for several views.
type building struct {
	copy     *Copy
	goals    []goal
	end      domain.Position
	progress func(Progress)

	waiting []chunk
	events  int
	done    bool
	err     error
}

// writers is how many views are written at once.
const writers = 2

// take gathers chunks and folds them into every view, a transaction at a time.
func (b *building) take(ctx context.Context, c chunk) bool {
	b.waiting = append(b.waiting, c)
	b.events += len(c.events)
	b.done = c.caughtUp
	if !c.live && !b.done && len(b.waiting) < maxWaiting && b.events < b.copy.transaction {
		return true
	}
	var all errgroup.Group
	all.SetLimit(writers)
	for _, g := range b.goals {
		all.Go(func() error { return g.fold(ctx, b.waiting) })
	}
	b.err = all.Wait()
	b.waiting, b.events = nil, 0
	if b.err != nil {
		return false
	}
	if b.progress != nil {
		b.progress(Progress{c.end, b.end})
	}
	return !b.done
}

// fold folds what of the chunks is before the goal.
func (g goal) fold(ctx context.Context, waiting []chunk) error {
	if g.file.position >= g.at && g.file.built {
		return nil
	}
	i := 0
	fault, err := g.file.write(ctx, waiting[0].until(g.at), func(chunk) (chunk, bool) {
		if i++; i < len(waiting) && waiting[i].at <= g.at {
			return waiting[i].until(g.at), true
		}
		return chunk{}, false
	})
	if err == nil {
		err = fault
	}
	return errors.Wrapf(err, "copy of view %s at %s", errors.Safe(g.view.name), g.file.position)
}

// until gives the chunk as if the log ended at a position.
func (c chunk) until(end domain.Position) chunk {
	if c.end < end {
		return c
	}
	c.events, c.end, c.caughtUp = c.events[:min(uint64(len(c.events)), uint64(end-min(c.at, end)))], end, true
	if c.fault != nil && !c.lost {
		c.fault = nil // at end, which is not asked for
	}
	return c
}
