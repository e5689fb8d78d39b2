package commands

import (
	"bytes"
	"strconv"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

// InstructionKey names an instruction: two controllers' may bear one name.
type InstructionKey struct {
	Controller  domain.ControllerID
	Instruction domain.InstructionID
}

// State is what decisions rest on, at one position. It is never changed in place, so that anybody may keep one.
type State struct {
	// End is the position of the next event.
	End          domain.Position
	Register     register.State
	Instructions map[InstructionKey]instruction.State
	CourtOrders  disclosure.State
	// history holds the stored bytes of every event that the state is made of: they are the snapshot, and every way of
	// reading old events serves for reading old snapshots.
	history [][]byte
}

// evolve gives the state after an event. Actions leave it as it is but for the position.
func (s State) evolve(e domain.Recorded) State {
	s.End = e.Position + 1
	switch f := e.Fact.(type) {
	case instruction.Given:
		s.Instructions = s.withInstruction(InstructionKey{f.Controller, f.Instruction}, e.Event)
	case instruction.Withdrawn:
		s.Instructions = s.withInstruction(InstructionKey{f.Controller, f.Instruction}, e.Event)
	case register.ProcessorDeclared, register.ControllerDeclared, register.ServiceDeclared, register.RecipientDeclared,
		register.ContactDeclared, register.AuthorisationDeclared:
		s.Register = s.Register.Evolve(e.Event)
	case disclosure.Received, disclosure.Informed:
		s.CourtOrders = s.CourtOrders.Evolve(e.Event)
	default:
		return s
	}
	s.history = append(s.history[:len(s.history):len(s.history)], bytes.Clone(e.Bytes))
	return s
}

func (s State) withInstruction(k InstructionKey, e domain.Event) map[InstructionKey]instruction.State {
	m := make(map[InstructionKey]instruction.State, len(s.Instructions)+1)
	for key, state := range s.Instructions {
		m[key] = state
	}
	m[k] = m[k].Evolve(e)
	return m
}

// Known gives what the judgement of an action rests on, but for when it was reported and what stands about people.
func (s State) Known(a dossier.Action) dossier.Known {
	k := dossier.Known{Instruction: s.Instructions[InstructionKey{a.Controller, a.Instruction}]}
	if s.Register.Processor != nil {
		k.Territory = s.Register.Processor.Territory
	}
	if a.Recipient != "" {
		if r, known := s.Register.Recipients[a.Recipient]; known {
			k.Recipient = &r
			if said, known := s.Register.Authorisations[a.Controller]; known {
				k.Authorisation = &said
			}
		}
	}
	if a.Order != "" {
		if o, known := s.CourtOrders.Orders[a.Order]; known && o.Controller == a.Controller {
			k.CourtOrder = &o
		}
	}
	return k
}

// snapshot gives the state as bytes: a line with the position, then the events that it is made of, a line each.
func (s State) snapshot() []byte {
	b := strconv.AppendUint([]byte("daybook-snapshot-1 "), uint64(s.End), 10)
	for _, line := range s.history {
		b = append(append(b, '\n'), line...)
	}
	return b
}

// restore reads a snapshot. A format it does not know is an assertion failure.
func restore(snapshot []byte) (State, error) {
	var s State
	if snapshot == nil {
		return s, nil
	}
	lines := bytes.Split(snapshot, []byte("\n"))
	number, ok := bytes.CutPrefix(lines[0], []byte("daybook-snapshot-1 "))
	if !ok {
		return s, errors.AssertionFailedf("the snapshot is of a version that this program does not know")
	}
	end, err := strconv.ParseUint(string(number), 10, 63)
	if err != nil {
		return s, errors.AssertionFailedf("the snapshot has no position")
	}
	for _, line := range lines[1:] {
		e, err := catalog.Decode(line)
		if err != nil {
			return State{}, errors.Wrap(err, "snapshot")
		}
		s = s.evolve(domain.Recorded{Bytes: line, Event: e})
	}
	s.End = domain.Position(end)
	return s, nil
}
