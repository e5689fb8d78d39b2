// Package trail is the view of what was done with one person's data under one controller (Art. 5(2), 15): every action and every
// identifier that was linked, in the order of the log.
//
// It deliberately does not know who the person is: whoever asks brings the subject keys, and opens what is sealed.
package trail

import (
	_ "embed"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "trail"

//go:embed schema.sql
var schema string

var people = sorted.New("person", nil)

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string   { return Name }
func (projection) Version() int   { return 1 }
func (projection) Schema() string { return schema + sorted.Schema("person") }
func (projection) Folder() projections.Folder {
	return &folder{people: people.Writer(), shapes: make(map[string]int64)}
}

// maxShapes bounds the shapes kept in memory. Others are looked up.
const maxShapes = 16_384

type folder struct {
	people *sorted.Writer
	shapes map[string]int64
	next   int64 // id of the next new shape; 0 before it was looked up
	names  []byte
	data   []byte
}

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if err := f.fold(conn, e); err != nil {
		return err
	}
	return f.people.Advance(conn, uint64(e.Position)+1)
}

func (f *folder) fold(conn *sqlite.Conn, e *domain.Recorded) error {
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		f.names = appendShape(f.names[:0], actionShape(&fact))
		if err := f.write(conn, e, &fact, 0); err != nil {
			return err
		}
		return f.people.Put(uint64(fact.Subject), uint64(e.Position), nil)
	case dossier.IdentifierLinked:
		f.names = appendShape(f.names[:0], linkShape(&fact))
		if err := f.write(conn, e, &dossier.ActionRecorded{}, fact.Joined); err != nil {
			return err
		}
		if fact.Joined != 0 && fact.Joined != fact.Subject {
			if err := f.people.Put(uint64(fact.Joined), uint64(e.Position), nil); err != nil {
				return err
			}
		}
		return f.people.Put(uint64(fact.Subject), uint64(e.Position), nil)
	default:
		return nil
	}
}

// write inserts the row of an event whose shape stands in names.
func (f *folder) write(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded, joined domain.SubjectKey) error {
	shape, err := f.shape(conn)
	if err != nil {
		return err
	}
	f.data = appendRow(f.data[:0], shape, &e.Event, a, joined)
	stmt, err := conn.Prepare("INSERT INTO entry VALUES (?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindBytes(2, f.data)
	return step(stmt)
}

// shape gives the id of the shape in names, and makes it where it is new.
func (f *folder) shape(conn *sqlite.Conn) (int64, error) {
	if id, known := f.shapes[string(f.names)]; known {
		return id, nil
	}
	id, err := f.lookUp(conn)
	if err != nil {
		return 0, err
	}
	if len(f.shapes) >= maxShapes {
		clear(f.shapes)
	}
	f.shapes[string(f.names)] = id
	return id, nil
}

func (f *folder) lookUp(conn *sqlite.Conn) (int64, error) {
	id, found, err := integer(conn, "SELECT id FROM shape WHERE names = ?", func(stmt *sqlite.Stmt) { stmt.BindBytes(1, f.names) })
	if err != nil || found {
		return id, err
	}
	if f.next == 0 {
		newest, _, err := integer(conn, "SELECT max(id) FROM shape", func(*sqlite.Stmt) {})
		if err != nil {
			return 0, err
		}
		f.next = newest + 1
	}
	stmt, err := conn.Prepare("INSERT INTO shape VALUES (?, ?)")
	if err != nil {
		return 0, err
	}
	stmt.BindInt64(1, f.next)
	stmt.BindBytes(2, f.names)
	f.next++
	return f.next - 1, step(stmt)
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error { return f.people.Flush(conn) }

func integer(conn *sqlite.Conn, query string, bind func(*sqlite.Stmt)) (n int64, found bool, err error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return 0, false, err
	}
	bind(stmt)
	if found, err = stmt.Step(); found {
		n = stmt.ColumnInt64(0)
	}
	return n, found, errors.CombineErrors(err, stmt.Reset())
}

func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
