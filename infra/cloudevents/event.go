package cloudevents

import (
	"strings"

	"github.com/jigowatt/daybook/infra/wire"
)

// The members of an event, and at once the bits of those that were seen.
const (
	specversion = 1 << iota
	id
	source
	typ
	when
	sequence
	sequencetype
	datacontenttype
	dataschema
	traceparent
	tracestate
	partitionkey
	data
	required = specversion | id | source | typ | when | data
)

// attributes names the members in the order of their bits.
var attributes = []string{"specversion", "id", "source", "type", "time", "sequence", "sequencetype", "datacontenttype",
	"dataschema", "traceparent", "tracestate", "partitionkey", "data"}

func memberOf(name []byte) int {
	switch string(name) {
	case "specversion":
		return specversion
	case "id":
		return id
	case "source":
		return source
	case "type":
		return typ
	case "time":
		return when
	case "sequence":
		return sequence
	case "sequencetype":
		return sequencetype
	case "datacontenttype":
		return datacontenttype
	case "dataschema":
		return dataschema
	case "traceparent":
		return traceparent
	case "tracestate":
		return tracestate
	case "partitionkey":
		return partitionkey
	case "data":
		return data
	}
	return 0
}

// event reads one structured event to the end of its text.
func (r *reader) event(in *Incoming) *fault {
	seen, absent := 0, 0
	r.kind, r.schema = nil, ""
	more, f := r.enter('{', '}', "", "", "an event is a JSON object")
	for ; more && f == nil; more, f = r.next('}', "") {
		name, f := r.name("")
		if f != nil {
			return f
		}
		member := memberOf(name)
		switch {
		case member == 0:
			return unknownAttribute(name)
		case seen&member != 0:
			return r.twice("")
		}
		seen |= member
		if member == data {
			f = r.data(in, "/data")
		} else if r.null() {
			// The JSON format takes null for an attribute that is not there.
			absent |= member
		} else if r.peek() != '"' {
			return r.wanted("/"+string(name), "text is wanted here")
		} else if value, ok := r.quoted(); !ok {
			return r.malformed("")
		} else {
			f = r.set(in, member, value)
		}
		if f != nil {
			return f
		}
	}
	if f != nil {
		return f
	}
	if f := missing(seen &^ absent); f != nil {
		return f
	}
	if f := r.fits("/data"); f != nil {
		return f
	}
	return r.end()
}

func unknownAttribute(name []byte) *fault {
	switch string(name) {
	case "subject":
		return refuse(wire.UnknownField, "/subject", "the attribute subject is not used", "People belong in data.subjects, where they are sealed.")
	case "data_base64":
		return refuse(wire.UnknownField, "/data_base64", "the data is not JSON", "Send it as a JSON object in data.")
	}
	return unknown("", name, attributes)
}

// missing wants every member that an event cannot do without.
func missing(seen int) *fault {
	if seen&required == required {
		return nil
	}
	hints := map[int]string{
		specversion: `Send "specversion":"1.0".`,
		id:          "Make one id for the action and keep it when you send again.",
		source:      "Name the service, such as /fenland-cycles/webshop.",
		typ:         `Send "type":"daybook.action.v1".`,
		when:        "Say when it happened, such as 2026-11-23T10:00:00Z.",
		data:        "Send it as a JSON object in data.",
	}
	for i, name := range attributes {
		if member := 1 << i; required&member != 0 && seen&member == 0 {
			return refuse(wire.InvalidField, "/"+name, "a member is missing", hints[member])
		}
	}
	return nil
}

// mediaType gives the type of a content type in lower case, and says whether its charset, where it has one, is UTF-8.
func mediaType(s string) (string, bool) {
	switch s {
	case "", wire.ContentEvent, wire.ContentBatch, wire.ContentJSON, wire.ContentSealed:
		return s, true
	}
	base, parameters, _ := strings.Cut(s, ";")
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") &&
			!strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"`), "utf-8") {
			return "", false
		}
	}
	return strings.ToLower(strings.TrimSpace(base)), true
}
