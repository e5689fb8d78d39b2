package derive

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// Record gathers the record of Article 30(2) from the events, in their order. Its zero value is ready.
type Record struct {
	processor, controller, authorisation json.RawMessage
	services, recipients, contacts       map[string]json.RawMessage
	instructions                         map[string]Event
	observed                             map[string]*observed
}

// observed is what the actions under one instruction show.
type observed struct {
	entries                                             uint64
	operations, categories, recipients, systems, places map[string]bool
	first, last                                         json.RawMessage
}

// Add takes the next event.
func (r *Record) Add(e Event) {
	data := e.Top["data"]
	switch e.Type() {
	case "daybook.processor.declared.v1":
		r.processor = data
	case "daybook.controller.declared.v1":
		r.controller = data
	case "daybook.authorisation.declared.v1":
		r.authorisation = data
	case "daybook.service.declared.v1":
		put(&r.services, e.Data["service"], data)
	case "daybook.recipient.declared.v1":
		put(&r.recipients, e.Data["recipient"], data)
	case "daybook.contact.declared.v1": // who they are stays sealed, and out of the record
		b := members([]byte{'{'}, e.Data, []string{"controller", "contact", "role"})
		put(&r.contacts, e.Data["contact"], append(append([]byte{'{'}, b[min(2, len(b)):]...), '}'))
	case "daybook.instruction.given.v1":
		if r.instructions == nil {
			r.instructions = map[string]Event{}
		}
		r.instructions[string(e.Data["instruction"])] = e
	case "daybook.instruction.withdrawn.v1":
		delete(r.instructions, string(e.Data["instruction"]))
	case "daybook.action.recorded.v1":
		r.observe(e)
	}
}

func put(in *map[string]json.RawMessage, key, value json.RawMessage) {
	if *in == nil {
		*in = map[string]json.RawMessage{}
	}
	(*in)[string(key)] = value
}

func (r *Record) observe(e Event) {
	key := string(e.Data["instruction"])
	o := r.observed[key]
	if o == nil {
		o = &observed{first: e.Top["recorded"]}
		if r.observed == nil {
			r.observed = map[string]*observed{}
		}
		r.observed[key] = o
	}
	o.entries++
	o.last = e.Top["recorded"]
	see(&o.operations, e.Data["operation"])
	see(&o.recipients, e.Data["recipient"])
	see(&o.systems, e.Data["system"])
	see(&o.places, e.Data["location"])
	var categories []json.RawMessage
	if json.Unmarshal(e.Data["categories"], &categories) == nil {
		for _, c := range categories {
			see(&o.categories, c)
		}
	}
}

func see(in *map[string]bool, value json.RawMessage) {
	if value == nil {
		return
	}
	if *in == nil {
		*in = map[string]bool{}
	}
	(*in)[string(value)] = true
}

// JSON gives the record as one line.
func (r *Record) JSON() []byte {
	b := append([]byte(`{"record":"Article 30(2)","processor":`), known(r.processor)...)
	b = append(append(b, `,"controller":`...), known(r.controller)...)
	b = append(append(b, `,"authorisation":`...), known(r.authorisation)...)
	b = values(append(b, `,"services":[`...), r.services)
	b = values(append(b, `],"recipients":[`...), r.recipients)
	b = values(append(b, `],"contacts":[`...), r.contacts)
	b = append(b, `],"instructions":[`...)
	for i, key := range slices.Sorted(maps.Keys(r.instructions)) {
		if i > 0 {
			b = append(b, ',')
		}
		e := r.instructions[key]
		b = strconv.AppendUint(append(b, `{"position":`...), e.Position, 10)
		b = members(b, e.Top, []string{"recorded"})
		b = append(members(b, e.Data, []string{"instruction", "version", "terms", "warrant"}), '}')
	}
	b = append(b, `],"observed":[`...)
	for i, key := range slices.Sorted(maps.Keys(r.observed)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.observed[key].append(b, key)
	}
	return append(b, "]}\n"...)
}

func (o *observed) append(b []byte, instruction string) []byte {
	b = append(append(b, `{"instruction":`...), known(json.RawMessage(instruction))...)
	b = strconv.AppendUint(append(b, `,"entries":`...), o.entries, 10)
	for _, set := range []struct {
		name string
		of   map[string]bool
	}{{"operations", o.operations}, {"categories", o.categories}, {"recipients", o.recipients}, {"systems", o.systems}, {"locations", o.places}} {
		b = append(append(append(b, `,"`...), set.name...), `":[`...)
		for i, v := range slices.Sorted(maps.Keys(set.of)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, v...)
		}
		b = append(b, ']')
	}
	b = append(append(b, `,"firstRecorded":`...), known(o.first)...)
	return append(append(append(b, `,"lastRecorded":`...), known(o.last)...), '}')
}

func known(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

func values(b []byte, of map[string]json.RawMessage) []byte {
	for i, key := range slices.Sorted(maps.Keys(of)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, of[key]...)
	}
	return b
}
