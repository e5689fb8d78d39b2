package cloudevents

import (
	"slices"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// set takes the text of an attribute into an event, in whichever mode it came. The value is not kept.
func (r *reader) set(in *Incoming, member int, value []byte) *fault {
	switch member {
	case specversion:
		if string(value) != wire.SpecVersion {
			return refuse(wire.InvalidField, "/specversion", "the version of CloudEvents is not known", `Send "specversion":"1.0".`)
		}
	case id:
		if !wire.ValidID(value) {
			return refuse(wire.InvalidField, "/id", idDetail, "Use a UUID. An id is never forgotten, so it must not identify a person.")
		}
		in.ID = string(value)
	case source:
		if !wire.ValidSource(value) {
			return refuse(wire.InvalidField, "/source", "a source has 1 to 256 letters, digits and . _ ~ : / -",
				"Name the service, such as /fenland-cycles/webshop. A source must not identify a person.")
		}
		in.Source = r.names.of(value)
	case typ:
		if r.kind = kindOf(value); r.kind == nil {
			return refuse(wire.InvalidField, "/type", "the type of event is not known", typesHint())
		}
		in.Type = r.kind.typ
	case when:
		var t time.Time
		if err := t.UnmarshalText(value); err != nil {
			return refuse(wire.InvalidField, "/time", "the time is not RFC 3339", "Write 2026-11-23T10:00:00Z.")
		}
		in.Time = t.UTC()
	case sequence:
		n, ok := parseSequence(value)
		if !ok {
			return refuse(wire.InvalidField, "/sequence", "a sequence is a decimal number from 1, as text",
				"Count the events of this publisher, 1, 2, 3, or leave sequence out.")
		}
		in.Sequence = n
	case traceparent:
		// W3C Trace Context: what cannot be read is as good as absent, and no reason to lose a fact.
		if validTraceparent(value) {
			in.Traceparent = string(value)
		}
	case dataschema:
		at := slices.IndexFunc(kinds, func(k kind) bool { return string(value) == k.schema })
		if at < 0 {
			return refuse(wire.InvalidField, "/dataschema", "the data's schema is not known", "Leave dataschema out.")
		}
		r.schema = kinds[at].schema
	default:
		return check(member, value)
	}
	return nil
}

// check looks at the attributes that are not kept.
func check(member int, value []byte) *fault {
	switch member {
	case sequencetype:
		if string(value) != "Integer" {
			return refuse(wire.InvalidField, "/sequencetype", "the type of sequence is not known", "Leave sequencetype out, or send Integer.")
		}
	case datacontenttype:
		if string(value) == wire.ContentJSON {
			return nil
		}
		if base, ok := mediaType(string(value)); !ok || base != wire.ContentJSON {
			return refuse(wire.UnsupportedMediaType, "/datacontenttype", "the data is not JSON", "The data of an event is application/json.")
		}
	}
	return nil
}

// parseSequence reads a decimal number from 1 that fits 63 bits, without leading zeros.
func parseSequence(v []byte) (uint64, bool) {
	const maxDigits = 18
	if len(v) == 0 || len(v) > maxDigits || v[0] == '0' {
		return 0, false
	}
	var n uint64
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// validTraceparent knows version 00, the only one: 00-<32 hex>-<16 hex>-<2 hex>.
func validTraceparent(v []byte) bool {
	const length = 55
	if len(v) != length || v[0] != '0' || v[1] != '0' {
		return false
	}
	for i, c := range v {
		if i == 2 || i == 35 || i == 52 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
