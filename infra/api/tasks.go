package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/orders"
)

func (a *API) taskRoutes() {
	tags := []string{"orders"}
	get(a, huma.Operation{
		Path: "/orders", OperationID: "orders", Tags: tags, Summary: "What services were told to do, newest first, and whether they did",
		Parameters: append(scoped("controller"), query("service", "string", "Of this service only; needs controller."),
			query("case", "string", "Of this case only; needs controller."), query("state", "string", "open, escalated, answered or recalled; all by default."),
			query("after", "integer", "The cursor of the page before."), query("limit", "integer", "1 to 1,000; 100."), asOf(),
			onDay("An order is answered by when the service acted."), awaits()),
	}, (*call).listOrders)
	get(a, huma.Operation{
		Path: "/orders/{order}", OperationID: "order", Tags: tags, Summary: "One order and what came of it",
		Parameters: append(scoped("controller"), asOf(), onDay("An order is answered by when the service acted."), awaits()),
	}, (*call).showOrder)
}

func (c *call) orders() (*orders.Orders, error) {
	view, err := c.view(orders.Name)
	if err != nil {
		return nil, err
	}
	return orders.New(view), nil
}

func (c *call) ordersQuery() (q orders.Query, err error) {
	if q.Controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return q, err
	}
	if q.Service, err = parameter[domain.ServiceID](c, "service"); err != nil {
		return q, err
	}
	if q.After, err = c.position("after"); err != nil {
		return q, err
	}
	q.Case, q.State, q.Newest = c.query("case"), orders.State(c.query("state")), true
	if q.State != "" && !slices.Contains([]orders.State{orders.Open, orders.Escalated, orders.Answered, orders.Recalled}, q.State) {
		return q, problem.New(wire.InvalidField, "orders have no such state", "Write open, escalated, answered or recalled.")
	}
	q.Limit, err = c.limit(100, orders.MaxLimit)
	return q, err
}

func (c *call) listOrders() (wire.SentOrders, domain.Position, error) {
	q, err := c.ordersQuery()
	if err != nil {
		return wire.SentOrders{}, 0, err
	}
	view, err := c.orders()
	if err != nil {
		return wire.SentOrders{}, 0, err
	}
	page, err := view.List(c.ctx(), q)
	if err != nil {
		return wire.SentOrders{}, 0, errors.Wrap(err, "orders over HTTP")
	}
	out := wire.SentOrders{Orders: make([]wire.SentOrder, len(page.Orders)), Position: uint64(page.Position)}
	for i := range page.Orders {
		if out.Orders[i], err = c.sentOrder(&page.Orders[i]); err != nil {
			return wire.SentOrders{}, 0, err
		}
	}
	if page.More && len(out.Orders) > 0 {
		next := uint64(page.Orders[len(page.Orders)-1].Position) // as the view counts
		out.Next = &next
	}
	return out, page.Position, nil
}

// showOrder gives one order, under the controller that is named or under whichever it was sent.
func (c *call) showOrder() (wire.SentOrder, domain.Position, error) {
	one, err := parameter[domain.ControllerID](c, "controller")
	if err != nil {
		return wire.SentOrder{}, 0, err
	}
	view, err := c.orders()
	if err != nil {
		return wire.SentOrder{}, 0, err
	}
	controllers := []domain.ControllerID{one}
	if one == "" {
		controllers = slices.Sorted(maps.Keys(c.known().Controllers))
	}
	for _, controller := range controllers {
		o, at, err := view.ByID(c.ctx(), controller, c.r.PathValue("order"))
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return wire.SentOrder{}, 0, errors.Wrap(err, "order over HTTP")
		}
		w, err := c.sentOrder(&o)
		return w, at, err
	}
	return wire.SentOrder{}, 0, problem.New(wire.NotFound, "there is no such order", "GET "+Prefix+"/orders lists the orders that were sent.")
}

// sentOrder writes an order in the contract's words.
func (c *call) sentOrder(o *orders.Order) (wire.SentOrder, error) {
	w := wire.SentOrder{
		Order: o.Order, Position: c.placed(o.Position), Controller: string(o.Controller), Service: string(o.Service), Kind: string(o.Kind),
		Instruction: string(o.Instruction), System: o.System, Categories: texts(o.Categories), Reason: o.Reason, Case: o.Case, Due: o.Due,
		Recipient: string(o.Recipient), Sent: o.Sent, Return: o.Return, State: string(o.State), Sentence: orderSentence(o),
	}
	if o.Escalation != nil {
		w.Escalated = &o.Escalation.Recorded
	}
	if o.Recall != nil {
		w.Recalled, w.Hold = &o.Recall.Recorded, o.Hold
	}
	if a := o.Answer; a != nil {
		w.Answer = &wire.OrderAnswer{Position: c.placed(a.Position), Time: a.Time, Recorded: c.recordedAt(a.Position, a.Recorded), Operation: string(a.Operation), Late: a.Late}
	}
	var err error
	w.Person, w.Forgotten, err = c.masked(o.Subject)
	return w, err
}

// orderSentence says what a service was told and what it did, such as "webshop was told on 1 May 2026 to erase Name in crm, because
// its time is over; it answered on 2 May 2026: erased".
func orderSentence(o *orders.Order) string {
	s := string(o.Service) + " was told on " + sentence.Day(o.Sent) + " to " + string(o.Kind) + " "
	if o.Kind == dossier.TaskTell {
		s += string(o.Recipient) + " what becomes of the data"
	} else if len(o.Categories) == 0 {
		s += "everything"
	} else {
		s += sentence.Categories(o.Categories)
	}
	if o.System != "" {
		s += " in " + o.System
	}
	if o.Instruction != "" {
		s += " under instruction " + string(o.Instruction)
	}
	if o.Return {
		s += ", having returned it to the controller"
	}
	s += ", " + orderReason(o)
	switch {
	case o.Answer != nil && o.Answer.Late:
		return s + "; it answered late, on " + sentence.Day(o.Answer.Time) + ": " + o.Answer.Operation.Verb()
	case o.Answer != nil:
		return s + "; it answered on " + sentence.Day(o.Answer.Time) + ": " + o.Answer.Operation.Verb()
	case o.Recall != nil && o.Again:
		return s + "; it was taken back on " + sentence.Day(o.Recall.Recorded) + ", because hold " + o.Hold + " forbade it, and sent once more"
	case o.Recall != nil:
		return s + "; it was taken back on " + sentence.Day(o.Recall.Recorded) + ", because " + recallReason(o)
	case o.Escalation != nil:
		return s + "; it has not answered, of which a person was told on " + sentence.Day(o.Escalation.Recorded)
	}
	return s + "; it has not answered yet"
}

func recallReason(o *orders.Order) string {
	if o.Hold == "" {
		return "the person withdrew the request"
	}
	return "hold " + o.Hold + " forbids it"
}

func orderReason(o *orders.Order) string {
	switch o.Reason {
	case "retention":
		return "because its time is over"
	case "consent-withdrawn":
		return "because the consent was withdrawn"
	case "instruction-withdrawn":
		return "because the instruction was withdrawn"
	case "restriction":
		return "because it was restricted"
	case "objection":
		return "because the person objected"
	case "case":
		return "for case " + o.Case
	}
	return "because of " + strings.ReplaceAll(o.Reason, "-", " ")
}
