package api

import (
	"cmp"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// registered is the register at one position.
type registered struct {
	register     register.State
	instructions map[commands.InstructionKey][]version
	position     domain.Position
}

// version is one version of an instruction, with where it was given and withdrawn.
type version struct {
	instruction.Version
	position  domain.Position
	withdrawn *domain.Position
}

func keyOrder(a, b commands.InstructionKey) int {
	return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Instruction, b.Instruction))
}

// newest gives the newest version of each of a controller's instructions.
func (r registered) newest(id domain.ControllerID) []wire.InstructionView {
	var out []wire.InstructionView
	for _, key := range sorted(r.instructions, keyOrder) {
		if versions := r.instructions[key]; key.Controller == id && len(versions) > 0 {
			out = append(out, instructionView(key, versions, len(versions)-1))
		}
	}
	return out
}

// instructions gives a controller's instructions.
func (c *call) instructions() (wire.Instructions, domain.Position, error) {
	r, id, err := c.controller()
	if err != nil {
		return wire.Instructions{}, 0, err
	}
	return wire.Instructions{Instructions: append([]wire.InstructionView{}, r.newest(id)...), Position: uint64(r.position)}, r.position, nil
}

// versions gives all versions of one instruction.
func (c *call) versions() (wire.Instructions, domain.Position, error) {
	r, id, err := c.controller()
	if err != nil {
		return wire.Instructions{}, 0, err
	}
	key := commands.InstructionKey{Controller: id}
	if key.Instruction, err = name[domain.InstructionID](c, "instruction"); err != nil {
		return wire.Instructions{}, 0, err
	}
	list := r.instructions[key]
	if len(list) == 0 {
		return wire.Instructions{}, 0, problem.New(wire.NotFound, "there is no such instruction",
			"GET "+Prefix+"/controllers/"+string(id)+"/instructions lists the controller's instructions.")
	}
	out := wire.Instructions{Instructions: make([]wire.InstructionView, len(list)), Position: uint64(r.position)}
	for i := range list {
		out.Instructions[i] = instructionView(key, list, i)
	}
	return out, r.position, nil
}

// controller reads the register and which controller of it the path names.
func (c *call) controller() (registered, domain.ControllerID, error) {
	id, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return registered{}, "", err
	}
	r, err := c.registered()
	if err != nil {
		return registered{}, "", err
	}
	if _, known := r.register.Controllers[id]; !known {
		return registered{}, "", problem.New(wire.NotFound, "there is no such controller", "GET "+Prefix+"/register lists the controllers.")
	}
	return r, id, nil
}

func instructionView(key commands.InstructionKey, versions []version, i int) wire.InstructionView {
	v := versions[i]
	t := v.Terms
	out := wire.InstructionView{
		Controller: string(key.Controller), Version: v.Number, Versions: len(versions), Position: uint64(v.position),
		InForce: i == len(versions)-1 && v.Withdrawn == nil,
		Instruction: wire.Instruction{
			ID: string(key.Instruction), Title: t.Title, Purpose: t.Purpose, Basis: string(t.Basis), Interest: t.Interest,
			Condition: string(t.Condition), Operations: texts(t.Operations), Categories: texts(t.Categories),
			Recipients: texts(t.Recipients), Territory: texts(t.Territory), Given: warrant(v.Given),
		},
	}
	for _, r := range t.Retention {
		out.Retention = append(out.Retention, wire.Retention{After: string(r.After), Keep: r.Keep.String()})
	}
	if v.Withdrawn != nil {
		withdrawn := warrant(*v.Withdrawn)
		out.Withdrawn = &withdrawn
	}
	if v.withdrawn != nil {
		at := uint64(*v.withdrawn)
		out.WithdrawnPosition = &at
	}
	return out
}

// warrant writes a day as a day, and a moment as a moment, so that what was declared comes back as it was.
func warrant(w domain.Warrant) wire.Warrant {
	on := w.On.UTC().Format(time.DateOnly)
	if !w.On.Equal(w.On.UTC().Truncate(24 * time.Hour)) {
		on = w.On.UTC().Format(time.RFC3339Nano)
	}
	return wire.Warrant{By: string(w.By), On: on, How: string(w.How), Reference: w.Reference}
}
