package client

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/jigowatt/daybook/infra/wire"
)

// Operations of Article 4(2) and DPV 2.3. Delete can be undone, Erase cannot, Destruct leaves no medium.
const (
	Collect                = wire.Collect
	RecordData             = wire.RecordData
	Organise               = wire.Organise
	Structure              = wire.Structure
	Store                  = wire.Store
	Adapt                  = wire.Adapt
	Alter                  = wire.Alter
	Retrieve               = wire.Retrieve
	Consult                = wire.Consult
	Use                    = wire.Use
	DiscloseByTransmission = wire.DiscloseByTransmission
	Disseminate            = wire.Disseminate
	MakeAvailable          = wire.MakeAvailable
	Align                  = wire.Align
	Combine                = wire.Combine
	Restrict               = wire.Restrict
	Erase                  = wire.Erase
	Destruct               = wire.Destruct
	Copy                   = wire.Copy
	Move                   = wire.Move
	Transfer               = wire.Transfer
	Disclose               = wire.Disclose
	Export                 = wire.Export
	Derive                 = wire.Derive
	Anonymise              = wire.Anonymise
	Pseudonymise           = wire.Pseudonymise
	Delete                 = wire.Delete
)

// Receipt says that an action is durable in the ledger, and what was found wrong with it.
type Receipt = wire.Receipt

// Answer says whether an action that was asked about is permitted, and why not.
type Answer = wire.Answer

// Problem says why the ledger did not take a message.
type Problem = wire.Problem

// Action is one processing operation that happened, or is asked about. Operation and Subjects are required.
type Action struct {
	// ID identifies the action for ever. Leave it empty and one is made when the action is first handed over; set it with NewID
	// where the program itself repeats an action, for instance after a restart. It must not identify a person.
	ID string
	// Time is when it happened; zero is now.
	Time time.Time
	// Operation is what was done, such as Store.
	Operation string
	// Subjects are the people whose data it was, 1 to 1,000, each as kind:value, such as email:ada@example.org.
	Subjects []string
	// Instruction names the controller's instruction under which it was done.
	Instruction string
	// Categories are the categories of data, such as pd:EmailAddress.
	Categories []string
	// System is where the data is, such as crm.
	System string
	// From is the system that a copy or a move came from.
	From string
	// Location is the country or territory, such as GB.
	Location string
	// Recipient names who received the data.
	Recipient string
	// Order is the id of the ledger's order that this action answers.
	Order string
	// Announced is the id of the announcement that this action confirms; Announcement.Confirm sets it.
	Announced string
	// Basis is the Article 6 basis relied on, such as A6-1-b. The controller's choice counts; a difference is a finding.
	Basis string
	// Details is anything else worth keeping, at most 16 KiB as JSON. The ledger seals it.
	Details map[string]any
	// Traceparent is the W3C trace context.
	Traceparent string
}

// NewID makes an id for an action: a UUID of version 7, which begins with the time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// encoded is an action or a statement as it will be sent, however often: its id and its structured CloudEvent.
type encoded struct {
	id   string
	body []byte
}

// encode makes the event of an action.
func (c *Client) encode(a Action, sequence func() (uint64, error)) (encoded, error) {
	data, err := dataOf(a)
	if err != nil {
		return encoded{}, err
	}
	return write(c, About{ID: a.ID, Time: a.Time, Traceparent: a.Traceparent}, wire.TypeAction, data, checkAction(data), sequence)
}

// dataOf writes an action in the contract's words.
func dataOf(a Action) (wire.Action, error) {
	data := wire.Action{Operation: a.Operation, Subjects: a.Subjects, Instruction: a.Instruction, Categories: a.Categories, System: a.System, From: a.From,
		Location: a.Location, Recipient: a.Recipient, Order: a.Order, Announced: a.Announced, Basis: a.Basis}
	if len(a.Details) > 0 {
		raw, err := json.Marshal(a.Details)
		if err != nil {
			return wire.Action{}, invalid(a.ID, wire.InvalidField, "/data/details", "the details cannot be written as JSON")
		}
		data.Details = raw
	}
	return data, nil
}

// write makes an event, once its data was checked. The sequence is 0 where the publisher does not count.
func write[D wire.Action | wire.Announcement | wire.Consent | wire.Objection | wire.Occasion | wire.Count](
	c *Client, about About, typ string, data D, fault *place, sequence func() (uint64, error),
) (encoded, error) {
	if about.ID == "" {
		about.ID = NewID()
	}
	if about.Time.IsZero() {
		about.Time = c.now()
	}
	if !wire.ValidID(about.ID) {
		return encoded{}, invalid("", wire.InvalidField, "/id", "an id has 1 to 64 letters, digits and . _ : -")
	}
	if fault != nil {
		return encoded{}, invalid(about.ID, fault.code, fault.pointer, fault.detail)
	}
	event := wire.EventOf[D]{SpecVersion: wire.SpecVersion, ID: about.ID, Source: c.source, Type: typ, Time: about.Time.UTC(),
		DataContentType: wire.ContentJSON, Traceparent: about.Traceparent, Data: data}
	n, err := sequence()
	if err != nil {
		return encoded{}, err
	}
	if n > 0 {
		event.Sequence = decimal(n)
	}
	body, err := json.Marshal(event)
	if err != nil {
		// A time beyond the year 9999 is all that is left to go wrong; the message would name it.
		return encoded{}, invalid(about.ID, wire.InvalidField, "/time", "the time cannot be written")
	}
	return encoded{about.ID, body}, nil
}

func uncounted() (uint64, error) { return 0, nil }
