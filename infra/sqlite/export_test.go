package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite/sqlitex"
)

// Carry carries over what of the log no reading needs, and leaves the log as it is, as a commit does now and then.
func (db *DB) Carry(ctx context.Context) error {
	return db.lend(ctx, db.writer, func(conn *Conn) error {
		return sqlitex.Execute(conn, "PRAGMA wal_checkpoint(PASSIVE)", nil)
	})
}
