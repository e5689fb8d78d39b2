package article30

import (
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

// snapshot is what was declared and seen.
type snapshot struct {
	processor   *register.ProcessorDeclared
	controllers map[domain.ControllerID]register.ControllerDeclared
	contacts    map[domain.ControllerID]map[domain.ContactID]register.Contact
	recipients  map[domain.RecipientID]register.RecipientDeclared
	versions    map[instructionKey][]given // oldest first
	seen        map[observation]Seen
}

type instructionKey struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
}

// declarations reads what was declared: of the controller, or of all, and what belongs to none.
func declarations(conn *sqlite.Conn, c domain.ControllerID) (*snapshot, error) {
	s := &snapshot{
		controllers: map[domain.ControllerID]register.ControllerDeclared{},
		contacts:    map[domain.ControllerID]map[domain.ContactID]register.Contact{},
		recipients:  map[domain.RecipientID]register.RecipientDeclared{},
		versions:    map[instructionKey][]given{}, seen: map[observation]Seen{},
	}
	return s, rows(conn, `SELECT event FROM declared WHERE ?1 = '' OR controller IN ('', ?1, ?2) ORDER BY position`, func(stmt *sqlite.Stmt) error {
		stored := make([]byte, stmt.ColumnLen(0))
		stmt.ColumnBytes(0, stored)
		event, err := catalog.Decode(stored)
		if err != nil {
			return errors.Wrap(err, "row of a declaration in the record")
		}
		s.take(event)
		return nil
	}, c, register.Itself)
}

// take takes in a declaration.
func (s *snapshot) take(event domain.Event) {
	switch e := event.Fact.(type) {
	case register.ProcessorDeclared:
		s.processor = &e
	case register.ControllerDeclared:
		s.controllers[e.Controller] = e
	case register.RecipientDeclared:
		s.recipients[e.Recipient] = e
	case register.ContactDeclared:
		if s.contacts[e.Controller] == nil {
			s.contacts[e.Controller] = map[domain.ContactID]register.Contact{}
		}
		s.contacts[e.Controller][e.Contact] = register.Contact{ContactDeclared: e, Event: event.ID}
	case instruction.Given:
		key := instructionKey{e.Controller, e.Instruction}
		s.versions[key] = append(s.versions[key], given{
			instruction.Version{Number: e.Version, Terms: e.Terms, Given: e.Warrant}, event.Recorded,
		})
	case instruction.Withdrawn:
		versions := s.versions[instructionKey{e.Controller, e.Instruction}]
		if n := len(versions); n > 0 {
			versions[n-1].Withdrawn = &e.Warrant
		}
	}
}

// observe reads what was seen.
func (s *snapshot) observe(conn *sqlite.Conn, q Query) error {
	secret, err := q.Sight.Hidden(conn)
	if err != nil {
		return err
	}
	return rows(conn, `SELECT text, first_position, first, last FROM observed JOIN name ON id = name`, func(stmt *sqlite.Stmt) error {
		packed := make([]byte, stmt.ColumnLen(0))
		stmt.ColumnBytes(0, packed)
		var o observation
		if err := o.unpack(packed); err != nil {
			return err
		}
		if q.Controller != "" && o.controller != q.Controller || secret[o.compelled] {
			return nil
		}
		s.seen[o] = Seen{
			FirstAt: domain.Position(stmt.ColumnInt64(1)), First: time.UnixMilli(stmt.ColumnInt64(2)).UTC(), Last: time.UnixMilli(stmt.ColumnInt64(3)).UTC(),
		}
		return nil
	})
}
