// Package requests is the view of the cases: who asked for what when, where each case stands, what is open in it, and how both of
// its clocks stand, the controller's in law (Art. 12(3); UK DPA 2018 s.164A) and the processor's promise to its client
// (Art. 28(3)(e)).
//
// What a case is, its own package says (domain/request): the view keeps the events of each and folds them when it is asked, so that
// a clock is always counted and never copied. Days by which cases are sorted are kept beside them.
//
// It deliberately looks at no clock: who asks says what day it is. Notes stay sealed.
package requests

import (
	_ "embed"
	"math"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
)

// Name is the view's name.
const Name = "requests"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string   { return Name }
func (projection) Version() int   { return 2 }
func (projection) Schema() string { return schema }
func (projection) Folder() projections.Folder {
	return &folder{states: map[request.Key]request.State{}}
}

// maxStates bounds the cases kept in memory between transactions.
const maxStates = 1024

type folder struct {
	states map[request.Key]request.State
	dirty  []request.Key // those that changed since the last Flush, each as often as it did
}

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	step, is := e.Fact.(request.Step)
	if !is {
		return nil
	}
	key := request.KeyOf(step)
	state, known := f.states[key]
	if !known {
		var err error
		if state, _, err = fold(conn, key); err != nil {
			return err
		}
	}
	received, opening := step.(request.Received)
	if opening == state.Exists() {
		return errors.AssertionFailedf("event %s does not follow from its case: opening %t", e.Position, errors.Safe(opening))
	}
	if err := keep(conn, key, e); err != nil {
		return err
	}
	if opening {
		for _, subject := range received.Subjects {
			if err := concern(conn, subject, key); err != nil {
				return err
			}
		}
	}
	f.states[key] = state.Evolve(e.Event)
	f.dirty = append(f.dirty, key)
	return nil
}

// Flush writes the rows of the cases that changed.
func (f *folder) Flush(conn *sqlite.Conn) error {
	for _, key := range f.dirty {
		if err := write(conn, key, f.states[key]); err != nil {
			return err
		}
	}
	f.dirty = f.dirty[:0]
	if len(f.states) > maxStates {
		clear(f.states)
	}
	return nil
}

func keep(conn *sqlite.Conn, key request.Key, e *domain.Recorded) error {
	stmt, err := conn.Prepare("INSERT INTO step VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(key.Controller))
	stmt.BindText(2, string(key.Case))
	stmt.BindInt64(3, int64(e.Position))
	stmt.BindBytes(4, e.Bytes)
	return done(stmt)
}

func concern(conn *sqlite.Conn, subject domain.SubjectKey, key request.Key) error {
	stmt, err := conn.Prepare("INSERT OR IGNORE INTO person VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(subject))
	stmt.BindText(2, string(key.Controller))
	stmt.BindText(3, string(key.Case))
	return done(stmt)
}

// none is the day of what is not due.
const none = math.MaxInt32

func write(conn *sqlite.Conn, key request.Key, s request.State) error {
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	legal, promised := s.Legal(), s.Promised()
	due := int64(none)
	for _, w := range []calendar.Working{legal, promised} {
		if w.Now == calendar.Running {
			due = min(due, day(w.Due))
		}
	}
	for i, text := range []string{string(key.Controller), string(key.Case), string(s.Received.Kind), string(s.Stage()), string(s.Owner)} {
		stmt.BindText(1+i, text)
	}
	stmt.BindBool(6, !s.Over())
	stmt.BindInt64(7, day(s.Received.On))
	bindDay(stmt, 8, legal.Due)
	stmt.BindText(9, string(legal.Now))
	bindDay(stmt, 10, promised.Due)
	stmt.BindText(11, string(promised.Now))
	stmt.BindInt64(12, due)
	return done(stmt)
}

func bindDay(stmt *sqlite.Stmt, param int, d calendar.Date) {
	if d.IsZero() {
		stmt.BindNull(param)
		return
	}
	stmt.BindInt64(param, day(d))
}

// day counts from 1970-01-01.
func day(d calendar.Date) int64 { return int64(d.DaysSince(calendar.NewDate(1970, 1, 1))) }

func done(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}

// fold folds a case from its events, and gives them too. A case without events is the zero state.
func fold(conn *sqlite.Conn, key request.Key) (s request.State, steps []Step, err error) {
	stmt, err := conn.Prepare("SELECT position, event FROM step WHERE controller = ? AND id = ? ORDER BY position")
	if err != nil {
		return s, nil, err
	}
	stmt.BindText(1, string(key.Controller))
	stmt.BindText(2, string(key.Case))
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return s, steps, errors.CombineErrors(err, stmt.Reset())
		}
		stored := make([]byte, stmt.ColumnLen(1))
		stmt.ColumnBytes(1, stored)
		event, err := catalog.Decode(stored)
		if err != nil {
			return s, nil, errors.CombineErrors(errors.Wrapf(err, "row of event %s", domain.Position(stmt.ColumnInt64(0))), stmt.Reset())
		}
		s = s.Evolve(event)
		steps = append(steps, Step{Position: domain.Position(stmt.ColumnInt64(0)), Event: event})
	}
}
