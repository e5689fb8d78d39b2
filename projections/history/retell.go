package history

import (
	"context"
	"iter"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/projections"
)

// MaxRetold bounds the events of which a view is made by Retell: they are in memory meanwhile, about 1 KiB each.
const MaxRetold = 20_000

var errTold = errors.Wrap(domain.ErrInvalid, "events to tell again")

// Retell gives a view as it would be if the events had been recorded in the order in which they are given, each when it happened, and
// nothing else had: positions in its answers are counted from 0 in that order. release must be called when it is no longer read; nothing
// is kept. It returns domain.ErrInvalid for more than MaxRetold events, domain.ErrBusy where others are at it until ctx ends, and what
// stops the view.
func (h *History) Retell(ctx context.Context, view string, events []domain.Event) (told *projections.View, release func(), err error) {
	projection, known := h.views[view]
	if !known {
		return nil, nil, errors.AssertionFailedf("there is no view %s to tell again", errors.Safe(view))
	}
	if len(events) > MaxRetold {
		return nil, nil, errors.WithHint(errors.Wrapf(errTold, "%d of them", errors.Safe(len(events))),
			"More is recorded than is put in another order at once; ask as known at a time, with at, instead.")
	}
	log, err := newTelling(events)
	if err != nil {
		return nil, nil, err
	}
	select {
	case h.retelling <- struct{}{}:
		defer func() { <-h.retelling }()
	case <-ctx.Done():
		return nil, nil, errors.WithHint(errors.WithStack(errFull), "Ask again in a moment.")
	}
	h.mu.Lock()
	closed := h.closed
	h.folders++
	dir := filepath.Join(h.cfg.Dir, view+"-"+strconv.Itoa(h.folders))
	h.mu.Unlock()
	if closed {
		return nil, nil, errors.WithStack(errClosed)
	}
	made, err := projections.NewCopy(log, dir, h.open, []projections.Projection{projection}, projections.Config{})
	if err == nil {
		err = made.To(ctx, map[string]domain.Position{view: domain.Position(len(events))}, nil)
	}
	if err != nil {
		h.drop(dir, made, nil)
		return nil, nil, err
	}
	return made.View(view), sync.OnceFunc(func() { h.drop(dir, made, nil) }), nil
}

// telling is a log of events that are told in another order than that of their recording.
type telling [][]byte

func newTelling(events []domain.Event) (telling, error) {
	t := make(telling, len(events))
	for i, e := range events {
		e.Recorded = e.Time
		var err error
		if t[i], err = catalog.Encode(e); err != nil {
			return nil, errors.Wrap(err, "tell an event again")
		}
	}
	return t, nil
}

// Read is described at projections.Log; nothing ever follows the end.
func (t telling) Read(_ context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		yield(domain.Batch{At: from, Events: t[from:], CaughtUp: true}, nil)
	}
}
