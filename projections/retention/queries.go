package retention

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
)

// Limits of queries.
const (
	MaxSubjects = 64
	MaxLimit    = 1000
)

// State says how it stands with data that is kept.
type State string

// The states. Where a hold forbids only some of the categories that are due, the item is due for the others.
const (
	Unruled State = "unruled" // the instruction says nothing of how long it may be kept (Art. 5(1)(e))
	Waiting State = "waiting" // no period has begun
	Running State = "running" // the period has not ended
	Kept    State = "kept"    // the period has ended, and the data is needed under another instruction in the same system
	Due     State = "due"
	Overdue State = "overdue" // due for more than a day
	Blocked State = "blocked" // due, and a hold forbids removing it
	Ordered State = "ordered" // a service was told to erase it and has not answered
	Done    State = "done"    // removed
)

// Why an item is due, as an order names it.
const (
	ReasonRetention = "retention"
	ReasonConsent   = "consent-withdrawn"
	// ReasonInstruction is the end of the instruction: the data is deleted or returned, as the controller chose (Art. 28(3)(g)).
	ReasonInstruction = "instruction-withdrawn"
)

// OverdueAfter is how long data may be due before it is overdue.
const OverdueAfter = 24 * time.Hour

// Item is what one service brought of a person under one instruction into one system.
type Item struct {
	Controller  domain.ControllerID
	Subject     domain.SubjectKey // under which all of the person's dossiers stand
	Instruction domain.InstructionID
	Version     int // in force when it was last brought
	Basis       domain.Basis
	System      string // empty where no action named one
	Service     domain.ServiceID
	// Categories are those not removed yet, without those of actions that named none.
	Categories []domain.Category
	// First and Newest are when it was first and last brought, by the services' clocks, since it was last removed.
	First, Newest     time.Time
	FirstAt, NewestAt domain.Position
	// Clock is when it was last collected, recorded or stored, be it where it was copied or moved from.
	Clock time.Time
	Rules []Rule
	// Due is when the first category is due, zero where that is not known; it is never moved by a hold. Reason says why.
	Due    time.Time
	Reason string
	// Return says that the controller wants the data back before it is erased (Art. 28(3)(g)).
	Return bool
	State  State
	// Dues are the categories that are or will be due, with when; the empty one is for what was brought without a category.
	Dues []CategoryDue
	// Erase are the categories that are due and no hold protects: what an order is to name. Whole says that what is due cannot be
	// named by categories, because it was brought without; an order is to name none then.
	Erase []domain.Category
	Whole bool
	// Holds are the ids of the holds that protect any of it, as of the time asked for.
	Holds []string
	// Order is the order that waits for its answer. Orders is how many were sent, and Sent when the newest was, zero where that says
	// nothing any more: it was taken back, or a hold has ended since.
	Order  string
	Orders int
	Sent   time.Time
	// Removed is when, where and how it was removed, nil where it was not.
	Removed *Removal
}

// CategoryDue is when one category is due.
type CategoryDue struct {
	Category domain.Category
	Due      time.Time
}

// Rule is one rule of retention as it stands for an item.
type Rule struct {
	domain.Retention
	// Began is when the period began, zero where it has not; Ends is when it ends.
	Began, Ends time.Time
}

// Removal is how an item was removed.
type Removal struct {
	Time      time.Time
	Position  domain.Position
	Operation domain.Operation
}

// Retentions answers queries.
type Retentions struct{ view projections.Reader }

// New makes a Retentions that reads from a view.
func New(view projections.Reader) *Retentions { return &Retentions{view} }

var (
	errSubjects = errors.Wrap(domain.ErrInvalid, "subjects of a retention query")
	errLimit    = errors.Wrap(domain.ErrInvalid, "limit of a retention query")
)

