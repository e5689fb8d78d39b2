package projections

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

var (
	errOtherLog = errors.Wrap(domain.ErrConflict, "the view was folded from another history")
	errAhead    = errors.Wrap(domain.ErrConflict, "the view is ahead of the log")
	errStopped  = errors.Wrap(domain.ErrUnavailable, "the view has stopped")
	errUnbuilt  = errors.Wrap(domain.ErrUnavailable, "the view is being built")
	errBehind   = errors.Wrap(domain.ErrUnavailable, "the view is behind")
	errClosed   = errors.Wrap(domain.ErrUnavailable, "the views are closed")
	errRebuilds = errors.Wrap(domain.ErrConflict, "the view is being rebuilt already")
	errNoView   = errors.Wrap(domain.ErrNotFound, "view")
)

const hintRebuild = "Check that the log is the right one, then build the view anew: daybook rebuild and its name."
