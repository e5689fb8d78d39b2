package wire

import (
	"encoding/json"
	"time"
)

// Action is the data of an event: one processing operation that happened, or is asked about.
type Action struct {
	// Operation is a verb of Article 4(2) or DPV 2.3, such as Store.
	Operation string `json:"operation"`
	// Subjects names the people whose data it was, each as kind:value, such as email:ada@example.org; 1 to MaxSubjects.
	Subjects []string `json:"subjects"`
	// Instruction names the controller's instruction under which it was done.
	Instruction string `json:"instruction,omitempty"`
	// Categories are the categories of data, such as pd:EmailAddress; at most MaxCategories.
	Categories []string `json:"categories,omitempty"`
	// System is where the data is, such as crm.
	System string `json:"system,omitempty"`
	// From is the system that a copy or a move came from.
	From string `json:"from,omitempty"`
	// Location is the country or territory where it was done, such as GB.
	Location string `json:"location,omitempty"`
	// Recipient names who received the data (Art. 4(9)).
	Recipient string `json:"recipient,omitempty"`
	// Order is the id of the ledger's order that this action answers.
	Order string `json:"order,omitempty"`
	// Announced is the id of the announcement that this action confirms.
	Announced string `json:"announced,omitempty"`
	// Basis is the Article 6 basis on which the service relied, such as A6-1-b. The controller's is what counts.
	Basis string `json:"basis,omitempty"`
	// Details is a JSON object of at most MaxDetailsBytes. It is taken to be personal and is sealed.
	Details json.RawMessage `json:"details,omitempty"`
	// Record belongs to a question, and asks that the answer be recorded under the event's id. That is no action: nothing counts as done.
	Record bool `json:"record,omitempty"`
}

// Question is an action that is asked about over HTTP.
type Question struct {
	Action
	// ID is the id under which the answer is recorded, where Record asks for that; a question that is not recorded needs none.
	ID string `json:"id,omitempty"`
}

// Event is a CloudEvent that carries an Action, in its structured JSON form.
type Event = EventOf[Action]

// EventOf is a CloudEvent in its structured JSON form. Type names the type of Data.
type EventOf[D Action | Announcement | Consent | Objection | Occasion | Count] struct {
	SpecVersion string `json:"specversion"`
	// ID and Source together are the idempotency key for ever.
	ID     string    `json:"id"`
	Source string    `json:"source"`
	Type   string    `json:"type"`
	Time   time.Time `json:"time"`
	// Sequence counts the publisher's events from 1 in decimal, so that gaps show. Empty where the publisher does not count.
	Sequence        string `json:"sequence,omitempty"`
	DataContentType string `json:"datacontenttype,omitempty"`
	DataSchema      string `json:"dataschema,omitempty"`
	Traceparent     string `json:"traceparent,omitempty"`
	Data            D      `json:"data"`
}

// Operations of Article 4(2) and of DPV 2.3, under their DPV names. Removal is honest: what was deleted can be had back,
// what was erased cannot, and of what was destructed the medium is gone.
const (
	Collect                = "Collect"
	RecordData             = "Record"
	Organise               = "Organise"
	Structure              = "Structure"
	Store                  = "Store"
	Adapt                  = "Adapt"
	Alter                  = "Alter"
	Retrieve               = "Retrieve"
	Consult                = "Consult"
	Use                    = "Use"
	DiscloseByTransmission = "DiscloseByTransmission"
	Disseminate            = "Disseminate"
	MakeAvailable          = "MakeAvailable"
	Align                  = "Align"
	Combine                = "Combine"
	Restrict               = "Restrict"
	Erase                  = "Erase"
	Destruct               = "Destruct"
	Copy                   = "Copy"
	Move                   = "Move"
	Transfer               = "Transfer"
	Disclose               = "Disclose"
	Export                 = "Export"
	Derive                 = "Derive"
	Anonymise              = "Anonymise"
	Pseudonymise           = "Pseudonymise"
	Delete                 = "Delete"
)
