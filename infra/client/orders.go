package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/wire"
)

// What an order asks for.
const (
	OrderErase    = wire.OrderErase
	OrderRestrict = wire.OrderRestrict
	OrderRectify  = wire.OrderRectify
	OrderStop     = wire.OrderStop
	OrderTell     = wire.OrderTell
	OrderRecall   = wire.OrderRecall
)

// Order is a task from the ledger: to erase, restrict or rectify a person's data, to stop processing it, or to tell a
// recipient what became of the data it was given (Art. 19). One of the kind OrderRecall takes back the order with its ID, because
// a hold forbids it: that is not to be carried out any more, no Subjects are named, and nothing is to be answered.
type Order struct {
	// ID is the order's; the action that answers it names it in Action.Order.
	ID   string
	Kind wire.OrderKind
	// Subjects are the names of the person that the ledger knows, each as kind:value. Do not log them.
	Subjects []string
	// Instruction is the one under which the data is kept.
	Instruction string
	// System is where the data is, empty for what the service itself holds.
	System string
	// Categories are those concerned, empty for all.
	Categories []string
	// Reason is retention, consent-withdrawn, instruction-withdrawn, objection, restriction or case.
	Reason string
	// Due is when it was due.
	Due time.Time
	// Case is the case that the order belongs to, empty for none.
	Case string
	// Recipient is who is to be told, empty for the other kinds.
	Recipient string
	// Return says that the data is handed back to the controller before it is erased (Art. 28(3)(g)).
	Return bool

	client *Client
}

// Answer records what was done for the order, and waits for the receipt. What the action leaves empty is taken from the order:
// people, instruction, system, categories, recipient, and the operation, which is Erase, Restrict, Alter or Disclose by the order's
// kind; for OrderStop it has none. It returns the errors of Record.
func (o Order) Answer(ctx context.Context, a Action) (Receipt, error) {
	operation := map[wire.OrderKind]string{OrderErase: Erase, OrderRestrict: Restrict, OrderRectify: Alter, OrderTell: Disclose}[o.Kind]
	a.Order, a.Operation = o.ID, cmp.Or(a.Operation, operation)
	a.Instruction, a.System = cmp.Or(a.Instruction, o.Instruction), cmp.Or(a.System, o.System)
	a.Recipient = cmp.Or(a.Recipient, o.Recipient)
	if a.Subjects == nil {
		a.Subjects = o.Subjects
	}
	if a.Categories == nil {
		a.Categories = o.Categories
	}
	return o.client.Record(ctx, a)
}

// Orders gives the service's orders to the handler, one after the other, until ctx is done, and returns nil then. An order whose
// handler returns nil is taken for done: the handler records what it did, with Order.Answer, before it returns. One whose handler
// returns an error comes again after a pause, and so does one whose process ended; a handler therefore must not mind an order that
// it has carried out before. Orders that are waiting outlive the service; several instances of it share them.
//
// The connection has to be allowed to publish on $JS.API.CONSUMER.CREATE.DAYBOOK_ORDERS.<controller>_<service>.>,
// $JS.API.CONSUMER.MSG.NEXT.DAYBOOK_ORDERS.<controller>_<service>, $JS.ACK.DAYBOOK_ORDERS.<controller>_<service>.> and on
// daybook.v1.claim.<controller>.<service>. It returns ErrForbidden where it is not, and ErrClosed; a ledger that cannot be reached is
// waited for.
func (c *Client) Orders(ctx context.Context, handler func(context.Context, Order) error) error {
	js, err := jetstream.New(c.nc)
	if err != nil {
		return unavailable(err)
	}
	for n := 0; ; n++ {
		err := c.takeOrders(ctx, js, handler, func() { n = 0 })
		switch {
		case ctx.Err() != nil:
			return nil
		case c.isClosed():
			return ErrClosed
		case errors.Is(err, ErrForbidden):
			return err
		}
		c.log.DebugContext(ctx, "orders cannot be taken now", slog.Any("error", err))
		if !c.pause(ctx, n) {
			return nil
		}
	}
}

// takeOrders takes orders until something goes wrong, and calls well whenever nothing does.
func (c *Client) takeOrders(ctx context.Context, js jetstream.JetStream, handler func(context.Context, Order) error, well func()) error {
	connected, stop := c.whileConnected(ctx)
	defer stop()
	if !c.nc.IsConnected() {
		return unavailable(nats.ErrDisconnected)
	}
	consumer, err := c.orderConsumer(connected, js)
	if err != nil {
		return err
	}
	for {
		msg, err := next(connected, consumer)
		switch {
		case errors.Is(err, nats.ErrTimeout), errors.Is(err, jetstream.ErrNoMessages):
			well()
			continue
		case err != nil:
			return unavailable(err)
		}
		well()
		if err := c.takeOrder(ctx, msg, handler); err != nil {
			return err
		}
	}
}