// Of gives what is kept of the person with the subject keys, 1 to 64, under a controller, and what was removed, by instruction and
// system, as it stands at a time. It returns domain.ErrInvalid for another number of keys, and domain.ErrUnavailable where the view
// does not answer.
func (r *Retentions) Of(ctx context.Context, c domain.ControllerID, subjects []domain.SubjectKey, at time.Time) ([]Item, domain.Position, error) {
	if len(subjects) == 0 || len(subjects) > MaxSubjects {
		return nil, 0, errors.WithHint(errors.WithStack(errSubjects), "Name the person by 1 to 64 subject keys.")
	}
	items := []Item{}
	position, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		b := newBook()
		var seen []domain.SubjectKey
		for _, subject := range subjects {
			key, p, err := root(conn, b, subject)
			if err != nil {
				return err
			}
			if slices.Contains(seen, key) {
				continue
			}
			seen = append(seen, key)
			all, err := show(conn, b, key, p, at)
			if err != nil {
				return err
			}
			items = append(items, slices.DeleteFunc(all, func(i Item) bool { return i.Controller != c })...)
		}
		return nil
	})
	slices.SortStableFunc(items, func(a, b Item) int {
		if n := strings.Compare(string(a.Instruction), string(b.Instruction)); n != 0 {
			return n
		}
		return strings.Compare(a.System, b.System)
	})
	return items, position, err
}

// root reads the row under which a person's dossiers stand.
func root(conn *sqlite.Conn, b *book, key domain.SubjectKey) (domain.SubjectKey, *person, error) {
	for range maxJoined {
		p, err := load(conn, b, key)
		if err != nil || p.same == 0 {
			return key, p, err
		}
		key = p.same
	}
	return 0, nil, errors.AssertionFailedf("a person's dossiers lead to each other without end")
}

// show gives a person's items as they stand at a time.
func show(conn *sqlite.Conn, b *book, key domain.SubjectKey, p *person, at time.Time) ([]Item, error) {
	holds, err := holdsOf(conn, key)
	if err != nil {
		return nil, err
	}
	e, err := b.endings(conn)
	if err != nil {
		return nil, err
	}
	r := p.reckon(e)
	items := make([]Item, len(p.items))
	for n := range p.items {
		i := &p.items[n]
		s := Item{
			Controller: i.of.controller, Subject: key, Instruction: i.of.instruction, Version: i.version, Basis: i.terms.Basis,
			System: i.of.system, Service: i.of.service, First: moment(i.first), Newest: moment(i.newest),
			FirstAt: domain.Position(i.firstAt), NewestAt: domain.Position(i.newestAt), Clock: moment(i.clock),
			Order: i.order, Orders: int(i.tries), State: Done,
		}
		if i.sent > 0 {
			s.Sent = moment(i.sent)
		}
		began := r.began(i)
		for _, rule := range i.terms.Retention {
			s.Rules = append(s.Rules, stands(rule, began))
		}
		if i.done {
			op, err := b.single(conn, i.closedBy, ofOperation)
			if err != nil {
				return nil, err
			}
			s.Removed = &Removal{moment(i.closed), domain.Position(i.closedAt), domain.Operation(op)}
		} else {
			s.Categories = slices.DeleteFunc(slices.Clone(i.categories), func(c domain.Category) bool { return c == "" })
			r.stand(&s, n, holds, at)
		}
		items[n] = s
	}
	return items, nil
}

func holdsOf(conn *sqlite.Conn, key domain.SubjectKey) ([]dossier.HoldPlaced, error) {
	stmt, err := conn.Prepare("SELECT fact FROM hold WHERE subject = ? ORDER BY position")
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, int64(key))
	var holds []dossier.HoldPlaced
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return holds, errors.CombineErrors(err, stmt.Reset())
		}
		h, err := readHold(stmt.ColumnText(0))
		if err != nil {
			return nil, errors.CombineErrors(err, stmt.Reset())
		}
		holds = append(holds, h)
	}
}

func readHold(text string) (h dossier.HoldPlaced, err error) {
	err = errors.Wrap(json.Unmarshal([]byte(text), &h), "stored hold")
	return h, err
}
