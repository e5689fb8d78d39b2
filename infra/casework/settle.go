package casework

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/requests"
	"github.com/jigowatt/daybook/projections/trail"
)

// Settle records, for every open place of a case that the recorded actions close, that they do, and gives those places and the ones
// that stay open, with the reason. It returns domain.ErrNotFound for a case that was never opened, domain.ErrConflict where the
// person's trail is too long, and domain.ErrUnavailable.
func (c *Cases) Settle(ctx context.Context, of request.Of) (closed []request.Settled, left []request.Left, err error) {
	s, keys, err := c.opened(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	evidence, err := c.evidence(ctx, s, keys)
	if err != nil {
		return nil, nil, err
	}
	steps, left := s.Settle(of, evidence)
	for _, step := range steps {
		_, err := c.cfg.Ledger.TakeStep(ctx, commands.Stepped{Step: step, Today: Day(s, c.cfg.Now())})
		if errors.Is(err, domain.ErrConflict) {
			continue // Somebody closed the place, or the case, in the meantime.
		}
		if err != nil {
			return closed, left, err
		}
		closed = append(closed, step)
	}
	return closed, left, nil
}

// opened gives a case with the dossiers of its people.
func (c *Cases) opened(ctx context.Context, of request.Of) (request.State, []domain.SubjectKey, error) {
	s, err := c.cfg.Ledger.Case(request.Key{Controller: of.Controller, Case: of.Case})
	if err != nil {
		return s, nil, err
	}
	keys, err := c.Keys(ctx, s.Received)
	return s, keys, err
}

// evidence looks up what is on record about the places of a case.
func (c *Cases) evidence(ctx context.Context, s request.State, keys []domain.SubjectKey) (request.Evidence, error) {
	e := request.Evidence{Answers: map[string]request.Act{}}
	controller := s.Received.Controller
	copies, err := c.Copies(ctx, controller, keys)
	if err != nil {
		return e, err
	}
	for _, place := range copies {
		for _, item := range place.Items {
			at := request.Copy{Place: place.Place, Category: item.Category, Brought: item.Brought}
			if x := item.Closed; x != nil {
				at.Closed = &request.Act{
					Event: x.Event, Source: x.Source, Order: x.Order, Operation: x.Operation, Erases: true, Position: x.Position, On: Day(s, x.Time),
				}
			}
			e.Copies = append(e.Copies, at)
		}
	}
	held, err := c.Held(ctx, controller, keys)
	if err != nil {
		return e, err
	}
	for _, item := range held {
		if item.Withdrawn {
			continue // Whether a deletion that can be undone is enough, the instruction says, and the copies with it.
		}
		place := request.Place{Kind: request.System, Name: item.System}
		if item.System == "" {
			place = request.Place{Kind: request.Service, Name: string(item.Service)}
		}
		e.Copies = append(e.Copies, request.Copy{Place: place, Category: item.Category, Brought: item.SinceAt})
	}
	ordered := map[string]bool{}
	for _, p := range s.Places {
		for _, o := range p.Orders {
			ordered[o.Order] = true
		}
	}
	if len(ordered) == 0 {
		return e, nil
	}
	return e, c.Scan(ctx, controller, keys, func(entry trail.Entry) bool {
		if _, newer := e.Answers[entry.Order]; ordered[entry.Order] && !newer {
			e.Answers[entry.Order] = c.Act(s, entry)
		}
		return len(e.Answers) < len(ordered)
	})
}

// Act gives an entry of a trail as evidence for a case.
func (c *Cases) Act(s request.State, e trail.Entry) request.Act {
	return request.Act{
		Event: e.ID, Source: domain.ServiceSource(e.Controller, e.Service), Order: e.Order, Operation: e.Operation,
		Erases: c.Erases(e.Controller, e.Instruction, e.Version, e.Operation), Position: e.Position, On: Day(s, e.Time),
		System: e.System, From: e.From, Service: e.Service, Recipient: e.Recipient,
	}
}

// Sweep settles every case that is being carried out and of whose people something was recorded since it was looked at last, and
// gives how many places that closed. What follows from that is ordered: recipients are told of what was erased (Art. 19), and what a
// hold kept is ordered when the hold has ended (Art. 17(3)). It returns domain.ErrUnavailable; done again it goes on.
func (c *Cases) Sweep(ctx context.Context) (closed int, err error) {
	view, _, err := c.view(ctx, requests.Name)
	if err != nil {
		return 0, err
	}
	open := map[request.Key]bool{}
	for q := (requests.Query{Stage: request.CarryingOut, Limit: requests.MaxLimit}); ; {
		list, err := requests.New(view).List(ctx, q)
		if err != nil {
			return closed, errors.Wrap(err, "cases that are being carried out")
		}
		for _, one := range list.Cases {
			open[one.Key], q.After = true, one.Key
			n, err := c.look(ctx, one)
			closed += n
			if err != nil {
				return closed, errors.Wrapf(err, "settle case %s", one.Key.Case)
			}
		}
		if !list.More {
			break
		}
	}
	for key := range c.looked {
		if !open[key] {
			delete(c.looked, key)
		}
	}
	return closed, nil
}
