package retention

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Cursor is a place in a list of due dates. The zero value is its beginning.
type Cursor struct {
	Due      time.Time
	Position domain.Position // of the event that last brought the item
}

// DueQuery asks for what is due at a time and not removed.
type DueQuery struct {
	Controller domain.ControllerID
	At         time.Time
	After      Cursor
	// Ordered asks for what waits for the answer to an order, too; else only for what no service was told to erase.
	Ordered bool
	// Limit is the most items, 1 to 1,000; 0 means 100.
	Limit int
}

// DuePage is one page of what is due.
type DuePage struct {
	Items []Item // the longest due first
	// Next is where the next page begins, nil after the last one.
	Next *Cursor
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// DueAt lists what is due under a controller. It returns domain.ErrInvalid for a query outside the limits and
// domain.ErrUnavailable where the view does not answer.
func (r *Retentions) DueAt(ctx context.Context, q DueQuery) (DuePage, error) {
	limit, err := limited(q.Limit)
	if err != nil {
		return DuePage{}, err
	}
	page := DuePage{Items: []Item{}}
	page.Position, err = r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		b := newBook()
		rows, err := dueRows(conn, q, 0, limit+1)
		if err == nil && q.Ordered {
			var ordered []row
			ordered, err = dueRows(conn, q, 1, limit+1)
			rows = append(rows, ordered...)
			slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.position, b.position)) })
		}
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			last := rows[limit-1]
			page.Next = &Cursor{moment(last.due), domain.Position(last.position)}
		}
		for _, d := range rows {
			key, p, err := root(conn, b, d.subject)
			if err != nil {
				return err
			}
			items, err := show(conn, b, key, p, q.At)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(items, func(i Item) bool { return i.NewestAt == domain.Position(d.position) && i.Removed == nil })
			if at < 0 {
				return errors.AssertionFailedf("a due date stands for nothing")
			}
			page.Items = append(page.Items, items[at])
		}
		return nil
	})
	return page, err
}

func limited(limit int) (int, error) {
	if limit == 0 {
		limit = 100
	}
	if limit < 0 || limit > MaxLimit {
		return 0, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 1,000 items.")
	}
	return limit, nil
}

func dueRows(conn *sqlite.Conn, q DueQuery, ordered int64, limit int) ([]row, error) {
	stmt, err := conn.Prepare(`SELECT due, position, subject FROM due WHERE controller = (SELECT id FROM name WHERE text = ?) AND
		ordered = ? AND (due, position) > (?, ?) AND due <= ? ORDER BY due, position LIMIT ?`)
	if err != nil {
		return nil, err
	}
	after, position := int64(-1), int64(-1)
	if !q.After.Due.IsZero() {
		after, position = q.After.Due.UnixMilli(), int64(q.After.Position)
	}
	stmt.BindBytes(1, appendName(nil, ofController, string(q.Controller)))
	stmt.BindInt64(2, ordered)
	stmt.BindInt64(3, after)
	stmt.BindInt64(4, position)
	stmt.BindInt64(5, q.At.UnixMilli())
	stmt.BindInt64(6, int64(limit))
	var rows []row
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return rows, errors.CombineErrors(err, stmt.Reset())
		}
		rows = append(rows, row{placing{due: stmt.ColumnInt64(0), position: stmt.ColumnInt64(1)}, domain.SubjectKey(stmt.ColumnInt64(2))})
	}
}

// Controllers lists the controllers under whom anything is kept or was, in the order in which they came.
func (r *Retentions) Controllers(ctx context.Context) ([]domain.ControllerID, error) {
	var list []domain.ControllerID
	_, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		stmt, err := conn.Prepare("SELECT DISTINCT controller FROM tally ORDER BY controller")
		if err != nil {
			return err
		}
		b := newBook()
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
			}
			name, err := b.single(conn, stmt.ColumnInt64(0), ofController)
			if err != nil {
				return errors.CombineErrors(err, stmt.Reset())
			}
			list = append(list, domain.ControllerID(name))
		}
	})
	return list, err
}

// Count is how many items fall due in one day or month and are not removed.
type Count struct {
	Start time.Time
	Items int
}

// Calendar is what falls due under a controller, and how much has no due date.
type Calendar struct {
	Counts []Count // by time; those without an item are left out
	// Before counts what was due before the calendar begins, and After what is due when it has ended.
	Before, After int
	// Waiting counts what no period has begun for, Kept what is needed under another instruction without an end, and Unruled what
	// the instruction sets no limit for.
	Waiting, Kept, Unruled int
	Position               domain.Position
}

