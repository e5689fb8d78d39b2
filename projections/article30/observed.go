package article30

import (
	"encoding/binary"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/packed"
)

// Dimension is one thing that an instruction declares and an action shows.
type Dimension string

// The dimensions.
const (
	Operations Dimension = "operation"
	Categories Dimension = "category"
	Recipients Dimension = "recipient"
	Countries  Dimension = "country"
)

// destination is where data went: a country, a recipient, or both. It is kept as one, because a transfer is.
const destination Dimension = "destination"

// observation is one thing that was seen.
type observation struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
	version     int
	compelled   string // the order of a court under which it was done, mostly none
	dimension   Dimension
	value       string
	recipient   domain.RecipientID // of a destination, whose value is the country
}

func (o *observation) append(b []byte) []byte {
	b = appendTexts(b, string(o.controller), string(o.instruction), o.compelled, string(o.dimension), o.value, string(o.recipient))
	return binary.AppendUvarint(b, uint64(o.version))
}

func (o *observation) unpack(b []byte) error {
	r := packed.Reading{Rest: b}
	o.controller, o.instruction, o.compelled = domain.ControllerID(r.Text()), domain.InstructionID(r.Text()), r.Text()
	o.dimension, o.value, o.recipient = Dimension(r.Text()), r.Text(), domain.RecipientID(r.Text())
	o.version = int(r.Number())
	if r.Broken {
		return errors.AssertionFailedf("a name of the record is damaged")
	}
	return nil
}

// observations gives what an action shows.
func observations(a *dossier.ActionRecorded, compelled string) [][]byte {
	o := observation{controller: a.Controller, instruction: a.Instruction, version: a.Version, compelled: compelled}
	o.dimension, o.value = Operations, string(a.Operation)
	list := [][]byte{o.append(nil)}
	for _, c := range a.Categories {
		o.dimension, o.value = Categories, string(c)
		list = append(list, o.append(nil))
	}
	if effect := a.Operation.Effect(); (a.Location != "" || a.Recipient != "") && effect != domain.Removes && effect != domain.Withdraws {
		o.dimension, o.value, o.recipient = destination, string(a.Location), a.Recipient
		list = append(list, o.append(nil))
	}
	return list
}

// appendTexts packs texts, each behind its length.
func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}
