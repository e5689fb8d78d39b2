package disclosures

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections"
)

// Count is how often a finding was made.
type Count struct {
	Finding domain.Finding
	Events  uint64
}

// Seen is when something happened first and last, by its own time and not by when it was reported, and how often.
type Seen struct {
	First, Last     time.Time
	FirstAt, LastAt domain.Position // of those that were first and last
	Events          uint64          // one for each person of an action
}

// Recipient is one to whom data of a controller went.
type Recipient struct {
	Controller domain.ControllerID
	// Recipient is empty where the actions named none.
	Recipient domain.RecipientID
	// Declared is what the register says now, nil where the recipient is not in it.
	Declared *register.RecipientDeclared
	Seen
	// People counts the dossiers of which data went there, each once.
	People       uint64
	Services     []domain.ServiceID
	Instructions []domain.InstructionID
	Operations   []domain.Operation
	Categories   []domain.Category
	// Countries are those that the actions named and the recipient's own.
	Countries []domain.Location
	// Safeguards are those named for what left the territory (Art. 45-49).
	Safeguards []string
	// Findings are those about recipients and transfers.
	Findings []Count
	// Orders are those of courts under which data was disclosed.
	Orders []string
}

// Transfer is data of a controller that left the processor's territory for a country, under one instruction and to one recipient.
type Transfer struct {
	Controller  domain.ControllerID
	Instruction domain.InstructionID
	Recipient   domain.RecipientID // empty where the data stayed with us
	Country     domain.Location
	// Safeguard is what the instruction or the recipient named when it was recorded, empty where neither did.
	Safeguard string
	Seen
	Operations []domain.Operation
	Categories []domain.Category
}

// Disclosures answers queries.
type Disclosures struct{ view projections.Reader }

// New makes a Disclosures that reads from a view.
func New(view projections.Reader) *Disclosures { return &Disclosures{view} }

// Recipients lists those to whom data went, of a controller or of all where it is empty, by controller and recipient, and gives the
// position at which the view stood. Counting people takes time with their number: a tenth of a second for a million. It returns
// domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Recipients(ctx context.Context, c domain.ControllerID, sight projections.Sight) ([]Recipient, domain.Position, error) {
	list := []Recipient{}
	at, err := d.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		k, err := load(conn)
		if err != nil {
			return err
		}
		type key struct {
			controller domain.ControllerID
			recipient  domain.RecipientID
		}
		found := map[key]*Recipient{}
		err = flows(conn, c, sight, func(s *shape, seen Seen) {
			if !s.discloses() {
				return
			}
			r := found[key{s.controller, s.recipient}]
			if r == nil {
				r = &Recipient{Controller: s.controller, Recipient: s.recipient}
				if declared, known := k.recipients[s.recipient]; known {
					r.Declared, r.Countries = &declared, []domain.Location{declared.Country}
				}
				found[key{s.controller, s.recipient}] = r
			}
			r.take(s, seen)
		})
		if err != nil {
			return err
		}
		for _, r := range found {
			if r.People, err = met(conn, end, r); err != nil {
				return err
			}
			list = append(list, *r)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Recipient) int {
		return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Recipient, b.Recipient))
	})
	return list, at, err
}

// take takes in what was counted of one shape.
func (r *Recipient) take(s *shape, seen Seen) {
	r.merge(seen)
	r.Services, r.Operations = with(r.Services, s.service), with(r.Operations, s.operation)
	r.Instructions, r.Countries, r.Safeguards = with(r.Instructions, s.instruction), with(r.Countries, s.location), with(r.Safeguards, s.safeguard)
	r.Categories, r.Orders = with(r.Categories, split(s.categories)...), with(r.Orders, s.compelled)
	for _, finding := range s.findings.List() {
		i := slices.IndexFunc(r.Findings, func(c Count) bool { return c.Finding == finding })
		if i < 0 {
			i = len(r.Findings)
			r.Findings = append(r.Findings, Count{Finding: finding})
		}
		r.Findings[i].Events += seen.Events
	}
	slices.SortFunc(r.Findings, func(a, b Count) int { return cmp.Compare(a.Finding, b.Finding) })
}

