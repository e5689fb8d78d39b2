package sqlite

import (
	"context"
	"net/url"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"
	zombiezen "zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
)

// connectTo opens a connection by which every page is held against its checksum. options are for SQLite, as in an address of a file.
func connectTo(path string, flags zombiezen.OpenFlags, options url.Values) (*Conn, error) {
	vfs, err := pagesum.Register()
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, errors.Wrap(err, "find the folder of a database")
	}
	if options == nil {
		options = url.Values{}
	}
	options.Set("vfs", vfs)
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	conn, err := zombiezen.OpenConn(address.String(), flags|zombiezen.OpenURI)
	return conn, errors.Wrap(classify(context.Background(), nil, err), "open database")
}

// examine looks at a file that nobody has open, before SQLite does what it does after a crash.
func examine(path string, config Config) error {
	if err := begun(path); err != nil {
		return err
	}
	left, err := pagesum.ReadLog(path)
	if err != nil {
		return err
	}
	// What waits for no disk may have lost its last transactions to a loss of power, and is whole without them.
	if left.Lost() && (config.Synchronous == Full || left.Mixed()) {
		return damaged(errors.Wrapf(zombiezen.ResultCorrupt.ToError(), "frame %d of the write-ahead log, of %d that were committed",
			errors.Safe(left.Whole+1), errors.Safe(left.Committed)))
	}
	unsummed, err := pagesum.Unsummed(path)
	if err != nil || !unsummed {
		return err
	}
	if config.Synchronous == Normal {
		return errors.Wrap(ErrOlder, "its pages have no checksums")
	}
	return errors.Wrap(addSums(path), "give a database checksums")
}

// smallest is the smallest page that a database can have.
const smallest = 512

// begun refuses a file of less than a page, which SQLite may take for an empty one. A database is made in an empty file.
func begun(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return unusable(err)
	}
	if size := info.Size(); size > 0 && size < smallest {
		return damaged(errors.Wrapf(zombiezen.ResultNotADB.ToError(), "a file of %d bytes", errors.Safe(size)))
	}
	return nil
}

// addSums writes a database that was made without checksums anew with them, whole or not at all.
func addSums(path string) (err error) {
	conn, err := connectTo(path, zombiezen.OpenReadWrite, url.Values{"unsummed": {"1"}})
	if err != nil {
		return err
	}
	err = script(conn, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA secure_delete=ON;PRAGMA temp_store=MEMORY;PRAGMA "+
		pagesum.ReservePragma+";VACUUM;PRAGMA wal_checkpoint(TRUNCATE);")
	return errors.CombineErrors(classify(context.Background(), conn, err), conn.Close())
}

// Peek runs do on the database at path, which nobody has open, and changes nothing in it. It returns the error of do as it is, ErrDamaged
// where the file is, and domain.ErrUnavailable where it cannot be opened.
func Peek(path string, do func(conn *Conn) error) (err error) {
	if err := begun(path); err != nil {
		return err
	}
	left, err := pagesum.ReadLog(path)
	if err != nil {
		return err
	}
	if left.Lost() {
		return damaged(zombiezen.ResultCorrupt.ToError())
	}
	options := url.Values{}
	if log, err := os.Stat(path + "-wal"); os.IsNotExist(err) || err == nil && log.Size() == 0 {
		options.Set("immutable", "1") // all of it is in the file, and no index is made for a log
	}
	conn, err := connectTo(path, zombiezen.OpenReadOnly, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, conn.Close()) }()
	return classify(context.Background(), conn, do(conn))
}
