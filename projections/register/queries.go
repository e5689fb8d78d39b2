package register

import (
	"context"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections"
)

// InstructionKey names an instruction.
type InstructionKey struct {
	Controller  domain.ControllerID
	Instruction domain.InstructionID
}

// Version is one version of an instruction with the positions of the events that say so.
type Version struct {
	instruction.Version
	GivenAt     domain.Position
	WithdrawnAt *domain.Position // nil where it was not withdrawn
}

// Snapshot is the whole register at one position. Contacts bear the id of the event that sealed their details.
type Snapshot struct {
	register.State
	// Instructions holds all versions of each, oldest first.
	Instructions map[InstructionKey][]Version
	// Position is the position as of which it is the register: it has all events before it.
	Position domain.Position
}

// Hit is one entry of the register that a search found.
type Hit struct {
	Kind       Kind
	Controller domain.ControllerID // empty where it belongs to none
	ID         string
	Position   domain.Position // of the newest event that names it
}

// MaxHits bounds what a search finds.
const MaxHits = 200

// Register answers queries.
type Register struct{ view projections.Reader }

// New makes a Register that reads from a view.
func New(view projections.Reader) *Register { return &Register{view} }

var (
	errBeyond  = errors.Wrap(domain.ErrUnavailable, "the register does not reach that position yet")
	errSearch  = errors.Wrap(domain.ErrInvalid, "search of the register")
	errNothing = errors.Wrap(domain.ErrNotFound, "instruction")
)

// The newest event of each id, and every event of an instruction, in the order of the log.
const (
	everything = `SELECT event, position FROM declared AS d WHERE position < ? AND (kind = 'instruction' OR NOT EXISTS
		(SELECT 1 FROM declared AS n WHERE n.kind = d.kind AND n.controller = d.controller AND n.id = d.id
			AND n.position > d.position AND n.position < ?)) ORDER BY position`
	oneInstruction = `SELECT event, position FROM declared WHERE position < ? AND kind = 'instruction' AND controller = ? AND id = ?
		ORDER BY position`
)

// All gives the register as known when the log ended at a position, nil for now. It returns domain.ErrUnavailable where the view
// does not answer or has not reached the position.
func (r *Register) All(ctx context.Context, at *domain.Position) (Snapshot, error) {
	s := empty()
	err := r.fold(ctx, &s, at, func(conn *sqlite.Conn, end domain.Position) (*sqlite.Stmt, error) {
		stmt, err := conn.Prepare(everything)
		if err == nil {
			stmt.BindInt64(1, int64(end))
			stmt.BindInt64(2, int64(end))
		}
		return stmt, err
	})
	return s, err
}

// Instruction gives all versions of an instruction, oldest first, as known when the log ended at a position, nil for now. It returns
// domain.ErrNotFound where it was never given by then, and what All returns.
func (r *Register) Instruction(ctx context.Context, key InstructionKey, at *domain.Position) ([]Version, domain.Position, error) {
	s := empty()
	err := r.fold(ctx, &s, at, func(conn *sqlite.Conn, end domain.Position) (*sqlite.Stmt, error) {
		stmt, err := conn.Prepare(oneInstruction)
		if err == nil {
			stmt.BindInt64(1, int64(end))
			stmt.BindText(2, string(key.Controller))
			stmt.BindText(3, string(key.Instruction))
		}
		return stmt, err
	})
	if err == nil && len(s.Instructions[key]) == 0 {
		err = errors.WithHint(errors.Wrapf(errNothing, "%s of %s", key.Instruction, key.Controller),
			"Name an instruction that the controller has given; the register lists them.")
	}
	return s.Instructions[key], s.Position, err
}

func empty() Snapshot {
	return Snapshot{
		State: register.State{
			Controllers: map[domain.ControllerID]register.ControllerDeclared{}, Services: map[register.ServiceKey]register.ServiceDeclared{},
			Recipients:     map[domain.RecipientID]register.RecipientDeclared{},
			Authorisations: map[domain.ControllerID]register.AuthorisationDeclared{}, Contacts: map[register.ContactKey]register.Contact{},
		},
		Instructions: map[InstructionKey][]Version{},
	}
}