func (s *Seen) merge(o Seen) {
	if s.Events == 0 {
		*s = o
		return
	}
	s.Events += o.Events
	if c := o.First.Compare(s.First); c < 0 || c == 0 && o.FirstAt < s.FirstAt {
		s.First, s.FirstAt = o.First, o.FirstAt
	}
	if c := o.Last.Compare(s.Last); c > 0 || c == 0 && o.LastAt > s.LastAt {
		s.Last, s.LastAt = o.Last, o.LastAt
	}
}

// with gives a sorted list with more in it, each once and none that is empty.
func with[T ~string](list []T, more ...T) []T {
	for _, one := range more {
		if at, known := slices.BinarySearch(list, one); one != "" && !known {
			list = slices.Insert(list, at, one)
		}
	}
	return list
}

// Transfers lists what left the processor's territory, of a controller or of all where it is empty, by controller, instruction,
// recipient and country, and gives the position at which the view stood. Where the territory is declared to hold all that was used,
// the list is empty. It returns domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Transfers(ctx context.Context, c domain.ControllerID, sight projections.Sight) ([]Transfer, domain.Position, error) {
	type key struct {
		controller  domain.ControllerID
		instruction domain.InstructionID
		recipient   domain.RecipientID
		country     domain.Location
		safeguard   string
	}
	found := map[key]*Transfer{}
	at, err := d.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		return flows(conn, c, sight, func(s *shape, seen Seen) {
			if s.abroad == "" {
				return
			}
			for _, country := range strings.Split(s.abroad, ",") {
				k := key{s.controller, s.instruction, s.recipient, domain.Location(country), s.safeguard}
				t := found[k]
				if t == nil {
					t = &Transfer{
						Controller: k.controller, Instruction: k.instruction, Recipient: k.recipient, Country: k.country, Safeguard: k.safeguard,
					}
					found[k] = t
				}
				t.merge(seen)
				t.Operations, t.Categories = with(t.Operations, s.operation), with(t.Categories, split(s.categories)...)
			}
		})
	})
	list := make([]Transfer, 0, len(found))
	for _, t := range found {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Transfer) int {
		return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Instruction, b.Instruction),
			cmp.Compare(a.Recipient, b.Recipient), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Safeguard, b.Safeguard))
	})
	return list, at, err
}

// flows hands out what was counted by shape, of a controller or of all, but for what must not be told.
func flows(conn *sqlite.Conn, c domain.ControllerID, sight projections.Sight, each func(*shape, Seen)) error {
	secret, err := sight.Hidden(conn)
	if err != nil {
		return err
	}
	return rows(conn, `SELECT text, events, first_position, last_position, first, last
		FROM flow JOIN name ON id = shape ORDER BY shape`, func(stmt *sqlite.Stmt) error {
		var s shape
		if err := s.unpack(blob(stmt, 0)); err != nil {
			return err
		}
		if (c == "" || c == s.controller) && !secret[s.compelled] {
			each(&s, Seen{
				Events: uint64(stmt.ColumnInt64(1)), FirstAt: domain.Position(stmt.ColumnInt64(2)), LastAt: domain.Position(stmt.ColumnInt64(3)),
				First: moment(stmt.ColumnInt64(4)), Last: moment(stmt.ColumnInt64(5)),
			})
		}
		return nil
	})
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

var errSubjects = errors.Wrap(domain.ErrInvalid, "subjects of disclosures")

// MaxSubjects bounds the subject keys of one person in a query.
const MaxSubjects = 64

func checked(subjects []domain.SubjectKey) error {
	if len(subjects) == 0 || len(subjects) > MaxSubjects {
		return errors.WithHint(errors.WithStack(errSubjects), "Name the person by 1 to 64 subject keys.")
	}
	return nil
}
