// Package trail is the view of what was done with one person's data under one controller (Art. 5(2), 15): every action, and
// every other event about the person, the steps of their cases among them, in the order of the log.
//
// It deliberately does not know who the person is: whoever asks brings the subject keys, and opens what is sealed.
package trail

import (
	_ "embed"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "trail"

//go:embed schema.sql
var schema string

var (
	people = sorted.New("person", nil)
	// A shape is everything of an event that repeats, as one: who, what, under which instruction, where.
	shapes = sorted.NewNames("shape")
)

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string { return Name }
func (projection) Version() int { return 2 }
func (projection) Schema() string {
	return schema + sorted.NamesSchema("shape") + sorted.Schema("person")
}
func (projection) Folder() projections.Folder {
	return &folder{people: people.Writer(), shapes: shapes.Writer()}
}

type folder struct {
	people *sorted.Writer
	shapes *sorted.NameWriter
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
		f.names = appendActionShape(f.names[:0], &fact)
		if err := f.write(conn, e, &fact); err != nil {
			return err
		}
		return f.people.Put(uint64(fact.Subject), uint64(e.Position), nil)
	case dossier.IdentifierLinked:
		if fact.Joined != 0 && fact.Joined != fact.Subject {
			if err := f.people.Put(uint64(fact.Joined), uint64(e.Position), nil); err != nil {
				return err
			}
		}
		return f.other(conn, e, dossier.Of{Controller: fact.Controller, Subject: fact.Subject})
	case interface{ Person() dossier.Of }:
		if fact.Person().Subject == 0 {
			return nil // A question about nobody in particular.
		}
		return f.other(conn, e, fact.Person())
	case request.Step:
		return f.step(conn, e, fact)
	default:
		return nil
	}
}

// other takes in an event about a person that is no action: it is rare, and kept as it is.
func (f *folder) other(conn *sqlite.Conn, e *domain.Recorded, of dossier.Of) error {
	if err := f.whole(conn, e, of.Controller); err != nil {
		return err
	}
	return f.people.Put(uint64(of.Subject), uint64(e.Position), nil)
}

// whole inserts the row of an event that is kept as it is.
func (f *folder) whole(conn *sqlite.Conn, e *domain.Recorded, c domain.ControllerID) error {
	f.names = appendShape(f.names[:0], &shape{kind: e.Fact.EventType(), controller: string(c)})
	return f.write(conn, e, &dossier.ActionRecorded{Details: e.Bytes})
}

// write inserts the row of an event whose shape stands in names.
func (f *folder) write(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	shape, err := f.shapes.ID(conn, f.names)
	if err != nil {
		return err
	}
	f.data = appendRow(f.data[:0], shape, &e.Event, a)
	stmt, err := conn.Prepare("INSERT INTO entry VALUES (?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindBytes(2, f.data)
	return done(stmt)
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error { return f.people.Flush(conn) }

func done(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
