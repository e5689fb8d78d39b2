package eventlog

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Turn lets the writers of one handle in one at a time.
type Turn struct {
	token chan struct{}   // holds one; the writer takes it
	done  context.Context // ends with the handle
}

// NewTurn makes the turn of a handle that is in use until done ends.
func NewTurn(done context.Context) Turn {
	t := Turn{token: make(chan struct{}, 1), done: done}
	t.token <- struct{}{}
	return t
}

// Take waits until the caller may write, who then calls leave once. It returns domain.ErrUnavailable when ctx ends first, also where
// both come at once, and when the handle was closed.
func (t Turn) Take(ctx context.Context) (leave func(), err error) {
	leave = func() {}
	select {
	case <-t.token:
		leave = func() { t.token <- struct{}{} }
	case <-ctx.Done():
	}
	switch {
	case ctx.Err() != nil:
		err = errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the caller left before the events were sent"), ctx.Err())
	case t.done.Err() != nil:
		err = errors.Wrap(domain.ErrUnavailable, "append to a closed log")
	}
	if err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// Fence returns domain.ErrFenced unless a handle that may write now knows at as the end of its log. Where the end is known to be
// before it, refresh asks the engine first, for another process may have written what is not known yet; what it returns is returned.
func Fence(ctx context.Context, at domain.Position, end func() domain.Position, refresh func(context.Context) error) error {
	known := end()
	if at > known {
		if err := refresh(ctx); err != nil {
			return err
		}
		known = end()
	}
	if at != known {
		return errors.Wrapf(domain.ErrFenced, "append for %s, end at %s", at, known)
	}
	return nil
}
