// Package register holds who is who: the processor itself, its controllers, their services, the recipients of data, and the
// people who act for them (Art. 28, 30(2)).
//
// It deliberately does not hold instructions; domain/instruction does.
package register

import (
	"maps"
	"slices"
	"time"

	"github.com/jigowatt/daybook/domain"
)

// Itself is the name under which the processor's own people stand in the vault. No controller may bear it.
const Itself domain.ControllerID = "daybook"

// ProcessorDeclared is the event that the processor said who it is (Art. 30(2)(a), (d)).
type ProcessorDeclared struct {
	Name         string             `json:"name"`
	Registration string             `json:"registration,omitempty"` // with the supervisory authority
	Regime       domain.Regime      `json:"regime"`
	Territory    []domain.Territory `json:"territory"`
	Measures     []string           `json:"measures,omitempty"` // Art. 32(1)
}

// EventType names the event.
func (ProcessorDeclared) EventType() string { return "daybook.processor.declared.v1" }

// ControllerDeclared is the event that a controller became a client, or that its details changed.
type ControllerDeclared struct {
	Controller domain.ControllerID `json:"controller"`
	Name       string              `json:"name"`
	Regime     domain.Regime       `json:"regime"`
	Country    domain.Location     `json:"country"`
	// Nation is where in the United Kingdom it is established, empty where that was not said or is nowhere there.
	Nation domain.Nation `json:"nation,omitzero"`
	// Callbacks are the addresses to which the controller may have the status of its requests sent, and no other is called.
	Callbacks []string `json:"callbacks,omitzero"`
}

// EventType names the event.
func (ControllerDeclared) EventType() string { return "daybook.controller.declared.v1" }

// ServiceDeclared is the event that a service was set up to record actions for a controller, or that its details changed.
type ServiceDeclared struct {
	Controller domain.ControllerID `json:"controller"`
	Service    domain.ServiceID    `json:"service"`
	Name       string              `json:"name"`
	// ReportsWithin is the time in which the service is bound to report an action, in seconds.
	ReportsWithin int64 `json:"reportsWithin"`
}

// EventType names the event.
func (ServiceDeclared) EventType() string { return "daybook.service.declared.v1" }

// Kind is what a recipient is to the controller (Art. 4(8)–(10)).
type Kind string

// The kinds of recipients.
const (
	SubProcessor    Kind = "sub-processor"
	OtherController Kind = "controller"
	Authority       Kind = "authority"
	ThirdParty      Kind = "third-party"
)

// RecipientDeclared is the event that a recipient was registered, or that its details changed.
type RecipientDeclared struct {
	Recipient domain.RecipientID `json:"recipient"`
	Name      string             `json:"name"`
	Kind      Kind               `json:"kind"`
	Country   domain.Location    `json:"country"`
	Safeguard string             `json:"safeguard,omitempty"` // Art. 45–49, by its DPV name
	Contract  string             `json:"contract,omitempty"`  // reference of the contract (Art. 28(4))
	// Announced is the day on which the controllers were told of a sub-processor (Art. 28(2)); zero where it was there before.
	Announced time.Time `json:"announced,omitzero"`
}

// EventType names the event.
func (RecipientDeclared) EventType() string { return "daybook.recipient.declared.v1" }

// Mode is how a controller authorises sub-processors (Art. 28(2)).
type Mode string

// The modes.
const (
	General  Mode = "general"
	Specific Mode = "specific"
)

// AuthorisationDeclared is the event that a controller said how it authorises sub-processors (Art. 28(2)).
type AuthorisationDeclared struct {
	Controller domain.ControllerID `json:"controller"`
	Mode       Mode                `json:"mode"`
	// ObjectWithin is how long a controller that authorises generally can object to a sub-processor that is announced.
	ObjectWithin domain.Period        `json:"objectWithin,omitzero"`
	Authorised   []domain.RecipientID `json:"authorised,omitempty"` // one by one
	Refused      []domain.RecipientID `json:"refused,omitempty"`    // objected to
}

