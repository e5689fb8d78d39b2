package api

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/holdings"
)

// personHoldings gives what is held of a person now.
func (c *call) personHoldings(in wire.HoldingsQuery) (wire.Holdings, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Holdings{}, 0, err
	}
	held, err := c.holdings(p)
	return held, domain.Position(held.Position), err
}

func (c *call) holdings(p person) (wire.Holdings, error) {
	view, err := c.held()
	if err != nil {
		return wire.Holdings{}, err
	}
	held, err := view.Of(c.ctx(), p.controller, p.keys)
	if err != nil {
		return wire.Holdings{}, errors.Wrap(err, "holdings of a person")
	}
	out := wire.Holdings{
		Controller: string(p.controller), Holdings: make([]wire.Holding, len(held.Items)), Position: uint64(held.Position),
	}
	names := c.names(p.controller)
	for i, item := range held.Items {
		out.Holdings[i] = holding(item, p.controller, names)
	}
	return out, nil
}

// holding writes one thing held in the contract's words, with its sentence.
func holding(i holdings.Item, controller domain.ControllerID, names sentence.Names) wire.Holding {
	w := wire.Holding{
		Category: string(i.Category), System: i.System, Location: string(i.Location), Since: i.Since, Position: uint64(i.SinceAt),
		Newest: i.Newest, NewestPosition: uint64(i.NewestAt), Service: string(i.Service), Instruction: string(i.Instruction),
		Version: i.Version, Basis: string(i.Basis), Withdrawn: i.Withdrawn,
		Sentence: sentence.Held(sentence.Holding{
			Category: i.Category, System: i.System, Location: i.Location, Since: i.Since, Until: i.Until, Basis: i.Basis,
			Controller: controller, Instruction: i.Instruction, Version: i.Version, Withdrawn: i.Withdrawn,
		}, names),
	}
	for _, r := range i.Rules {
		w.Retention = append(w.Retention, wire.Retention{After: string(r.After), Keep: r.Keep.String()})
	}
	if !i.Until.IsZero() {
		w.Until = &i.Until
	}
	return w
}
