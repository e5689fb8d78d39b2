package app

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/casework"
	"github.com/jigowatt/daybook/infra/opendsr"
	"github.com/jigowatt/daybook/infra/reactions"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/requests"
	"github.com/jigowatt/daybook/projections/retention"
)

// ordersSecret names the secret that makes the ids of orders.
const ordersSecret = "orders-ids"

func (a *App) openReactions(ctx context.Context) error {
	key, err := a.vault.Secret(ctx, ordersSecret, 32)
	if err != nil {
		return errors.Wrap(err, "secret of the reactions")
	}
	stream, err := reactions.OpenStream(ctx, a.bus.services, reactions.StreamConfig{Name: a.cfg.Name, Replicas: a.cfg.Replicas})
	if err != nil {
		return err
	}
	a.reactions = reactions.New(reactions.Config{
		Ledger: a.ledger, Retention: a.views.View(retention.Name), Orders: a.views.View(orders.Name), Stream: stream, Key: key,
		Cases: casework.New(casework.Config{Ledger: a.ledger, Vault: a.vault, Views: a.views, Now: a.cfg.Now}),
		Now:   a.cfg.Now, Every: a.cfg.Sweep, Patience: a.cfg.Patience, Logger: a.cfg.Logger.With(slog.String("part", "reactions")),
	})
	a.signer = opendsr.NewSigner(a.cfg.path("keys"), a.cfg.Now)
	a.callbacks = opendsr.NewCallbacks(opendsr.Config{
		Ledger: a.ledger, Requests: a.views.View(requests.Name), Signer: a.signer, Now: a.cfg.Now,
		Today: func(s request.State) calendar.Date { return casework.Day(s, a.cfg.Now()) }, Logger: a.cfg.Logger.With(slog.String("part", "callbacks")),
	})
	a.claims = claims{orders.New(a.views.View(orders.Name)), a.vault}
	return nil
}

// claims says whom orders are about, to the services that they were sent to.
type claims struct {
	orders *orders.Orders
	vault  people
}

var errNotTheirs = errors.Wrap(domain.ErrNotFound, "open order of the service")

// Claims gives the names of the person whom an order to the service is about. It returns domain.ErrNotFound for an order that was
// answered, taken back, or never sent to the service, and domain.ErrUnavailable.
func (c claims) Claims(ctx context.Context, controller domain.ControllerID, service domain.ServiceID, order string) ([]domain.Identifier, error) {
	o, _, err := c.orders.ByID(ctx, controller, order)
	if err != nil {
		return nil, err
	}
	if o.Service != service || o.State == orders.Answered || o.State == orders.Recalled {
		return nil, errors.WithStack(errNotTheirs)
	}
	return c.vault.Identifiers(ctx, o.Subject)
}