// EventType names the event.
func (AuthorisationDeclared) EventType() string { return "daybook.authorisation.declared.v1" }

// Covers says that the sub-processor was authorised at a time.
func (e AuthorisationDeclared) Covers(r RecipientDeclared, at time.Time) bool {
	if slices.Contains(e.Refused, r.Recipient) {
		return false
	}
	if e.Mode == Specific {
		return slices.Contains(e.Authorised, r.Recipient)
	}
	return r.Announced.IsZero() || !at.Before(e.ObjectWithin.After(r.Announced))
}

// ContactDeclared is the event that a person acts for a controller or for the processor. Who that is rests sealed.
type ContactDeclared struct {
	Controller domain.ControllerID `json:"controller"` // Itself for the processor's own
	Contact    domain.ContactID    `json:"contact"`
	Role       string              `json:"role"`
	Subject    domain.SubjectKey   `json:"subject"`
	Details    domain.Sealed       `json:"details"` // name, e-mail address, telephone number
}

// EventType names the event.
func (ContactDeclared) EventType() string { return "daybook.contact.declared.v1" }

// DefaultReportsWithin is the time in which a service reports where it declares none.
const DefaultReportsWithin = 24 * time.Hour

// ServiceKey names a service: services of two controllers may bear one name.
type ServiceKey struct {
	Controller domain.ControllerID
	Service    domain.ServiceID
}

// ContactKey names a contact.
type ContactKey struct {
	Controller domain.ControllerID
	Contact    domain.ContactID
}

// Contact is a contact with the id of the event that sealed the details, which opening them needs.
type Contact struct {
	ContactDeclared
	Event string `json:"event"`
}

// State is the register at one position. It is never changed in place.
type State struct {
	Processor   *ProcessorDeclared
	Controllers map[domain.ControllerID]ControllerDeclared
	Services    map[ServiceKey]ServiceDeclared
	Recipients  map[domain.RecipientID]RecipientDeclared
	// Authorisations are those of the controllers that said how they authorise.
	Authorisations map[domain.ControllerID]AuthorisationDeclared
	Contacts       map[ContactKey]Contact
}

// Evolve gives the state after an event. For many events, a Draft costs less.
func (s State) Evolve(event domain.Event) State {
	d := Draft{State: s}
	d.Evolve(event)
	return d.State
}

// Draft is a register that many events are folded into: the first change of each list copies it and no later one, so that the work grows
// with the events and not with what stands already. Whoever hands its State on goes on with another Draft. It serves one goroutine.
type Draft struct {
	State
	own struct{ controllers, services, recipients, authorisations, contacts bool }
}

// Evolve takes in an event.
func (d *Draft) Evolve(event domain.Event) {
	switch e := event.Fact.(type) {
	case ProcessorDeclared:
		d.Processor = &e
	case ControllerDeclared:
		put(&d.Controllers, &d.own.controllers, e.Controller, e)
	case ServiceDeclared:
		put(&d.Services, &d.own.services, ServiceKey{e.Controller, e.Service}, e)
	case RecipientDeclared:
		put(&d.Recipients, &d.own.recipients, e.Recipient, e)
	case AuthorisationDeclared:
		put(&d.Authorisations, &d.own.authorisations, e.Controller, e)
	case ContactDeclared:
		put(&d.Contacts, &d.own.contacts, ContactKey{e.Controller, e.Contact}, Contact{e, event.ID})
	}
}

// ReportsWithin gives the time in which the service is bound to report.
func (s State) ReportsWithin(c domain.ControllerID, service domain.ServiceID) time.Duration {
	if e, known := s.Services[ServiceKey{c, service}]; known {
		return time.Duration(e.ReportsWithin) * time.Second
	}
	return DefaultReportsWithin
}

// put puts a value into a map, which is copied where it is not the draft's own yet.
func put[K comparable, V any](m *map[K]V, own *bool, k K, v V) {
	if !*own {
		if *m, *own = maps.Clone(*m), true; *m == nil {
			*m = map[K]V{}
		}
	}
	(*m)[k] = v
}
