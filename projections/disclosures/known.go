package disclosures

import (
	"slices"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
)

type version struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
	number      int
}

// known is what of the register decides whether data left the territory, and safely, as of the event at hand.
type known struct {
	territory  []domain.Territory
	recipients map[domain.RecipientID]register.RecipientDeclared
	safeguards map[version]string
	courts     map[string]bool
}

// load reads it from the tables.
func load(conn *sqlite.Conn) (*known, error) {
	k := &known{recipients: map[domain.RecipientID]register.RecipientDeclared{}, safeguards: map[version]string{}, courts: map[string]bool{}}
	if err := rows(conn, "SELECT event FROM declared", func(s *sqlite.Stmt) error { return k.declared(blob(s, 0)) }); err != nil {
		return nil, err
	}
	if err := rows(conn, "SELECT controller, instruction, version, safeguard FROM terms WHERE safeguard <> ''", func(s *sqlite.Stmt) error {
		v := version{domain.ControllerID(s.ColumnText(0)), domain.InstructionID(s.ColumnText(1)), s.ColumnInt(2)}
		k.safeguards[v] = s.ColumnText(3)
		return nil
	}); err != nil {
		return nil, err
	}
	return k, rows(conn, "SELECT name FROM court", func(s *sqlite.Stmt) error { k.courts[s.ColumnText(0)] = true; return nil })
}

func (k *known) declared(stored []byte) error {
	event, err := catalog.Decode(stored)
	if err != nil {
		return errors.Wrap(err, "row of a declaration")
	}
	switch fact := event.Fact.(type) {
	case register.ProcessorDeclared:
		k.territory = fact.Territory
	case register.RecipientDeclared:
		k.recipients[fact.Recipient] = fact
	}
	return nil
}

func blob(stmt *sqlite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, b)
	return b
}

// abroad gives the countries outside the processor's territory to which an action took data, with a comma between two, and the
// safeguard named for it: the instruction's, or else the recipient's (Art. 44-49). Where no territory was declared nothing is outside.
func (k *known) abroad(a *dossier.ActionRecorded) (countries, safeguard string) {
	if len(k.territory) == 0 || a.Operation.Removal() {
		return "", ""
	}
	recipient, isDeclared := k.recipients[a.Recipient]
	if k.outside(a.Location) {
		countries = string(a.Location)
	}
	if isDeclared && recipient.Country != a.Location && k.outside(recipient.Country) {
		if countries != "" {
			countries += ","
		}
		countries += string(recipient.Country)
	}
	if countries == "" {
		return "", ""
	}
	if safeguard = k.safeguards[version{a.Controller, a.Instruction, a.Version}]; safeguard == "" {
		safeguard = recipient.Safeguard
	}
	return countries, safeguard
}

func (k *known) outside(l domain.Location) bool {
	return l != "" && !slices.ContainsFunc(k.territory, func(t domain.Territory) bool { return t.Holds(l) })
}
