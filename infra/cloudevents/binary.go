package cloudevents

import (
	"strings"
	"unicode/utf8"

	"github.com/jigowatt/daybook/infra/wire"
)

const headerPrefix = "ce-"

// isBinary says whether a message is in binary mode: no content type of CloudEvents' own, and a version among the headers.
func isBinary(contentType string, header map[string][]string) bool {
	base, _ := mediaType(contentType)
	if strings.HasPrefix(base, "application/cloudevents") || base == wire.ContentSealed {
		return false
	}
	return headerValue(header, headerPrefix+"specversion") != ""
}

// binary reads an event whose attributes are headers and whose data is the body.
func (r *reader) binary(header map[string][]string, contentType string, body []byte, in *Incoming) *fault {
	seen, size := data, 0
	r.kind, r.schema = nil, ""
	for key, values := range header {
		name, ok := attributeName(key)
		if !ok {
			continue
		}
		member := memberOf([]byte(name))
		if member == 0 || member == data {
			return unknownAttribute([]byte(name))
		}
		pointer := "/" + name
		if len(values) != 1 || seen&member != 0 {
			return refuse(wire.Malformed, pointer, "a header stands twice", "Send each attribute once.")
		}
		seen |= member
		if size += len(values[0]); size > wire.MaxHeaderBytes {
			return refuse(wire.TooLarge, pointer, "the headers are longer than the ledger takes", "Send the event as structured JSON.")
		}
		value, ok := percentDecode(values[0])
		if !ok {
			return refuse(wire.Malformed, pointer, "the header is not percent-encoded UTF-8",
				"Encode the bytes of UTF-8 outside of ! to ~, and the percent sign itself, as %XX.")
		}
		if f := r.set(in, member, []byte(value)); f != nil {
			return f
		}
	}
	// The Go SDK for CloudEvents sends the data's content type without the prefix, as HTTP does.
	if seen&datacontenttype == 0 && contentType != "" {
		if f := r.set(in, datacontenttype, []byte(contentType)); f != nil {
			return f
		}
	}
	if f := missing(seen); f != nil {
		return f
	}
	if f := r.open(body); f != nil {
		return f
	}
	if f := r.data(in, ""); f != nil {
		return f
	}
	if f := r.fits(""); f != nil {
		return f
	}
	if in.Traceparent == "" {
		if trace := headerValue(header, wire.HeaderTraceparent); validTraceparent([]byte(trace)) {
			in.Traceparent = trace
		}
	}
	return r.end()
}

// attributeName gives the attribute that a header carries, in lower case. Only the names matter that NATS and HTTP send in any
// case they like.
func attributeName(key string) (string, bool) {
	if len(key) <= len(headerPrefix) || !strings.EqualFold(key[:len(headerPrefix)], headerPrefix) {
		return "", false
	}
	return strings.ToLower(key[len(headerPrefix):]), true
}

// percentDecode decodes one round, as the bindings say, and refuses what is then not UTF-8, such as %C0%A0.
func percentDecode(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, utf8.ValidString(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := unhex(s[i+1]), unhex(s[i+2])
		if high > 15 || low > 15 {
			return "", false
		}
		b = append(b, high<<4|low)
		i += 2
	}
	return string(b), utf8.Valid(b)
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
