package requests

import (
	"context"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
)

// List gives one page of cases: the open ones, that with the soonest limit first, and those without one last; then, where they are
// asked for, those that are over. It returns domain.ErrInvalid for a limit that cannot be, and domain.ErrUnavailable where the view
// does not answer.
func (r *Requests) List(ctx context.Context, q Query) (List, error) {
	if q.Limit < 1 || q.Limit > MaxLimit {
		return List{}, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 500 cases.")
	}
	list := List{Cases: []Case{}}
	at, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		at, err := start(conn, q.After)
		if err != nil {
			return err
		}
		for {
			page, next, err := q.page(conn, at)
			if err != nil {
				return err
			}
			for _, key := range page {
				s, _, err := fold(conn, key)
				if err != nil {
					return err
				}
				one := show(key, s)
				if !q.wants(one) {
					continue
				}
				if list.More = len(list.Cases) == q.Limit; list.More {
					return nil
				}
				list.Cases = append(list.Cases, one)
			}
			if len(page) <= q.Limit {
				return nil
			}
			at = next
		}
	})
	list.Position = at
	return list, err
}

// wants leaves out what the rows alone do not tell.
func (q Query) wants(c Case) bool {
	if q.Untold && (c.State.Closed == nil || c.State.Received.Kind != request.Restriction || !c.State.Closed.Told.IsZero()) {
		return false
	}
	if !q.Late {
		return true
	}
	today := q.Today(c.State.Received.Calendar)
	return c.Legal.Overdue(today) || c.Promised.Overdue(today)
}

// cursor is a place in the order of the list.
type cursor struct {
	open, due int64
	key       request.Key
}

func start(conn *sqlite.Conn, after request.Key) (cursor, error) {
	first := cursor{open: 2}
	if after == (request.Key{}) {
		return first, nil
	}
	stmt, err := conn.Prepare("SELECT open, due FROM request WHERE controller = ? AND id = ?")
	if err != nil {
		return first, err
	}
	stmt.BindText(1, string(after.Controller))
	stmt.BindText(2, string(after.Case))
	found, err := stmt.Step()
	if found {
		first = cursor{stmt.ColumnInt64(0), stmt.ColumnInt64(1), after}
	}
	if err = errors.CombineErrors(err, stmt.Reset()); err == nil && !found {
		err = errors.WithHint(errors.WithStack(errNoCase), "Name the last case of the page before.")
	}
	return first, err
}

// page gives the keys after a place in the list, one more than the limit where there are as many, and the place of the last.
func (q Query) page(conn *sqlite.Conn, at cursor) ([]request.Key, cursor, error) {
	// What has run out is told exactly by folding; the rows only leave out what cannot have, wherever it is a day later already.
	stmt, err := conn.Prepare(`SELECT controller, id, open, due FROM request
		WHERE (?1 = '' OR controller = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR owner = ?3) AND (open OR ?4) AND (?12 = '' OR stage = ?12)
			AND (?5 = 0 OR legal_now = 'running' AND legal <= ?5 OR promised_now = 'running' AND promised <= ?5)
			AND (?6 = 0 OR legal_now = 'missed' OR promised_now = 'missed' OR legal_now = 'running' AND legal <= ?6
				OR promised_now = 'running' AND promised <= ?6)
			AND (-open, due, controller, id) > (-?7, ?8, ?9, ?10)
		ORDER BY -open, due, controller, id LIMIT ?11`)
	if err != nil {
		return nil, at, err
	}
	stmt.BindText(1, string(q.Controller))
	stmt.BindText(2, string(q.Kind))
	stmt.BindText(3, string(q.Owner))
	stmt.BindBool(4, q.Ended)
	stmt.BindInt64(5, 0)
	if !q.DueBy.IsZero() {
		stmt.BindInt64(5, day(q.DueBy))
	}
	stmt.BindInt64(6, 0)
	if q.Late {
		stmt.BindInt64(6, day(q.Today(calendar.EnglandAndWales)))
	}
	stmt.BindInt64(7, at.open)
	stmt.BindInt64(8, at.due)
	stmt.BindText(9, string(at.key.Controller))
	stmt.BindText(10, string(at.key.Case))
	stmt.BindInt64(11, int64(q.Limit)+1)
	stmt.BindText(12, string(q.Stage))
	var list []request.Key
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return list, at, errors.CombineErrors(err, stmt.Reset())
		}
		at = cursor{stmt.ColumnInt64(2), stmt.ColumnInt64(3), request.Key{Controller: domain.ControllerID(stmt.ColumnText(0)), Case: request.ID(stmt.ColumnText(1))}}
		list = append(list, at.key)
	}
}
