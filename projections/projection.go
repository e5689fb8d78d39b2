package projections

import (
	"context"
	"iter"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

// Projection is one view: what its tables are and how events become rows.
type Projection interface {
	// Name names the view and its files: a name as domain.ParseName takes it.
	Name() string
	// Version changes whenever the same events would give other rows. A file of another version is built anew.
	Version() int
	// Schema holds the statements that make the tables. A file made by other statements cannot be read and is built anew.
	Schema() string
	// Folder makes what folds events into one file, with nothing kept from any other.
	Folder() Folder
}

// Random is a Projection of which most events read rows back and write them again, in random order: most write in order only.
type Random interface {
	Projection
	// Random does nothing; having it says so.
	Random()
}

// Folder folds events into one file. It may keep in memory what is in the file already or what Flush is yet to write: after a
// transaction that was not committed the runner takes a new Folder. It serves one goroutine.
type Folder interface {
	// Fold takes in the next event, within a transaction. It must not change or keep the event or what it points to. An error
	// stops the view at this event.
	Fold(conn *sqlite.Conn, event *domain.Recorded) error
	// Flush writes what Fold left in memory; it is called last in every transaction.
	Flush(conn *sqlite.Conn) error
}

// Log is what the read side asks of the event log.
type Log interface {
	// Read yields the events from a position on, in order and without gaps, and follows the end of the log: it ends only when
	// the loop breaks, with ctx, or with an error. A batch with CaughtUp comes as soon as the end that the log had when reading
	// began is reached, be it an empty one. It yields domain.ErrInvalid for a position beyond the end and domain.ErrUnavailable
	// where the same reading may succeed later.
	Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error]
}

// Store is one open SQLite file with one writer and several readers that see snapshots.
type Store interface {
	// Write runs do in one transaction, which is committed when do returns nil and rolled back otherwise. What is committed
	// survives a crash of the process; a loss of power may take back the last transactions, whole and in order.
	Write(ctx context.Context, do func(conn *sqlite.Conn) error) error
	// Read runs do on a snapshot, beside the writer.
	Read(ctx context.Context, do func(conn *sqlite.Conn) error) error
	// Close waits for what is going on and closes the file.
	Close() error
}

// Tables says what an SQLite file is to hold.
type Tables struct {
	// Version is kept in the file; one of another version is refused with domain.ErrConflict.
	Version int
	// Schema holds the statements that make the tables where the file is missing.
	Schema string
	// Random says that rows are read back and written again in random order, so that a larger cache and a longer log of the file pay.
	Random bool
}

// Opener opens the SQLite file at path, and makes it where it is missing. What does not have its checksum is an error with SQLite's
// code for it, here and wherever the store is read.
type Opener func(path string, tables Tables) (Store, error)