// whileConnected gives a context that ends when the connection breaks: what was asked for over it is not answered any more.
func (c *Client) whileConnected(ctx context.Context) (_ context.Context, stop func()) {
	broken := c.nc.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)
	ctx, cancel := context.WithCancel(ctx)
	var owned sync.WaitGroup
	owned.Go(func() {
		defer cancel()
		select {
		case <-broken:
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(); owned.Wait(); c.nc.RemoveStatusListener(broken) }
}

// next waits for one order. No more are taken before it is settled: what waits in this process would be taken for being worked on.
func next(ctx context.Context, consumer jetstream.Consumer) (jetstream.Msg, error) {
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return consumer.Next(jetstream.FetchContext(ctx))
}

func (c *Client) orderConsumer(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, error) {
	durable, filter := wire.Durable(c.controller, c.service), c.subject(wire.Orders)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	ctx, done := c.watch.begin(ctx, "$JS.API.CONSUMER.CREATE."+wire.OrdersStream+"."+durable+"."+filter)
	defer done()
	consumer, err := js.CreateOrUpdateConsumer(ctx, wire.OrdersStream, jetstream.ConsumerConfig{
		Durable: durable, FilterSubject: filter, AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.orderWait, MaxDeliver: -1,
		Description: "Orders of one service, taken by its client.",
	})
	if errors.Is(context.Cause(ctx), ErrForbidden) {
		p := wire.NewProblem(wire.Forbidden)
		p.Hint = "The NATS server does not permit this connection to take the service's orders."
		return nil, &Error{Kind: ErrForbidden, Problem: &p}
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return consumer, nil
}

// takeOrder sees to one order. Its error says that no more can be taken now.
func (c *Client) takeOrder(ctx context.Context, msg jetstream.Msg, handler func(context.Context, Order) error) error {
	defer c.keep(ctx, msg)()
	var o wire.Order
	if err := json.Unmarshal(msg.Data(), &o); err != nil || !wire.ValidID(o.Order) {
		c.log.ErrorContext(ctx, "an order cannot be read")
		return settle(msg.TermWithReason("it cannot be read"))
	}
	var subjects []string
	var failed *Error
	if o.Kind != wire.OrderRecall {
		subjects, failed = c.claim(ctx, o.Order)
	}
	switch {
	case failed == nil:
	case errors.Is(failed, ErrForbidden):
		return errors.Join(failed, msg.NakWithDelay(c.again(msg)))
	case failed.Problem != nil && failed.Problem.Code == wire.NotFound:
		c.log.InfoContext(ctx, "an order was settled before it came", slog.String("order", o.Order))
		return settle(msg.Ack())
	default:
		c.log.WarnContext(ctx, "whom an order is about cannot be found out now", slog.String("order", o.Order), slog.Any("error", failed))
		return settle(msg.NakWithDelay(c.again(msg)))
	}
	err := handler(ctx, Order{ID: o.Order, Kind: o.Kind, Subjects: subjects, Instruction: o.Instruction, System: o.System,
		Categories: o.Categories, Reason: o.Reason, Due: o.Due, Case: o.Case, Recipient: o.Recipient, Return: o.Return,
		client: c})
	if err != nil {
		// The error is the service's own and may be personal.
		c.log.WarnContext(ctx, "an order was not carried out; it comes again", slog.String("order", o.Order))
		return settle(msg.NakWithDelay(c.again(msg)))
	}
	return settle(msg.Ack())
}

// settle gives the error of an acknowledgement. What could not be acknowledged comes again.
func settle(err error) error {
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// again is how long an order waits that could not be carried out.
func (c *Client) again(msg jetstream.Msg) time.Duration {
	n := 0
	if about, err := msg.Metadata(); err == nil && about.NumDelivered > 0 {
		n = int(min(about.NumDelivered-1, 30))
	}
	return c.backoff.wait(n, c.random)
}

// claim asks whom an order is about.
func (c *Client) claim(ctx context.Context, order string) ([]string, *Error) {
	body, err := json.Marshal(wire.ClaimRequest{Order: order})
	if err != nil {
		return nil, unavailable(err)
	}
	var claim wire.Claim
	failed := c.retry(ctx, func() *Error {
		claim = wire.Claim{}
		if err := c.request(ctx, wire.Claims, wire.ContentJSON, body, &claim); err != nil {
			return err
		}
		if claim.Order != order || len(claim.Subjects) == 0 {
			return unavailable(errNotReply)
		}
		return nil
	})
	subjects := make([]string, len(claim.Subjects))
	for i, s := range claim.Subjects {
		subjects[i] = string(s)
	}
	return subjects, failed
}

// keep tells the server that the order is being worked on, until the function that it gives is called.
func (c *Client) keep(ctx context.Context, msg jetstream.Msg) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	const signs = 3 // in the time after which the order would be given away
	var owned sync.WaitGroup
	owned.Go(func() {
		tick := time.NewTicker(c.orderWait / signs)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := msg.InProgress(); err != nil {
					return // it was acknowledged, or comes again
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); owned.Wait() }
}
