package reactions

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/retention"
)

// Sweep orders the erasure of everything that is due now and not held, sends orders of cases again that no hold forbids any more, has the
// recipients of what was erased told, and puts before a person what was not answered in time. It serves one goroutine. What was done is in the views when it returns, so that the next sweep does not do it again. It returns domain.ErrUnavailable where a
// view or the writer does not answer.
func (r *Reactions) Sweep(ctx context.Context) error {
	if err := r.await(ctx); err != nil {
		return err
	}
	now := r.cfg.Now().UTC()
	controllers, err := r.retention.Controllers(ctx)
	if err != nil {
		return err
	}
	sent := 0
	for _, c := range controllers {
		n, err := r.order(ctx, c, now)
		sent += n
		if err != nil {
			return errors.Wrapf(err, "order what is due of %s", c)
		}
	}
	if sent > 0 {
		r.cfg.Logger.InfoContext(ctx, "ordered to erase what is due", slog.Int("orders", sent))
	}
	for _, do := range []func(context.Context, time.Time) error{r.again, r.notify, r.escalate} {
		if err := do(ctx, now); err != nil {
			return err
		}
	}
	return r.await(ctx)
}

// order sends the orders for what is due under a controller, and gives how many it sent.
func (r *Reactions) order(ctx context.Context, c domain.ControllerID, now time.Time) (int, error) {
	var sent atomic.Int64
	for q := (retention.DueQuery{Controller: c, At: now, Limit: pageSize}); ; {
		page, err := r.retention.DueAt(ctx, q)
		if err != nil {
			return int(sent.Load()), err
		}
		var all errgroup.Group
		all.SetLimit(atOnce)
		for i := range page.Items {
			item := &page.Items[i]
			if item.State != retention.Due && item.State != retention.Overdue || item.Orders > 0 && now.Sub(item.Sent) < r.cfg.Again {
				continue
			}
			all.Go(func() error {
				done, err := r.send(ctx, item)
				if done {
					sent.Add(1)
				}
				return err
			})
		}
		if err := all.Wait(); err != nil || page.Next == nil {
			return int(sent.Load()), err
		}
		q.After = *page.Next
	}
}

// send tells the service that brought an item to erase it, and says whether it did: not where a hold was placed in the meantime, or
// the person has as many open orders as there may be.
func (r *Reactions) send(ctx context.Context, i *retention.Item) (bool, error) {
	settled, err := r.cfg.Ledger.AboutDossier(ctx, dossier.Of{Controller: i.Controller, Subject: i.Subject}, dossier.OrderSent{
		Order: r.orderID(i), Kind: dossier.TaskErase, Service: i.Service, Instruction: i.Instruction, System: i.System,
		Categories: i.Erase, Reason: i.Reason, Due: i.Due, Return: i.Return,
	}, time.Time{})
	if errors.Is(err, domain.ErrConflict) {
		return false, nil
	}
	return settled.Events > 0, errors.Wrap(err, "send an order")
}

// orderID gives the id of the next order for an item: the same however often it is made, and another one once it was sent.
func (r *Reactions) orderID(i *retention.Item) string {
	mac := hmac.New(sha256.New, r.cfg.Key)
	part := func(s string) {
		var n [binary.MaxVarintLen64]byte
		mac.Write(n[:binary.PutUvarint(n[:], uint64(len(s)))])
		mac.Write([]byte(s))
	}
	for _, s := range []string{
		"erase", i.Subject.String(), string(i.Controller), string(i.Instruction), i.System, string(i.Service), i.Due.UTC().Format(time.RFC3339Nano),
	} {
		part(s)
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(i.Orders))
	mac.Write(n[:])
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// escalate puts before a person the orders that were not answered in time.
func (r *Reactions) escalate(ctx context.Context, now time.Time) error {
	var told atomic.Int64
	defer func() {
		if n := told.Load(); n > 0 {
			r.cfg.Logger.ErrorContext(ctx, "services did not answer orders in time: the view of orders says which", slog.Int64("orders", n))
		}
	}()
	for q := (orders.Query{Quiet: true, SentBefore: now.Add(-r.cfg.Patience), Limit: pageSize}); ; {
		page, err := r.orders.List(ctx, q)
		if err != nil {
			return err
		}
		var all errgroup.Group
		all.SetLimit(atOnce)
		for i := range page.Orders {
			o := &page.Orders[i]
			q.After = &o.Position
			all.Go(func() error {
				of := dossier.Of{Controller: o.Controller, Subject: o.Subject}
				_, err := r.cfg.Ledger.AboutDossier(ctx, of, dossier.OrderEscalated{Order: o.Order}, time.Time{})
				if errors.Is(err, domain.ErrNotFound) {
					return nil // It was answered in the meantime.
				}
				if err == nil {
					told.Add(1)
				}
				return errors.Wrapf(err, "escalate the order at %s", o.Position)
			})
		}
		if err := all.Wait(); err != nil || !page.More {
			return err
		}
	}
}
