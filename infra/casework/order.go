package casework

import (
	"context"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/disclosures"
)

// Order is an order for a place of a case.
type Order struct {
	Place request.Place
	dossier.OrderSent
	// New says that it was sent now, and not before.
	New bool
}

// Blocked is a place for which no order was sent, or not for all that is there.
type Blocked struct {
	Place request.Place
	Hold  string // that forbids it, where one does (Art. 17(3))
	Why   string
}

// Order sends the orders for every open place of a case, and gives them and what stands in the way. It can be asked again: an order that
// was sent is not sent twice. Recipients are told of an erasure once it is recorded (Art. 19), and of nothing while a hold keeps what
// they were given. It returns domain.ErrNotFound for a case that was never opened, domain.ErrConflict where the case takes no orders,
// and domain.ErrUnavailable.
func (c *Cases) Order(ctx context.Context, of request.Of) (sent []Order, blocked []Blocked, err error) {
	return c.order(ctx, of, func(request.PlaceState) (bool, error) { return true, nil })
}

// order sends the orders for those open places that are asked for.
func (c *Cases) order(ctx context.Context, of request.Of, wanted func(request.PlaceState) (bool, error)) (sent []Order, blocked []Blocked, err error) {
	s, keys, err := c.opened(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	copies, err := c.Copies(ctx, of.Controller, keys)
	if err != nil {
		return nil, nil, err
	}
	plan := planning{cases: c, state: s, copies: copies, today: Day(s, c.cfg.Now())}
	open := s.Unsettled()
	for _, at := range s.Places {
		p := at.Place
		if !slices.Contains(open, p) {
			continue
		}
		if is, err := wanted(at); err != nil || !is {
			if err != nil {
				return sent, blocked, err
			}
			continue
		}
		orders, stopped := plan.at(p)
		blocked = append(blocked, stopped...)
		for _, o := range orders {
			settled, err := c.cfg.Ledger.TakeStep(ctx, commands.Stepped{
				Step:  request.Ordered{Of: of, Order: o.Order, Place: p, Task: request.Task(o.Kind)},
				Today: plan.today, With: []commands.OfPerson{{Subject: o.Subject, What: o}},
			})
			if errors.Is(err, dossier.ErrHeld) {
				blocked = append(blocked, Blocked{Place: p, Why: "A hold keeps the data."})
				continue
			}
			if err != nil {
				return sent, blocked, err
			}
			sent = append(sent, Order{Place: p, OrderSent: o, New: settled.Events > 0})
		}
	}
	return sent, blocked, nil
}

// planning works out the orders of one case.
type planning struct {
	cases  *Cases
	state  request.State
	copies []disclosures.Place
	today  calendar.Date
}

// at gives the orders for a place, one for each instruction under which data is held there, and what stands in the way.
func (n planning) at(p request.Place) ([]dossier.OrderSent, []Blocked) {
	service := p.Service
	switch {
	case p.Kind == request.Recipient:
		return n.telling(p)
	case service == "" && p.Kind == request.Service:
		service = domain.ServiceID(p.Name)
	case service == "":
		return nil, []Blocked{{Place: p, Why: "No service carries orders out there; settle the place by its evidence."}}
	}
	received := n.state.Received
	base := dossier.OrderSent{
		Kind: dossier.TaskKind(received.Kind.Task()), Service: service, Reason: "case", Case: string(received.Case), Due: n.due(),
	}
	if p.Kind == request.System {
		base.System = p.Name
	}
	var orders []dossier.OrderSent
	var held []Blocked
	for _, g := range grouped(p, n.copies) {
		order := base
		order.Subject, order.Instruction = g.subject, g.instruction
		standing := n.cases.cfg.Ledger.Standing(g.subject)
		waits := waiting(standing, order)
		orders = append(orders, waits...)
		for _, category := range g.categories {
			if slices.ContainsFunc(waits, func(o dossier.OrderSent) bool { return slices.Contains(o.Categories, category) }) {
				continue
			}
			if h := n.cases.holds(standing, order, category); h != nil {
				held = append(held, Blocked{p, h.Hold, "A hold keeps " + category.Term() + " (" + h.Ground + ", " + h.Reference + ")."})
				continue
			}
			order.Categories = append(order.Categories, category)
		}
		if len(order.Categories) > 0 {
			orders = append(orders, numbered(n.state, p, order))
		}
	}
	if orders == nil && held == nil {
		base.Subject = received.Subjects[0]
		orders = append(orders, numbered(n.state, p, base))
	}
	return orders, held
}

// telling gives the order to tell a recipient what becomes of the data it was given (Art. 19), which goes to the service that gave it,
// or says why it is not told, or not yet.
func (n planning) telling(p request.Place) ([]dossier.OrderSent, []Blocked) {
	if why := n.untold(p); why != "" {
		return nil, []Blocked{{Place: p, Why: why}}
	}
	if p.Service == "" {
		return nil, []Blocked{{Place: p, Why: "Article 19: tell the recipient, record that, and settle the place by it; or cite why that is impossible."}}
	}
	received := n.state.Received
	order := dossier.OrderSent{
		Kind: dossier.TaskTell, Service: p.Service, Reason: "case", Case: string(received.Case), Due: n.due(),
		Recipient: domain.RecipientID(p.Name), Of: dossier.Of{Subject: received.Subjects[0]},
	}
	if given := grouped(p, n.copies); len(given) > 0 {
		order.Subject, order.Instruction = given[0].subject, given[0].instruction
	}
	return []dossier.OrderSent{numbered(n.state, p, order)}, nil
}

// untold says why a recipient is not told of an erasure now: as long as anything of what it was given is to be erased here, there is
// nothing to tell of, and a hold may come to keep it (Art. 17(3)).
func (n planning) untold(p request.Place) string {
	if n.state.Received.Kind != request.Erasure || n.toldBefore(p) {
		return ""
	}
	given := openAt(p, n.copies)
	ours, exempt := 0, 0
	for _, at := range n.state.Places {
		if at.Place.Kind == request.Recipient {
			continue
		}
		ours++
		switch {
		case at.Settled == nil:
			for _, item := range openAt(at.Place, n.copies) {
				if slices.ContainsFunc(given, func(g disclosures.Item) bool { return same(g, item) }) {
					return "Article 19: it is told once what it was given is erased at " + at.Place.Name + ", by itself."
				}
			}
		case at.Settled.How == request.ByExemption:
			exempt++
		}
	}
	if ours > 0 && ours == exempt {
		return "Nothing was erased, so there is nothing to tell of: settle the place by the exemption."
	}
	return ""
}

// toldBefore says that the order to tell a recipient was sent: what was sent stands.
func (n planning) toldBefore(p request.Place) bool {
	return slices.ContainsFunc(n.state.Places, func(at request.PlaceState) bool { return at.Place == p && len(at.Orders) > 0 })
}

// same says that a recipient may have been given what an item is: what is held for another purpose was not given.
func same(given, item disclosures.Item) bool {
	return (given.Category == "" || item.Category == "" || given.Category == item.Category) &&
		(given.Instruction == "" || item.Instruction == "" || given.Instruction == item.Instruction)
}

// holds gives the hold that keeps data of a category, where the order would remove it.
func (c *Cases) holds(s dossier.Standing, o dossier.OrderSent, category domain.Category) *dossier.HoldPlaced {
	if o.Kind != dossier.TaskErase {
		return nil
	}
	return s.Held(dossier.Action{
		Time: c.cfg.Now(), Operation: domain.Erase, Instruction: o.Instruction, System: o.System, Categories: []domain.Category{category},
	})
}
