package clienttest

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/wire"
)

// sent is an order that waits for an answer.
type sent struct {
	order    wire.Order
	subjects []wire.Text
}

const storeWait = time.Minute

func (l *Ledger) openOrders(nc *nats.Conn) {
	l.t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: wire.OrdersStream, Subjects: []string{wire.Pattern(wire.Orders)}})
	if err != nil {
		l.t.Fatal(err)
	}
}

// SendOrder sends an order about a person to the order's service, and gives its id, which is made where the order has none. The
// order is answered by recording an action that names it.
func (l *Ledger) SendOrder(o wire.Order, subjects ...string) string {
	l.t.Helper()
	l.mu.Lock()
	l.sent++
	if o.Order == "" {
		o.Order = "order-" + strconv.Itoa(l.sent)
	}
	about := sent{order: o}
	for _, s := range subjects {
		about.subjects = append(about.subjects, wire.Text(s))
	}
	l.orders[o.Order] = about
	l.mu.Unlock()
	body, err := json.Marshal(o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.life.Lock()
	defer l.life.Unlock()
	js, err := jetstream.New(l.conn)
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	to := wire.Subject{Kind: wire.Orders, Controller: o.Controller, Service: o.Service}
	if _, err := js.Publish(ctx, to.String(), body); err != nil {
		l.t.Fatal(err)
	}
	return o.Order
}

// OpenOrders gives the ids of the orders that no recorded action has answered, in no order.
func (l *Ledger) OpenOrders() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]string, 0, len(l.orders))
	for id := range l.orders {
		ids = append(ids, id)
	}
	return ids
}

func (l *Ledger) onClaim(msg *nats.Msg) {
	subject, ok := wire.ParseSubject(msg.Subject)
	var request wire.ClaimRequest
	if !ok || json.Unmarshal(msg.Data, &request) != nil {
		l.respondProblem(msg, problemOf(wire.Malformed))
		return
	}
	l.mu.Lock()
	about, open := l.orders[request.Order]
	l.mu.Unlock()
	if !open || about.order.Controller != subject.Controller || about.order.Service != subject.Service {
		l.respondProblem(msg, problemOf(wire.NotFound))
		return
	}
	l.respond(msg, wire.Claim{Order: request.Order, Subjects: about.subjects})
}
