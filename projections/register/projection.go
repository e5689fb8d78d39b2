// Package register is the view of who is who and of what was instructed: the processor, its controllers, their services, contacts
// and instructions with all versions, and the recipients, as known at any position (Art. 28(3)(a), 30(2)).
//
// It deliberately opens nothing: contacts' details stay sealed.
package register

import (
	_ "embed"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections"
)

// Name is the view's name.
const Name = "register"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string               { return Name }
func (projection) Version() int               { return 1 }
func (projection) Schema() string             { return schema }
func (projection) Folder() projections.Folder { return folder{} }

type folder struct{}

// Kind is a kind of entry of the register.
type Kind string

// The kinds.
const (
	Processor     Kind = "processor"
	Controller    Kind = "controller"
	Service       Kind = "service"
	Recipient     Kind = "recipient"
	Authorisation Kind = "authorisation"
	Contact       Kind = "contact"
	Instruction   Kind = "instruction"
)

// entry says where an event stands; ok is false for one that is not of the register.
func entry(fact domain.Fact) (kind Kind, controller domain.ControllerID, id, name string, ok bool) {
	switch e := fact.(type) {
	case register.ProcessorDeclared:
		return Processor, "", string(register.Itself), e.Name, true
	case register.ControllerDeclared:
		return Controller, e.Controller, string(e.Controller), e.Name, true
	case register.ServiceDeclared:
		return Service, e.Controller, string(e.Service), e.Name, true
	case register.RecipientDeclared:
		return Recipient, "", string(e.Recipient), e.Name, true
	case register.AuthorisationDeclared:
		return Authorisation, e.Controller, string(e.Controller), "", true
	case register.ContactDeclared:
		return Contact, e.Controller, string(e.Contact), e.Role, true
	case instruction.Given:
		return Instruction, e.Controller, string(e.Instruction), e.Terms.Title, true
	case instruction.Withdrawn:
		return Instruction, e.Controller, string(e.Instruction), "", true
	default:
		return "", "", "", "", false
	}
}

// Fold takes in the next event.
func (folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	kind, controller, id, name, ok := entry(e.Fact)
	if !ok {
		return nil
	}
	stmt, err := conn.Prepare("INSERT INTO declared VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(kind))
	stmt.BindText(2, string(controller))
	stmt.BindText(3, id)
	stmt.BindInt64(4, int64(e.Position))
	stmt.BindText(5, strings.ToLower(name))
	stmt.BindBytes(6, e.Bytes)
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}

// Flush writes nothing: Fold does.
func (folder) Flush(*sqlite.Conn) error { return nil }
