package sqlite

import (
	"context"

	"github.com/cockroachdb/errors"
	zombiezen "zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

var (
	// ErrNewer says that the file was written by a later version of the program. Nothing was changed.
	ErrNewer = errors.Wrap(domain.ErrConflict, "the database has a newer schema")
	// ErrOlder says that the file was written by an earlier version of the program, or by another one. Nothing was changed.
	ErrOlder = errors.Wrap(domain.ErrConflict, "the database has an older schema")

	errClosed = errors.Wrap(domain.ErrUnavailable, "the database is closed")
)

// classify gives errors of SQLite their kind and leaves all others as they are. What a retry may cure is unavailable;
// everything else that SQLite says, such as a malformed page, is internal.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	switch zombiezen.ErrCode(err).ToPrimary() {
	case zombiezen.ResultInterrupt:
		if ctx.Err() != nil {
			return gaveUp(ctx)
		}
		return errors.Mark(err, domain.ErrUnavailable)
	case zombiezen.ResultBusy, zombiezen.ResultLocked, zombiezen.ResultFull, zombiezen.ResultIOErr, zombiezen.ResultNoMem,
		zombiezen.ResultCantOpen, zombiezen.ResultReadOnly, zombiezen.ResultProtocol:
		return errors.Mark(err, domain.ErrUnavailable)
	default:
		return err
	}
}

// gaveUp keeps the cause, which callers test for, beside the kind.
func gaveUp(ctx context.Context) error {
	return errors.Mark(errors.Wrap(context.Cause(ctx), "wait for the database"), domain.ErrUnavailable)
}