// fold takes the events of a query into a snapshot.
func (r *Register) fold(ctx context.Context, s *Snapshot, at *domain.Position, query func(*sqlite.Conn, domain.Position) (*sqlite.Stmt, error)) error {
	_, err := r.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		if at != nil {
			if *at > end {
				return errors.WithHint(errors.Wrapf(errBeyond, "%s", *at), "Ask again in a moment, or for a position that was recorded.")
			}
			end = *at
		}
		s.Position = end
		stmt, err := query(conn, end)
		if err != nil {
			return err
		}
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
			}
			stored := make([]byte, stmt.ColumnLen(0))
			stmt.ColumnBytes(0, stored)
			event, err := catalog.Decode(stored)
			if err != nil {
				return errors.CombineErrors(errors.Wrap(err, "row of the register"), stmt.Reset())
			}
			s.take(event, domain.Position(stmt.ColumnInt64(1)))
		}
	})
	return err
}

// take takes in an event. It changes the maps in place, which nobody else has yet: State.Evolve would copy them each time.
func (s *Snapshot) take(event domain.Event, at domain.Position) {
	switch e := event.Fact.(type) {
	case register.ProcessorDeclared:
		s.Processor = &e
	case register.ControllerDeclared:
		s.Controllers[e.Controller] = e
	case register.ServiceDeclared:
		s.Services[register.ServiceKey{Controller: e.Controller, Service: e.Service}] = e
	case register.RecipientDeclared:
		s.Recipients[e.Recipient] = e
	case register.AuthorisationDeclared:
		s.Authorisations[e.Controller] = e
	case register.ContactDeclared:
		s.Contacts[register.ContactKey{Controller: e.Controller, Contact: e.Contact}] = register.Contact{ContactDeclared: e, Event: event.ID}
	case instruction.Given:
		key := InstructionKey{e.Controller, e.Instruction}
		s.Instructions[key] = append(s.Instructions[key], Version{
			Version: instruction.Version{Number: e.Version, Terms: e.Terms, Given: e.Warrant}, GivenAt: at,
		})
	case instruction.Withdrawn:
		versions := s.Instructions[InstructionKey{e.Controller, e.Instruction}]
		if n := len(versions); n > 0 {
			versions[n-1].Withdrawn, versions[n-1].WithdrawnAt = &e.Warrant, &at
		}
	}
}

// Search finds the entries whose name or id holds a text of 1 to 200 bytes, capitals or not: at most 200, by kind, controller and
// id. Contacts are found by role and id, since their names are sealed. It gives the position at which the view stood, and returns
// domain.ErrInvalid for another text and domain.ErrUnavailable where the view does not answer.
func (r *Register) Search(ctx context.Context, text string) ([]Hit, domain.Position, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" || len(text) > domain.MaxTextBytes {
		return nil, 0, errors.WithHint(errors.WithStack(errSearch), "Search for 1 to 200 bytes of a name.")
	}
	hits := []Hit{}
	at, err := r.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		// A withdrawal has no name; what it is about is found by the last one that has.
		stmt, err := conn.Prepare(`SELECT kind, controller, id, position FROM declared AS d
			WHERE position = (SELECT max(position) FROM declared AS n WHERE n.kind = d.kind AND n.controller = d.controller
				AND n.id = d.id AND n.name <> '') AND (instr(name, ?1) > 0 OR instr(id, ?1) > 0)
			ORDER BY kind, controller, id LIMIT ?2`)
		if err != nil {
			return err
		}
		stmt.BindText(1, text)
		stmt.BindInt64(2, MaxHits)
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
			}
			hits = append(hits, Hit{
				Kind: Kind(stmt.ColumnText(0)), Controller: domain.ControllerID(stmt.ColumnText(1)), ID: stmt.ColumnText(2),
				Position: domain.Position(stmt.ColumnInt64(3)),
			})
		}
	})
	return hits, at, err
}
