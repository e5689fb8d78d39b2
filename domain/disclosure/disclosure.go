// Package disclosure holds what compels a processor to disclose: the orders of courts and authorities, whether the controller was
// told before, and until when the law forbids telling (Art. 6(1)(c), 28(3)(a), 48).
//
// It deliberately does not judge disclosures; domain/dossier does.
package disclosure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Received is the event that an order to disclose was received.
type Received struct {
	Controller   domain.ControllerID `json:"controller"`
	Order        string              `json:"order"` // the ledger's name for it; actions name it in data.order
	Authority    domain.RecipientID  `json:"authority"`
	Jurisdiction domain.Location     `json:"jurisdiction"`
	Reference    string              `json:"reference"`
	Issued       time.Time           `json:"issued"`
	// Categories are what the order asks for.
	Categories []domain.Category `json:"categories"`
	// Document is the SHA-256 of the order's document in hexadecimal.
	Document string `json:"document,omitempty"`
	// Agreement names the international agreement under which an order from a third country is recognised (Art. 48).
	Agreement string `json:"agreement,omitempty"`
	// Basis is what the disclosure rests on, as the controller chose; empty for a legal obligation, Art. 6(1)(c).
	Basis domain.Basis `json:"basis,omitempty"`
	// ForbiddenUntil is the day until which the law forbids telling the controller and the person; zero where it does not.
	ForbiddenUntil time.Time `json:"forbiddenUntil,omitzero"`
}

// EventType names the event.
func (Received) EventType() string { return "daybook.court-order.received.v1" }

// Informed is the event that the controller was told of an order.
type Informed struct {
	Controller domain.ControllerID `json:"controller"`
	Order      string              `json:"order"`
	On         time.Time           `json:"on"`
}

// EventType names the event.
func (Informed) EventType() string { return "daybook.court-order.informed.v1" }

// Order is one order and what was done about it.
type Order struct {
	Received
	Informed time.Time // zero where the controller was not told
}

// Secret says that the law forbids, at a time, telling the controller and the person. It ends by itself.
func (o Order) Secret(at time.Time) bool { return at.Before(o.ForbiddenUntil) }

// RestsOn gives the basis on which the order is followed: a legal obligation where the controller chose no other (Art. 6(1)(c), 6(3)).
func (o Order) RestsOn() domain.Basis { return cmp.Or(o.Basis, domain.LegalObligation) }

// Asks says that the order asks for the category.
func (o Order) Asks(c domain.Category) bool { return slices.Contains(o.Categories, c) }

// State holds all orders, by their names. It is never changed in place.
type State struct {
	Orders map[string]Order
}

// Evolve gives the state after an event.
func (s State) Evolve(event domain.Event) State {
	switch e := event.Fact.(type) {
	case Received:
		s.Orders = s.with(Order{Received: e})
	case Informed:
		o := s.Orders[e.Order]
		o.Informed = e.On
		s.Orders = s.with(o)
	}
	return s
}

func (s State) with(o Order) map[string]Order {
	m := make(map[string]Order, len(s.Orders)+1)
	for name, order := range s.Orders {
		m[name] = order
	}
	m[o.Order] = o
	return m
}

// Receive is the command that an order was received.
type Receive struct{ Received }

// Decide gives the event, or none where the same is on record. It returns domain.ErrInvalid for an order that is not whole and
// domain.ErrConflict where another bears the name.
func (c Receive) Decide(s State) ([]domain.Fact, error) {
	if _, err := domain.ParseID(c.Order); err != nil {
		return nil, errors.Wrap(err, "name of the order")
	}
	texts := errors.CombineErrors(domain.ValidText(c.Reference), optional(c.Agreement))
	switch {
	case texts != nil:
		return nil, errors.Wrap(texts, "texts of the order")
	case c.Issued.IsZero() || len(c.Categories) == 0 || len(c.Categories) > domain.MaxListed:
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "an order without date or scope"),
			"Say when the order was issued and which categories it asks for, 1 to 64.")
	case c.Document != "" && (len(c.Document) != 64 || strings.ContainsFunc(c.Document, notHex)):
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "hash of the order's document"),
			"Give the SHA-256 of the document as 64 hexadecimal digits.")
	}
	if old, exists := s.Orders[c.Order]; exists {
		if old.Received.Equal(c.Received) {
			return nil, nil
		}
		return nil, errors.WithHint(errors.Wrap(domain.ErrConflict, "another order bears the name"), "Give every order a name of its own.")
	}
	return []domain.Fact{c.Received}, nil
}

// Equal says that two records of an order say the same.
func (r Received) Equal(o Received) bool {
	return r.Controller == o.Controller && r.Order == o.Order && r.Authority == o.Authority && r.Jurisdiction == o.Jurisdiction &&
		r.Reference == o.Reference && r.Document == o.Document && r.Agreement == o.Agreement && r.Basis == o.Basis && r.Issued.Equal(o.Issued) &&
		r.ForbiddenUntil.Equal(o.ForbiddenUntil) && slices.Equal(r.Categories, o.Categories)
}

// Inform is the command that the controller was told of an order.
type Inform struct{ Informed }

// Decide gives the event, or none where that was recorded. It returns domain.ErrNotFound for an order that is not on record, and
// domain.ErrForbidden while the law forbids telling.
func (c Inform) Decide(s State) ([]domain.Fact, error) {
	o, exists := s.Orders[c.Order]
	switch {
	case !exists || o.Controller != c.Controller:
		return nil, errors.WithHint(errors.Wrap(domain.ErrNotFound, "order to tell of"), "Record the order first.")
	case !o.Informed.IsZero():
		return nil, nil
	case c.On.IsZero():
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "day of telling"), "Say on which day the controller was told.")
	case o.Secret(c.On):
		return nil, errors.WithHint(errors.Wrap(domain.ErrForbidden, "telling of the order"),
			"Article 28(3)(a): the law that the order rests on forbids telling until the day on record.")
	}
	return []domain.Fact{c.Informed}, nil
}

func optional(s string) error {
	if s == "" {
		return nil
	}
	return domain.ValidText(s)
}

func notHex(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') }
