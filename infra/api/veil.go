package api

import (
	"bytes"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/wire"
)

// Veil withholds entries of the log of which the law forbids telling (Art. 28(3)(a)): orders of courts that are secret, and what was
// done under them. Their place stays, with the leaf hash, so that the history still proves. It serves one goroutine.
type Veil struct {
	now    func() time.Time
	orders map[string]disclosure.Order
}

// NewVeil makes a veil that knows no order yet.
func NewVeil(now func() time.Time) *Veil {
	return &Veil{now: now, orders: map[string]disclosure.Order{}}
}

// Know takes in orders that are on record, wherever in the log.
func (v *Veil) Know(orders map[string]disclosure.Order) {
	for name, order := range orders {
		v.orders[name] = order
	}
}

// courtOrders begins the types of events about orders of courts.
var courtOrders = []byte(`"daybook.court-order.`)

// Learn takes in what a stored event says of an order. It returns an assertion failure for bytes that are no event.
func (v *Veil) Learn(stored []byte) error {
	if !bytes.Contains(stored, courtOrders) {
		return nil
	}
	event, err := catalog.Decode(stored)
	if err != nil {
		return errors.Wrap(err, "event about an order")
	}
	if received, is := event.Fact.(disclosure.Received); is {
		v.orders[received.Order] = disclosure.Order{Received: received}
	}
	return nil
}

// Hides says that an event must not be told of now. An event is decoded only where it names a secret order.
func (v *Veil) Hides(stored []byte) (bool, error) {
	if err := v.Learn(stored); err != nil {
		return false, err
	}
	now := v.now()
	for name, order := range v.orders {
		if !order.Secret(now) || !bytes.Contains(stored, []byte(`"`+name+`"`)) {
			continue
		}
		event, err := catalog.Decode(stored)
		if err != nil {
			return false, errors.Wrap(err, "event that names an order")
		}
		switch fact := event.Fact.(type) {
		case disclosure.Received:
			return v.orders[fact.Order].Secret(now), nil
		case disclosure.Informed:
			return v.orders[fact.Order].Secret(now), nil
		case dossier.ActionRecorded:
			return v.orders[fact.Order].Secret(now), nil
		}
	}
	return false, nil
}

// Withheld gives the line that stands for an event that is hidden.
func Withheld(at domain.Position, stored []byte) wire.LogEntry {
	leaf := merkle.Leaf(stored)
	return wire.LogEntry{Position: uint64(at), Withheld: true, Leaf: leaf[:]}
}