// CalendarQuery asks for the due dates of a controller from one day on and before another.
type CalendarQuery struct {
	Controller domain.ControllerID
	From, To   time.Time // the days in UTC that these are in
	Monthly    bool
}

// Calendar counts what falls due. It returns domain.ErrUnavailable where the view does not answer.
func (r *Retentions) Calendar(ctx context.Context, q CalendarQuery) (Calendar, error) {
	c := Calendar{Counts: []Count{}}
	from, to := q.From.UnixMilli()/dayLength, q.To.UnixMilli()/dayLength
	var err error
	c.Position, err = r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		stmt, err := conn.Prepare(`SELECT CASE WHEN day < 0 THEN day WHEN day < ?2 THEN -10 WHEN day >= ?3 THEN -11 ELSE day END AS at, sum(items)
			FROM tally WHERE controller = (SELECT id FROM name WHERE text = ?1) GROUP BY at ORDER BY at`)
		if err != nil {
			return err
		}
		stmt.BindBytes(1, appendName(nil, ofController, string(q.Controller)))
		stmt.BindInt64(2, from)
		stmt.BindInt64(3, to)
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
			}
			c.take(stmt.ColumnInt64(0), int(stmt.ColumnInt64(1)), q.Monthly)
		}
	})
	return c, err
}

func (c *Calendar) take(day int64, items int, monthly bool) {
	switch day {
	case dayWaiting:
		c.Waiting = items
	case dayKept:
		c.Kept = items
	case dayUnruled:
		c.Unruled = items
	case -10:
		c.Before = items
	case -11:
		c.After = items
	default:
		start := moment(day * dayLength)
		if monthly {
			start = time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC)
		}
		if n := len(c.Counts); n > 0 && c.Counts[n-1].Start.Equal(start) {
			c.Counts[n-1].Items += items
			return
		}
		c.Counts = append(c.Counts, Count{start, items})
	}
}

// Hold is a hold that stands and what it protects.
type Hold struct {
	dossier.HoldPlaced
	Placed   time.Time
	Position domain.Position // of the event that placed it
	Items    []Item          // of the person, those not removed that it protects
}

// Holds lists the holds under a controller that stand at a time, the oldest first, after a position, nil for the beginning: at most
// limit, 1 to 1,000, or 100 where it is 0. It returns domain.ErrInvalid for another limit and domain.ErrUnavailable where the view
// does not answer.
func (r *Retentions) Holds(ctx context.Context, c domain.ControllerID, at time.Time, after *domain.Position, limit int) ([]Hold, domain.Position, error) {
	limit, err := limited(limit)
	if err != nil {
		return nil, 0, err
	}
	list := []Hold{}
	position, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		held, keys, err := holdRows(conn, c, after, at, limit)
		if err != nil {
			return err
		}
		b := newBook()
		for n, h := range held {
			key, p, err := root(conn, b, keys[n])
			if err != nil {
				return err
			}
			items, err := show(conn, b, key, p, at)
			if err != nil {
				return err
			}
			for _, i := range items {
				if slices.Contains(i.Holds, h.Hold) {
					h.Items = append(h.Items, i)
				}
			}
			list = append(list, h)
		}
		return nil
	})
	return list, position, err
}

func holdRows(conn *sqlite.Conn, c domain.ControllerID, after *domain.Position, at time.Time, limit int) (list []Hold, keys []domain.SubjectKey, err error) {
	stmt, err := conn.Prepare("SELECT position, subject, placed, fact FROM hold WHERE controller = ? AND position > ? ORDER BY position")
	if err != nil {
		return nil, nil, err
	}
	from := int64(-1)
	if after != nil {
		from = int64(*after)
	}
	stmt.BindText(1, string(c))
	stmt.BindInt64(2, from)
	for len(list) < limit {
		more, err := stmt.Step()
		if err != nil || !more {
			return list, keys, errors.CombineErrors(err, stmt.Reset())
		}
		h, err := readHold(stmt.ColumnText(3))
		if err != nil {
			return nil, nil, errors.CombineErrors(err, stmt.Reset())
		}
		if !h.Until.IsZero() && !at.Before(h.Until) {
			continue
		}
		list = append(list, Hold{HoldPlaced: h, Position: domain.Position(stmt.ColumnInt64(0)), Placed: moment(stmt.ColumnInt64(2))})
		keys = append(keys, domain.SubjectKey(stmt.ColumnInt64(1)))
	}
	return list, keys, stmt.Reset()
}
