package dossier

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Standing is what stands about one person under one controller beyond the ordinary: consents, objections, restrictions, holds,
// what was erased, and orders that wait for an answer. Most people have none. A Standing is never changed in place.
type Standing struct {
	Consents     []Consent            `json:"consents,omitempty"`
	Objections   []Objection          `json:"objections,omitempty"`
	Restrictions []Restriction        `json:"restrictions,omitempty"`
	Holds        []HoldPlaced         `json:"holds,omitempty"`
	Erased       map[string]time.Time `json:"erased,omitempty"` // by place
	Orders       []OrderSent          `json:"orders,omitempty"`
	// Escalated names the open orders of which a person was told.
	Escalated []string `json:"escalated,omitempty"`
	// SameAs leads to the person's first dossier where this one was found to be the same person's.
	SameAs domain.SubjectKey `json:"sameAs,omitzero"`
}

// Consent is one consent with its time.
type Consent struct {
	Instruction domain.InstructionID `json:"instruction"`
	Given       time.Time            `json:"given"`
	Withdrawn   time.Time            `json:"withdrawn,omitzero"`
}

// Objection is one objection and what became of it.
type Objection struct {
	ObjectionRaised
	Raised     time.Time `json:"raised"`
	Resolved   time.Time `json:"resolved,omitzero"`
	Overridden bool      `json:"overridden,omitempty"`
	Void       bool      `json:"void,omitempty"`
}

// Ended says that the objection had no effect any more at a time.
func (o Objection) Ended(at time.Time) bool {
	return (o.Overridden || o.Void) && !o.Resolved.After(at)
}

// Restriction is one restriction with its time.
type Restriction struct {
	RestrictionPlaced
	Placed time.Time `json:"placed"`
	Lifted time.Time `json:"lifted,omitzero"`
}

// maxKept bounds how many consents, objections and restrictions of one person are kept, the newest, for judging what is reported
// late. Holds and open orders are never dropped; MaxOpen bounds how many may be made.
const (
	maxKept = 64
	MaxOpen = 256
)

// IsZero says that nothing stands.
func (s Standing) IsZero() bool {
	return len(s.Consents) == 0 && len(s.Objections) == 0 && len(s.Restrictions) == 0 && len(s.Holds) == 0 && len(s.Erased) == 0 &&
		len(s.Orders) == 0 && s.SameAs == 0
}

// Changes says that an event can change somebody's standing.
func Changes(fact domain.Fact) bool {
	switch e := fact.(type) {
	case ConsentGiven, ConsentWithdrawn, ObjectionRaised, ObjectionResolved, RestrictionPlaced, RestrictionLifted,
		HoldPlaced, HoldReleased, OrderSent, OrderEscalated, OrderRecalled:
		return true
	case ActionRecorded:
		return e.Operation.Effect() == domain.Removes || e.Operation == domain.Move && e.From != "" || e.Order != ""
	default:
		return false
	}
}

// Evolve gives the standing after an event about the person.
func (s Standing) Evolve(event domain.Event) Standing {
	switch e := event.Fact.(type) {
	case ConsentGiven:
		s.Consents = added(s.Consents, Consent{Instruction: e.Instruction, Given: event.Time})
	case ConsentWithdrawn:
		s.Consents = slices.Clone(s.Consents)
		for i := range s.Consents {
			if c := &s.Consents[i]; c.Instruction == e.Instruction && c.Withdrawn.IsZero() && !c.Given.After(event.Time) {
				c.Withdrawn = event.Time
			}
		}
	case ObjectionRaised:
		s.Objections = added(s.Objections, Objection{ObjectionRaised: e, Raised: event.Time})
	case ObjectionResolved:
		s.Objections = slices.Clone(s.Objections)
		for i := range s.Objections {
			if o := &s.Objections[i]; o.Objection == e.Objection {
				o.Resolved, o.Overridden, o.Void = event.Time, e.Overridden, e.Void
			}
		}
	case RestrictionPlaced:
		s.Restrictions = added(s.Restrictions, Restriction{RestrictionPlaced: e, Placed: event.Time})
	case RestrictionLifted:
		s.Restrictions = slices.Clone(s.Restrictions)
		for i := range s.Restrictions {
			if r := &s.Restrictions[i]; r.Restriction == e.Restriction {
				r.Lifted = event.Time
			}
		}
	case HoldPlaced:
		s.Holds = append(slices.Clone(s.Holds), e)
	case HoldReleased:
		s.Holds = slices.DeleteFunc(slices.Clone(s.Holds), func(h HoldPlaced) bool { return h.Hold == e.Hold })
	case OrderSent:
		s.Orders = append(slices.Clone(s.Orders), e)
	case OrderEscalated:
		s.Escalated = append(slices.Clone(s.Escalated), e.Order)
	case OrderRecalled:
		return s.without(e.Order)
	case ActionRecorded:
		return s.acted(event.Time, e)
	}
	return s
}

