package domain

import "time"

// Fact is what an event says happened: one of the structs that domain/catalog lists. Its type is a name and a version kept as
// data ("daybook.action.recorded.v1"), never a Go name, so that renaming code rewrites no history.
type Fact interface {
	// EventType gives the CloudEvents type.
	EventType() string
}

// Event is one entry of the ledger as a CloudEvent 1.0. Its stored bytes, not this struct, are what is hashed and kept.
type Event struct {
	// ID is unique together with Source. An action on several people becomes one event a person: the action's id, then the
	// action's id with /1, /2 and so on.
	ID string
	// Source is /controller/service for what a service recorded, and /daybook for what the ledger recorded itself.
	Source string
	// Time is when it happened, by the publisher's clock.
	Time time.Time
	// Recorded is when the ledger wrote it, by the ledger's clock, never earlier than that of the event before it.
	Recorded time.Time
	// Sequence is the publisher's own count of its messages, 0 where it keeps none.
	Sequence uint64
	Fact     Fact
}

// Recorded is an event with its place in the ledger and the exact bytes stored there.
type Recorded struct {
	Position Position
	Bytes    []byte
	Event
}

// LedgerSource is the CloudEvents source of what the ledger records itself.
const LedgerSource = "/daybook"

// ServiceSource gives the CloudEvents source of a controller's service.
func ServiceSource(c ControllerID, s ServiceID) string { return "/" + string(c) + "/" + string(s) }

// SealedFor gives the associated data under which details of an event are sealed, so that a sealed value moved to another event
// does not open.
func SealedFor(source, eventID string) string { return source + " " + eventID }
