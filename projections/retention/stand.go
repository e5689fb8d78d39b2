package retention

import (
	"slices"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// stands says how it stands with a rule.
func stands(r domain.Retention, began func(domain.Trigger) (time.Time, bool)) Rule {
	from, ok := r.On, r.After == domain.WhenDate
	if !ok {
		from, ok = began(r.After)
	}
	if !ok {
		return Rule{Retention: r}
	}
	return Rule{Retention: r, Began: from, Ends: r.Keep.After(from)}
}

// reason says, as an order does, why data is due whose period ran from a trigger.
func reason(because domain.Trigger) string {
	switch because {
	case domain.WhenConsentWithdrawn:
		return ReasonConsent
	case domain.WhenInstructionWithdrawn:
		return ReasonInstruction
	case domain.WhenRecorded, domain.WhenOrderClosed, domain.WhenEnquiryAnswered, domain.WhenQuoteDeclined, domain.WhenContractEnded,
		domain.WhenDate:
		return ReasonRetention
	}
	return ReasonRetention
}

// stand says how it stands with an item that is not done.
func (r *reckoning) stand(s *Item, n int, holds []dossier.HoldPlaced, at time.Time) {
	i, own := &r.items[n], r.ends[n]
	first, which := r.due(n)
	l := place(i, own, first)
	if l.due != never {
		s.Due, s.Reason = moment(l.due), reason(own[which].Because)
		s.Return = s.Reason == ReasonInstruction && r.ended[i.of.scope()].back
	}
	due, over := 0, false
	for k, c := range i.categories {
		held := protect(s, holds, c, at)
		over = over || !own[k].At.IsZero() && !own[k].At.After(at)
		when := r.dueOf(n, k)
		if when == never {
			continue
		}
		s.Dues = append(s.Dues, CategoryDue{c, moment(when)})
		if moment(when).After(at) {
			continue
		}
		due++
		if !held {
			s.Erase = append(s.Erase, c)
		}
	}
	s.nameable(len(i.categories))
	switch {
	case s.Order != "":
		s.State = Ordered
	case due > 0 && len(s.Erase) == 0 && !s.Whole && len(s.Holds) == 0:
		s.State = Kept
	case due > 0 && len(s.Erase) == 0 && !s.Whole:
		s.State = Blocked
	case due > 0 && at.Sub(s.Due) > OverdueAfter:
		s.State = Overdue
	case due > 0:
		s.State = Due
	case l.day == dayUnruled:
		s.State = Unruled
	case l.day == dayWaiting:
		s.State = Waiting
	case over:
		s.State = Kept
	default:
		s.State = Running
	}
}

// nameable leaves in Erase what an order can name. What was brought without a category goes only with all else.
func (i *Item) nameable(all int) {
	at := slices.Index(i.Erase, "")
	switch {
	case at < 0:
	case len(i.Erase) == all:
		i.Whole, i.Erase = true, nil
	default:
		i.Erase = slices.Delete(i.Erase, at, at+1)
	}
}

// protect notes the holds that forbid removing a category of an item, and says whether any does.
func protect(s *Item, holds []dossier.HoldPlaced, c domain.Category, at time.Time) (held bool) {
	a := dossier.Action{Time: at, Operation: domain.Erase, Instruction: s.Instruction, System: s.System}
	if c != "" {
		a.Categories = []domain.Category{c}
	}
	for _, h := range holds {
		if h.Controller == s.Controller && h.Forbids(a) {
			held = true
			if !slices.Contains(s.Holds, h.Hold) {
				s.Holds = append(s.Holds, h.Hold)
			}
		}
	}
	return held
}
