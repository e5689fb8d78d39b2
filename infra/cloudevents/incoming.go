package cloudevents

import (
	"time"

	"github.com/jigowatt/daybook/domain"
)

// Incoming is one event as a service sent it, within the limits of package wire and otherwise unjudged.
type Incoming struct {
	// ID and Source together are the idempotency key.
	ID     string
	Source string
	Type   string
	// Time is when it happened, by the publisher's clock, in UTC.
	Time time.Time
	// Sequence counts the publisher's events from 1; 0 says that the publisher does not count.
	Sequence uint64
	// Traceparent is the W3C trace context, or nothing.
	Traceparent string
	// Action is the data of an action and of an announcement. Of the other types it holds the subjects, the instruction and the
	// system where they have them.
	Action Action
	Said   Said
}

// Said is what the data of the other types holds beside.
type Said struct {
	// Consent is wire.Given or wire.Withdrawn, and How in a word how.
	Consent  string
	How      string
	Explicit bool
	// Marketing says that an objection is one to direct marketing.
	Marketing bool
	// Occasion is what happened that a retention period runs from.
	Occasion string
	// Category is the category of data of which so many People were counted.
	Category string
	People   uint64
	// Record says that the answer to a question is to be recorded.
	Record bool
}

// Action is the data of an event. Empty text says that the service did not say.
type Action struct {
	Operation string
	// Subjects holds at least one "kind:value", as sent.
	Subjects    []domain.Personal
	Instruction string
	Categories  []string
	System      string
	From        string
	Location    string
	Recipient   string
	Order       string
	Announced   string
	Basis       string
	// Details is a compact JSON object, or nothing.
	Details domain.Personal
}

// Result is one event of a message, or why it was refused.
type Result struct {
	Event Incoming
	// Raw is the event's own bytes, part of the body that was given: of a batch one item, otherwise all of it. They are personal.
	Raw []byte
	// Err wraps domain.ErrInvalid; Problem reads it.
	Err error
}
