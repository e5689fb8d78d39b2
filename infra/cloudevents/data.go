package cloudevents

import (
	"bytes"
	"math/bits"

	"github.com/jigowatt/daybook/infra/wire"
)

// The members of the data, as bits. Those of all types stand together, because the data may come before the type; which of them
// belong to the type is looked at when both are known.
const (
	operation = 1 << iota
	subjects
	instruction
	categories
	system
	location
	recipient
	order
	basis
	details
	from
	announced
	consent
	how
	explicit
	marketing
	occasion
	category
	people
	record
)

// members names the members in the order of their bits.
var members = []string{"operation", "subjects", "instruction", "categories", "system", "location", "recipient", "order", "basis",
	"details", "from", "announced", "consent", "how", "explicit", "marketing", "occasion", "category", "people", "record"}

func memberOfData(name []byte) int {
	switch string(name) {
	case "operation":
		return operation
	case "subjects":
		return subjects
	case "instruction":
		return instruction
	case "categories":
		return categories
	case "system":
		return system
	case "location":
		return location
	case "recipient":
		return recipient
	case "order":
		return order
	case "basis":
		return basis
	case "details":
		return details
	case "from":
		return from
	case "announced":
		return announced
	case "consent":
		return consent
	case "how":
		return how
	case "explicit":
		return explicit
	case "marketing":
		return marketing
	case "occasion":
		return occasion
	case "category":
		return category
	case "people":
		return people
	case "record":
		return record
	}
	return 0
}

// place is the pointer to a member.
func place(base string, member int) string {
	return base + "/" + members[bits.TrailingZeros(uint(member))]
}

// data reads the data of an event, of whichever type. An empty text is as good as an absent one.
func (r *reader) data(in *Incoming, base string) *fault {
	r.seen, r.given = 0, 0
	more, f := r.enter('{', '}', base, "", "the data of an event is a JSON object")
	for ; more && f == nil; more, f = r.next('}', base) {
		name, f := r.name(base)
		if f != nil {
			return f
		}
		member := memberOfData(name)
		switch {
		case member == 0:
			return unknown(base, name, members)
		case r.seen&member != 0:
			return r.twice(base)
		}
		r.seen |= member
		if f := r.value(in, member, base); f != nil {
			return f
		}
	}
	return f
}

func (r *reader) value(in *Incoming, member int, base string) *fault {
	a, said := &in.Action, &in.Said
	switch member {
	case subjects:
		return r.subjects(a, base)
	case categories:
		return r.categories(a, base)
	case details:
		return r.details(a, base)
	case explicit:
		return r.truth(&said.Explicit, member, base)
	case marketing:
		return r.truth(&said.Marketing, member, base)
	case record:
		return r.truth(&said.Record, member, base)
	case people:
		return r.number(&said.People, member, base)
	}
	return r.word(textOf(a, said, member), member, base)
}

// textOf says where the text of a member goes.
func textOf(a *Action, said *Said, member int) *string {
	switch member {
	case operation:
		return &a.Operation
	case instruction:
		return &a.Instruction
	case system:
		return &a.System
	case location:
		return &a.Location
	case recipient:
		return &a.Recipient
	case order:
		return &a.Order
	case basis:
		return &a.Basis
	case from:
		return &a.From
	case announced:
		return &a.Announced
	case consent:
		return &said.Consent
	case how:
		return &said.How
	case occasion:
		return &said.Occasion
	default:
		return &said.Category
	}
}

const (
	nameDetail  = "a name has 1 to 32 of a-z, 0-9 and hyphen, and begins with a letter or a digit"
	tokenDetail = "a term has 1 to 64 letters, digits and . _ : / -"
	codeDetail  = "a code has 1 to 16 letters, digits and . _ : -"
	idDetail    = "an id has 1 to 64 letters, digits and . _ : -"
)

// word reads a text that rests in the clear.
func (r *reader) word(to *string, member int, base string) *fault {
	if r.peek() != '"' {
		return r.wanted(place(base, member), "text is wanted here")
	}
	value, ok := r.quoted()
	if !ok {
		return r.malformed(base)
	}
	if len(value) == 0 {
		return nil
	}
	var detail string
	switch member {
	case instruction, recipient:
		ok, detail = wire.ValidName(value), nameDetail
	case location, basis:
		ok, detail = wire.ValidCode(value), codeDetail
	case order, announced:
		ok, detail = wire.ValidID(value), idDetail
	case consent:
		ok, detail = string(value) == wire.Given || string(value) == wire.Withdrawn, "a consent is given or withdrawn"
	default:
		ok, detail = wire.ValidToken(value), tokenDetail
	}
	if !ok {
		return refuse(wire.InvalidField, place(base, member), detail,
			"This rests in the clear for ever, so it is not free text. Free text belongs in details, which is sealed.")
	}
	*to = r.names.of(value)
	r.given |= member
	return nil
}

// truth reads true or false.
func (r *reader) truth(to *bool, member int, base string) *fault {
	r.peek()
	for _, word := range []string{"true", "false"} {
		if bytes.HasPrefix(r.b[r.i:], []byte(word)) {
			r.i += len(word)
			*to = word == "true"
			r.given |= member
			return nil
		}
	}
	return r.wanted(place(base, member), "true or false is wanted here")
}

// number reads a whole number from 0.
func (r *reader) number(to *uint64, member int, base string) *fault {
	const maxDigits = 18
	c, start := r.peek(), r.i
	if c < '0' || c > '9' {
		return r.wanted(place(base, member), "a whole number is wanted here")
	}
	var n uint64
	for ; r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9'; r.i++ {
		if r.i-start == maxDigits {
			return refuse(wire.InvalidField, place(base, member), "a number has at most 18 digits", "Count people.")
		}
		n = n*10 + uint64(r.b[r.i]-'0')
	}
	digits := r.i - start
	switch r.peek() {
	case '.', 'e', 'E':
		return refuse(wire.InvalidField, place(base, member), "a whole number is wanted here", "Write the number of people in digits.")
	}
	if c == '0' && digits > 1 {
		return r.malformed(base) // JSON has no leading zeros
	}
	*to = n
	r.given |= member
	return nil
}
