package dossier

import (
	"time"

	"github.com/jigowatt/daybook/domain"
)

// Of names whose dossier an event is about.
type Of struct {
	Controller domain.ControllerID `json:"controller"`
	Subject    domain.SubjectKey   `json:"subject"`
	// By is who said so for the controller or the processor, empty where a service did.
	By domain.ContactID `json:"by,omitempty"`
}

// Person gives whose dossier the event is about.
func (o Of) Person() Of { return o }

// ConsentGiven is the event that a person consented to the processing under an instruction (Art. 6(1)(a), 7). The event's time is
// when it was given.
type ConsentGiven struct {
	Of
	Instruction domain.InstructionID `json:"instruction"`
	How         string               `json:"how"`                // in a few words: double-opt-in, paper form
	Explicit    bool                 `json:"explicit,omitempty"` // Art. 9(2)(a)
}

// EventType names the event.
func (ConsentGiven) EventType() string { return "daybook.consent.given.v1" }

// ConsentWithdrawn is the event that a person withdrew a consent (Art. 7(3)). The event's time is when.
type ConsentWithdrawn struct {
	Of
	Instruction domain.InstructionID `json:"instruction"`
	How         string               `json:"how"`
}

// EventType names the event.
func (ConsentWithdrawn) EventType() string { return "daybook.consent.withdrawn.v1" }

// ObjectionRaised is the event that a person objected (Art. 21): to the processing under one instruction, to direct marketing, or
// to all that rests on (e) or (f). The event's time is when.
type ObjectionRaised struct {
	Of
	Objection   string               `json:"objection"` // its id
	Instruction domain.InstructionID `json:"instruction,omitempty"`
	Marketing   bool                 `json:"marketing,omitempty"` // Art. 21(2)
}

// EventType names the event.
func (ObjectionRaised) EventType() string { return "daybook.objection.raised.v1" }

// ObjectionResolved is the event that an objection waits no longer: the controller decided on it (Art. 21(1)), or there is none.
type ObjectionResolved struct {
	Of
	Objection string `json:"objection"`
	// Overridden says that the controller showed compelling legitimate grounds; otherwise the objection stands for good.
	Overridden bool   `json:"overridden"`
	Ground     string `json:"ground,omitempty"`
	// Void says that it ended without a decision, for the reason in Ground: the person took it back, it was meant for another
	// controller, or nobody could show that it was the person's.
	Void bool `json:"void,omitzero"`
}

// EventType names the event.
func (ObjectionResolved) EventType() string { return "daybook.objection.resolved.v1" }

// RestrictionPlaced is the event that a person's data was restricted (Art. 18(1)). Storing stays allowed; whatever Allowed does not
// name is not.
type RestrictionPlaced struct {
	Of
	Restriction string               `json:"restriction"`           // its id
	Ground      string               `json:"ground"`                // A18-1-a … A18-1-d
	Instruction domain.InstructionID `json:"instruction,omitempty"` // empty for all
	Allowed     []domain.Operation   `json:"allowed,omitempty"`
	Prohibited  []domain.Operation   `json:"prohibited,omitempty"` // even where Allowed names what is above them
}

// EventType names the event.
func (RestrictionPlaced) EventType() string { return "daybook.restriction.placed.v1" }

// RestrictionLifted is the event that a restriction ended. The person was told before (Art. 18(3)).
type RestrictionLifted struct {
	Of
	Restriction string    `json:"restriction"`
	Told        time.Time `json:"told"`
}

// EventType names the event.
func (RestrictionLifted) EventType() string { return "daybook.restriction.lifted.v1" }

// HoldPlaced is the event that a reason forbids removing certain of a person's data (Art. 17(3), 18(2)): per item, not per person.
type HoldPlaced struct {
	Of
	Hold        string               `json:"hold"`   // its id
	Ground      string               `json:"ground"` // court-order, legal-claim, or A17-3-a … A17-3-e
	Reference   string               `json:"reference"`
	Instruction domain.InstructionID `json:"instruction,omitempty"` // empty for all
	Categories  []domain.Category    `json:"categories,omitempty"`  // empty for all
	Systems     []string             `json:"systems,omitempty"`     // empty for all
	Until       time.Time            `json:"until,omitzero"`        // zero where it ends by release only
}

