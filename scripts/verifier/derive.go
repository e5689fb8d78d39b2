package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// values are members of a JSON object as their bytes stand in it. What is derived copies them, and never writes a value anew.
type values map[string]json.RawMessage

// entry is an entry of a bundle.
type entry struct {
	position  uint64
	top, data values
}

func parseEntry(position uint64, stored []byte) entry {
	e := entry{position: position}
	if json.Unmarshal(stored, &e.top) != nil || json.Unmarshal(e.top["data"], &e.data) != nil || e.data == nil {
		bad("position %d: the entry cannot be read", position)
	}
	return e
}

func (entry) text(of values, name string) (s string) {
	if json.Unmarshal(of[name], &s) != nil {
		return ""
	}
	return s
}

func (e entry) texts(name string) (list []string) {
	if json.Unmarshal(e.data[name], &list) != nil {
		return nil
	}
	return list
}

func (e entry) is(kind string) bool { return e.text(e.top, "type") == kind }

func (e entry) register() bool {
	kind := e.text(e.top, "type")
	return strings.HasSuffix(kind, ".declared.v1") || strings.HasPrefix(kind, "daybook.instruction.")
}

// owner gives the controller whose entry it is: empty for the processor's own.
func (e entry) owner() string {
	owner := e.text(e.data, "controller")
	if parts := strings.Split(e.text(e.top, "source"), "/"); owner == "" && len(parts) > 2 {
		owner = parts[1]
	}
	if owner == "daybook" {
		return ""
	}
	return owner
}

// told are the members of an entry's data that stand in the trail, in their order.
const told = "subject subjects joined identifier case action operation instruction version basis stated categories system " +
	"systems from location recipient service order announced findings reasons occasion kind task hold restriction " +
	"objection ground grounds marketing explicit allowed prohibited overridden due until told on reached regime " +
	"calendar outcome refusals withheld months for enough places place how erases exemption remedies direction " +
	"view reason actor what format"

// trailLine gives the line of an entry that is about people, nil for any other.
func (e entry) trailLine() []byte {
	_, one := e.data["subject"]
	_, several := e.data["subjects"]
	_, inCase := e.data["case"]
	if e.register() || !one && !several && !inCase {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"position":%d`, e.position)
	e.top.write(&b, ",", "id source type time recorded")
	e.data.write(&b, ",", told)
	if _, sealed := e.data["details"]; sealed {
		b.WriteString(`,"sealed":true`)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// write writes those of the members that are there, the first after a text.
func (v values) write(b *bytes.Buffer, before, names string) {
	for _, name := range strings.Fields(names) {
		if value, is := v[name]; is {
			fmt.Fprintf(b, `%s"%s":%s`, before, name, value)
			before = ","
		}
	}
}

// record gathers the record of Article 30(2).
type record struct {
	last     map[string]json.RawMessage // the data of the last declaration of a type
	declared map[string]values          // those of services, recipients and contacts, by type and then by name
	terms    map[string]entry           // the instructions in force
	seen     map[string]*seen           // what was done, by instruction
}

type seen struct {
	entries     int
	values      map[string]map[string]bool
	first, last json.RawMessage
}

func newRecord() *record {
	return &record{map[string]json.RawMessage{}, map[string]values{"service": {}, "recipient": {}, "contact": {}}, map[string]entry{}, map[string]*seen{}}
}

func (r *record) add(e entry) {
	kind := strings.TrimSuffix(strings.TrimPrefix(e.text(e.top, "type"), "daybook."), ".v1")
	instruction := string(e.data["instruction"])
	switch kind {
	case "processor.declared", "controller.declared", "authorisation.declared":
		r.last[kind] = e.top["data"]
	case "service.declared", "recipient.declared":
		name := strings.TrimSuffix(kind, ".declared")
		r.declared[name][string(e.data[name])] = e.top["data"]
	case "contact.declared":
		var b bytes.Buffer
		b.WriteByte('{')
		e.data.write(&b, "", "controller contact role")
		b.WriteByte('}')
		r.declared["contact"][string(e.data["contact"])] = b.Bytes()
	case "instruction.given":
		r.terms[instruction] = e
	case "instruction.withdrawn":
		delete(r.terms, instruction)
	case "action.recorded":
		s := r.seen[instruction]
		if s == nil {
			s = &seen{values: map[string]map[string]bool{}, first: e.top["recorded"]}
			r.seen[instruction] = s
		}
		s.entries++
		s.last = e.top["recorded"]
		var categories []json.RawMessage
		if json.Unmarshal(e.data["categories"], &categories) != nil {
			categories = nil
		}
		s.note("categories", categories...)
		for _, name := range []string{"operation", "recipient", "system", "location"} {
			if value, is := e.data[name]; is {
				s.note(name+"s", value)
			}
		}
	}
}

func (s *seen) note(name string, list ...json.RawMessage) {
	for _, value := range list {
		if s.values[name] == nil {
			s.values[name] = map[string]bool{}
		}
		s.values[name][string(value)] = true
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func orNull(value json.RawMessage) json.RawMessage {
	if len(value) == 0 {
		return json.RawMessage("null")
	}
	return value
}

// line gives the record as it lies in the bundle.
func (r *record) line() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"record":"Article 30(2)","processor":%s,"controller":%s,"authorisation":%s`, orNull(r.last["processor.declared"]),
		orNull(r.last["controller.declared"]), orNull(r.last["authorisation.declared"]))
	for _, name := range []string{"service", "recipient", "contact"} {
		var list []string
		for _, key := range sorted(r.declared[name]) {
			list = append(list, string(r.declared[name][key]))
		}
		fmt.Fprintf(&b, `,"%ss":[%s]`, name, strings.Join(list, ","))
	}
	b.WriteString(`,"instructions":[`)
	for i, key := range sorted(r.terms) {
		e := r.terms[key]
		fmt.Fprintf(&b, `%s{"position":%d`, comma(i), e.position)
		e.top.write(&b, ",", "recorded")
		e.data.write(&b, ",", "instruction version terms warrant")
		b.WriteByte('}')
	}
	b.WriteString(`],"observed":[`)
	for i, key := range sorted(r.seen) {
		s := r.seen[key]
		fmt.Fprintf(&b, `%s{"instruction":%s,"entries":%d`, comma(i), orNull(json.RawMessage(key)), s.entries)
		for _, name := range []string{"operations", "categories", "recipients", "systems", "locations"} {
			fmt.Fprintf(&b, `,"%s":[%s]`, name, strings.Join(sorted(s.values[name]), ","))
		}
		fmt.Fprintf(&b, `,"firstRecorded":%s,"lastRecorded":%s}`, orNull(s.first), orNull(s.last))
	}
	b.WriteString("]}\n")
	return b.Bytes()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}
