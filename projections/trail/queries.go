package trail

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
)

// Limits of a query.
const (
	MaxLimit    = 1000
	MaxSubjects = 64
)

// Query asks for one page of a person's trail.
type Query struct {
	Controller domain.ControllerID
	// Subjects are all keys of the person: 1 to 64. Dossiers that were linked keep their keys.
	Subjects []domain.SubjectKey
	// Newest asks for the newest entries first.
	Newest bool
	// After and Before leave out the entries up to and from a position; nil leaves out none. The next page is what comes after the
	// last entry of this one, or before it where the newest come first.
	After, Before *domain.Position
	// At asks for what was known when the log ended there: the entries before it. nil asks for all.
	At *domain.Position
	// Limit is the most entries in the page, 1 to 1,000; 0 means 100.
	Limit int
}

// Entry is one event of a person's trail.
type Entry struct {
	Position domain.Position
	// Type is the event's CloudEvents type.
	Type string
	// ID is the event's id, to which Details are bound.
	ID       string
	Time     time.Time
	Recorded time.Time
	Sequence uint64
	// Subject is the key under which the event stands, for opening Details.
	Subject domain.SubjectKey
	// Joined is the other dossier's key where an identifier was linked that led to one, and By the contact who linked it.
	Joined domain.SubjectKey
	By     domain.ContactID
	// Fact is what an event says that is no action; nil for an action, which the members below describe.
	Fact        domain.Fact
	Controller  domain.ControllerID
	Service     domain.ServiceID
	Identifier  string // the kind of identifier
	Operation   domain.Operation
	Instruction domain.InstructionID
	Version     int
	Basis       domain.Basis
	Stated      domain.Basis
	Categories  []domain.Category
	System      string
	From        string // the system that a copy or a move came from
	Location    domain.Location
	Recipient   domain.RecipientID
	Order       string
	Findings    domain.FindingSet
	Details     domain.Sealed
	// Action is the id of the action that the event is a part of.
	Action string
}