// EventType names the event.
func (HoldPlaced) EventType() string { return "daybook.hold.placed.v1" }

// HoldReleased is the event that a hold ended. What waited for it goes on without its clock having started again.
type HoldReleased struct {
	Of
	Hold string `json:"hold"`
}

// EventType names the event.
func (HoldReleased) EventType() string { return "daybook.hold.released.v1" }

// ActionAnnounced is the event that a service is about to act. The action itself names the announcement; an announcement that no
// action names was either not carried out or not reported, and views say so.
type ActionAnnounced struct {
	Of
	Operation   domain.Operation     `json:"operation"`
	Instruction domain.InstructionID `json:"instruction,omitempty"`
	Categories  []domain.Category    `json:"categories,omitempty"`
	System      string               `json:"system,omitempty"`
	Recipient   domain.RecipientID   `json:"recipient,omitempty"`
}

// EventType names the event.
func (ActionAnnounced) EventType() string { return "daybook.action.announced.v1" }

// OccasionRecorded is the event that something happened which starts a retention period (Art. 5(1)(e)): an order was closed, an
// enquiry answered, a quote declined, a contract ended. The event's time is when.
type OccasionRecorded struct {
	Of
	Instruction domain.InstructionID `json:"instruction"`
	Occasion    domain.Trigger       `json:"occasion"`
}

// EventType names the event.
func (OccasionRecorded) EventType() string { return "daybook.occasion.recorded.v1" }

// TaskKind is what an order asks a service to do.
type TaskKind string

// The kinds of orders.
const (
	TaskErase    TaskKind = "erase"
	TaskRestrict TaskKind = "restrict"
	TaskRectify  TaskKind = "rectify"
	TaskStop     TaskKind = "stop"
	TaskTell     TaskKind = "tell" // a recipient, what became of the data it was given (Art. 19)
)

// OrderSent is the event that the ledger told a service to do something with a person's data. The service answers by recording
// the action with the order's id.
type OrderSent struct {
	Of
	Order       string               `json:"order"` // its id
	Kind        TaskKind             `json:"kind"`
	Service     domain.ServiceID     `json:"service"`
	Instruction domain.InstructionID `json:"instruction"`
	System      string               `json:"system,omitempty"` // empty for what the service itself holds
	Categories  []domain.Category    `json:"categories,omitempty"`
	Reason      string               `json:"reason"` // retention, consent-withdrawn, instruction-withdrawn, objection, restriction, or case
	Case        string               `json:"case,omitempty"`
	Due         time.Time            `json:"due"` // when it was due, which a hold does not move
	// Return says that the data is handed back to the controller before it is erased (Art. 28(3)(g)).
	Return bool `json:"return,omitzero"`
	// Recipient is who is to be told.
	Recipient domain.RecipientID `json:"recipient,omitzero"`
	// After names the order or the restriction of which a recipient is to be told.
	After string `json:"after,omitzero"`
}

// EventType names the event.
func (OrderSent) EventType() string { return "daybook.order.sent.v1" }

// OrderRecalled is the event that the ledger took an order back which no service had answered, because a hold placed since forbids what
// it asks (Art. 17(3)). When the hold ends, what is due is ordered again, with the day on which it was due first.
type OrderRecalled struct {
	Of
	Order string `json:"order"`
	Hold  string `json:"hold"` // empty where the person withdrew the case for which it was sent
}

// EventType names the event.
func (OrderRecalled) EventType() string { return "daybook.order.recalled.v1" }

// OrderEscalated is the event that an order was not answered in time and a person was told.
type OrderEscalated struct {
	Of
	Order string `json:"order"`
}

// EventType names the event.
func (OrderEscalated) EventType() string { return "daybook.order.escalated.v1" }
