package disclosures

import (
	"encoding/binary"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/packed"
)

// shape is all of an action that repeats, with what the register said of it when it was recorded.
type shape struct {
	controller  domain.ControllerID
	service     domain.ServiceID
	instruction domain.InstructionID
	operation   domain.Operation
	basis       domain.Basis
	system      string
	from        string
	location    domain.Location
	recipient   domain.RecipientID
	// abroad are the countries outside the processor's territory to which the data went, one or two, and safeguard what the
	// instruction or the recipient named for that.
	abroad, safeguard string
	// compelled is the order of a court under which it was done, mostly none.
	compelled  string
	categories string
	version    int
	notice     bool              // it told the recipient what became of the data
	findings   domain.FindingSet // those that are about recipients and transfers
}

// relevant are the findings that this view counts.
const relevant = 1<<domain.RecipientNotInstructed | 1<<domain.SubProcessorNotAuthorised | 1<<domain.TransferWithoutSafeguard |
	1<<domain.LocationNotInstructed | 1<<domain.CourtOrderMissing | 1<<domain.BeyondCourtOrder | 1<<domain.ControllerNotInformed

func appendShape(b []byte, s *shape, categories []domain.Category) []byte {
	for _, text := range [...]string{
		string(s.controller), string(s.service), string(s.instruction), string(s.operation), string(s.basis), s.system, s.from,
		string(s.location), string(s.recipient), s.abroad, s.safeguard, s.compelled,
	} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = binary.AppendUvarint(b, uint64(s.version))
	if s.notice {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(s.findings))
	for i, c := range categories {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c...)
	}
	return b
}

// unpack reads what appendShape packed.
func (s *shape) unpack(b []byte) error {
	r := packed.Reading{Rest: b}
	s.controller, s.service, s.instruction = domain.ControllerID(r.Text()), domain.ServiceID(r.Text()), domain.InstructionID(r.Text())
	s.operation, s.basis, s.system, s.from = domain.Operation(r.Text()), domain.Basis(r.Text()), r.Text(), r.Text()
	s.location, s.recipient = domain.Location(r.Text()), domain.RecipientID(r.Text())
	s.abroad, s.safeguard, s.compelled = r.Text(), r.Text(), r.Text()
	s.version = int(r.Number())
	s.notice = r.Number() == 1
	s.findings = domain.FindingSet(r.Number())
	s.categories = string(r.Rest)
	return done(&r)
}

// discloses says that data went to a recipient, named or not.
func (s *shape) discloses() bool {
	return !s.notice && (s.operation.Discloses() || s.recipient != "" && !s.operation.Removal())
}

// flows says that the action counts in the register of disclosures and transfers.
func (s *shape) flows() bool { return s.discloses() || s.abroad != "" }

// matters says that the action is about where copies are.
func (s *shape) matters() bool {
	return s.flows() || s.operation.Effect() != domain.Neither || s.operation == domain.Transfer || s.recipient != ""
}

// done says whether what was read was whole.
func done(r *packed.Reading) error {
	if r.Broken {
		return errors.AssertionFailedf("an entry of the disclosures is damaged")
	}
	return nil
}

// shapeCache reads shapes.
type shapeCache struct {
	conn *sqlite.Conn
	of   map[int64]*shape
}

func (c *shapeCache) get(id int64) (*shape, error) {
	if s, known := c.of[id]; known {
		return s, nil
	}
	packed, err := names.Text(c.conn, id)
	if err != nil {
		return nil, err
	}
	s := &shape{}
	c.of[id] = s
	return s, s.unpack(packed)
}

// split gives the categories of a list with commas.
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

// shapeOf gives the shape of an action, but for what the register says.
func shapeOf(a *dossier.ActionRecorded) shape {
	return shape{
		controller: a.Controller, service: a.Service, instruction: a.Instruction, operation: a.Operation, basis: a.Basis, system: a.System,
		from: a.From, location: a.Location, recipient: a.Recipient, version: a.Version, findings: a.Findings & relevant,
	}
}
