// Package derive makes, of the events of an evidence bundle and of nothing else, the trail and the record of Article 30(2) that lie
// in it. Its rules are those of the bundle's FORMAT.txt, version 1, so plain that others implement them again (scripts/verifier does).
// Values are never decoded to be written: each is copied as its bytes stand in the event, and compared and sorted by these bytes.
//
// It deliberately knows no event type but by name: what a later program records goes through as it is.
package derive

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json/jsontext"
)

// Version is that of the rules. Bundles say by which they were made.
const Version = 1

// Event is one event of a bundle: its members, and those of its data, by their names, as their bytes stand in it.
type Event struct {
	Position  uint64
	Top, Data map[string]json.RawMessage
}

// Read takes an event apart, and keeps nothing of the bytes that it is given. It returns an assertion failure for bytes that are no JSON
// object with an object data: no ledger stores such.
func Read(position uint64, stored []byte) (e Event, err error) {
	e.Position = position
	if e.Top, err = cut(bytes.Clone(stored), 8); err == nil {
		e.Data, err = cut(e.Top["data"], 16)
	}
	if err != nil {
		return e, errors.AssertionFailedf("event %d is no object with data", errors.Safe(position)) // the decoder's words may quote it
	}
	return e, nil
}

// cut gives the members of an object, about as many, each as it stands in the bytes.
func cut(of []byte, about int) (map[string]json.RawMessage, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(of)) // which reads the bytes where they are
	if d.PeekKind() != '{' {
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	into := make(map[string]json.RawMessage, about)
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		end := d.InputOffset()
		into[key] = of[end-int64(len(value)) : end : end]
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return into, nil
}

// text gives a member that is a string, empty where it is not there or no string.
func text(raw json.RawMessage) (s string) {
	if n := len(raw); n > 1 && raw[0] == '"' && !bytes.ContainsRune(raw, '\\') {
		return string(raw[1 : n-1])
	}
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// Type gives the event's type.
func (e Event) Type() string { return text(e.Top["type"]) }

// Text gives a member of the data that is a string, empty where there is none.
func (e Event) Text(name string) string { return text(e.Data[name]) }

// Texts gives a member of the data that is a list of strings, none where it is not.
func (e Event) Texts(name string) (list []string) {
	if json.Unmarshal(e.Data[name], &list) != nil {
		return nil
	}
	return list
}

// Recorded gives when the ledger wrote the event, as RFC 3339 has it.
func (e Event) Recorded() string { return text(e.Top["recorded"]) }

// Controller gives whose event it is: the controller that the data name, or that of the service whose source it is; empty for what is
// the processor's own, or concerns all, such as the declaration of a recipient.
func (e Event) Controller() string {
	owner := e.Text("controller")
	if owner == "" {
		first, _, more := strings.Cut(strings.TrimPrefix(text(e.Top["source"]), "/"), "/")
		if more {
			owner = first
		}
	}
	if owner == "daybook" { // which no controller is called
		return ""
	}
	return owner
}

// Register says that the event is one of the register: what was declared and instructed, rather than what was done.
func (e Event) Register() bool {
	t := e.Type()
	return strings.HasSuffix(t, ".declared.v1") || strings.HasPrefix(t, "daybook.instruction.")
}

// OfPeople says that the event is about people, so that the trail has a line for it.
func (e Event) OfPeople() bool {
	return !e.Register() && (e.Data["subject"] != nil || e.Data["subjects"] != nil || e.Data["case"] != nil)
}

// topNames and dataNames are the members of a line of the trail, in their order.
var (
	topNames  = []string{"id", "source", "type", "time", "recorded"}
	dataNames = []string{
		"subject", "subjects", "joined", "identifier", "case", "action", "operation", "instruction", "version", "basis", "stated", "categories", "system",
		"systems", "from", "location", "recipient", "service", "order", "announced", "findings", "reasons", "occasion", "kind", "task", "hold", "restriction",
		"objection", "ground", "grounds", "marketing", "explicit", "allowed", "prohibited", "overridden", "due", "until", "told", "on", "reached", "regime",
		"calendar", "outcome", "refusals", "withheld", "months", "for", "enough", "places", "place", "how", "erases", "exemption", "remedies", "direction",
		"view", "reason", "actor", "what", "format",
	}
)

// AppendTrail appends the line of an event that is about people, with its line end.
func AppendTrail(b []byte, e Event) []byte {
	b = strconv.AppendUint(append(b, `{"position":`...), e.Position, 10)
	b = members(b, e.Top, topNames)
	b = members(b, e.Data, dataNames)
	if e.Data["details"] != nil {
		b = append(b, `,"sealed":true`...)
	}
	return append(b, "}\n"...)
}

// members appends the members of those names that are there, each after a comma.
func members(b []byte, of map[string]json.RawMessage, names []string) []byte {
	for _, name := range names {
		if raw, is := of[name]; is {
			b = append(append(append(append(b, `,"`...), name...), `":`...), raw...)
		}
	}
	return b
}
