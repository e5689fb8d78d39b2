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

// ending is when the period of an item ends, without regard to what else is kept.
type ending struct {
	at        int64 // milliseconds; never where no rule has begun
	withdrawn bool  // because the consent was
	unruled   bool  // there is no rule at all
}

func (p *person) happened(of scope, k kind) (at int64, ok bool) {
	for i := range p.occasions {
		if o := &p.occasions[i]; o.kind == k && *o.of == of {
			return o.at, true
		}
	}
	return 0, false
}

// system is where data lies under a controller.
type system struct {
	controller domain.ControllerID
	name       string
}

// reckoning is what the due dates of one person follow from. It keeps the work in proportion to the number of items, however many
// systems a service names.
type reckoning struct {
	*person
	anchors map[scope]int64
	systems map[system][]int
	ends    []ending
}

// reckon prepares for the due dates of a person.
func (p *person) reckon() *reckoning {
	r := &reckoning{person: p}
	if len(p.items) > 1 {
		r.anchors, r.systems = make(map[scope]int64, 4), make(map[system][]int, len(p.items))
	}
	for n := range p.items {
		i := &p.items[n]
		if r.anchors == nil {
			break
		}
		of := scope{i.of.controller, i.of.instruction}
		if newest, known := r.anchors[of]; !known || i.clock > newest {
			r.anchors[of] = i.clock
		}
		if !i.done {
			at := system{i.of.controller, i.of.system}
			r.systems[at] = append(r.systems[at], n)
		}
	}
	r.ends = make([]ending, len(p.items))
	for n := range p.items {
		r.ends[n] = ending{at: never}
		if !p.items[n].done {
			r.ends[n] = r.end(&p.items[n])
		}
	}
	return r
}

// anchor is the newest time at which anything was collected, recorded or stored under an item's instruction: what an occasion before
// it ended was another matter.
func (r *reckoning) anchor(i *item) int64 {
	if r.anchors == nil {
		return i.clock
	}
	return r.anchors[scope{i.of.controller, i.of.instruction}]
}

// withdrawn gives when the consent was withdrawn that stands so.
func (p *person) withdrawn(of scope) (int64, bool) {
	at, ok := p.happened(of, consentWithdrawn)
	if given, again := p.happened(of, consentGiven); again && given > at {
		return 0, false
	}
	return at, ok
}

// began gives when the period of a rule began for an item.
func (r *reckoning) began(i *item, after domain.Trigger) (int64, bool) {
	of := scope{i.of.controller, i.of.instruction}
	switch k := triggerKind(after); k {
	case nothing:
		return i.clock, true
	case consentWithdrawn:
		return r.withdrawn(of)
	default:
		at, ok := r.happened(of, k)
		return at, ok && at >= r.anchor(i)
	}
}

// end gives when the first of the item's periods ends.
func (r *reckoning) end(i *item) ending {
	consent := i.terms.Basis == domain.Consent
	e := ending{at: never, unruled: len(i.terms.Retention) == 0 && !consent}
	for _, rule := range i.terms.Retention {
		if from, ok := r.began(i, rule.After); ok {
			e.at = min(e.at, max(rule.Keep.After(moment(from)).UnixMilli(), 0))
		}
	}
	if consent {
		if at, ok := r.withdrawn(scope{i.of.controller, i.of.instruction}); ok && at < e.at {
			e.at, e.withdrawn = at, true
		}
	}
	return e
}

// dueOf gives when a category of an item is due: not before the same category in the same system under every other instruction.
func (r *reckoning) dueOf(at int, c domain.Category) int64 {
	due, mine := r.ends[at].at, r.items[at].of
	for _, n := range r.systems[system{mine.controller, mine.system}] {
		if o := &r.items[n]; n != at && o.of.instruction != mine.instruction && slices.Contains(o.categories, c) {
			due = max(due, r.ends[n].at)
		}
	}
	return due
}

// due gives when the first category of an item is due.
func (r *reckoning) due(at int) int64 {
	if len(r.items) == 1 || r.ends[at].at == never {
		return r.ends[at].at
	}
	due := int64(never)
	for _, c := range r.items[at].categories {
		due = min(due, r.dueOf(at, c))
	}
	return due
}

// placings gives where everything that is not done stands among the due dates.
func (p *person) placings(into []placing) []placing {
	if len(p.items) == 0 {
		return into
	}
	r := p.reckon()
	for at := range p.items {
		if i := &p.items[at]; !i.done {
			into = append(into, place(i, r.ends[at], r.due(at)))
		}
	}
	return into
}

func place(i *item, own ending, due int64) placing {
	l := placing{controller: i.of.controller, due: due, position: i.newestAt, ordered: i.order != ""}
	switch {
	case due != never:
		l.day = due / dayLength
	case own.at != never:
		l.day = dayKept
	case own.unruled:
		l.day = dayUnruled
	default:
		l.day = dayWaiting
	}
	return l
}

const dayLength = int64(24 * time.Hour / time.Millisecond)

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
