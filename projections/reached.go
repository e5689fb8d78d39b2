package projections

import (
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
)

// Peek runs do on a file that nobody has open and changes nothing in it.
type Peek func(path string, do func(conn *sqlite.Conn) error) error

// Reached gives how far the views that nobody has open in a folder have taken in the log, whichever is the farthest, and changes nothing
// in them. A file that is missing or cannot be read says nothing: it is built anew.
func Reached(dir string, views []Projection, peek Peek) domain.Position {
	farthest := domain.Position(0)
	for _, view := range views {
		list, err := generations(dir, view.Name())
		if err != nil {
			continue
		}
		for _, generation := range list {
			at := domain.Position(0)
			err := peek(filePath(dir, view.Name(), generation), func(conn *sqlite.Conn) error {
				return sqlitex.ExecuteTransient(conn, "SELECT position FROM progress", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
					at = domain.Position(stmt.ColumnInt64(0))
					return nil
				}})
			})
			if err == nil {
				farthest = max(farthest, at)
			}
		}
	}
	return farthest
}
