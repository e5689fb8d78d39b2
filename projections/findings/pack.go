package findings

import (
	"encoding/binary"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/packed"
)

// appendTexts packs texts, each behind its length.
func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// done says whether what was read was whole.
func done(r *packed.Reading) error {
	if r.Broken {
		return errors.AssertionFailedf("an entry of the findings is damaged")
	}
	return nil
}

// appendShape packs all of an action that repeats.
func appendShape(b []byte, a *dossier.ActionRecorded) []byte {
	b = appendTexts(b, string(a.Controller), string(a.Service), string(a.Instruction), string(a.Operation), string(a.Basis),
		string(a.Stated), a.System, a.From, string(a.Location), string(a.Recipient))
	b = binary.AppendUvarint(b, uint64(a.Version))
	for i, c := range a.Categories {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c...)
	}
	return b
}

// readShape puts what appendShape packed into an entry.
func (e *Entry) readShape(b []byte) error {
	r := packed.Reading{Rest: b}
	e.Controller, e.Service, e.Instruction = domain.ControllerID(r.Text()), domain.ServiceID(r.Text()), domain.InstructionID(r.Text())
	e.Operation, e.Basis, e.Stated = domain.Operation(r.Text()), domain.Basis(r.Text()), domain.Basis(r.Text())
	e.System, e.From = r.Text(), r.Text()
	e.Location, e.Recipient, e.Version = domain.Location(r.Text()), domain.RecipientID(r.Text()), int(r.Number())
	if len(r.Rest) > 0 {
		for _, c := range strings.Split(string(r.Rest), ",") {
			e.Categories = append(e.Categories, domain.Category(c))
		}
	}
	return done(&r)
}
