package request

import (
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

// Of says which case an event belongs to, on which day it happened, and who did it.
type Of struct {
	Controller domain.ControllerID `json:"controller"`
	Case       ID                  `json:"case"`
	On         calendar.Date       `json:"on"` // in the zone of the case's calendar
	By         domain.ContactID    `json:"by,omitempty"`
	Note       domain.Sealed       `json:"note,omitzero"` // under the key of the case's first person
}

// Received is the event that a request or a complaint was received, which opens the case.
type Received struct {
	Of
	Kind     Kind                `json:"kind"`
	Subjects []domain.SubjectKey `json:"subjects"` // every key of the person: dossiers may have been joined
	Owner    domain.ContactID    `json:"owner"`
	Channel  Channel             `json:"channel"`
	Regime   domain.Regime       `json:"regime"`
	Calendar calendar.Calendar   `json:"calendar"`
	// Reached is the day on which the request reached the processor, where that is later than the day on which the controller had it.
	Reached calendar.Date    `json:"reached,omitzero"`
	Promise calendar.Promise `json:"promise,omitzero"`
	Grounds []Ground         `json:"grounds,omitempty"` // what the person rests the request on
	// Reference is the client's own number for the request, or OpenDSR's subject_request_id.
	Reference string `json:"reference,omitempty"`
	// Follows is the case that this one complains of or takes up again.
	Follows ID `json:"follows,omitempty"`
	// Callbacks are the controller's addresses, of those in the register, to which OpenDSR's status is sent when it changes.
	Callbacks []string `json:"callbacks,omitzero"`
}

// Assigned is the event that somebody else took the case over.
type Assigned struct {
	Of
	Owner domain.ContactID `json:"owner"`
}

// Acknowledged is the event that the person was told that the request or complaint was received.
type Acknowledged struct{ Of }

// Question is what the person was asked for.
type Question string

// The questions.
const (
	Identity      Question = "identity"      // Art. 12(6)
	Fee           Question = "fee"           // Art. 12(5)
	Clarification Question = "clarification" // recital 63; UK GDPR Art. 12A(5)
)

// Asked is the event that the person was asked for something.
type Asked struct {
	Of
	For Question `json:"for"`
}

// Replied is the event that what the person was asked for came. Where it was not enough, the question stays open.
type Replied struct {
	Of
	For    Question `json:"for"`
	Enough bool     `json:"enough"` // for identity: it is confirmed
}

// Extended is the event that the person was told, on the day On, that the answer takes longer, and why.
type Extended struct {
	Of
	Months  int      `json:"months"` // further months, 1 or 2
	Reasons []Reason `json:"reasons"`
}

// Found is the event that the person's data were looked for, and where they are. It may come more than once, and may name no place.
type Found struct {
	Of
	Places []Place `json:"places,omitempty"`
}

// Reviewed is the event that somebody went through what was found before it leaves the house.
type Reviewed struct {
	Of
	Withheld []Withheld `json:"withheld,omitempty"`
}

// Withheld counts what is left out of a copy on one ground.
type Withheld struct {
	Cited
	Items int `json:"items"`
}

// Outcome is what the controller decided.
type Outcome string

// The outcomes. A complaint is upheld, upheld in part, or not upheld.
const (
	Accepted Outcome = "accepted"
	Partly   Outcome = "partly"
	Refused  Outcome = "refused"
)

// Decided is the event that the controller decided: an instruction on one case (Art. 28(3)(a)).
type Decided struct {
	Of
	Outcome  Outcome        `json:"outcome"`
	Grounds  []Ground       `json:"grounds,omitempty"`  // on which it was accepted
	Refusals []Cited        `json:"refusals,omitempty"` // on which it was refused
	Warrant  domain.Warrant `json:"warrant"`
}

// Ordered is the event that a service was ordered to carry the decision out at one place.
type Ordered struct {
	Of
	Order string `json:"order"`
	Place Place  `json:"place"`
	Task  Task   `json:"task"`
}

// Settled is the event that nothing is left to do at one place, with the evidence or the exemption.
type Settled struct {
	Of
	Place Place `json:"place"`
	How   How   `json:"how"`
	// Event is the id of the recorded action that is the evidence, as Source knows it.
	Event  string `json:"event,omitempty"`
	Source string `json:"source,omitempty"`
	Order  string `json:"order,omitempty"`
	// Operation is the removal, and Erases says that the controller's instruction counts it as erasure.
	Operation domain.Operation `json:"operation,omitempty"`
	Erases    bool             `json:"erases,omitzero"`
	Exemption *Cited           `json:"exemption,omitempty"`
}

// Delivered is the event that the processor's part is with the controller, which ends the promise (Art. 28(3)(e)).
type Delivered struct{ Of }

// Answered is the event that the person was told what was done, or why not.
type Answered struct {
	Of
	// Remedies says that the answer named the complaint to the authority and the judicial remedy (Art. 12(4)).
	Remedies bool `json:"remedies,omitzero"`
}

// Direction is which way a letter went.
type Direction string

// The directions.
const (
	Incoming Direction = "in"
	Outgoing Direction = "out"
)

// Corresponded is the event that a letter on a complaint went to the supervisory authority or came from it (Art. 31, 77, 78(2)).
type Corresponded struct {
	Of
	Authority domain.RecipientID `json:"authority"`
	Direction Direction          `json:"direction"`
	Reference string             `json:"reference,omitempty"`
}

// Withdrawn is the event that the person withdrew the request or complaint.
type Withdrawn struct {
	Of
	// Told is the day on which the person was told that a restriction is lifted with it (Art. 18(3)).
	Told calendar.Date `json:"told,omitzero"`
}

// Transferred is the event that the request was handed to the controller it was meant for, or to whoever is that, when it is no
// client of ours.
type Transferred struct {
	Of
	To domain.ControllerID `json:"to,omitempty"`
}

// Closed is the event that nothing is left to do on the case.
type Closed struct {
	Of
	Outcome Outcome `json:"outcome"`
	// Told is the day on which the person was told that a restriction is lifted with it (Art. 18(3)); none where it goes on.
	Told calendar.Date `json:"told,omitzero"`
}

// Notified is the event that the controller's system was told how a request stands, in OpenDSR's words, or that it could not be.
type Notified struct {
	Of
	Callback  string    `json:"callback"`
	Status    DSRStatus `json:"status"`
	Delivered bool      `json:"delivered"`
}

// EventType names the event.
func (Notified) EventType() string { return "daybook.case.notified.v1" }

// EventType names the event.
func (Received) EventType() string { return "daybook.case.received.v1" }

// EventType names the event.
func (Assigned) EventType() string { return "daybook.case.assigned.v1" }

// EventType names the event.
func (Acknowledged) EventType() string { return "daybook.case.acknowledged.v1" }

// EventType names the event.
func (Asked) EventType() string { return "daybook.case.asked.v1" }

// EventType names the event.
func (Replied) EventType() string { return "daybook.case.replied.v1" }

// EventType names the event.
func (Extended) EventType() string { return "daybook.case.extended.v1" }

// EventType names the event.
func (Found) EventType() string { return "daybook.case.found.v1" }

// EventType names the event.
func (Reviewed) EventType() string { return "daybook.case.reviewed.v1" }

// EventType names the event.
func (Decided) EventType() string { return "daybook.case.decided.v1" }

// EventType names the event.
func (Ordered) EventType() string { return "daybook.case.ordered.v1" }

// EventType names the event.
func (Settled) EventType() string { return "daybook.case.settled.v1" }

// EventType names the event.
func (Delivered) EventType() string { return "daybook.case.delivered.v1" }

// EventType names the event.
func (Answered) EventType() string { return "daybook.case.answered.v1" }

// EventType names the event.
func (Corresponded) EventType() string { return "daybook.case.corresponded.v1" }

// EventType names the event.
func (Withdrawn) EventType() string { return "daybook.case.withdrawn.v1" }

// EventType names the event.
func (Transferred) EventType() string { return "daybook.case.transferred.v1" }

// EventType names the event.
func (Closed) EventType() string { return "daybook.case.closed.v1" }
