// Package orders is the view of what services were told to do with people's data, and whether they did: every order with its
// answer (Art. 5(2), 17, 19, 28(3)(a), (g)).
//
// An order is answered by an action on the same person that bears its id and carries it out (dossier.ActionRecorded.Answers).
//
// It deliberately sends nothing, and does not know who the person is.
package orders

import (
	_ "embed"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
)

// Name is the view's name.
const Name = "orders"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string               { return Name }
func (projection) Version() int               { return 4 }
func (projection) Schema() string             { return schema }
func (projection) Folder() projections.Folder { return folder{} }

type folder struct{}

// Fold takes in the next event.
func (folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	switch fact := e.Fact.(type) {
	case dossier.OrderSent:
		return send(conn, e, &fact)
	case dossier.OrderEscalated:
		return escalate(conn, e, &fact)
	case dossier.OrderRecalled:
		return recall(conn, e, &fact)
	case dossier.ActionRecorded:
		if fact.Order != "" {
			return answer(conn, e, &fact)
		}
	case dossier.IdentifierLinked:
		return join(conn, &fact)
	}
	return nil
}

// Flush writes nothing: Fold does.
func (folder) Flush(*sqlite.Conn) error { return nil }

func send(conn *sqlite.Conn, e *domain.Recorded, o *dossier.OrderSent) error {
	again, err := conn.Prepare("UPDATE sent SET again = ? WHERE id = ? AND controller = ? AND recalled IS NOT NULL AND again IS NULL")
	if err != nil {
		return err
	}
	again.BindInt64(1, int64(e.Position))
	again.BindText(2, o.Order)
	again.BindText(3, string(o.Controller))
	if err := step(again); err != nil {
		return err
	}
	stmt, err := conn.Prepare(`INSERT INTO sent (position, due, recorded, id, controller, service, subject, kind, instruction, system, categories,
		reason, request, recipient, follows, back) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	categories := make([]string, len(o.Categories))
	for i, c := range o.Categories {
		categories[i] = string(c)
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindInt64(2, o.Due.UnixMilli())
	stmt.BindInt64(3, e.Recorded.UnixMilli())
	for i, text := range []string{o.Order, string(o.Controller), string(o.Service)} {
		stmt.BindText(4+i, text)
	}
	stmt.BindInt64(7, int64(o.Subject))
	for i, text := range []string{string(o.Kind), string(o.Instruction), o.System, strings.Join(categories, " "), o.Reason, o.Case, string(o.Recipient), o.After} {
		stmt.BindText(8+i, text)
	}
	stmt.BindBool(16, o.Return)
	return step(stmt)
}

// recall takes in that an order was taken back.
func recall(conn *sqlite.Conn, e *domain.Recorded, o *dossier.OrderRecalled) error {
	position, err := open(conn, o.Order, o.Of, func(dossier.TaskKind) bool { return true })
	if err != nil || position < 0 {
		return err
	}
	stmt, err := conn.Prepare("UPDATE sent SET recalled = ?, recall = ?, hold = ? WHERE position = ?")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindInt64(2, e.Recorded.UnixMilli())
	stmt.BindText(3, o.Hold)
	stmt.BindInt64(4, position)
	return step(stmt)
}

func escalate(conn *sqlite.Conn, e *domain.Recorded, o *dossier.OrderEscalated) error {
	position, err := open(conn, o.Order, o.Of, func(dossier.TaskKind) bool { return true })
	if err != nil || position < 0 {
		return err
	}
	// The first counts.
	stmt, err := conn.Prepare("UPDATE sent SET escalated = ?, escalation = ? WHERE position = ? AND escalated IS NULL")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindInt64(2, e.Recorded.UnixMilli())
	stmt.BindInt64(3, position)
	return step(stmt)
}

func answer(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	position, err := open(conn, a.Order, a.Person(), a.Answers)
	if err != nil || position < 0 {
		return err // Answered before, or no order of ours: courts' orders bear ids as well.
	}
	stmt, err := conn.Prepare("UPDATE sent SET answered = ?, answer = ?, acted = ?, operation = ? WHERE position = ?")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindInt64(2, e.Recorded.UnixMilli())
	stmt.BindInt64(3, e.Time.UnixMilli())
	stmt.BindText(4, string(a.Operation))
	stmt.BindInt64(5, position)
	return step(stmt)
}

// open gives the position of the order with an id about a person, of a kind that is wanted, that is not answered, below 0 where there is
// none.
func open(conn *sqlite.Conn, id string, of dossier.Of, wanted func(dossier.TaskKind) bool) (int64, error) {
	stmt, err := conn.Prepare("SELECT position, subject, kind FROM sent WHERE id = ? AND controller = ? AND answered IS NULL ORDER BY position DESC")
	if err != nil {
		return 0, err
	}
	stmt.BindText(1, id)
	stmt.BindText(2, string(of.Controller))
	found := map[int64]domain.SubjectKey{}
	var positions []int64
	for {
		more, err := stmt.Step()
		if err != nil {
			return 0, errors.CombineErrors(err, stmt.Reset())
		}
		if !more {
			break
		}
		if !wanted(dossier.TaskKind(stmt.ColumnText(2))) {
			continue
		}
		positions = append(positions, stmt.ColumnInt64(0))
		found[positions[len(positions)-1]] = domain.SubjectKey(stmt.ColumnInt64(1))
	}
	for _, position := range positions {
		if of.Subject == found[position] {
			return position, nil
		}
		theirs, err := first(conn, found[position])
		if err != nil {
			return 0, err
		}
		ours, err := first(conn, of.Subject)
		if err != nil || ours == theirs {
			return position, err
		}
	}
	return -1, nil
}

// maxJoined bounds how many times one after the other a person's dossiers were found to be somebody's known before.
const maxJoined = 64

// first gives the dossier that stands for a person.
func first(conn *sqlite.Conn, key domain.SubjectKey) (domain.SubjectKey, error) {
	for range maxJoined {
		stmt, err := conn.Prepare("SELECT first FROM same WHERE subject = ?")
		if err != nil {
			return 0, err
		}
		stmt.BindInt64(1, int64(key))
		found, err := stmt.Step()
		next := key
		if found {
			next = domain.SubjectKey(stmt.ColumnInt64(0))
		}
		if err := errors.CombineErrors(err, stmt.Reset()); err != nil || !found {
			return next, err
		}
		key = next
	}
	return key, nil
}

func join(conn *sqlite.Conn, l *dossier.IdentifierLinked) error {
	if l.Joined == 0 {
		return nil
	}
	ours, err := first(conn, l.Subject)
	if err != nil {
		return err
	}
	theirs, err := first(conn, l.Joined)
	if err != nil || ours == theirs {
		return err
	}
	stmt, err := conn.Prepare("INSERT INTO same VALUES (?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(theirs))
	stmt.BindInt64(2, int64(ours))
	return step(stmt)
}

func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
