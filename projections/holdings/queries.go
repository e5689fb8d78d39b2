package holdings

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// MaxSubjects bounds the subject keys of one person in a query.
const MaxSubjects = 64

// Item is one category of data held of a person in one system.
type Item struct {
	Subject domain.SubjectKey
	System  string // empty for what the service itself holds
	// Category is empty where an action brought data without saying what.
	Category domain.Category
	// Since is when the data was first brought, and Newest when last, by the publishers' clocks.
	Since, Newest     time.Time
	SinceAt, NewestAt domain.Position
	// Touched is the newest time of any action on it.
	Touched time.Time
	// Withdrawn says that the data was deleted retrievably.
	Withdrawn bool
	// Service, Location, Instruction, Version and Basis are those of the event that last brought it.
	Service     domain.ServiceID
	Location    domain.Location
	Instruction domain.InstructionID
	Version     int
	Basis       domain.Basis
}

// Person is what is held of one person.
type Person struct {
	Items []Item // by system and category
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Tally counts the events about one category in one system of a controller.
type Tally struct {
	System   string
	Category domain.Category // empty where an action named none
	// Brought, Used, Withdrawn and Removed count events: one for each person of an action.
	Brought, Used, Withdrawn, Removed int64
	First, Last                       time.Time // recorded
}

// Holdings answers queries.
type Holdings struct{ view projections.Reader }

// New makes a Holdings that reads from a view.
func New(view projections.Reader) *Holdings { return &Holdings{view} }

var errSubjects = errors.Wrap(domain.ErrInvalid, "subjects of holdings")

// Of gives what is held of the person with the subject keys, 1 to 64, under a controller. It returns domain.ErrInvalid for another
// number of keys, and domain.ErrUnavailable where the view does not answer.
func (h *Holdings) Of(ctx context.Context, c domain.ControllerID, subjects []domain.SubjectKey) (Person, error) {
	if len(subjects) == 0 || len(subjects) > MaxSubjects {
		return Person{}, errors.WithHint(errors.WithStack(errSubjects), "Name the person by 1 to 64 subject keys.")
	}
	p := Person{Items: []Item{}}
	position, err := h.view.Read(ctx, func(conn *sqlite.Conn, at domain.Position) error {
		r := reader{conn: conn, controller: c, texts: map[int64][]byte{}}
		for _, subject := range subjects {
			items, err := r.items(subject, at)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, items...)
		}
		return nil
	})
	slices.SortStableFunc(p.Items, func(a, b Item) int {
		if n := strings.Compare(a.System, b.System); n != 0 {
			return n
		}
		return strings.Compare(string(a.Category), string(b.Category))
	})
	p.Position = position
	return p, err
}

// Tallies counts the events of a controller, by system and category, and gives the position at which the view stood. It returns
// domain.ErrUnavailable where the view does not answer.
func (h *Holdings) Tallies(ctx context.Context, c domain.ControllerID) ([]Tally, domain.Position, error) {
	list := []Tally{}
	at, err := h.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		stmt, err := conn.Prepare(`SELECT system, category, brought, used, withdrawn, removed, first, last FROM tally
			WHERE controller = ? ORDER BY system, category`)
		if err != nil {
			return err
		}
		stmt.BindText(1, string(c))
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
			}
			list = append(list, Tally{
				System: stmt.ColumnText(0), Category: domain.Category(stmt.ColumnText(1)),
				Brought: stmt.ColumnInt64(2), Used: stmt.ColumnInt64(3), Withdrawn: stmt.ColumnInt64(4), Removed: stmt.ColumnInt64(5),
				First: moment(stmt.ColumnInt64(6)), Last: moment(stmt.ColumnInt64(7)),
			})
		}
	})
	return list, at, err
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

type reader struct {
	conn       *sqlite.Conn
	controller domain.ControllerID
	texts      map[int64][]byte
}

func (r *reader) items(subject domain.SubjectKey, at domain.Position) ([]Item, error) {
	var state, other, packed []record
	var broken error
	if err := people.Ascend(r.conn, uint64(at), uint64(subject), 0, math.MaxInt64, func(_ uint64, value []byte) bool {
		if packed, broken = readRecords(packed[:0], value); broken != nil {
			return false
		}
		other = upon(other[:0], state, packed)
		state, other = other, state
		return true
	}); err != nil || broken != nil {
		return nil, errors.CombineErrors(err, broken)
	}
	var items []Item
	for _, s := range state {
		if !s.held {
			continue
		}
		item, ours, err := r.item(subject, s)
		if err != nil {
			return nil, err
		}
		if ours {
			items = append(items, item)
		}
	}
	return items, nil
}

// item puts names to a record; ours is false where it stands under another controller.
func (r *reader) item(subject domain.SubjectKey, s record) (item Item, ours bool, err error) {
	item = Item{
		Subject: subject, Since: moment(s.since), Newest: moment(s.newest), SinceAt: domain.Position(s.sinceAt),
		NewestAt: domain.Position(s.newestAt), Touched: moment(s.touched), Withdrawn: s.away,
	}
	system, err := r.text(s.system)
	if err != nil {
		return item, false, err
	}
	category, err := r.text(s.category)
	if err != nil {
		return item, false, err
	}
	if !bytes.HasPrefix(system, []byte(ownPlace)) {
		item.System = string(system)
	}
	item.Category = domain.Category(category)
	packed, err := r.text(s.terms)
	if err != nil {
		return item, false, err
	}
	t := reading{rest: packed}
	t.octet()
	controller := t.text()
	item.Service, item.Instruction = domain.ServiceID(t.text()), domain.InstructionID(t.text())
	item.Basis, item.Location = domain.Basis(t.text()), domain.Location(t.text())
	item.Version = int(t.number())
	if t.broken {
		return item, false, errors.AssertionFailedf("the terms under which data is held are damaged")
	}
	if domain.ControllerID(controller) != r.controller {
		return item, false, nil
	}
	return item, true, nil
}

func (r *reader) text(id int64) ([]byte, error) {
	if text, known := r.texts[id]; known {
		return text, nil
	}
	text, err := names.Text(r.conn, id)
	r.texts[id] = text
	return text, err
}

// text unpacks a text.
func (r *reading) text() string {
	n := r.number()
	if n < 0 || n > int64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
