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
	anchors map[scope]int64
	systems map[system][]int
	ends    [][]domain.Ending // of each item that is not done, by its categories
}

// reckon prepares for the due dates of a person.
func (p *person) reckon(e ended) *reckoning {
	r := &reckoning{person: p, ended: e}
	if len(p.items) > 1 {
		r.anchors, r.systems = make(map[scope]int64, 4), make(map[system][]int, len(p.items))
	}
	for n := range p.items {
		i := &p.items[n]
		if r.anchors == nil {
			break
		}
		of := i.of.scope()
		if newest, known := r.anchors[of]; !known || i.clock > newest {
			r.anchors[of] = i.clock
		}
		if !i.done {
			at := i.of.place()
			r.systems[at] = append(r.systems[at], n)
		}
	}
	r.ends = make([][]domain.Ending, len(p.items))
	for n := range p.items {
		i := &p.items[n]
		if i.done {
			continue
		}
		began := r.began(i)
		list := make([]domain.Ending, len(i.categories))
		for k, c := range i.categories {
			if k > 0 && !i.terms.byCategory() {
				list[k] = list[0]
				continue
			}
			list[k] = domain.Ends(i.terms.Basis, i.terms.Retention, c, began)
		}
		r.ends[n] = list
	}
	return r
}

// anchor is the newest time at which anything was collected, recorded or stored under an item's instruction: what an occasion before
// it ended was another matter.
func (r *reckoning) anchor(i *item) int64 {
	if r.anchors == nil {
		return i.clock
	}
	return r.anchors[i.of.scope()]
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
	due, mine := millis(r.ends[at][category]), r.items[at].of
	for _, n := range r.systems[mine.place()] {
		o := &r.items[n]
		if n == at || o.of.instruction == mine.instruction {
			continue
		}
		if k := slices.Index(o.categories, r.items[at].categories[category]); k >= 0 {
			due = max(due, millis(r.ends[n][k]))
		}
	}
	return due
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

// placings gives where everything that is not done stands among the due dates.
func (p *person) placings(e ended, into []placing) []placing {
	if len(p.items) == 0 {
		return into
	}
	r := p.reckon(e)
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
