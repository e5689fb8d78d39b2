// Package dossier holds what was done with one person's data under one controller (Art. 4(2), 5(2)): the recorded actions,
// and the judgement of each against what the controller had instructed. A fact is never refused: it is recorded, with findings.
//
// It deliberately does not know who the person is; a dossier goes by a random subject key.
package dossier

import (
	"time"

	"github.com/jigowatt/daybook/domain"
)

// Action is one processing operation that a service says has happened, or asks about.
type Action struct {
	Controller  domain.ControllerID
	Service     domain.ServiceID
	Time        time.Time
	Operation   domain.Operation
	Instruction domain.InstructionID // empty where the service names none
	Categories  []domain.Category
	System      string
	From        string // the system that a copy or a move came from
	Location    domain.Location
	Recipient   domain.RecipientID
	Order       string
	Announced   string       // the id of the announcement that this confirms
	Stated      domain.Basis // empty where the service states none
}

// ActionRecorded is the event that an action on one person's data was recorded.
type ActionRecorded struct {
	Controller  domain.ControllerID
	Service     domain.ServiceID
	Subject     domain.SubjectKey
	Identifier  string // the kind by which the service named the person: email, customer, ip …
	Operation   domain.Operation
	Instruction domain.InstructionID
	Version     int          // of the instruction in force, 0 where none was
	Basis       domain.Basis // the controller's choice in that version, empty where none was in force
	Stated      domain.Basis // the service's claim, empty where it made none
	Categories  []domain.Category
	System      string
	From        string
	Location    domain.Location
	Recipient   domain.RecipientID
	Order       string
	Findings    domain.FindingSet
	Details     domain.Sealed
	// Action is the id under which the service sent the action, where the event's own id had to differ.
	Action string
	// Announced is the id of the announcement that the action confirms, empty where it was not announced.
	Announced string
}

// EventType names the event.
func (ActionRecorded) EventType() string { return "daybook.action.recorded.v1" }

// Person gives whose dossier the event is about.
func (e ActionRecorded) Person() Of { return Of{Controller: e.Controller, Subject: e.Subject} }

// Answers says that the action carries out an order of the kind, where it bears the order's id: what was told to be erased is so by a
// removal that the instruction counts as erasure and by nothing else (Art. 17, 28(3)(g)).
func (e ActionRecorded) Answers(k TaskKind) bool {
	return e.Order != "" && !e.Findings.Has(domain.RemovalNotErasure) && (k != TaskErase || e.Operation.Removal())
}

// IdentifierLinked is the event that an identifier was found to name a person whom the ledger knew already. Where it led to a
// dossier of its own, Joined is that dossier's key, and the two are one person's.
type IdentifierLinked struct {
	Controller domain.ControllerID `json:"controller"`
	Subject    domain.SubjectKey   `json:"subject"`
	Joined     domain.SubjectKey   `json:"joined,omitzero"`
	Identifier string              `json:"identifier"` // its kind
	By         domain.ContactID    `json:"by,omitempty"`
}

// EventType names the event.
func (IdentifierLinked) EventType() string { return "daybook.identifier.linked.v1" }
