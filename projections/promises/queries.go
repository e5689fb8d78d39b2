package promises

import (
	"context"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
)

// Query asks for the promises.
type Query struct {
	Controller domain.ControllerID // empty for all together
	// Unlinked is what the check of the statistics found (statistics.Proof.Holds), nil where it was not made: promise 5 rests on it.
	Unlinked *bool
	projections.Sight
}

// Verdict says how a promise stands.
type Verdict string

// The verdicts.
const (
	Kept     Verdict = "kept"
	Broken   Verdict = "broken"
	NotShown Verdict = "not-yet-shown"
)

// Evidence is what speaks for a promise, or against it.
type Evidence struct {
	Count uint64
	// Last is when the newest of it was recorded, zero where there is none.
	Last time.Time
	// Examples are the positions of the newest, at most five, oldest first.
	Examples []domain.Position
}

// Promise is one promise of the notice with its evidence.
type Promise struct {
	Number  int // the row of the notice, 1 to 20
	Text    string
	Article string
	Rests   string // on which data
	Verdict Verdict
	For     Evidence
	Against Evidence
	// Beside counts what BesideWords say, where they do.
	Beside      uint64
	BesideWords string
	// Open counts what is not decided yet: cases whose limit runs, enquiries answered within a day.
	Open uint64
}

// Page is the whole notice.
type Page struct {
	Promises []Promise // by number
	Position domain.Position
}

// Promises answers queries.
type Promises struct{ view projections.Reader }

// New makes a Promises that reads from a view.
func New(view projections.Reader) *Promises { return &Promises{view} }

// All gives every promise with its evidence. It returns domain.ErrUnavailable where the view does not answer.
func (p *Promises) All(ctx context.Context, q Query) (Page, error) {
	b := board{query: q, on: map[int]*Promise{}}
	for _, one := range table {
		b.on[one.number] = &Promise{Number: one.number, Text: one.text, Article: one.article, Rests: one.rests, BesideWords: one.beside}
	}
	at, err := p.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		for _, read := range []func(*sqlite.Conn) error{b.tallies, b.cases, b.waiting, b.own} {
			if err := read(conn); err != nil {
				return err
			}
		}
		return nil
	})
	page := Page{Position: at}
	for _, one := range table {
		shown := b.on[one.number]
		switch {
		case shown.Against.Count > 0:
			shown.Verdict = Broken
		case shown.For.Count > 0:
			shown.Verdict = Kept
		default:
			shown.Verdict = NotShown
		}
		page.Promises = append(page.Promises, *shown)
	}
	return page, err
}

// board gathers the evidence.
type board struct {
	query Query
	on    map[int]*Promise
}

// add takes in evidence; the positions are sorted.
func (b *board) add(promise int, says side, count uint64, last time.Time, positions ...int64) {
	p := b.on[promise]
	if says == beside {
		p.Beside += count
		return
	}
	e := &p.For
	if says == breaks {
		e = &p.Against
	}
	e.Count += count
	if last.After(e.Last) {
		e.Last = last
	}
	for _, at := range positions {
		e.Examples = append(e.Examples, domain.Position(at))
	}
	slices.Sort(e.Examples)
	e.Examples = e.Examples[max(0, len(e.Examples)-maxExamples):]
}

func (b *board) tallies(conn *sqlite.Conn) error {
	secret, err := b.query.Sight.Hidden(conn)
	if err != nil {
		return err
	}
	if b.query.Unlinked != nil {
		b.add(5, against(!*b.query.Unlinked), 1, time.Time{})
	}
	return rows(conn, "SELECT promise, side, compelled, events, last, newest FROM tally WHERE ?1 = '' OR controller = ?1", func(s *sqlite.Stmt) error {
		if secret[s.ColumnText(2)] {
			return nil
		}
		var t tally
		err := t.scan(s, 3)
		b.add(s.ColumnInt(0), side(s.ColumnInt(1)), uint64(t.events), moment(t.last), t.newest...)
		return err
	}, b.query.Controller)
}

// cases holds each case against its clock. Days are those of UTC: in a zone ahead of it a case is overdue some hours later.
func (b *board) cases(conn *sqlite.Conn) error {
	today := days(b.query.Now)
	return rows(conn, `SELECT kind, position, recorded, clock, due, unfinished, unread FROM request WHERE ?1 = '' OR controller = ?1`,
		func(s *sqlite.Stmt) error {
			says, open := silent, false
			switch clock := calendar.Standing(s.ColumnText(3)); {
			case s.ColumnBool(6) || clock == calendar.Missed || clock == calendar.Running && today > s.ColumnInt64(4) && !b.query.Now.IsZero():
				says = breaks
			case clock == calendar.Stopped:
			case (clock == calendar.Met || clock == calendar.NoPeriod) && !s.ColumnBool(5):
				says = keeps
			default:
				open = true
			}
			for _, p := range table {
				switch {
				case !slices.Contains(p.cases, request.Kind(s.ColumnText(0))):
				case open:
					b.on[p.number].Open++
				case says != silent:
					b.add(p.number, says, 1, moment(s.ColumnInt64(2)), s.ColumnInt64(1))
				}
			}
			return nil
		}, b.query.Controller)
}

// waiting holds answered enquiries whose data is still there against the time.
func (b *board) waiting(conn *sqlite.Conn) error {
	return rows(conn, "SELECT position, time FROM enquiry WHERE ?1 = '' OR controller = ?1 ORDER BY position", func(s *sqlite.Stmt) error {
		answered := moment(s.ColumnInt64(1))
		if b.query.Now.Sub(answered) > atOnce {
			b.add(enquiries, breaks, 1, answered, s.ColumnInt64(0))
		} else {
			b.on[enquiries].Open++
		}
		return nil
	}, b.query.Controller)
}

// own holds what the processor declared of itself against the promises about it.
func (b *board) own(conn *sqlite.Conn) error {
	var o own
	position, recorded := int64(0), int64(0)
	if err := rows(conn, "SELECT event, position, recorded FROM declared", func(s *sqlite.Stmt) error {
		fact, err := decoded(s, 0)
		switch fact := fact.(type) {
		case register.ProcessorDeclared:
			o.processor, position, recorded = &fact, s.ColumnInt64(1), s.ColumnInt64(2)
		case register.ContactDeclared:
			o.contacts++
		}
		return err
	}); err != nil || o.processor == nil {
		return err
	}
	for _, p := range table {
		if p.own != nil {
			says, count := p.own(&o)
			b.add(p.number, says, uint64(count), moment(recorded), position)
		}
	}
	return nil
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
