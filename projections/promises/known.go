package promises

import (
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

type terms struct{ retained, safeguarded bool }

// known is what of the register the evidence rests on, as of the event at hand.
type known struct {
	territory  []domain.Territory
	recipients map[domain.RecipientID]register.RecipientDeclared
	terms      map[version]terms
	courts     map[string]bool
	enquiries  int64 // how many are open: most removals are not about one
}

// load reads it from the tables.
func load(conn *sqlite.Conn) (*known, error) {
	k := &known{recipients: map[domain.RecipientID]register.RecipientDeclared{}, terms: map[version]terms{}, courts: map[string]bool{}}
	if err := rows(conn, "SELECT event FROM declared", func(s *sqlite.Stmt) error {
		fact, err := decoded(s, 0)
		switch fact := fact.(type) {
		case register.ProcessorDeclared:
			k.territory = fact.Territory
		case register.RecipientDeclared:
			k.recipients[fact.Recipient] = fact
		}
		return err
	}); err != nil {
		return nil, err
	}
	if err := rows(conn, "SELECT controller, instruction, version, retained, safeguarded FROM terms", func(s *sqlite.Stmt) error {
		v := version{domain.ControllerID(s.ColumnText(0)), domain.InstructionID(s.ColumnText(1)), s.ColumnInt(2)}
		k.terms[v] = terms{s.ColumnBool(3), s.ColumnBool(4)}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := rows(conn, "SELECT count(*) FROM enquiry", func(s *sqlite.Stmt) error { k.enquiries = s.ColumnInt64(0); return nil }); err != nil {
		return nil, err
	}
	return k, rows(conn, "SELECT name FROM court", func(s *sqlite.Stmt) error { k.courts[s.ColumnText(0)] = true; return nil })
}

func decoded(stmt *sqlite.Stmt, col int) (domain.Fact, error) {
	event, err := catalog.Decode(blob(stmt, col))
	return event.Fact, errors.Wrap(err, "row of the promises")
}

// see gives an action with what the register says of it.
func (k *known) see(a *dossier.ActionRecorded, compelled bool) act {
	t := k.terms[version{a.Controller, a.Instruction, a.Version}]
	r, isRegistered := k.recipients[a.Recipient]
	effect := a.Operation.Effect()
	return act{
		ActionRecorded: a, compelled: compelled, removal: effect == domain.Removes || effect == domain.Withdraws,
		located: len(k.territory) > 0 && (a.Location != "" || r.Country != ""), outside: outside(k.territory, a.Location) || outside(k.territory, r.Country),
		safeguarded: t.safeguarded || r.Safeguard != "", registered: isRegistered, retained: t.retained,
	}
}
