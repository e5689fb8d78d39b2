package api

import (
	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/trail"
)

// findForCase records where the people's data are: the systems and services that hold them now, and the recipients who had them.
func (c *call) findForCase(in wire.CaseAction) (wire.CaseFound, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	of, err := c.of(s, in.On, in.By)
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	found := request.Found{Of: of}
	if found.Places, err = c.look(s); err != nil {
		return wire.CaseFound{}, 0, err
	}
	settled, err := c.api.cfg.Ledger.TakeStep(c.ctx(), commands.Stepped{Step: found, Today: c.zoned(s.Received.Calendar)})
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	out := wire.CaseFound{Places: []wire.CasePlace{}}
	for _, p := range found.Places {
		out.Places = append(out.Places, shownPlace(p))
	}
	var at domain.Position
	out.CaseTaken, at, err = c.taken(key, settled)
	return out, at, err
}

// look gives the places where data of the people are, and the recipients who have them, each once and as the case names it already
// where it does.
func (c *call) look(s request.State) ([]request.Place, error) {
	keys, err := c.api.cases.Keys(c.ctx(), s.Received)
	if err != nil {
		return nil, err
	}
	copies, err := c.api.cases.Copies(c.ctx(), s.Received.Controller, keys)
	if err != nil {
		return nil, err
	}
	// Whoever asked under a court's order is no recipient who is told of what becomes of the data (Art. 4(9), 19), and may be secret.
	orders := c.api.cfg.Ledger.State().CourtOrders.Orders
	given := map[string]bool{}
	if err := c.api.cases.Scan(c.ctx(), s.Received.Controller, keys, func(e trail.Entry) bool {
		_, compelled := orders[e.Order]
		given[string(e.Recipient)] = given[string(e.Recipient)] || !compelled
		return true
	}); err != nil {
		return nil, err
	}
	list := []request.Place{}
	for _, found := range copies {
		if !found.Open || found.Kind == request.Recipient && !given[found.Name] {
			continue
		}
		p := found.Place
		for _, known := range s.Places {
			if known.Place.Kind == p.Kind && known.Place.Name == p.Name {
				p = known.Place
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// evidence looks up the recorded action that closes a place, and what it did: nobody has to be believed that it erases.
func (c *call) evidence(s request.State, e request.Settled) (request.Settled, error) {
	keys, err := c.api.cases.Keys(c.ctx(), s.Received)
	if err != nil {
		return e, err
	}
	var found *trail.Entry
	if err := c.api.cases.Scan(c.ctx(), s.Received.Controller, keys, func(entry trail.Entry) bool {
		if entry.ID == e.Event || entry.Action == e.Event {
			found = &entry
		}
		return found == nil
	}); err != nil {
		return e, err
	}
	if found == nil {
		return e, problem.New(wire.NotFound, "no such action in the person's trail", "Name the id of an action that is recorded of the person of this case.")
	}
	act := c.api.cases.Act(s, *found)
	if why := act.Elsewhere(e.Place); why != "" {
		return e, problem.New(wire.Conflict, why, "Name an action at the place itself: of its system, by its service, to its recipient.")
	}
	if s.Decided != nil && act.On.Before(s.Decided.On) {
		return e, problem.New(wire.Conflict, "the action is older than the decision",
			"Name what was done because of the decision; settle as absent what was gone before.")
	}
	e.Event, e.Source = act.Event, act.Source
	if e.How == request.ByAction {
		e.Operation, e.Erases = act.Operation, act.Erases
	}
	return e, nil
}

// confirmed makes sure that the service has answered the order that is to close a place.
func (c *call) confirmed(s request.State, e request.Settled) error {
	for _, key := range c.api.cfg.Ledger.Roots(s.Received.Subjects) {
		for _, o := range c.api.cfg.Ledger.Standing(key).Orders {
			if o.Order == e.Order {
				return problem.New(wire.Conflict, "the order was not answered", "Wait until the service has recorded what it did under the order's id.")
			}
		}
	}
	return nil
}
