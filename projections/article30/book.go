package article30

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
)

// book makes the record of what had been declared and seen.
func (s *snapshot) book(q Query) Book {
	b := Book{
		Processor: s.processor, Contacts: s.people(register.Itself), Recipients: s.recipients, Records: []Record{}, AsOf: q.Day,
	}
	for _, id := range slices.Sorted(maps.Keys(s.controllers)) {
		b.Records = append(b.Records, s.record(s.controllers[id], q.Day.AddDate(0, 0, -q.Unused)))
	}
	return b
}

// people lists the contacts of a controller, or of the processor.
func (s *snapshot) people(of domain.ControllerID) []Contact {
	list := []Contact{}
	for _, id := range slices.Sorted(maps.Keys(s.contacts[of])) {
		c := s.contacts[of][id]
		role := strings.ToLower(c.Role)
		list = append(list, Contact{
			Contact: c, Representative: strings.Contains(role, "representative"),
			Officer: role == "dpo" || strings.Contains(role, "data protection officer"),
		})
	}
	return list
}

// record makes the record of one controller. What is declared and was last seen before stale is drift.
func (s *snapshot) record(c register.ControllerDeclared, stale time.Time) Record {
	r := Record{Controller: c, Contacts: s.people(c.Controller), Activities: []Activity{}, Transfers: []Transfer{}, Drift: []Drift{}}
	seen, transfers := map[domain.InstructionID][]line{}, map[Transfer]Seen{}
	for key := range s.versions {
		if key.controller == c.Controller {
			seen[key.instruction] = nil
		}
	}
	for o, when := range s.seen {
		if o.controller != c.Controller {
			continue
		}
		if t, outside := s.transfer(o); outside {
			transfers[t] = transfers[t].merge(when)
		}
		if o.compelled == "" { // what a law compels is no part of an instruction
			seen[o.instruction] = append(seen[o.instruction], lines(o, when)...)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		a := activity{id: id, versions: s.versions[instructionKey{c.Controller, id}], seen: seen[id]}
		r.Activities = append(r.Activities, a.shown())
		r.Drift = append(r.Drift, a.undeclared()...)
		r.Drift = append(r.Drift, a.unused(stale)...)
	}
	for t, when := range transfers {
		t.Seen = when
		r.Transfers = append(r.Transfers, t)
	}
	slices.SortFunc(r.Transfers, func(a, b Transfer) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Recipient, b.Recipient), cmp.Compare(a.Instruction, b.Instruction),
			cmp.Compare(a.Order, b.Order), cmp.Compare(a.Safeguard, b.Safeguard))
	})
	return r
}

// transfer says whether a destination lies outside the processor's territory: the country that the actions named, or else that of the
// recipient (Art. 44).
func (s *snapshot) transfer(o observation) (Transfer, bool) {
	if o.dimension != destination || s.processor == nil || len(s.processor.Territory) == 0 {
		return Transfer{}, false
	}
	recipient := s.recipients[o.recipient]
	t := Transfer{Instruction: o.instruction, Recipient: o.recipient, Order: o.compelled}
	for _, country := range []domain.Location{domain.Location(o.value), recipient.Country} {
		if country != "" && !slices.ContainsFunc(s.processor.Territory, func(in domain.Territory) bool { return in.Holds(country) }) {
			t.Country = country
			break
		}
	}
	for _, v := range s.versions[instructionKey{o.controller, o.instruction}] {
		if v.Number == o.version {
			t.Safeguard = v.Terms.Safeguard
		}
	}
	t.Safeguard = cmp.Or(t.Safeguard, recipient.Safeguard)
	return t, t.Country != ""
}

// line is one thing seen under one version of an instruction.
type line struct {
	Drift // its kind is not set
}

// lines gives what an observation says in the dimensions of an instruction.
func lines(o observation, when Seen) []line {
	of := func(d Dimension, value string) line {
		return line{Drift{Instruction: o.instruction, Version: o.version, Dimension: d, Value: value, Seen: when}}
	}
	if o.dimension != destination {
		return []line{of(o.dimension, o.value)}
	}
	var list []line
	if o.value != "" {
		list = append(list, of(Countries, o.value))
	}
	if o.recipient != "" {
		list = append(list, of(Recipients, string(o.recipient)))
	}
	return list
}

// merge puts together two sights of one thing.
func (s Seen) merge(o Seen) Seen {
	switch {
	case s.IsZero():
		return o
	case o.IsZero():
		return s
	}
	if o.First.Before(s.First) || o.First.Equal(s.First) && o.FirstAt < s.FirstAt {
		s.First, s.FirstAt = o.First, o.FirstAt
	}
	if o.Last.After(s.Last) {
		s.Last = o.Last
	}
	return s
}

// order puts lines and drift in order.
func order(a, b Drift) int {
	return cmp.Or(cmp.Compare(rank[a.Dimension], rank[b.Dimension]), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Version, b.Version))
}

var rank = map[Dimension]int{Operations: 0, Categories: 1, Recipients: 2, Countries: 3, destination: 4}
