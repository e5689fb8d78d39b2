package api

import (
	"cmp"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/register"
)

func keyOrder(a, b register.InstructionKey) int {
	return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Instruction, b.Instruction))
}

// newest gives the newest version of each of a controller's instructions.
func newest(r register.Snapshot, id domain.ControllerID) []wire.InstructionView {
	var out []wire.InstructionView
	for _, key := range sorted(r.Instructions, keyOrder) {
		if versions := r.Instructions[key]; key.Controller == id && len(versions) > 0 {
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
	return wire.Instructions{Instructions: append([]wire.InstructionView{}, newest(r, id)...), Position: uint64(r.Position)}, r.Position, nil
}

// versions gives all versions of one instruction.
func (c *call) versions() (wire.Instructions, domain.Position, error) {
	r, id, err := c.controller()
	if err != nil {
		return wire.Instructions{}, 0, err
	}
	key := register.InstructionKey{Controller: id}
	if key.Instruction, err = name[domain.InstructionID](c, "instruction"); err != nil {
		return wire.Instructions{}, 0, err
	}
	list := r.Instructions[key]
	if len(list) == 0 {
		return wire.Instructions{}, 0, problem.New(wire.NotFound, "there is no such instruction",
			"GET "+Prefix+"/controllers/"+string(id)+"/instructions lists the controller's instructions.")
	}
	out := wire.Instructions{Instructions: make([]wire.InstructionView, len(list)), Position: uint64(r.Position)}
	for i := range list {
		out.Instructions[i] = instructionView(key, list, i)
	}
	return out, r.Position, nil
}

// controller reads the register and which controller of it the path names.
func (c *call) controller() (register.Snapshot, domain.ControllerID, error) {
	id, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return register.Snapshot{}, "", err
	}
	r, err := c.registered()
	if err != nil {
		return register.Snapshot{}, "", err
	}
	if _, known := r.Controllers[id]; !known {
		return register.Snapshot{}, "", problem.New(wire.NotFound, "there is no such controller", "GET "+Prefix+"/register lists the controllers.")
	}
	return r, id, nil
}

func instructionView(key register.InstructionKey, versions []register.Version, i int) wire.InstructionView {
	v := versions[i]
	t := v.Terms
	out := wire.InstructionView{
		Controller: string(key.Controller), Version: v.Number, Versions: len(versions), Position: uint64(v.GivenAt),
		InForce: i == len(versions)-1 && v.Withdrawn == nil,
		Instruction: wire.Instruction{
			ID: string(key.Instruction), Title: t.Title, Purpose: t.Purpose, Basis: string(t.Basis), Interest: t.Interest,
			Condition: string(t.Condition), Operations: texts(t.Operations), Categories: texts(t.Categories),
			Recipients: texts(t.Recipients), Territory: texts(t.Territory), Safeguard: t.Safeguard, Erasure: texts(t.Erasure),
			Given: warrant(v.Given),
		},
	}
	for _, r := range t.Retention {
		out.Retention = append(out.Retention, ruled(r))
	}
	if v.Withdrawn != nil {
		withdrawn := warrant(*v.Withdrawn)
		out.Withdrawn = &withdrawn
	}
	if v.WithdrawnAt != nil {
		at := uint64(*v.WithdrawnAt)
		out.WithdrawnPosition = &at
	}
	return out
}

// warrant writes a day as a day, and a moment as a moment, so that what was declared comes back as it was.
func warrant(w domain.Warrant) wire.Warrant {
	return wire.Warrant{By: string(w.By), On: asDay(w.On), How: string(w.How), Reference: w.Reference, Then: string(w.Then)}
}

func asDay(t time.Time) string {
	if t.Equal(t.UTC().Truncate(24 * time.Hour)) {
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339Nano)
}
