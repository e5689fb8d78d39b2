package casework

import (
	"context"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/requests"
	"github.com/jigowatt/daybook/projections/trail"
)

// seen is what of a case's people says whether there is something new.
type seen struct {
	newest domain.Position // the newest entry
	holds  int             // that stand: one may end by itself, without an entry
}

// look settles one case where there is something new, and orders what follows from it.
func (c *Cases) look(ctx context.Context, one requests.Case) (closed int, err error) {
	keys, err := c.Keys(ctx, one.State.Received)
	if err != nil {
		return 0, err
	}
	view, end, err := c.view(ctx, trail.Name)
	if err != nil {
		return 0, err
	}
	page, err := trail.New(view).Of(ctx, trail.Query{Controller: one.Key.Controller, Subjects: keys, Newest: true, Limit: 1, At: &end})
	if err != nil || len(page.Entries) == 0 {
		return 0, errors.Wrap(err, "newest entry of a case's people")
	}
	now := seen{newest: page.Entries[0].Position, holds: len(c.standing(keys))}
	if at, before := c.looked[one.Key]; before && at == now {
		return 0, nil
	}
	of := request.Of{Controller: one.Key.Controller, Case: one.Key.Case, On: Day(one.State, c.cfg.Now())}
	steps, _, err := c.Settle(ctx, of)
	if err == nil {
		err = c.follow(ctx, of, keys)
	}
	if errors.Is(err, errTooLong) {
		err = nil // Somebody goes through it by hand: nothing that is recorded later makes it shorter.
	}
	if err == nil {
		c.looked[one.Key] = now
	}
	return len(steps), err
}

// standing gives the holds on the people's data that have not ended.
func (c *Cases) standing(keys []domain.SubjectKey) (holds []dossier.HoldPlaced) {
	now := c.cfg.Now()
	for _, key := range keys {
		for _, h := range c.cfg.Ledger.Standing(key).Holds {
			if h.Until.IsZero() || now.Before(h.Until) {
				holds = append(holds, h)
			}
		}
	}
	return holds
}

// follow orders what follows by itself in an erasure that is being carried out: recipients are told, and what a hold kept is ordered when
// it has ended. The first orders somebody sends, unless a hold stood in their way.
func (c *Cases) follow(ctx context.Context, of request.Of, keys []domain.SubjectKey) error {
	s, err := c.cfg.Ledger.Case(request.Key{Controller: of.Controller, Case: of.Case})
	if err != nil || s.Received.Kind != request.Erasure {
		return err
	}
	began := slices.ContainsFunc(s.Places, func(p request.PlaceState) bool { return len(p.Orders) > 0 })
	if !began {
		if began, err = c.freed(ctx, s, keys); err != nil || !began {
			return err
		}
	}
	view, _, err := c.view(ctx, orders.Name)
	if err != nil {
		return err
	}
	sent := orders.New(view)
	_, _, err = c.order(ctx, of, func(p request.PlaceState) (bool, error) {
		for _, o := range p.Orders {
			one, _, err := sent.ByID(ctx, of.Controller, o.Order)
			if err != nil && !errors.Is(err, domain.ErrNotFound) {
				return false, errors.Wrap(err, "order of a case")
			}
			if err == nil && one.Recall != nil && !one.Again {
				return false, nil // It is sent again as it was when the hold has ended.
			}
		}
		return true, nil
	})
	if errors.Is(err, domain.ErrConflict) {
		return nil // Somebody closed the case in the meantime, or the person has as many open orders as there may be.
	}
	return err
}

// freed says that a hold on the people's data ended since the controller decided.
func (c *Cases) freed(ctx context.Context, s request.State, keys []domain.SubjectKey) (bool, error) {
	decided := s.Decided.On.Time()
	for _, key := range keys {
		for _, h := range c.cfg.Ledger.Standing(key).Holds {
			if !h.Until.IsZero() && !h.Until.Before(decided) && !c.cfg.Now().Before(h.Until) {
				return true, nil
			}
		}
	}
	view, _, err := c.view(ctx, requests.Name)
	if err != nil {
		return false, err
	}
	_, steps, _, err := requests.New(view).One(ctx, request.Key{Controller: s.Received.Controller, Case: s.Received.Case})
	if err != nil {
		return false, errors.Wrap(err, "steps of a case")
	}
	var since domain.Position
	for _, step := range steps {
		if _, is := step.Fact.(request.Decided); is {
			since = step.Position
		}
	}
	return c.released(ctx, s.Received.Controller, keys, since)
}

// released says that a hold on the people's data was released after a position.
func (c *Cases) released(ctx context.Context, controller domain.ControllerID, keys []domain.SubjectKey, since domain.Position) (bool, error) {
	view, end, err := c.view(ctx, trail.Name)
	if err != nil {
		return false, err
	}
	q := trail.Query{Controller: controller, Subjects: keys, Newest: true, Limit: trail.MaxLimit, At: &end}
	for scanned := 0; scanned < MaxScanned; scanned += trail.MaxLimit {
		page, err := trail.New(view).Of(ctx, q)
		if err != nil {
			return false, errors.Wrap(err, "trail of a case's people")
		}
		for i := range page.Entries {
			e := &page.Entries[i]
			if e.Position <= since {
				return false, nil
			}
			if _, is := e.Fact.(dossier.HoldReleased); is {
				return true, nil
			}
		}
		if !page.More {
			break
		}
		q.Before = &page.Entries[len(page.Entries)-1].Position
	}
	return false, nil
}
