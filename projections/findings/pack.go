package findings

import (
	"encoding/binary"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// appendTexts packs texts, each behind its length.
func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// reading unpacks; what is damaged reads as nothing and is told at the end.
type reading struct {
	rest   []byte
	broken bool
}

func (r *reading) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	return r.took(n, size)
}

func (r *reading) signed() int64 {
	n, size := binary.Varint(r.rest)
	return int64(r.took(uint64(n), size))
}

func (r *reading) took(n uint64, size int) uint64 {
	if size <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reading) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

func (r *reading) done() error {
	if r.broken {
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
	r := reading{rest: b}
	e.Controller, e.Service, e.Instruction = domain.ControllerID(r.text()), domain.ServiceID(r.text()), domain.InstructionID(r.text())
	e.Operation, e.Basis, e.Stated = domain.Operation(r.text()), domain.Basis(r.text()), domain.Basis(r.text())
	e.System, e.From = r.text(), r.text()
	e.Location, e.Recipient, e.Version = domain.Location(r.text()), domain.RecipientID(r.text()), int(r.number())
	if len(r.rest) > 0 {
		for _, c := range strings.Split(string(r.rest), ",") {
			e.Categories = append(e.Categories, domain.Category(c))
		}
	}
	return r.done()
}
