package sqlite

import (
	"context"

	"github.com/cockroachdb/errors"
	lib "modernc.org/sqlite/lib"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
)

var (
	// ErrNewer says that the file was written by a later version of the program. Nothing was changed.
	ErrNewer = errors.Wrap(domain.ErrConflict, "the database has a newer schema")
	// ErrOlder says that the file was written by an earlier version of the program, or by another one. Nothing was changed.
	ErrOlder = errors.Wrap(domain.ErrConflict, "the database has an older schema")
	// ErrDamaged says that the file is not what was written into it. Nothing is answered from the place that is damaged, and what is
	// not damaged can be read.
	ErrDamaged = errors.Wrap(domain.ErrUnavailable, "the database file is damaged")

	errClosed = errors.Wrap(domain.ErrUnavailable, "the database is closed")
)

// codeSum is what the layer of checksums says of a page that does not pass, which package sqlite gives no name.
const codeSum = zombiezen.ResultCode(lib.SQLITE_IOERR_DATA)

// classify gives errors of SQLite their kind and leaves all others as they are. What a retry may cure is unavailable, and so is what is
// damaged; everything else that SQLite says is internal. conn is where it happened, nil where there is none.
func classify(ctx context.Context, conn *Conn, err error) error {
	if err == nil {
		return nil
	}
	switch code := zombiezen.ErrCode(err); code.ToPrimary() {
	case zombiezen.ResultInterrupt:
		if ctx.Err() != nil {
			return gaveUp(ctx)
		}
		return errors.Mark(err, domain.ErrUnavailable)
	case zombiezen.ResultCorrupt, zombiezen.ResultNotADB:
		return damaged(err)
	case zombiezen.ResultIOErr:
		if code == codeSum {
			return damaged(errors.Wrapf(err, "%s does not have its checksum", errors.Safe(fault(conn))))
		}
		return errors.Mark(err, domain.ErrUnavailable)
	case zombiezen.ResultBusy, zombiezen.ResultLocked, zombiezen.ResultFull, zombiezen.ResultNoMem,
		zombiezen.ResultCantOpen, zombiezen.ResultReadOnly, zombiezen.ResultProtocol:
		return errors.Mark(err, domain.ErrUnavailable)
	default:
		return err
	}
}

// damaged keeps what SQLite said, which callers test for, beside the kind.
func damaged(err error) error {
	return errors.WithHint(errors.Mark(errors.Mark(err, domain.ErrUnavailable), ErrDamaged),
		"Check the disk. A view is built anew from the log; who is who comes back from a backup only: daybook restore.")
}

// fault says which page did not pass last.
func fault(conn *Conn) (where string) {
	where = "a page"
	if conn == nil {
		return where
	}
	// Whatever goes wrong here, what went wrong before is said.
	_ = sqlitex.ExecuteTransient(conn, "PRAGMA "+pagesum.FaultPragma, &sqlitex.ExecOptions{ResultFunc: func(stmt *Stmt) error {
		if said := stmt.ColumnText(0); said != "" {
			where = said
		}
		return nil
	}})
	return where
}

// gaveUp keeps the cause, which callers test for, beside the kind.
func gaveUp(ctx context.Context) error {
	return errors.Mark(errors.Wrap(context.Cause(ctx), "wait for the database"), domain.ErrUnavailable)
}
