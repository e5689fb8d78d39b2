package cloudevents

import (
	"slices"
	"strings"

	"github.com/jigowatt/daybook/infra/wire"
)

// kind is a type of event, and the members that its data has.
type kind struct {
	typ, schema       string
	allowed, required int
}

// kinds are the types of events that services send.
var kinds = []kind{
	{wire.TypeAction, wire.SchemaAction, operation | subjects | instruction | categories | system | location | recipient | order |
		basis | details | from | announced | record, operation | subjects},
	{wire.TypeAnnouncement, wire.SchemaAnnouncement, operation | subjects | instruction | categories | system | recipient,
		operation | subjects},
	{wire.TypeConsent, wire.SchemaConsent, consent | subjects | instruction | how | explicit, consent | subjects | instruction | how},
	{wire.TypeObjection, wire.SchemaObjection, subjects | instruction | marketing, subjects},
	{wire.TypeOccasion, wire.SchemaOccasion, occasion | subjects | instruction, occasion | subjects | instruction},
	{wire.TypeCount, wire.SchemaCount, system | category | people, system | category | people},
}

func kindOf(typ []byte) *kind {
	for i := range kinds {
		if string(typ) == kinds[i].typ {
			return &kinds[i]
		}
	}
	return nil
}

func typesHint() string {
	types := make([]string, len(kinds))
	for i, k := range kinds {
		types[i] = k.typ
	}
	return "The types are " + strings.Join(types, ", ") + "."
}

// fits holds the members that the data had against the type of the event.
func (r *reader) fits(base string) *fault {
	k := r.kind
	if r.schema != "" && r.schema != k.schema {
		return refuse(wire.InvalidField, "/dataschema", "the data's schema is not that of the type", "Leave dataschema out, or send "+k.schema+".")
	}
	if foreign := r.seen &^ k.allowed; foreign != 0 {
		own := slices.DeleteFunc(slices.Clone(members), func(name string) bool { return k.allowed&memberOfData([]byte(name)) == 0 })
		return refuse(wire.UnknownField, place(base, foreign&-foreign), "the member does not belong to this type of event",
			"The data of "+k.typ+" has "+strings.Join(own, ", ")+".")
	}
	if absent := k.required &^ r.given; absent != 0 {
		return refuse(wire.InvalidField, place(base, absent&-absent), "a member is missing", missingHint(absent&-absent))
	}
	return nil
}

// missingHint says what to write for a member that some type requires.
func missingHint(member int) string {
	switch member {
	case operation:
		return "Say what was done, such as Store."
	case subjects:
		return "Say whose data it was, such as customer:4711."
	case instruction:
		return "Name the controller's instruction that it is about."
	case consent:
		return `Send "consent":"given" or "consent":"withdrawn".`
	case how:
		return "Article 7(1): say in a word how it was given or withdrawn, such as double-opt-in."
	case occasion:
		return "Say what happened: order-closed, enquiry-answered, quote-declined or contract-ended."
	case system:
		return "Name the system in which was counted, such as crm."
	case category:
		return "Name the category of data that was counted, such as pd:EmailAddress."
	default:
		return "Say of how many people there is such data."
	}
}
