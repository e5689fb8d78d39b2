package api

import (
	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/trail"
)

// views are the views that the API asks.
type views struct {
	trailView *projections.View
	trail     *trail.Trail
}

func viewsOf(v Views) views {
	t := v.View(trail.Name)
	return views{trailView: t, trail: trail.New(t)}
}

func (c *call) personHoldings(in wire.HoldingsQuery) (wire.Holdings, domain.Position, error) {
	return wire.Holdings{}, 0, nil
}
func (c *call) holdings(p person, at *uint64) (wire.Holdings, error) {
	return wire.Holdings{}, nil
}

func (c *call) registered() (registered, error) {
	s := c.api.cfg.Ledger.State()
	r := registered{register: s.Register, instructions: map[commands.InstructionKey][]version{}, position: s.End}
	for key, state := range s.Instructions {
		for _, v := range state.Versions {
			r.instructions[key] = append(r.instructions[key], version{Version: v})
		}
	}
	return r, nil
}
