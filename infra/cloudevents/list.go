package cloudevents

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// subjects reads the people whom an event is about.
func (r *reader) subjects(a *Action, base string) *fault {
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
		r.given |= subjects
	}
	return f
}

func (r *reader) categories(a *Action, base string) *fault {
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
