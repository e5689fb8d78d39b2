package sqlite

import (
	"context"
	"sync"

	"github.com/cockroachdb/errors"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

type (
	// Conn is a connection to the database, lent for the length of one call. Statements prepared on it stay prepared.
	Conn = zombiezen.Conn
	// Stmt is a prepared statement of a connection.
	Stmt = zombiezen.Stmt
)

// DB is one open database. All methods may be called concurrently.
type DB struct {
	writer  chan *Conn // holds the one writer while nobody has it
	readers chan *Conn // holds the readers that nobody has
	closing chan struct{}
	once    sync.Once
	size    int
	closed  error // set by Close within once
}

// Open opens the database at path, and makes the file (mode 0600), its folder (mode 0700) and the schema where they are
// missing. It returns ErrNewer or ErrOlder where the file's schema has another version than the configuration's, ErrDamaged where
// the file or its log is not what was written, and domain.ErrUnavailable where the file cannot be opened.
func Open(path string, config Config) (*DB, error) {
	config = config.withDefaults()
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	if err := examine(path, config); err != nil {
		return nil, err
	}
	db := &DB{
		writer:  make(chan *Conn, 1),
		readers: make(chan *Conn, config.Readers),
		closing: make(chan struct{}),
	}
	writer, err := connect(path, config, config.writerPragmas())
	if err != nil {
		return nil, err
	}
	db.writer <- writer
	if err := applySchema(writer, config); err != nil {
		return nil, errors.CombineErrors(err, db.Close())
	}
	for range config.Readers {
		reader, err := connect(path, config, config.readerPragmas())
		if err != nil {
			return nil, errors.CombineErrors(err, db.Close())
		}
		db.size++
		db.readers <- reader
	}
	return db, nil
}

func connect(path string, config Config, pragmas string) (*Conn, error) {
	conn, err := connectTo(path, zombiezen.OpenReadWrite, nil)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(config.BusyTimeout)
	// SetDefensive is not called: in zombiezen.com/go/sqlite v1.4.2 it hands over one argument where SQLite reads two, so that SQLite writes
	// to whatever address the memory behind happens to hold, and after some thousand connections the process ends with a fault.
	if err = script(conn, pragmas); err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(classify(context.Background(), conn, err), "set up database"), conn.Close())
	}
	return conn, nil
}

// Write lends the writer within one transaction, which is committed when do returns nil and rolled back otherwise. When it
// returns nil, the transaction is as durable as the configuration says. The end of ctx interrupts statements of do and never
// the commit. It returns the error of do as it is, ErrDamaged where a page is not what was written, and domain.ErrUnavailable where the
// database does not answer.
func (db *DB) Write(ctx context.Context, do func(conn *Conn) error) error {
	return db.lend(ctx, db.writer, func(conn *Conn) error { return transact(ctx, conn, "BEGIN IMMEDIATE", do) })
}

// Read lends a reader within one transaction, so that all statements of do see the same snapshot. do must not keep what the
// reader gave it. It returns the error of do as it is, ErrDamaged where a page is not what was written, and domain.ErrUnavailable where
// the database does not answer.
func (db *DB) Read(ctx context.Context, do func(conn *Conn) error) error {
	return db.lend(ctx, db.readers, func(conn *Conn) error { return transact(ctx, conn, "BEGIN", do) })
}

// Checkpoint carries the whole write-ahead log over into the file, waits for fsync, and cuts the log to nothing. It waits for
// readings that go on, and returns domain.ErrUnavailable where they outlast the busy timeout.
func (db *DB) Checkpoint(ctx context.Context) error {
	return db.lend(ctx, db.writer, func(conn *Conn) error {
		blocked := false
		err := sqlitex.Execute(conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
			ResultFunc: func(stmt *Stmt) error {
				blocked = stmt.ColumnInt(0) != 0
				return nil
			},
		})
		if err == nil && blocked {
			err = zombiezen.ResultBusy.ToError()
		}
		return errors.Wrap(classify(ctx, conn, err), "checkpoint")
	})
}

// Close waits for everything that is going on and closes the database. Calls that come later return
// domain.ErrUnavailable. Closing twice is not an error.
func (db *DB) Close() error {
	db.once.Do(func() {
		close(db.closing)
		for range db.size {
			reader := <-db.readers
			db.closed = errors.CombineErrors(db.closed, reader.Close())
		}
		writer := <-db.writer
		// The last connection to close also carries the write-ahead log over.
		db.closed = errors.CombineErrors(db.closed, writer.Close())
	})
	return errors.Wrap(db.closed, "close database")
}

func (db *DB) lend(ctx context.Context, pool chan *Conn, do func(conn *Conn) error) error {
	select {
	case <-db.closing:
		return errors.WithStack(errClosed)
	default:
	}
	select {
	case conn := <-pool:
		defer func() { pool <- conn }()
		return do(conn)
	case <-ctx.Done():
		return gaveUp(ctx)
	case <-db.closing:
		return errors.WithStack(errClosed)
	}
}

func transact(ctx context.Context, conn *Conn, begin string, do func(conn *Conn) error) (err error) {
	if err := exec(conn, begin); err != nil {
		return errors.Wrap(classify(ctx, conn, err), "begin transaction")
	}
	done := false
	defer func() {
		// A panic of do passes through; the connection must be usable afterwards nevertheless.
		if !done {
			err = errors.WithSecondaryError(err, rollback(conn))
		}
	}()
	conn.SetInterrupt(ctx.Done())
	err = do(conn)
	// This also resets statements that do left half read, and takes the interrupt away: a commit is not interrupted.
	conn.SetInterrupt(nil)
	if err != nil {
		return classify(ctx, conn, err)
	}
	if err := exec(conn, "COMMIT"); err != nil {
		return errors.Wrap(classify(ctx, conn, err), "commit")
	}
	done = true
	return nil
}

func rollback(conn *Conn) error {
	conn.SetInterrupt(nil)
	if conn.AutocommitEnabled() {
		return nil // SQLite has rolled back by itself.
	}
	return exec(conn, "ROLLBACK")
}

func exec(conn *Conn, query string) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	if _, err = stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}
