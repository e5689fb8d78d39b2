package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
)

// prepareFile makes an empty file, durably, before SQLite opens it: SQLite would make it readable by others, and gives its
// log and index the mode that the database has.
func prepareFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unusable(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unusable(err)
	}
	if err := errors.CombineErrors(file.Sync(), file.Close()); err != nil {
		return unusable(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		// A file that came back from a backup may have lost its mode.
		if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return unusable(err)
		}
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return unusable(err)
	}
	return unusable(errors.CombineErrors(d.Sync(), d.Close()))
}

func unusable(err error) error {
	if err == nil {
		return nil
	}
	return errors.WithHint(errors.Mark(errors.Wrap(err, "prepare database file"), domain.ErrUnavailable),
		"Check that the data directory exists, belongs to the user that runs daybook, and that its disk has room.")
}

func applySchema(conn *Conn, config Config) error {
	if config.Schema == "" {
		return nil
	}
	return transact(context.Background(), conn, "BEGIN IMMEDIATE", func(conn *Conn) error {
		version, err := integer(conn, "PRAGMA user_version")
		if err != nil {
			return err
		}
		tables, err := integer(conn, "SELECT count(*) FROM sqlite_schema")
		switch {
		case err != nil:
			return err
		case version == 0 && tables == 0:
			return createSchema(conn, config)
		case version > config.Version:
			return errors.WithHint(errors.Wrapf(ErrNewer, "version %d", version),
				"The data directory was used by a newer daybook. Run that version, or restore a backup made by this one.")
		case version < config.Version:
			return errors.Wrapf(ErrOlder, "version %d", version)
		default:
			return nil
		}
	})
}

func createSchema(conn *Conn, config Config) error {
	if err := script(conn, config.Schema); err != nil {
		return errors.Wrap(err, "create schema")
	}
	// A pragma takes no parameter.
	return script(conn, "PRAGMA user_version="+strconv.Itoa(config.Version))
}

// script executes statements one after the other, in no transaction of its own: a pragma may refuse to run in one.
func script(conn *Conn, statements string) error {
	for statements = strings.TrimSpace(statements); statements != ""; statements = strings.TrimSpace(statements) {
		stmt, rest, err := conn.PrepareTransient(statements)
		if err != nil {
			return err
		}
		statements = statements[len(statements)-rest:]
		for more := true; more && err == nil; {
			more, err = stmt.Step()
		}
		if err = errors.CombineErrors(err, stmt.Finalize()); err != nil {
			return err
		}
	}
	return nil
}

func integer(conn *Conn, query string) (n int, err error) {
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *Stmt) error {
		n = stmt.ColumnInt(0)
		return nil
	}})
	return n, err
}
