package retention

import (
	"math"
	"slices"
	"time"

	"github.com/jigowatt/daybook/domain"
)

// The days of what has none, in tallies.
const (
	dayWaiting = -1 - iota // its period has not begun
	dayUnruled             // its instruction says nothing of how long it may be kept
	dayKept                // it is needed under another instruction, whose period has not begun or has no end

	never = math.MaxInt64
)

// placing is where an item stands among the due dates.
type placing struct {
	controller domain.ControllerID
	due        int64 // milliseconds; never where it has no due date
	day        int64 // since 1970, or why it has none
	position   int64
	ordered    bool
}

func (p *person) happened(of scope, k kind) (at int64, ok bool) {
	for i := range p.occasions {
		if o := &p.occasions[i]; o.kind == k && *o.of == of {
			return o.at, true
		}
	}
	return 0, false
}

// system is where data lies under a controller: with the service itself where the system has no name.
type system struct {
	controller domain.ControllerID
	name       string
	service    domain.ServiceID
}

func (t *tuple) place() system {
	if t.system == "" {
		return system{controller: t.controller, service: t.service}
	}
	return system{controller: t.controller, name: t.system}
}

// reckoning is what the due dates of one person follow from. It keeps the work in proportion to the number of items, however many
// systems a service names.
type reckoning struct {
	*person
	ended   ended
	anchors map[scope]int64   // nil where items are few
	systems map[system][]int  // likewise
	ends    [][]domain.Ending // of each item that is not done, by its categories
	all     []domain.Ending   // what ends is made of
}

// few is how many items are looked through in less time than it takes to sort them into maps: most people have no more.
const few = 8

// reckon prepares for the due dates of a person.
func (p *person) reckon(e ended) *reckoning {
	r := &reckoning{}
	r.of(p, e)
	return r
}

// of prepares for the due dates of a person, in the memory that another one's took.
func (r *reckoning) of(p *person, e ended) {
	r.person, r.ended, r.anchors, r.systems = p, e, nil, nil
	if len(p.items) > few {
		r.sort()
	}
	r.ends = slices.Grow(r.ends[:0], len(p.items))[:len(p.items)]
	total := 0
	for n := range p.items {
		total += len(p.items[n].categories)
	}
	all := slices.Grow(r.all[:0], total) // parts of it stand in ends, so that it must not grow
	for n := range p.items {
		i := &p.items[n]
		if r.ends[n] = nil; i.done {
			continue
		}
		began, first := r.began(i), len(all)
		for k, c := range i.categories {
			if k > 0 && !i.terms.byCategory() {
				all = append(all, all[first])
				continue
			}
			all = append(all, domain.Ends(i.terms.Basis, i.terms.Retention, c, began))
		}
		r.ends[n] = all[first:]
	}
	r.all = all
}

// sort puts what stands under one instruction, and what lies in one system, together.
func (r *reckoning) sort() {
	r.anchors, r.systems = make(map[scope]int64, 4), make(map[system][]int, len(r.items))
	for n := range r.items {
		i := &r.items[n]
		of := i.of.scope()
		if newest, known := r.anchors[of]; !known || i.clock > newest {
			r.anchors[of] = i.clock
		}
		if !i.done {
			at := i.of.place()
			r.systems[at] = append(r.systems[at], n)
		}
	}
}

// anchor is the newest time at which anything was collected, recorded or stored under an item's instruction: what an occasion before
// it ended was another matter.
func (r *reckoning) anchor(i *item) int64 {
	of := i.of.scope()
	if r.anchors != nil {
		return r.anchors[of]
	}
	newest := i.clock
	for n := range r.items {
		if o := &r.items[n]; o.clock > newest && o.of.scope() == of {
			newest = o.clock
		}
	}
	return newest
}

// withdrawn gives when the consent was withdrawn that stands so.
func (p *person) withdrawn(of scope) (int64, bool) {
	at, ok := p.happened(of, consentWithdrawn)
	if given, again := p.happened(of, consentGiven); again && given > at {
		return 0, false
	}
	return at, ok
}

// began gives when the periods of an item began.
func (r *reckoning) began(i *item) func(domain.Trigger) (time.Time, bool) {
	of := i.of.scope()
	return func(after domain.Trigger) (time.Time, bool) {
		at, ok := i.clock, true
		switch k := triggerKind(after); {
		case after == domain.WhenInstructionWithdrawn:
			var how end
			how, ok = r.ended[of]
			at = how.at
		case k == consentWithdrawn:
			at, ok = r.withdrawn(of)
		case k != nothing:
			at, ok = r.happened(of, k)
			ok = ok && at >= r.anchor(i)
		}
		return moment(at), ok
	}
}

// millis gives the moment of an ending, never where there is none. What ended before 1970 counts from there.
func millis(e domain.Ending) int64 {
	if e.At.IsZero() {
		return never
	}
	return max(e.At.UnixMilli(), 0)
}

// dueOf gives when the category of an item with a number is due: not before the same category in the same system under every other
// instruction.
func (r *reckoning) dueOf(at, category int) int64 {
	due, place := millis(r.ends[at][category]), r.items[at].of.place()
	if r.systems != nil {
		for _, n := range r.systems[place] {
			due = max(due, r.neededUntil(n, at, category))
		}
		return due
	}
	for n := range r.items {
		if o := &r.items[n]; n != at && !o.done && o.of.place() == place {
			due = max(due, r.neededUntil(n, at, category))
		}
	}
	return due
}

// neededUntil gives until when the nth item, in the same system as another, needs a category of that one; 0 where it does not.
func (r *reckoning) neededUntil(n, at, category int) int64 {
	o, mine := &r.items[n], &r.items[at]
	if n == at || o.of.instruction == mine.of.instruction {
		return 0
	}
	if k := slices.Index(o.categories, mine.categories[category]); k >= 0 {
		return millis(r.ends[n][k])
	}
	return 0
}

// due gives when the first category of an item is due, and the number of that category.
func (r *reckoning) due(at int) (due int64, category int) {
	due = never
	for k := range r.items[at].categories {
		if when := r.dueOf(at, k); when < due {
			due, category = when, k
		}
	}
	return due, category
}

// placings gives where everything of a person that is not done stands among the due dates.
func (r *reckoning) placings(p *person, e ended, into []placing) []placing {
	if len(p.items) == 0 {
		return into
	}
	r.of(p, e)
	for at := range p.items {
		if i := &p.items[at]; !i.done {
			due, _ := r.due(at)
			into = append(into, place(i, r.ends[at], due))
		}
	}
	return into
}

func place(i *item, own []domain.Ending, due int64) placing {
	l := placing{controller: i.of.controller, due: due, position: i.newestAt, ordered: i.order != ""}
	switch {
	case due != never:
		l.day = due / dayLength
	case slices.ContainsFunc(own, func(e domain.Ending) bool { return !e.At.IsZero() }):
		l.day = dayKept
	case !slices.ContainsFunc(own, func(e domain.Ending) bool { return !e.Unruled }):
		l.day = dayUnruled
	default:
		l.day = dayWaiting
	}
	return l
}

const dayLength = int64(24 * time.Hour / time.Millisecond)

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
