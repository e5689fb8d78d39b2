package api

import (
	"slices"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
)

// What goes with the steps of a case into the dossiers of its people, so that services' actions are held against it.

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

// objected gives what an objection raises: processing stops with it, and not only with the decision (Art. 21(1), 21(3)).
func (c *call) objected(r request.Received) func([]domain.SubjectKey) []commands.OfPerson {
	return func(keys []domain.SubjectKey) []commands.OfPerson {
		if r.Kind != request.Objection {
			return nil
		}
		var list []commands.OfPerson
		for _, key := range c.api.cfg.Ledger.Roots(keys) {
			for _, o := range objections(r) {
				list = append(list, commands.OfPerson{Subject: key, What: o})
			}
		}
		return list
	}
}

// decided gives what a decision brings about for the people of its case: a restriction that is placed (Art. 18(1)), an objection
// that is resolved (Art. 21(1)).
func (c *call) decided(s request.State, d request.Decided) []commands.OfPerson {
	var list []commands.OfPerson
	for _, key := range c.api.cfg.Ledger.Roots(s.Received.Subjects) {
		switch s.Received.Kind {
		case request.Restriction:
			if d.Outcome != request.Refused && len(d.Grounds) > 0 {
				list = append(list, commands.OfPerson{Subject: key, What: dossier.RestrictionPlaced{
					Restriction: string(s.Received.Case), Ground: string(d.Grounds[0]),
				}})
			}
		case request.Objection:
			standing := c.api.cfg.Ledger.Standing(key)
			for _, o := range objections(s.Received) {
				if resolved, is := resolved(o, d); is && waits(standing, o) {
					list = append(list, commands.OfPerson{Subject: key, What: resolved})
				}
			}
		default:
		}
	}
	return list
}

// resolved gives how a decision ends an objection. One to direct marketing is never overridden (Art. 21(3)): where the person could
// not be identified it stays as it is.
func resolved(o dossier.ObjectionRaised, d request.Decided) (dossier.ObjectionResolved, bool) {
	stands := d.Outcome == request.Accepted || d.Outcome == request.Partly && slices.ContainsFunc(d.Grounds, func(g request.Ground) bool {
		return (g == request.DirectMarketing) == o.Marketing
	})
	r := dossier.ObjectionResolved{Objection: o.Objection, Overridden: !stands}
	if !stands && len(d.Refusals) > 0 {
		r.Ground = d.Refusals[0].Ground.Article() + ": " + d.Refusals[0].Ground.Words()
	}
	return r, stands || !o.Marketing
}

// waits says that the objection is on record and nobody has decided on it.
func waits(s dossier.Standing, o dossier.ObjectionRaised) bool {
	return slices.ContainsFunc(s.Objections, func(x dossier.Objection) bool { return x.Objection == o.Objection && x.Resolved.IsZero() })
}
