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

// anchor is the newest time at which anything was collected, recorded or stored under an instruction: what an occasion before it
// ended was another matter.
func (p *person) anchor(of scope) int64 {
	newest := int64(math.MinInt64)
	for i := range p.items {
		if t := p.items[i].of; t.instruction == of.instruction && t.controller == of.controller {
			newest = max(newest, p.items[i].clock)
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

// began gives when the period of a rule began for an item.
func (p *person) began(i *item, after domain.Trigger) (int64, bool) {
	of := scope{i.of.controller, i.of.instruction}
	switch k := triggerKind(after); k {
	case nothing:
		return i.clock, true
	case consentWithdrawn:
		return p.withdrawn(of)
	default:
		at, ok := p.happened(of, k)
		return at, ok && at >= p.anchor(of)
	}
}

// ends gives when the first of the item's periods ends.
func (p *person) ends(i *item) ending {
	consent := i.terms.Basis == domain.Consent
	e := ending{at: never, unruled: len(i.terms.Retention) == 0 && !consent}
	for _, rule := range i.terms.Retention {
		if from, ok := p.began(i, rule.After); ok {
			e.at = min(e.at, max(rule.Keep.After(moment(from)).UnixMilli(), 0))
		}
	}
	if consent {
		if at, ok := p.withdrawn(scope{i.of.controller, i.of.instruction}); ok && at < e.at {
			e.at, e.withdrawn = at, true
		}
	}
	return e
}

func (p *person) endings(into []ending) []ending {
	for i := range p.items {
		e := ending{at: never}
		if !p.items[i].done {
			e = p.ends(&p.items[i])
		}
		into = append(into, e)
	}
	return into
}

// dueOf gives when a category of an item is due: not before the same category in the same system under every other instruction.
func (p *person) dueOf(at int, c domain.Category, all []ending) int64 {
	due, mine := all[at].at, p.items[at].of
	for j := range p.items {
		o := &p.items[j]
		if j != at && !o.done && o.of.system == mine.system && o.of.controller == mine.controller &&
			o.of.instruction != mine.instruction && slices.Contains(o.categories, c) {
			due = max(due, all[j].at)
		}
	}
	return due
}

// due gives when the first category of an item is due.
func (p *person) due(at int, all []ending) int64 {
	if len(p.items) == 1 || all[at].at == never {
		return all[at].at
	}
	due := int64(never)
	for _, c := range p.items[at].categories {
		due = min(due, p.dueOf(at, c, all))
	}
	return due
}

// placings gives where everything that is not done stands among the due dates.
func (p *person) placings(into []placing) []placing {
	var few [8]ending
	all := p.endings(few[:0])
	for at := range p.items {
		i := &p.items[at]
		if i.done {
			continue
		}
		into = append(into, place(i, all[at], p.due(at, all)))
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
