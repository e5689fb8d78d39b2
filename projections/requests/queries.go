package requests

import (
	"context"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
)

// Limits of a query.
const (
	MaxLimit    = 500
	MaxSubjects = 64
)

// Case is one case as it stands.
type Case struct {
	Key   request.Key
	State request.State
	// Legal and Promised are its two clocks, with their working.
	Legal, Promised calendar.Working
}

// Step is one event of a case with its place in the ledger.
type Step struct {
	Position domain.Position
	domain.Event
}

// Query asks for a list of cases. Zero members leave out nothing.
type Query struct {
	Controller domain.ControllerID
	Kind       request.Kind
	Owner      domain.ContactID
	Stage      request.Stage
	// Ended asks for the cases that are over too, which come last.
	Ended bool
	// Untold asks for closed restrictions only, of which nobody told the person that they end with the case (Art. 18(3)). It needs Ended.
	Untold bool
	// DueBy asks for those of which a clock runs out on or before the day.
	DueBy calendar.Date
	// Late asks for those of which a clock has run out. It needs Today.
	Late bool
	// Today is the day it is in a calendar.
	Today func(calendar.Calendar) calendar.Date
	// After is the last case of the page before; zero for the first page.
	After request.Key
	// Limit is the most cases to give, 1 to 500.
	Limit int
}

// List is one page of cases.
type List struct {
	Cases []Case
	// More says that further cases follow the last one.
	More bool
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Requests answers queries.
type Requests struct{ view projections.Reader }

// New makes a Requests that reads from a view.
func New(view projections.Reader) *Requests { return &Requests{view} }

var (
	errLimit    = errors.Wrap(domain.ErrInvalid, "limit of a list of cases")
	errSubjects = errors.Wrap(domain.ErrInvalid, "subjects of cases")
	errNoCase   = errors.Wrap(domain.ErrNotFound, "no case of that id under this controller")
)

// One gives a case with its steps, and the position at which the view stood. It returns domain.ErrNotFound, and
// domain.ErrUnavailable where the view does not answer.
func (r *Requests) One(ctx context.Context, key request.Key) (Case, []Step, domain.Position, error) {
	var one Case
	var steps []Step
	at, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		s, list, err := fold(conn, key)
		one, steps = Case{Key: key, State: s}, list
		return err
	})
	switch {
	case err != nil:
		return one, nil, at, err
	case !one.State.Exists():
		return one, nil, at, errors.WithHint(errors.WithStack(errNoCase), "Look for the case's id in the list of cases; one that was opened just now shows in a moment.")
	}
	return show(key, one.State), steps, at, nil
}

func show(key request.Key, s request.State) Case {
	return Case{Key: key, State: s, Legal: s.Legal(), Promised: s.Promised()}
}

// OfPerson lists the cases of the person with the subject keys, 1 to 64, by controller and id, ended ones too. It returns
// domain.ErrInvalid for another number of keys, and domain.ErrUnavailable where the view does not answer.
func (r *Requests) OfPerson(ctx context.Context, subjects []domain.SubjectKey) ([]Case, domain.Position, error) {
	if len(subjects) == 0 || len(subjects) > MaxSubjects {
		return nil, 0, errors.WithHint(errors.WithStack(errSubjects), "Name the person by 1 to 64 subject keys.")
	}
	list := []Case{}
	at, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		seen := map[request.Key]bool{}
		for _, subject := range subjects {
			keys, err := of(conn, subject)
			if err != nil {
				return err
			}
			for _, key := range keys {
				if seen[key] {
					continue
				}
				seen[key] = true
				s, _, err := fold(conn, key)
				if err != nil {
					return err
				}
				list = append(list, show(key, s))
			}
		}
		return nil
	})
	return list, at, err
}

// Since lists the cases that have a step at or after a position, each once, and gives the position at which the view stood. It
// returns domain.ErrUnavailable where the view does not answer.
func (r *Requests) Since(ctx context.Context, from domain.Position) (list []request.Key, at domain.Position, err error) {
	at, err = r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		stmt, err := conn.Prepare("SELECT DISTINCT controller, id FROM step WHERE position >= ? ORDER BY controller, id")
		if err != nil {
			return err
		}
		stmt.BindInt64(1, int64(from))
		list, err = keys(stmt)
		return err
	})
	return list, at, err
}

func of(conn *sqlite.Conn, subject domain.SubjectKey) ([]request.Key, error) {
	stmt, err := conn.Prepare("SELECT controller, id FROM person WHERE subject = ? ORDER BY controller, id")
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, int64(subject))
	return keys(stmt)
}

func keys(stmt *sqlite.Stmt) ([]request.Key, error) {
	var list []request.Key
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return list, errors.CombineErrors(err, stmt.Reset())
		}
		list = append(list, request.Key{Controller: domain.ControllerID(stmt.ColumnText(0)), Case: request.ID(stmt.ColumnText(1))})
	}
}
