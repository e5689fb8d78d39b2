package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
)

func (a *API) courtOrderRoutes() {
	const path = "/controllers/{controller}/court-orders"
	post(a, huma.Operation{
		Path: path, OperationID: "receiveCourtOrder", Tags: []string{"court orders"},
		Summary: "Record that an order of a court or an authority to disclose was received",
	}, (*call).receiveCourtOrder)
	post(a, huma.Operation{
		Path: path + "/{order}/informed", OperationID: "informController", Tags: []string{"court orders"},
		Summary: "Record that the controller was told of an order",
	}, (*call).informController)
	get(a, huma.Operation{
		Path: path, OperationID: "courtOrders", Tags: []string{"court orders"}, Method: http.MethodGet,
		Summary: "The orders to disclose, without those that the law forbids telling of",
		Parameters: []*huma.Param{countedSecret(), asOf(), query("on", "string", "The orders that had been issued by this day, 2026-11-14, which stands "+
			"for its end in UTC, or by this moment, and whether the controller had been told by then; given all that is known now, or as of at.")},
	}, (*call).courtOrders)
}

func (c *call) receiveCourtOrder(in wire.CourtOrder) (wire.Settled, domain.Position, error) {
	r := disclosure.Received{
		Order: in.Order, Reference: in.Reference, Issued: in.Issued.UTC(), Document: in.Document, Agreement: in.Agreement,
		ForbiddenUntil: at(in.ForbiddenUntil),
	}
	var err error
	if r.Controller, err = name[domain.ControllerID](c, "controller"); err != nil {
		return wire.Settled{}, 0, err
	}
	if r.Authority, err = domain.ParseName[domain.RecipientID](in.Authority); err != nil {
		return wire.Settled{}, 0, errors.Wrap(err, "authority")
	}
	if r.Jurisdiction, err = domain.ParseLocation(in.Jurisdiction); err != nil {
		return wire.Settled{}, 0, errors.Wrap(err, "jurisdiction")
	}
	if r.Categories, err = each("categories", in.Categories, domain.ParseCategory); err != nil {
		return wire.Settled{}, 0, err
	}
	if in.Basis != "" {
		if r.Basis, err = domain.ParseBasis(in.Basis); err != nil {
			return wire.Settled{}, 0, errors.Wrap(err, "basis of the order")
		}
	}
	settled, err := c.api.cfg.Ledger.ReceiveCourtOrder(c.ctx(), disclosure.Receive{Received: r})
	return wire.Settled{ID: in.Order, Position: uint64(settled.Position), Events: settled.Events}, c.api.cfg.Ledger.State().End, err
}

func (c *call) informController(in wire.InformedRequest) (wire.Settled, domain.Position, error) {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return wire.Settled{}, 0, err
	}
	order := c.r.PathValue("order")
	settled, err := c.api.cfg.Ledger.InformController(c.ctx(), disclosure.Inform{Informed: disclosure.Informed{
		Controller: controller, Order: order, On: in.On.UTC(),
	}})
	return wire.Settled{Position: uint64(settled.Position), Events: settled.Events}, c.api.cfg.Ledger.State().End, err
}

func (c *call) courtOrders() (wire.CourtOrders, domain.Position, error) {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return wire.CourtOrders{}, 0, err
	}
	asked, err := c.asksForSecret()
	if err != nil {
		return wire.CourtOrders{}, 0, err
	}
	orders, err := c.orderedByCourts(controller)
	if err != nil {
		return wire.CourtOrders{}, 0, err
	}
	if c.on != nil {
		orders = issuedBy(orders, c.on.time)
	}
	hidden := c.secretOrders()
	out := wire.CourtOrders{Orders: []wire.CourtOrder{}, Position: uint64(c.end())}
	for _, o := range orders {
		if hidden[o.Order] {
			if asked != "" {
				out.Secret++
			}
			if asked != "show" {
				continue
			}
		}
		out.Orders = append(out.Orders, courtOrder(o))
	}
	slices.SortFunc(out.Orders, func(a, b wire.CourtOrder) int { return cmp.Compare(a.Order, b.Order) })
	return out, c.end(), nil
}

// issuedBy gives the orders as they were at a time: those that had been issued, and of which the controller had been told by then.
func issuedBy(orders []disclosure.Order, at time.Time) (list []disclosure.Order) {
	for _, o := range orders {
		if o.Issued.After(at) {
			continue
		}
		if o.Informed.After(at) {
			o.Informed = time.Time{}
		}
		list = append(list, o)
	}
	return list
}

// orderedByCourts gives the orders under a controller that were on record, each as it stood.
func (c *call) orderedByCourts(controller domain.ControllerID) ([]disclosure.Order, error) {
	var list []disclosure.Order
	if c.as == nil {
		for _, o := range c.api.cfg.Ledger.State().CourtOrders.Orders {
			if o.Controller == controller {
				list = append(list, o)
			}
		}
		return list, nil
	}
	view, err := c.standing(disclosures.Name)
	if err != nil {
		return nil, err
	}
	orders, _, err := disclosures.New(view).Orders(c.ctx(), controller, projections.Sight{Now: c.now(), Secret: true})
	for i := range orders {
		list = append(list, orders[i].Order)
	}
	return list, errors.Wrap(err, "orders of courts as of then")
}
