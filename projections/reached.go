package projections

import (
	"net/url"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
)

// Reached gives how far the views that nobody has open in a folder have taken in the log, whichever is the farthest, and changes nothing
// in them. A file that is missing or cannot be read says nothing: it is built anew.
func Reached(dir string, views []Projection) domain.Position {
	farthest := domain.Position(0)
	for _, view := range views {
		list, err := generations(dir, view.Name())
		if err != nil {
			continue
		}
		for _, generation := range list {
			if at, err := reached(filePath(dir, view.Name(), generation)); err == nil {
				farthest = max(farthest, at)
			}
		}
	}
	return farthest
}

func reached(path string) (at domain.Position, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return 0, err
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: path}
	if log, err := os.Stat(path + "-wal"); os.IsNotExist(err) || err == nil && log.Size() == 0 {
		uri.RawQuery = "immutable=1" // all of it is in the file, and no index is made for a log
	}
	conn, err := sqlite.OpenConn(uri.String(), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.CombineErrors(err, conn.Close()) }()
	err = sqlitex.ExecuteTransient(conn, "SELECT position FROM progress", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		at = domain.Position(stmt.ColumnInt64(0))
		return nil
	}})
	return at, err
}
