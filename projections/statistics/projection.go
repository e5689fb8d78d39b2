// Package statistics is the view of how much was done: events for each controller, day, instruction and operation, such as what visitors
// of a web site did by its logs. It holds no subject keys and no identifiers, and Check proves it (Art. 4(1), 5(1)(c), recital 26).
//
// It deliberately does not count people, because that takes knowing them, shows no small numbers, and leaves out what was done under
// orders of courts.
package statistics

import (
	_ "embed"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
)

// Name is the view's name.
const Name = "statistics"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string               { return Name }
func (projection) Version() int               { return 1 }
func (projection) Schema() string             { return schema }
func (projection) Folder() projections.Folder { return &folder{daily: map[key]int64{}} }

type folder struct {
	courts map[string]bool // the orders of courts; nil before they were read
	daily  map[key]int64   // since the last Flush
}

type key struct {
	controller  domain.ControllerID
	day         int64
	instruction domain.InstructionID
	kind        string
	operation   domain.Operation
}

const secondsOfDay = 24 * 60 * 60

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if f.courts == nil {
		f.courts = map[string]bool{}
		if err := rows(conn, "SELECT name FROM court", func(s *sqlite.Stmt) error { f.courts[s.ColumnText(0)] = true; return nil }); err != nil {
			return err
		}
	}
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		if fact.Order == "" || !fact.Operation.Discloses() && !f.courts[fact.Order] {
			f.daily[key{fact.Controller, days(e.Time.Unix()), fact.Instruction, fact.Identifier, fact.Operation}]++
		}
	case disclosure.Received:
		f.courts[fact.Order] = true
		return write(conn, "INSERT OR IGNORE INTO court VALUES (?)", fact.Order)
	}
	return nil
}

// days gives the day on which a second falls, before 1970 too.
func days(seconds int64) int64 {
	if seconds < 0 {
		seconds -= secondsOfDay - 1
	}
	return seconds / secondsOfDay
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	for k, events := range f.daily {
		if err := write(conn, "INSERT INTO daily VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET events = events + excluded.events",
			k.controller, k.day, k.instruction, k.kind, k.operation, events); err != nil {
			return err
		}
	}
	clear(f.daily)
	return nil
}

// write executes a statement that gives no rows.
func write(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// rows hands out the rows of a query.
func rows(conn *sqlite.Conn, query string, each func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}
