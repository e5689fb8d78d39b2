package replay

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// progressTable is the table of every view that says how far it was written. A view does not write that events did not concern it, so
// that its file may say an earlier position than the one at which it stands.
const progressTable = "progress"

// progress holds the progress of the live file against the other, or where it is an earlier one against the log.
func (c *compared) progress(ctx context.Context, log projections.Log, t table, live, made *sqlite.Conn) (err error) {
	a, err := t.scan(live)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, a.Finalize()) }()
	b, err := t.scan(made)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, b.Finalize()) }()
	for _, stmt := range []*sqlite.Stmt{a, b} {
		if found, err := stmt.Step(); err != nil || !found {
			return errors.CombineErrors(err, errors.AssertionFailedf("a view says nothing of its progress"))
		}
	}
	c.live, c.made = c.live+1, c.made+1
	version, position, last := a.GetInt64("version"), a.GetInt64("position"), blobOf(a, "last")
	want := blobOf(b, "last")
	if position < b.GetInt64("position") {
		if want, err = before(ctx, log, domain.Position(position)); err != nil {
			return err
		}
	}
	if version != b.GetInt64("version") || position > b.GetInt64("position") || !bytes.Equal(last, want) || a.GetInt64("built") != b.GetInt64("built") {
		c.differ(t, a, b, 0)
	}
	return nil
}

func blobOf(stmt *sqlite.Stmt, column string) []byte {
	b := make([]byte, stmt.GetLen(column))
	stmt.GetBytes(column, b)
	return b
}

// before gives the SHA-256 of the event before a position, nothing where there is none.
func before(ctx context.Context, log projections.Log, position domain.Position) ([]byte, error) {
	if position == 0 {
		return nil, nil
	}
	for batch, err := range log.Read(ctx, position-1) {
		if err != nil {
			return nil, err
		}
		if len(batch.Events) > 0 {
			sum := sha256.Sum256(batch.Events[0])
			return sum[:], nil
		}
	}
	return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read the event before the progress of a view"), context.Cause(ctx))
}
