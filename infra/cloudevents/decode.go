package cloudevents

import (
	"strings"
	"sync"

	"github.com/jigowatt/daybook/infra/wire"
)

// Decoder reads messages. It is safe for use by several goroutines; it keeps readers for reuse and nothing of a message.
type Decoder struct{ readers sync.Pool }

// NewDecoder makes a decoder.
func NewDecoder() *Decoder {
	return &Decoder{readers: sync.Pool{New: func() any { return new(reader) }}}
}

// ContentType gives the content type that a message's headers name, in lower case and without parameters, or nothing. Header
// names are compared without regard to case: NATS keeps the case in which they were sent.
func ContentType(header map[string][]string) string {
	base, _ := mediaType(headerValue(header, wire.HeaderContentType))
	return base
}

// Decode reads a message in whichever mode its headers say: one result, or, where batch is true, one for each event of the
// batch in its order. A message without a content type and without ce- headers is taken for structured JSON.
//
// The error says that the message as a whole cannot be read; it wraps domain.ErrInvalid and Problem reads it. Of a single
// event it is the event's own. In a batch each result has its own error, so that one bad event does not take the others down.
// A sealed body is refused: it is opened first, and what it holds is given to DecodeAs.
func (d *Decoder) Decode(header map[string][]string, body []byte) (results []Result, batch bool, err error) {
	contentType := headerValue(header, wire.HeaderContentType)
	if isBinary(contentType, header) {
		return d.single(body, func(r *reader, in *Incoming) *fault { return r.binary(header, contentType, body, in) })
	}
	results, batch, err = d.DecodeAs(contentType, body)
	if err == nil {
		if trace := headerValue(header, wire.HeaderTraceparent); validTraceparent([]byte(trace)) {
			for i := range results {
				if in := &results[i].Event; in.Traceparent == "" {
					in.Traceparent = trace
				}
			}
		}
	}
	return results, batch, err
}

// DecodeAs reads a body of a content type, which is structured or batch JSON; no content type is taken for whichever of the
// two the body begins like. It answers as Decode does.
func (d *Decoder) DecodeAs(contentType string, body []byte) (results []Result, batch bool, err error) {
	base, utf8 := mediaType(contentType)
	switch {
	case !utf8:
		return nil, false, refuse(wire.UnsupportedMediaType, "", "the charset is not UTF-8", "Send UTF-8.")
	case base == "" && strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n"), "["):
		return d.batch(body)
	case base == "" || base == wire.ContentEvent:
		return d.single(body, func(r *reader, in *Incoming) *fault {
			if f := r.open(body); f != nil {
				return f
			}
			return r.event(in)
		})
	case base == wire.ContentBatch:
		return d.batch(body)
	}
	return nil, false, refuse(wire.UnsupportedMediaType, "", "the content type is not known",
		"Send application/cloudevents+json, or application/cloudevents-batch+json for several events.")
}

func (d *Decoder) single(body []byte, read func(*reader, *Incoming) *fault) ([]Result, bool, error) {
	if len(body) > wire.MaxBodyBytes {
		return nil, false, tooLong()
	}
	r := d.readers.Get().(*reader)
	defer d.readers.Put(r)
	defer r.release()
	results := []Result{{Raw: body}}
	if f := read(r, &results[0].Event); f != nil {
		return nil, false, f
	}
	return results, false, nil
}

func tooLong() *fault {
	return refuse(wire.TooLarge, "", "the body is longer than the ledger takes", "Send fewer events in a batch.")
}

func headerValue(header map[string][]string, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	for key, values := range header {
		if len(key) == len(name) && len(values) > 0 && strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}
