package api

import (
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/retention"
)

// personHoldings gives what is held of a person.
func (c *call) personHoldings(in wire.HoldingsQuery) (wire.Holdings, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Holdings{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Holdings}); err != nil {
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
		Controller: string(p.controller), On: c.asked(), Holdings: make([]wire.Holding, len(held.Items)), Position: uint64(c.stood(held.Position)),
	}
	kept, err := c.periods(p.controller, p.keys, held.Position)
	if err != nil {
		return wire.Holdings{}, err
	}
	names := c.names(p.controller)
	for i, item := range held.Items {
		h := holding(item, kept, p.controller, names)
		h.Position, h.NewestPosition = c.placed(item.SinceAt), c.placed(item.NewestAt)
		out.Holdings[i] = h
	}
	return out, nil
}

// holding writes one thing held in the contract's words, with its sentence.
func holding(i holdings.Item, kept periods, controller domain.ControllerID, names sentence.Names) wire.Holding {
	rules, until := kept.of(i)
	w := wire.Holding{
		Category: string(i.Category), System: i.System, Location: string(i.Location), Since: i.Since, Position: uint64(i.SinceAt),
		Newest: i.Newest, NewestPosition: uint64(i.NewestAt), Service: string(i.Service), Instruction: string(i.Instruction),
		Version: i.Version, Basis: string(i.Basis), Withdrawn: i.Withdrawn,
		Sentence: sentence.Held(sentence.Holding{
			Category: i.Category, System: i.System, Location: i.Location, Since: i.Since, Until: until, Basis: i.Basis,
			Controller: controller, Instruction: i.Instruction, Version: i.Version, Withdrawn: i.Withdrawn,
		}, names),
	}
	for _, r := range rules {
		w.Retention = append(w.Retention, ruled(r))
	}
	w.Until = since(until)
	return w
}

// periods is how long what is held of a person may be kept.
type periods []retention.Item

// periods asks the view of retention, which alone says when something is due, once it has what the caller's answer rests on: all events
// before a position.
func (c *call) periods(controller domain.ControllerID, keys []domain.SubjectKey, before domain.Position) (periods, error) {
	view, err := c.view(retention.Name)
	if live, is := view.(*projections.View); err == nil && is { // those of the past have it
		err = c.reach(live, before)
	}
	if err != nil {
		return nil, err
	}
	kept, _, err := retention.New(view).Of(c.ctx(), controller, keys, c.api.cfg.Now())
	return kept, errors.Wrap(err, "due dates of what is held of a person")
}

// of gives the rules for a category that is held and when it is due, zero where nothing has begun that ends.
func (p periods) of(i holdings.Item) (rules []domain.Retention, until time.Time) {
	for _, kept := range p {
		if kept.Instruction != i.Instruction || kept.System != i.System || kept.Service != i.Service {
			continue
		}
		for _, r := range kept.Rules {
			rules = append(rules, r.Retention)
		}
		for _, due := range kept.Dues {
			if due.Category == i.Category {
				until = due.Due
			}
		}
	}
	return domain.RetentionOf(rules, i.Category), until
}
