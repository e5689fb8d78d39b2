package commands

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
)

// following gives what a step of a case brings about for its people, whoever records it, so that services' actions are held against
// it: an objection is raised with its case (Art. 21(1), 21(3)) and ends with it, a restriction is placed by the decision (Art. 18(1))
// and lifted where the case ends and the person was told (Art. 18(3)).
func following(s request.State, step request.Step, people *standings) []OfPerson {
	received := s.Received
	if opening, is := step.(request.Received); is {
		received = opening
	}
	var list []OfPerson
	for _, key := range people.roots(received.Subjects) {
		var what []dossier.Matter
		switch received.Kind {
		case request.Objection:
			what = ofObjection(received, step, people.get(key))
		case request.Restriction:
			what = ofRestriction(received, step, people.get(key))
		default:
		}
		if _, withdrawn := step.(request.Withdrawn); withdrawn {
			what = append(what, recalled(s, people.get(key))...)
		}
		for _, m := range what {
			list = append(list, OfPerson{Subject: key, What: m})
		}
	}
	return list
}

// recalled takes back what services were told to do for a case and have not done: nobody wants it any more.
func recalled(s request.State, standing dossier.Standing) []dossier.Matter {
	var list []dossier.Matter
	for _, o := range standing.Orders {
		if o.Case == string(s.Received.Case) {
			list = append(list, dossier.OrderRecalled{Order: o.Order})
		}
	}
	return list
}

// objections gives the objections of a case: one to direct marketing, one to all that can be objected to, or both.
func objections(r request.Received) []dossier.ObjectionRaised {
	var list []dossier.ObjectionRaised
	if slices.ContainsFunc(r.Grounds, func(g request.Ground) bool { return g != request.DirectMarketing }) {
		list = append(list, dossier.ObjectionRaised{Objection: string(r.Case)})
	}
	if slices.Contains(r.Grounds, request.DirectMarketing) {
		marketing := dossier.ObjectionRaised{Objection: string(r.Case), Marketing: true}
		if len(list) > 0 {
			marketing.Objection += ".marketing"
		}
		list = append(list, marketing)
	}
	return list
}

func ofObjection(r request.Received, step request.Step, s dossier.Standing) []dossier.Matter {
	var list []dossier.Matter
	for _, raised := range objections(r) {
		var end dossier.ObjectionResolved
		switch e := step.(type) {
		case request.Received:
			list = append(list, raised)
			continue
		case request.Decided:
			end = resolved(raised, e)
		case request.Withdrawn:
			end = dossier.ObjectionResolved{Objection: raised.Objection, Void: true, Ground: "the person took it back"}
		case request.Transferred:
			end = dossier.ObjectionResolved{Objection: raised.Objection, Void: true, Ground: "it was meant for another controller"}
		default:
			continue
		}
		if slices.ContainsFunc(s.Objections, func(o dossier.Objection) bool {
			return o.Objection == end.Objection && (o.Resolved.IsZero() || end.Void && !o.Overridden && !o.Void)
		}) {
			list = append(list, end)
		}
	}
	return list
}

// resolved gives how a decision ends an objection. Where nobody could show that it is the person's (Art. 12(2), 12(6)) there is none;
// that alone can be said against one to direct marketing, which is never overridden (Art. 21(3)).
func resolved(o dossier.ObjectionRaised, d request.Decided) dossier.ObjectionResolved {
	r := dossier.ObjectionResolved{Objection: o.Objection}
	stands := d.Outcome == request.Accepted || d.Outcome == request.Partly && slices.ContainsFunc(d.Grounds, func(g request.Ground) bool {
		return (g == request.DirectMarketing) == o.Marketing
	})
	if stands || len(d.Refusals) == 0 {
		return r
	}
	refusal := d.Refusals[0].Ground
	for _, c := range d.Refusals {
		if c.Ground == request.IdentityFailure {
			refusal, r.Void = c.Ground, true
		}
	}
	r.Overridden, r.Ground = !r.Void, refusal.Article()+": "+refusal.Words()
	return r
}

func ofRestriction(r request.Received, step request.Step, s dossier.Standing) []dossier.Matter {
	id := string(r.Case)
	var told calendar.Date
	switch e := step.(type) {
	case request.Decided:
		if e.Outcome == request.Refused || len(e.Grounds) == 0 {
			return nil
		}
		return []dossier.Matter{dossier.RestrictionPlaced{Restriction: id, Ground: string(e.Grounds[0])}}
	case request.Withdrawn:
		told = e.Told
	case request.Closed:
		told = e.Told
	default:
		return nil
	}
	if told.IsZero() || !slices.ContainsFunc(s.Restrictions, func(r dossier.Restriction) bool { return r.Restriction == id && r.Lifted.IsZero() }) {
		return nil
	}
	return []dossier.Matter{dossier.RestrictionLifted{Restriction: id, Told: told.Time()}}
}

// roots gives, of a person's keys, those under which what stands about them is kept, each once.
func (s *standings) roots(keys []domain.SubjectKey) []domain.SubjectKey {
	var roots []domain.SubjectKey
	for _, key := range keys {
		if root := s.root(key); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return roots
}

// goesOn says that a step ends a case and leaves its restriction in place (Art. 18(3)).
func goesOn(s request.State, step request.Step, people *standings) bool {
	closed, is := step.(request.Closed)
	if !is || s.Received.Kind != request.Restriction || !closed.Told.IsZero() {
		return false
	}
	return slices.ContainsFunc(people.roots(s.Received.Subjects), func(key domain.SubjectKey) bool {
		return slices.ContainsFunc(people.get(key).Restrictions, func(r dossier.Restriction) bool {
			return r.Restriction == string(s.Received.Case) && r.Lifted.IsZero()
		})
	})
}
