package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

// State is one case. It is never changed in place; the zero value is a case that was never opened.
type State struct {
	Received     Received
	Owner        domain.ContactID
	Acknowledged calendar.Date
	// The questions to the person, oldest first; the last may be open.
	Identity, Fee, Clarification []calendar.Wait
	Extended                     *Extended
	Searched                     calendar.Date // the day of the last search, none where nobody looked
	Places                       []PlaceState
	Reviewed                     *Reviewed
	Decided                      *Decided
	Delivered                    calendar.Date
	Answered                     *Answered
	Correspondence               []Corresponded
	Withdrawn                    calendar.Date
	Transferred                  *Transferred
	Closed                       *Closed
	Notified                     []Notified // the last of each address
}

// Exists says that the case was opened.
func (s State) Exists() bool { return s.Received.Case != "" }

// Over says that the case ended: closed, withdrawn or transferred.
func (s State) Over() bool { return s.Closed != nil || !s.Withdrawn.IsZero() || s.Transferred != nil }

// Evolve gives the state after an event.
func (s State) Evolve(event domain.Event) State {
	switch e := event.Fact.(type) {
	case Received:
		s = State{Received: e, Owner: e.Owner}
	case Assigned:
		s.Owner = e.Owner
	case Acknowledged:
		s.Acknowledged = e.On
	case Asked:
		s = s.asked(e)
	case Replied:
		s = s.replied(e)
	case Extended:
		s.Extended = &e
	case Found:
		s.Searched = e.On
		s.Places = slices.Clone(s.Places)
		for _, p := range e.Places {
			if s.place(p) < 0 {
				s.Places = append(s.Places, PlaceState{Place: p})
			}
		}
	case Reviewed:
		s.Reviewed = &e
	case Decided:
		s.Decided = &e
	case Ordered:
		if i := s.place(e.Place); i >= 0 {
			s.Places = slices.Clone(s.Places)
			s.Places[i].Orders = append(slices.Clone(s.Places[i].Orders), Issued{e.Order, e.Task})
		}
	case Settled:
		if i := s.place(e.Place); i >= 0 {
			s.Places = slices.Clone(s.Places)
			s.Places[i].Settled = &e
		}
	case Delivered:
		s.Delivered = e.On
	case Answered:
		s.Answered = &e
	case Corresponded:
		s.Correspondence = append(slices.Clone(s.Correspondence), e)
	case Withdrawn:
		s.Withdrawn = e.On
	case Transferred:
		s.Transferred = &e
	case Closed:
		s.Closed = &e
	case Notified:
		s.Notified = append(slices.DeleteFunc(slices.Clone(s.Notified), func(n Notified) bool { return n.Callback == e.Callback }), e)
	}
	return s
}

func (s State) asked(e Asked) State {
	switch e.For {
	case Identity:
		s.Identity = append(slices.Clone(s.Identity), calendar.Wait{Asked: e.On})
	case Fee:
		s.Fee = append(slices.Clone(s.Fee), calendar.Wait{Asked: e.On})
	case Clarification:
		s.Clarification = append(slices.Clone(s.Clarification), calendar.Wait{Asked: e.On})
	}
	return s
}

func (s State) replied(e Replied) State {
	waits := slices.Clone(s.waits(e.For))
	if n := len(waits); e.Enough && n > 0 {
		waits[n-1].Came = e.On
	}
	switch e.For {
	case Identity:
		s.Identity = waits
	case Fee:
		s.Fee = waits
	case Clarification:
		s.Clarification = waits
	}
	return s
}

func (s State) waits(q Question) []calendar.Wait {
	switch q {
	case Identity:
		return s.Identity
	case Fee:
		return s.Fee
	case Clarification:
		return s.Clarification
	default:
		return nil
	}
}

// Open says that the question was asked and what was asked for has not come.
func (s State) Open(q Question) bool {
	w := s.waits(q)
	return len(w) > 0 && w[len(w)-1].Came.IsZero()
}

func (s State) place(p Place) int {
	return slices.IndexFunc(s.Places, func(o PlaceState) bool { return o.Place == p })
}

// Unsettled lists the places that are not closed yet, none where the kind of case or the decision asks for nothing there.
// Recipients count where Article 19 has them told: of rectification, erasure and restriction, not of an objection.
func (s State) Unsettled() []Place {
	var open []Place
	if !s.carriedOut() {
		return nil
	}
	for _, p := range s.Places {
		if p.Settled == nil && (p.Place.Kind != Recipient || kinds[s.Received.Kind].told) {
			open = append(open, p.Place)
		}
	}
	return open
}

// carriedOut says that the decision has to be carried out place by place: not where the person took the request back.
func (s State) carriedOut() bool {
	return s.Decided != nil && s.Decided.Outcome != Refused && s.Received.Kind.CarriedOut() && s.Withdrawn.IsZero()
}

// Legal gives the controller's limit in law with its working: for a request the answer (Art. 12(3)), for a complaint the
// acknowledgement (UK, s.164A).
func (s State) Legal() calendar.Working {
	var w calendar.Working
	if s.Received.Kind == Complaint {
		w = calendar.Acknowledgement(s.Received.Regime, s.Received.Calendar, s.Received.On)
		if answered := s.answeredOn(); s.Acknowledged.IsZero() || !answered.IsZero() && answered.Before(s.Acknowledged) {
			w = w.Done("Answered", answered)
		} else {
			w = w.Done("Acknowledged", s.Acknowledged)
		}
	} else {
		w = s.reply().Working().Done("Answered", s.answeredOn())
	}
	return s.stopped(w)
}

// FirstMonth gives the limit within which an extension must be announced, and a refusal told (Art. 12(3), (4)).
func (s State) FirstMonth() calendar.Working { return s.reply().FirstMonth() }

// Promised gives the processor's own limit towards its client with its working (Art. 28(3)(e)).
func (s State) Promised() calendar.Working {
	reached := s.Received.Reached
	if reached.IsZero() {
		reached = s.Received.On
	}
	w := s.Received.Promise.From(reached, s.Received.Calendar)
	if answered := s.answeredOn(); s.Delivered.IsZero() || !answered.IsZero() && answered.Before(s.Delivered) {
		return s.stopped(w.Done("Answered", answered))
	}
	return s.stopped(w.Done("Delivered to the client", s.Delivered))
}

func (s State) reply() calendar.Reply {
	r := calendar.Reply{
		Regime: s.Received.Regime, Calendar: s.Received.Calendar, Received: s.Received.On, Access: s.Received.Kind == Access,
		Identity: s.Identity, Fee: s.Fee, Clarification: s.Clarification,
	}
	if s.Extended != nil {
		r.Further = s.Extended.Months
	}
	return r
}

func (s State) stopped(w calendar.Working) calendar.Working {
	switch {
	case !w.Ended.IsZero():
		return w
	case s.Transferred != nil:
		return w.Stop("Handed to the right controller", s.Transferred.On)
	default:
		return w.Stop("Withdrawn by the person", s.Withdrawn)
	}
}

func (s State) answeredOn() calendar.Date {
	if s.Answered == nil {
		return calendar.Date{}
	}
	return s.Answered.On
}