// Page is one page of a trail.
type Page struct {
	Entries []Entry
	// More says that further entries follow the last one.
	More bool
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Trail answers queries.
type Trail struct{ view projections.Reader }

// New makes a Trail that reads from a view.
func New(view projections.Reader) *Trail { return &Trail{view} }

var (
	errSubjects = errors.Wrap(domain.ErrInvalid, "subjects of a trail")
	errLimit    = errors.Wrap(domain.ErrInvalid, "limit of a trail")
	errBeyond   = errors.Wrap(domain.ErrUnavailable, "the trail does not reach that position yet")
)

// Of gives one page of a person's trail, without entries where nothing was recorded. It returns domain.ErrInvalid for a query
// outside the limits, and domain.ErrUnavailable where the view does not answer or has not reached At.
func (t *Trail) Of(ctx context.Context, q Query) (Page, error) {
	if len(q.Subjects) == 0 || len(q.Subjects) > MaxSubjects {
		return Page{}, errors.WithHint(errors.WithStack(errSubjects), "Name the person by 1 to 64 subject keys.")
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return Page{}, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 1,000 entries.")
	}
	var page Page
	position, err := t.view.Read(ctx, func(conn *sqlite.Conn, at domain.Position) error {
		r := reader{conn: conn, query: q, end: uint64(at), shapes: map[int64]*shape{}}
		var err error
		page, err = r.page()
		return err
	})
	page.Position = position
	return page, err
}

type reader struct {
	conn   *sqlite.Conn
	query  Query
	end    uint64
	shapes map[int64]*shape
}

type place struct {
	position uint64
	subject  domain.SubjectKey
}

func (r *reader) page() (Page, error) {
	from, below := uint64(0), uint64(math.MaxInt64)
	if r.query.After != nil {
		from = uint64(*r.query.After) + 1
	}
	if r.query.Before != nil {
		below = uint64(*r.query.Before)
	}
	if at := r.query.At; at != nil {
		if uint64(*at) > r.end {
			return Page{}, errors.WithHint(errors.Wrapf(errBeyond, "%s", *at), "Ask again in a moment, or for a position that was recorded.")
		}
		below = min(below, uint64(*at))
	}
	page := Page{Entries: []Entry{}}
	for {
		places, err := r.places(from, below)
		if err != nil {
			return Page{}, err
		}
		for _, p := range places {
			entry, err := r.entry(p)
			if err != nil {
				return Page{}, err
			}
			if entry.Controller != r.query.Controller {
				continue // A key belongs to one controller; another one asks in vain.
			}
			if page.More = len(page.Entries) == r.query.Limit; page.More {
				return page, nil
			}
			page.Entries = append(page.Entries, entry)
		}
		if len(places) <= r.query.Limit {
			return page, nil
		}
		if last := places[len(places)-1].position; r.query.Newest {
			below = last
		} else {
			from = last + 1
		}
	}
}

// places finds where the next entries of the person stand: one more than a page holds, if there are as many.
func (r *reader) places(from, below uint64) ([]place, error) {
	walk := people.Ascend
	if r.query.Newest {
		walk = people.Descend
	}
	var places []place
	for _, subject := range r.query.Subjects {
		n := 0
		if err := walk(r.conn, r.end, uint64(subject), from, below, func(position uint64, _ []byte) bool {
			places = append(places, place{position, subject})
			n++
			return n <= r.query.Limit
		}); err != nil {
			return nil, err
		}
	}
	if len(r.query.Subjects) > 1 {
		slices.SortStableFunc(places, func(a, b place) int {
			switch {
			case a.position == b.position:
				return 0
			case (a.position < b.position) != r.query.Newest:
				return -1
			}
			return 1
		})
		// The linking of two dossiers stands in both.
		places = slices.CompactFunc(places, func(a, b place) bool { return a.position == b.position })
	}
	return places[:min(len(places), r.query.Limit+1)], nil
}

func (r *reader) entry(p place) (Entry, error) {
	stmt, err := r.conn.Prepare("SELECT data FROM entry WHERE position = ?")
	if err != nil {
		return Entry{}, err
	}
	stmt.BindInt64(1, int64(p.position))
	found, err := stmt.Step()
	if err != nil || !found {
		return Entry{}, errors.CombineErrors(errors.CombineErrors(err, stmt.Reset()),
			errors.AssertionFailedf("the trail lacks the row of event %s", domain.Position(p.position)))
	}
	data := make([]byte, stmt.ColumnLen(0))
	stmt.ColumnBytes(0, data)
	if err := stmt.Reset(); err != nil {
		return Entry{}, err
	}
	var w row
	if err := w.unpack(data); err != nil {
		return Entry{}, err
	}
	s, err := r.shape(w.shape)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{
		Position: domain.Position(p.position), Type: s.kind, ID: w.id, Time: w.time, Recorded: w.recorded, Sequence: w.sequence,
		Subject: p.subject, Controller: domain.ControllerID(s.controller),
	}
	if s.kind != actionType {
		return e, other(&e, w.details)
	}
	e.Version, _ = strconv.Atoi(s.version)
	e.Service, e.Identifier, e.Operation = domain.ServiceID(s.service), s.identifier, domain.Operation(s.operation)
	e.Instruction, e.Basis, e.Stated = domain.InstructionID(s.instruction), domain.Basis(s.basis), domain.Basis(s.stated)
	e.Categories, e.System, e.From = split(s.categories), s.system, s.from
	e.Location, e.Recipient, e.Order = domain.Location(s.location), domain.RecipientID(s.recipient), w.order
	e.Findings, e.Details, e.Action = w.findings, w.details, w.action
	return e, nil
}

var actionType = dossier.ActionRecorded{}.EventType()

// other fills in what an event says that is no action.
func other(e *Entry, stored []byte) error {
	event, err := catalog.Decode(stored)
	if err != nil {
		return errors.Wrapf(err, "row of event %s", e.Position)
	}
	e.Fact = event.Fact
	if link, ok := event.Fact.(dossier.IdentifierLinked); ok {
		e.Joined, e.By, e.Identifier = link.Joined, link.By, link.Identifier
	}
	return nil
}

func (r *reader) shape(id int64) (*shape, error) {
	if s, known := r.shapes[id]; known {
		return s, nil
	}
	names, err := shapes.Text(r.conn, id)
	if err != nil {
		return nil, err
	}
	s := &shape{}
	r.shapes[id] = s
	return s, s.unpack(names)
}

func split(s string) []domain.Category {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	list := make([]domain.Category, len(parts))
	for i, part := range parts {
		list[i] = domain.Category(part)
	}
	return list
}
