package api

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/trail"
)

// settleCase closes the places whose orders were all answered by actions that do what was ordered, and says of the others why they
// stay open.
func (c *call) settleCase(in wire.CaseAction) (wire.CaseSettled, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	of, err := c.of(s, in.On, in.By)
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	answers, held, err := c.answers(s)
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	out := wire.CaseSettled{Settled: []wire.CasePlaceState{}, Open: []wire.CaseBlocked{}}
	open := s.Unsettled()
	for _, p := range s.Places {
		if !slices.Contains(open, p.Place) {
			continue
		}
		by, why := c.answered(s, p, answers, held)
		if why != "" {
			out.Open = append(out.Open, wire.CaseBlocked{Place: shownPlace(p.Place), Why: why})
			continue
		}
		step := c.settledBy(request.Settled{Of: of, Place: p.Place, How: request.ByAction, Order: by.Order}, by)
		if _, err := c.api.cfg.Ledger.TakeStep(c.ctx(), commands.Stepped{Step: step, Today: c.zoned(s.Received.Calendar)}); err != nil {
			return wire.CaseSettled{}, 0, err
		}
		p.Settled = &step
		out.Settled = append(out.Settled, placeState(p))
	}
	taken, at, err := c.taken(key, commands.Settled{})
	out.Stage, out.Next, out.Position = taken.Stage, taken.Next, uint64(at)
	return out, at, err
}

// held is what is left of the people's data: two views, because one knows since when and the other what counts as erasure.
type held struct {
	items  []holdings.Item
	copies []disclosures.Place
}

// before names the categories that were at a place before a position and are there still.
func (h held) before(p request.Place, at domain.Position) []string {
	var list []string
	add := func(c domain.Category) {
		if term := cmp.Or(c.Term(), "data of no named category"); !slices.Contains(list, term) {
			list = append(list, term)
		}
	}
	for _, item := range openAt(p, h.copies) {
		if item.Brought < at {
			add(item.Category)
		}
	}
	for _, item := range h.items {
		here := p.Kind == request.System && item.System == p.Name || p.Kind == request.Service && item.System == "" && string(item.Service) == p.Name
		if here && item.SinceAt < at {
			add(item.Category)
		}
	}
	slices.Sort(list)
	return list
}

// answers gives the newest action that answered each order of a case, and what is held of its people.
func (c *call) answers(s request.State) (map[string]trail.Entry, held, error) {
	var left held
	keys, err := c.everyKey(s.Received)
	if err != nil {
		return nil, left, err
	}
	if left.items, err = c.heldNow(s.Received.Controller, keys); err != nil {
		return nil, left, err
	}
	if left.copies, err = c.copies(s.Received.Controller, keys); err != nil {
		return nil, left, err
	}
	ordered := map[string]bool{}
	for _, p := range s.Places {
		for _, o := range p.Orders {
			ordered[o.Order] = true
		}
	}
	answers := map[string]trail.Entry{}
	if len(ordered) == 0 {
		return answers, left, nil
	}
	return answers, left, c.scan(s.Received.Controller, keys, func(e trail.Entry) bool {
		if _, newer := answers[e.Order]; e.Fact == nil && ordered[e.Order] && !newer {
			answers[e.Order] = e
		}
		return true
	})
}

// answered gives the action that closes a place, or says why none does.
func (c *call) answered(s request.State, p request.PlaceState, answers map[string]trail.Entry, left held) (by trail.Entry, why string) {
	if len(p.Orders) == 0 {
		if p.Place.Kind == request.Recipient {
			return by, "The recipient was not told yet (Art. 19)."
		}
		return by, "No order was sent."
	}
	for _, o := range p.Orders {
		e, is := answers[o.Order]
		switch {
		case !is:
			return by, "Order " + o.Order + " was not answered yet."
		case unfit(p.Place, e) != "":
			return by, "Order " + o.Order + " was answered, but " + unfit(p.Place, e) + "."
		case s.Received.Kind == request.Erasure && !c.erases(e):
			return by, "Order " + o.Order + " was answered by " + string(e.Operation) + ", which does not count as erasure under the instruction."
		}
		if by.Position <= e.Position {
			by = e
		}
	}
	if s.Received.Kind != request.Erasure {
		return by, ""
	}
	if kept := left.before(p.Place, by.Position); len(kept) > 0 {
		return by, "Still held there: " + strings.Join(kept, ", ") + "."
	}
	return by, ""
}
