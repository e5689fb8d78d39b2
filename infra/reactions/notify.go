package reactions

import (
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/orders"
)

// notifyWithin is how far back a process that starts looks for erasures of which recipients were not told: one that ended before it could
// tell them was not away for longer.
const notifyWithin = 30 * 24 * time.Hour

// notify has the recipients told of whose data it was that an order erased (Art. 19), other than for a case, which tells them itself.
func (r *Reactions) notify(ctx context.Context, now time.Time) error {
	if r.cfg.Cases == nil {
		return nil
	}
	for q := (orders.Query{Erased: true, AnsweredAfter: r.told, AnsweredSince: now.Add(-notifyWithin), Limit: pageSize}); ; {
		page, err := r.orders.List(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Orders {
			o := &page.Orders[i]
			if err := r.tell(ctx, o); err != nil {
				return err
			}
			r.told = &o.Answer.Position
		}
		if !page.More {
			return nil
		}
		q.AnsweredAfter = r.told
	}
}

// tell sends the notices that go with an order, those that were not sent before.
func (r *Reactions) tell(ctx context.Context, o *orders.Order) error {
	notices, err := r.cfg.Cases.Notices(ctx, o.OrderSent)
	if err != nil {
		return errors.Wrap(err, "recipients of what was erased")
	}
	for _, n := range notices {
		_, _, err := r.orders.ByID(ctx, n.Controller, n.Order)
		if err == nil {
			continue
		}
		if !errors.Is(err, domain.ErrNotFound) {
			return err
		}
		_, err = r.cfg.Ledger.AboutDossier(ctx, n.Of, n, time.Time{})
		if err != nil && !errors.Is(err, domain.ErrConflict) { // as many open orders as there may be
			return errors.Wrap(err, "send a notice")
		}
	}
	return nil
}

// again sends the orders of cases once more that were taken back and that no hold forbids any more, as they were: their day is the first
// one still (Art. 17(3)). What is due by itself a sweep orders anyway.
func (r *Reactions) again(ctx context.Context, _ time.Time) error {
	for q := (orders.Query{Waiting: true, Limit: pageSize}); ; {
		page, err := r.orders.List(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Orders {
			o := &page.Orders[i]
			q.After = &o.Position
			wanted, err := r.wanted(&o.OrderSent)
			if err != nil {
				return err
			}
			if !wanted {
				continue
			}
			_, err = r.cfg.Ledger.AboutDossier(ctx, o.Of, o.OrderSent, time.Time{})
			if err != nil && !errors.Is(err, domain.ErrConflict) { // A hold forbids it still.
				return errors.Wrapf(err, "send the order at %s again", o.Position)
			}
		}
		if !page.More {
			return nil
		}
	}
}

// wanted says that the case of an order waits for it still.
func (r *Reactions) wanted(o *dossier.OrderSent) (bool, error) {
	s, err := r.cfg.Ledger.Case(request.Key{Controller: o.Controller, Case: request.ID(o.Case)})
	if errors.Is(err, domain.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	open := s.Unsettled()
	return slices.ContainsFunc(s.Places, func(p request.PlaceState) bool {
		return slices.Contains(open, p.Place) && slices.ContainsFunc(p.Orders, func(sent request.Issued) bool { return sent.Order == o.Order })
	}), nil
}