// acted takes in what an action did: data that went away, data that came again, an order that was answered.
func (s Standing) acted(at time.Time, a ActionRecorded) Standing {
	here := place(a.System, a.Service)
	gone, from := a.Operation.Effect() == domain.Removes && len(a.Categories) == 0, here
	if a.Operation == domain.Move && a.From != "" {
		gone, from = true, a.From
	}
	_, was := s.Erased[here]
	if gone || was {
		erased := make(map[string]time.Time, len(s.Erased)+1)
		for name, when := range s.Erased {
			erased[name] = when
		}
		if gone {
			erased[from] = at
		} else if a.Operation == domain.Collect {
			delete(erased, here)
		}
		s.Erased = erased
	}
	if n := slices.IndexFunc(s.Orders, func(o OrderSent) bool { return o.Order == a.Order && a.Answers(o.Kind) }); n >= 0 {
		return s.without(a.Order)
	}
	return s
}

// without gives the standing without an open order.
func (s Standing) without(order string) Standing {
	s.Orders = slices.DeleteFunc(slices.Clone(s.Orders), func(o OrderSent) bool { return o.Order == order })
	s.Escalated = slices.DeleteFunc(slices.Clone(s.Escalated), func(open string) bool { return open == order })
	return s
}

// place names where an action of a service is: the system that it names, or else the service itself. A removal without a system is about
// what the service itself holds and proves nothing of any system: what is not said to be gone is held. Holds are met where there is any
// doubt (HoldPlaced.Forbids). No system's name begins with an at sign.
func place(system string, service domain.ServiceID) string {
	if system != "" {
		return system
	}
	return "@" + string(service)
}

// Join gives the standing of two dossiers that were found to be one person's.
func (s Standing) Join(o Standing) Standing {
	s.Consents = append(slices.Clone(s.Consents), o.Consents...)
	s.Objections = append(slices.Clone(s.Objections), o.Objections...)
	s.Restrictions = append(slices.Clone(s.Restrictions), o.Restrictions...)
	s.Holds = append(slices.Clone(s.Holds), o.Holds...)
	s.Orders = append(slices.Clone(s.Orders), o.Orders...)
	s.Escalated = append(slices.Clone(s.Escalated), o.Escalated...)
	erased := make(map[string]time.Time, len(s.Erased)+len(o.Erased))
	for _, from := range []map[string]time.Time{s.Erased, o.Erased} {
		for name, when := range from {
			erased[name] = when
		}
	}
	s.Erased = erased
	return s
}

// added gives the list with one more, without its oldest where it would be too long.
func added[T any](list []T, one T) []T {
	if len(list) >= maxKept {
		list = list[1:]
	}
	return append(slices.Clone(list), one)
}

// Held gives the hold that forbids removing data, nil where none does.
func (s Standing) Held(a Action) *HoldPlaced {
	for i := range s.Holds {
		if s.Holds[i].Forbids(a) {
			return &s.Holds[i]
		}
	}
	return nil
}

// Forbids says that the hold stands at the action's time and its scope meets the action's.
func (h HoldPlaced) Forbids(a Action) bool {
	if !h.Until.IsZero() && !a.Time.Before(h.Until) || h.Instruction != "" && h.Instruction != a.Instruction {
		return false
	}
	if len(h.Systems) > 0 && a.System != "" && !slices.Contains(h.Systems, a.System) {
		return false
	}
	return len(h.Categories) == 0 || len(a.Categories) == 0 ||
		slices.ContainsFunc(a.Categories, func(c domain.Category) bool { return slices.Contains(h.Categories, c) })
}

// Encode gives the standing as JSON, for a memory to keep.
func (s Standing) Encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		// Every member is a text, a number or a time within the years that JSON can hold.
		panic(errors.NewAssertionErrorWithWrappedErrf(err, "a standing cannot be written"))
	}
	return b
}

// Decode reads what Encode gave. It returns domain.ErrInvalid.
func (s *Standing) Decode(b []byte) error {
	if err := json.Unmarshal(b, s); err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrInvalid, "kept standing"), err)
	}
	return nil
}
