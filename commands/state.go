package commands

import (
	"bytes"
	"maps"
	"slices"
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

// draft is a state that events are folded into: the first change of each part copies it and no later one. Whoever hands the State on goes
// on with another draft.
type draft struct {
	State
	register     register.Draft
	instructions bool // are the draft's own
	history      bool
}

func (s State) draft() *draft { return &draft{State: s, register: register.Draft{State: s.Register}} }

// evolve takes in an event. Actions leave the state as it is but for the position.
func (d *draft) evolve(e domain.Recorded) {
	d.End = e.Position + 1
	switch f := e.Fact.(type) {
	case instruction.Given:
		d.instruct(InstructionKey{f.Controller, f.Instruction}, e.Event)
	case instruction.Withdrawn:
		d.instruct(InstructionKey{f.Controller, f.Instruction}, e.Event)
	case register.ProcessorDeclared, register.ControllerDeclared, register.ServiceDeclared, register.RecipientDeclared,
		register.ContactDeclared, register.AuthorisationDeclared:
		d.register.Evolve(e.Event)
		d.Register = d.register.State
	case disclosure.Received, disclosure.Informed:
		d.CourtOrders = d.CourtOrders.Evolve(e.Event)
	default:
		return
	}
	if !d.history {
		d.State.history, d.history = slices.Clone(d.State.history), true
	}
	d.State.history = append(d.State.history, bytes.Clone(e.Bytes))
}

func (d *draft) instruct(k InstructionKey, e domain.Event) {
	if !d.instructions {
		if d.Instructions, d.instructions = maps.Clone(d.Instructions), true; d.Instructions == nil {
			d.Instructions = map[InstructionKey]instruction.State{}
		}
	}
	d.Instructions[k] = d.Instructions[k].Evolve(e)
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
	if snapshot == nil {
		return State{}, nil
	}
	lines := bytes.Split(snapshot, []byte("\n"))
	number, ok := bytes.CutPrefix(lines[0], []byte("daybook-snapshot-1 "))
	if !ok {
		return State{}, errors.AssertionFailedf("the snapshot is of a version that this program does not know")
	}
	end, err := strconv.ParseUint(string(number), 10, 63)
	if err != nil {
		return State{}, errors.AssertionFailedf("the snapshot has no position")
	}
	d := State{}.draft()
	for _, line := range lines[1:] {
		e, err := catalog.Decode(line)
		if err != nil {
			return State{}, errors.Wrap(err, "snapshot")
		}
		d.evolve(domain.Recorded{Bytes: line, Event: e})
	}
	d.End = domain.Position(end)
	return d.State, nil
}
