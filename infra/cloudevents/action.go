package cloudevents

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// The members of an action that are one word, as bits of those seen; then the others.
const (
	operation = 1 << iota
	instruction
	system
	location
	recipient
	order
	basis
	subjects
	categories
	details
)

var members = []string{"operation", "subjects", "instruction", "categories", "system", "location", "recipient", "order",
	"basis", "details"}

// action reads the data of an event. An empty text is as good as an absent one.
func (r *reader) action(a *Action, pointer string) *fault {
	seen := 0
	more, f := r.enter('{', '}', pointer, "", "an action is a JSON object")
	for ; more && f == nil; more, f = r.next('}', pointer) {
		name, f := r.name(pointer)
		if f != nil {
			return f
		}
		var member int
		switch string(name) {
		case "operation":
			member, f = operation, r.word(&a.Operation, operation, seen, pointer, "/operation")
		case "subjects":
			member, f = subjects, r.subjects(a, pointer)
		case "instruction":
			member, f = instruction, r.word(&a.Instruction, instruction, seen, pointer, "/instruction")
		case "categories":
			member, f = categories, r.categories(a, pointer)
		case "system":
			member, f = system, r.word(&a.System, system, seen, pointer, "/system")
		case "location":
			member, f = location, r.word(&a.Location, location, seen, pointer, "/location")
		case "recipient":
			member, f = recipient, r.word(&a.Recipient, recipient, seen, pointer, "/recipient")
		case "order":
			member, f = order, r.word(&a.Order, order, seen, pointer, "/order")
		case "basis":
			member, f = basis, r.word(&a.Basis, basis, seen, pointer, "/basis")
		case "details":
			member, f = details, r.details(a, pointer)
		default:
			return unknown(pointer, name, members)
		}
		switch {
		case f != nil:
			return f
		case seen&member != 0:
			return r.twice(pointer)
		}
		seen |= member
	}
	switch {
	case f != nil:
		return f
	case a.Operation == "":
		return refuse(wire.InvalidField, pointer+"/operation", "a member is missing", "Say what was done, such as Store.")
	case len(a.Subjects) == 0:
		return refuse(wire.InvalidField, pointer+"/subjects", "a member is missing", "Say whose data it was, such as customer:4711.")
	}
	return nil
}

const (
	nameDetail  = "a name has 1 to 32 of a-z, 0-9 and hyphen, and begins with a letter or a digit"
	tokenDetail = "a term has 1 to 64 letters, digits and . _ : / -"
	codeDetail  = "a code has 1 to 16 letters, digits and . _ : -"
	idDetail    = "an id has 1 to 64 letters, digits and . _ : -"
)

// word reads a text that rests in the clear.
func (r *reader) word(to *string, member, seen int, base, name string) *fault {
	if seen&member != 0 {
		return r.twice(base)
	}
	if r.peek() != '"' {
		return r.wanted(base+name, "text is wanted here")
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
	case order:
		ok, detail = wire.ValidID(value), idDetail
	default:
		ok, detail = wire.ValidToken(value), tokenDetail
	}
	if !ok {
		return refuse(wire.InvalidField, base+name, detail,
			"This rests in the clear for ever, so it is not free text. Free text belongs in details, which is sealed.")
	}
	*to = r.names.of(value)
	return nil
}

func (r *reader) subjects(a *Action, base string) *fault {
	if a.Subjects != nil {
		return r.twice(base)
	}
	more, f := r.enter('[', ']', base, "/subjects", "an array is wanted here")
	for ; more && f == nil; more, f = r.next(']', base) {
		n := len(a.Subjects)
		if n == wire.MaxSubjects {
			return refuse(wire.TooLarge, base+"/subjects", "an action concerns at most 1,000 people", "Split it into several actions.")
		}
		if r.peek() != '"' {
			return r.wanted(base+"/subjects/"+strconv.Itoa(n), "text is wanted here")
		}
		value, ok := r.quoted()
		if !ok {
			return r.malformed(base)
		}
		if len(value) == 0 || len(value) > wire.MaxSubjectBytes {
			return refuse(wire.InvalidField, base+"/subjects/"+strconv.Itoa(n), "a person is 1 to 289 bytes of kind:value",
				"Write the person as kind:value, for example email:ada@example.org or customer:4711.")
		}
		a.Subjects = append(a.Subjects, domain.NewPersonal(string(value)))
	}
	return f
}

func (r *reader) categories(a *Action, base string) *fault {
	if a.Categories != nil {
		return r.twice(base)
	}
	more, f := r.enter('[', ']', base, "/categories", "an array is wanted here")
	for ; more && f == nil; more, f = r.next(']', base) {
		n := len(a.Categories)
		if n == wire.MaxCategories {
			return refuse(wire.TooLarge, base+"/categories", "an action names at most 64 categories", "Name broader categories.")
		}
		if r.peek() != '"' {
			return r.wanted(base+"/categories/"+strconv.Itoa(n), "text is wanted here")
		}
		value, ok := r.quoted()
		if !ok {
			return r.malformed(base)
		}
		if !wire.ValidToken(value) {
			return refuse(wire.InvalidField, base+"/categories/"+strconv.Itoa(n), tokenDetail, "Name a category of data, such as pd:EmailAddress.")
		}
		if a.Categories == nil {
			a.Categories = make([]string, 0, 4)
		}
		a.Categories = append(a.Categories, r.names.of(value))
	}
	return f
}

// details reads the details and keeps them as they came, less the space between their tokens.
func (r *reader) details(a *Action, base string) *fault {
	if r.peek() != '{' {
		return r.wanted(base+"/details", "an object is wanted here")
	}
	raw, ok := r.enclosed()
	if !ok {
		return r.malformed(base)
	}
	var depth int
	r.scratch, depth = compact(r.scratch[:0], raw)
	switch {
	case len(r.scratch) > wire.MaxDetailsBytes:
		return refuse(wire.TooLarge, base+"/details", "details are at most 16 KiB", "Say what matters for the audit trail; leave the rest where it is.")
	case depth > wire.MaxDepth:
		return refuse(wire.TooLarge, base+"/details", "details are nested too deeply", "Nest at most 32 objects and arrays.")
	case !jsontext.Value(raw).IsValid():
		return refuse(wire.Malformed, base+"/details", "the details are not JSON, or a name stands twice in one object",
			"Send UTF-8 JSON (RFC 8259), each name once in its object.")
	case len(r.scratch) > len("{}"):
		a.Details = domain.NewPersonal(string(r.scratch))
	}
	return nil
}

// compact appends a JSON text without the space between its tokens, and says how deeply it is nested.
func compact(dst, src []byte) (_ []byte, deepest int) {
	depth, quoted := 0, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case quoted:
			dst = append(dst, c)
			if c == '\\' && i+1 < len(src) {
				i++
				dst = append(dst, src[i])
			}
			quoted = c != '"'
		case isSpace(c):
		default:
			switch c {
			case '"':
				quoted = true
			case '{', '[':
				depth++
				deepest = max(deepest, depth)
			case '}', ']':
				depth--
			}
			dst = append(dst, c)
		}
	}
	return dst, deepest
}
