package projections

import (
	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

var (
	errOtherLog = errors.Wrap(domain.ErrConflict, "the view was folded from another history")
	errAhead    = errors.Wrap(domain.ErrConflict, "the view is ahead of the log")
	errStopped  = errors.Wrap(domain.ErrUnavailable, "the view has stopped")
	errUnbuilt  = errors.Wrap(domain.ErrUnavailable, "the view is being built")
	errBehind   = errors.Wrap(domain.ErrUnavailable, "the view is behind")
	errClosed   = errors.Wrap(domain.ErrUnavailable, "the views are closed")
	errDamaged  = errors.Wrap(domain.ErrUnavailable, "the file of the view is damaged")
	errRebuilds = errors.Wrap(domain.ErrConflict, "the view is being rebuilt already")
	errNoView   = errors.Wrap(domain.ErrNotFound, "view")
)

const hintRebuild = "Check that the log is the right one, then build the view anew: daybook rebuild and its name."

// resultSum is what SQLite says of a page that does not have its checksum (SQLITE_IOERR_DATA).
const resultSum = sqlite.ResultIOErr | 32<<8

// damaged says whether an error is that a file is not what was written into it, which no repetition cures.
func damaged(err error) bool {
	switch code := sqlite.ErrCode(err); code.ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	default:
		return code == resultSum
	}
}
