package disclosures

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/packed"
)

// MaxLimit bounds a page.
const MaxLimit = 1000

// Disclosure is one event by which data of a person went to somebody.
type Disclosure struct {
	Position    domain.Position
	Time        time.Time // by the service's clock
	Subject     domain.SubjectKey
	Service     domain.ServiceID
	Operation   domain.Operation
	Recipient   domain.RecipientID // empty where the action named none
	Instruction domain.InstructionID
	Version     int
	Basis       domain.Basis
	Categories  []domain.Category
	System      string
	Location    domain.Location
	// Abroad are the countries outside the processor's territory, and Safeguard what was named for them.
	Abroad    []domain.Location
	Safeguard string
	// Order is the order of a court under which it was done, mostly none.
	Order    string
	Findings domain.FindingSet // those about recipients and transfers
}

// PersonQuery asks to whom a person's data went, oldest first.
type PersonQuery struct {
	Controller domain.ControllerID
	Subjects   []domain.SubjectKey // 1 to 64
	After      *domain.Position    // that of the last entry of the page before
	Limit      int                 // of entries, 0 for 100
	projections.Sight
}

// PersonPage is one page of a person's disclosures.
type PersonPage struct {
	Entries  []Disclosure
	More     bool // further entries follow the last one
	Position domain.Position
}

var errLimit = errors.Wrap(domain.ErrInvalid, "limit of a page of disclosures")

// Of gives one page of the disclosures of a person: the actual recipients with the dates (Art. 15(1)(c), 19). It returns
// domain.ErrInvalid for a query outside the limits, and domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Of(ctx context.Context, q PersonQuery) (PersonPage, error) {
	if err := checked(q.Subjects); err != nil {
		return PersonPage{}, err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return PersonPage{}, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 1,000 entries.")
	}
	page, from := PersonPage{Entries: []Disclosure{}}, uint64(0)
	if q.After != nil {
		from = uint64(*q.After) + 1
	}
	var err error
	page.Position, err = d.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		w, err := newWalk(conn, end, q.Controller, q.Sight)
		if err != nil {
			return err
		}
		for _, subject := range q.Subjects {
			n := 0
			if err := w.walk(subject, from, func(e *entry) bool {
				if e.shape.discloses() {
					page.Entries = append(page.Entries, e.disclosure())
					n++
				}
				return n <= q.Limit
			}); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(page.Entries, func(a, b Disclosure) int { return cmp.Compare(a.Position, b.Position) })
	if page.More = len(page.Entries) > q.Limit; page.More {
		page.Entries = page.Entries[:q.Limit]
	}
	return page, err
}

// entry is one event about where a person's data is.
type entry struct {
	position uint64
	time     time.Time
	subject  domain.SubjectKey
	shape    *shape
	// id and order are those of an event that may have ended a copy.
	id, order string
}

func (e *entry) disclosure() Disclosure {
	s := e.shape
	d := Disclosure{
		Position: domain.Position(e.position), Time: e.time, Subject: e.subject, Service: s.service, Operation: s.operation,
		Recipient: s.recipient, Instruction: s.instruction, Version: s.version, Basis: s.basis, Categories: split(s.categories),
		System: s.system, Location: s.location, Safeguard: s.safeguard, Order: s.compelled, Findings: s.findings,
	}
	if s.abroad != "" {
		for _, country := range strings.Split(s.abroad, ",") {
			d.Abroad = append(d.Abroad, domain.Location(country))
		}
	}
	return d
}

// walk reads the entries of people.
type walk struct {
	conn       *sqlite.Conn
	end        domain.Position
	controller domain.ControllerID
	secret     map[string]bool
	shapes     shapeCache
}

func newWalk(conn *sqlite.Conn, end domain.Position, c domain.ControllerID, sight projections.Sight) (*walk, error) {
	secret, err := sight.Hidden(conn)
	return &walk{conn, end, c, secret, shapeCache{conn, map[int64]*shape{}}}, err
}

// walk hands out the entries of a subject in the order of the log, until yield returns false: those of the controller that may be
// told of.
func (w *walk) walk(subject domain.SubjectKey, from uint64, yield func(*entry) bool) error {
	var broken error
	err := people.Ascend(w.conn, uint64(w.end), uint64(subject), from, math.MaxInt64, func(position uint64, value []byte) bool {
		r := packed.Reading{Rest: value}
		id, e := int64(r.Number()), entry{position: position, subject: subject}
		e.time = moment(r.Signed() + epoch)
		if len(r.Rest) > 0 {
			e.id, e.order = r.Text(), string(r.Rest)
		}
		if broken = done(&r); broken != nil {
			return false
		}
		if e.shape, broken = w.shapes.get(id); broken != nil {
			return false
		}
		if e.shape.controller != w.controller || w.secret[e.shape.compelled] {
			return true // A key belongs to one controller; another one asks in vain.
		}
		return yield(&e)
	})
	return errors.CombineErrors(err, broken)
}

// met counts the people of whom data went to a recipient, under the orders that may be told of and under none.
func met(conn *sqlite.Conn, end domain.Position, r *Recipient) (uint64, error) {
	var runs [][]uint64
	for _, order := range append([]string{""}, r.Orders...) {
		id, found := int64(0), false
		key := appendGiven(nil, &shape{controller: r.Controller, recipient: r.Recipient, compelled: order})
		if err := rows(conn, "SELECT id FROM name WHERE text = ?", func(s *sqlite.Stmt) error {
			id, found = s.ColumnInt64(0), true
			return nil
		}, key); err != nil {
			return 0, err
		}
		if !found {
			continue
		}
		var run []uint64
		if err := given.Ascend(conn, uint64(end), uint64(id), 0, math.MaxInt64, func(subject uint64, _ []byte) bool {
			if n := len(run); n > 0 && run[n-1] >= subject {
				runs, run = append(runs, run), nil
			}
			run = append(run, subject)
			return true
		}); err != nil {
			return 0, err
		}
		runs = append(runs, run)
	}
	for len(runs) > 1 {
		// The shortest come last: what is merged first is short.
		slices.SortFunc(runs, func(a, b []uint64) int { return len(b) - len(a) })
		last := len(runs) - 1
		runs = append(runs[:last-1], union(runs[last-1], runs[last]))
	}
	if len(runs) == 0 {
		return 0, nil
	}
	return uint64(len(runs[0])), nil
}

// union merges two sorted lists.
func union(a, b []uint64) []uint64 {
	out := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
