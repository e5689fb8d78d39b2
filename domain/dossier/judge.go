package dossier

import (
	"slices"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

// Known is what the judgement of an action rests on, beside the standing of the people whom it touches.
type Known struct {
	Instruction instruction.State // empty where the controller never gave it
	// ReportsWithin and Now bound how late the report may come; a zero Now leaves lateness out, as when asking beforehand.
	ReportsWithin time.Duration
	Now           time.Time
	// Territory is where the processor may keep data without a safeguard (Art. 44); empty leaves transfers out.
	Territory []domain.Territory
	// Recipient is the one that the action names, nil where it names none or one that is not registered.
	Recipient *register.RecipientDeclared
	// Authorisation is what the controller said about sub-processors, nil where it said nothing.
	Authorisation *register.AuthorisationDeclared
	// CourtOrder is the order of a court or an authority that the action names, nil where it names none.
	CourtOrder *disclosure.Order
}

// Judgement is what the ledger makes of an action: the instruction version that was in force, the basis the controller chose
// in it or that a court's order rests on, and everything that is wrong.
type Judgement struct {
	Version  int
	Basis    domain.Basis
	Findings domain.FindingSet

	terms *domain.Terms // of the version in force, nil where none was
}

func (j *Judgement) find(wrong bool, f domain.Finding) {
	if wrong {
		j.Findings = j.Findings.With(f)
	}
}

// Judge holds an action against what was known. It never refuses: what is wrong becomes findings, all of them at once. What
// stands about a person is judged by Judgement.Of.
func Judge(a Action, k Known) Judgement {
	var j Judgement
	j.find(!k.Now.IsZero() && k.Now.Sub(a.Time) > k.ReportsWithin, domain.ReportedLate)
	version, withdrawn, found := k.Instruction.InForce(a.Time)
	if found {
		j.Version, j.Basis, j.terms = version.Number, version.Terms.Basis, &version.Terms
	}
	if k.CourtOrder != nil {
		// What a law compels needs no instruction (Art. 28(3)(a)); the order's own bounds take its place.
		j.compelled(a, k.CourtOrder)
	} else {
		j.find(!found, domain.NoInstruction)
		j.find(withdrawn, domain.InstructionWithdrawn)
		if found {
			j.against(a, version.Terms)
		}
		j.find(toAuthority(a, k.Recipient) && !j.names(a.Recipient), domain.CourtOrderMissing)
	}
	j.transfer(a, k)
	j.subProcessor(a, k)
	return j
}

// against finds what of the action the terms do not permit (Art. 28(3), 29).
func (j *Judgement) against(a Action, t domain.Terms) {
	j.find(!t.Permits(a.Operation), domain.OperationNotInstructed)
	for _, c := range a.Categories {
		j.find(!slices.Contains(t.Categories, c), domain.CategoryNotInstructed)
		j.find(c.Special() && t.Condition == "", domain.SpecialCategoryWithoutCondition)
	}
	j.find(a.Recipient == "" && a.Operation.Discloses() || a.Recipient != "" && !slices.Contains(t.Recipients, a.Recipient),
		domain.RecipientNotInstructed)
	j.find(a.Location != "" && !t.Reaches(a.Location), domain.LocationNotInstructed)
	j.find(a.Stated != "" && a.Stated != t.Basis, domain.BasisMismatch)
}

// names says that the instruction in force names the recipient.
func (j *Judgement) names(r domain.RecipientID) bool {
	return j.terms != nil && slices.Contains(j.terms.Recipients, r)
}

func toAuthority(a Action, r *register.RecipientDeclared) bool {
	return a.Operation.Discloses() && r != nil && r.Kind == register.Authority
}

// compelled takes the basis from an order to disclose, and finds what goes beyond it (Art. 5(1)(c), 6(1)(c), 28(3)(a), 48).
func (j *Judgement) compelled(a Action, o *disclosure.Order) {
	beyond := a.Recipient != o.Authority || o.Issued.After(a.Time) ||
		slices.ContainsFunc(a.Categories, func(c domain.Category) bool { return !o.Asks(c) })
	j.find(a.Operation.Discloses() && beyond, domain.BeyondCourtOrder)
	told := !o.Informed.IsZero() && !o.Informed.After(a.Time)
	j.find(a.Operation.Discloses() && !told && !o.Secret(a.Time), domain.ControllerNotInformed)
	if a.Operation.Discloses() {
		j.Basis = o.RestsOn()
	}
}

// transfer finds data outside the processor's territory without a safeguard (Art. 44–49): where the action says it is, or where
// its recipient is. Taking data away abroad brings none there.
func (j *Judgement) transfer(a Action, k Known) {
	if len(k.Territory) == 0 || a.Operation.Removal() {
		return
	}
	places := []domain.Location{a.Location}
	safe := j.terms != nil && j.terms.Safeguard != ""
	// What a third country's court orders may be handed over where an international agreement recognises the order (Art. 48).
	safe = safe || k.CourtOrder != nil && k.CourtOrder.Agreement != ""
	if k.Recipient != nil {
		places = append(places, k.Recipient.Country)
		safe = safe || k.Recipient.Safeguard != ""
	}
	for _, place := range places {
		outside := place != "" && !slices.ContainsFunc(k.Territory, func(t domain.Territory) bool { return t.Holds(place) })
		j.find(outside && !safe, domain.TransferWithoutSafeguard)
	}
}

// subProcessor finds a sub-processor that the controller has not authorised (Art. 28(2), 28(4)).
func (j *Judgement) subProcessor(a Action, k Known) {
	if k.Recipient == nil || k.Recipient.Kind != register.SubProcessor || k.Authorisation == nil {
		return
	}
	j.find(!k.Authorisation.Covers(*k.Recipient, a.Time), domain.SubProcessorNotAuthorised)
}

// Of gives the findings of the action for one person: those of the judgement, and what stands about the person.
func (j Judgement) Of(a Action, s Standing) domain.FindingSet {
	removal := a.Operation.Removal()
	if s.telling(a) {
		return j.Findings.Without(domain.OperationNotInstructed, domain.RecipientNotInstructed, domain.SubProcessorNotAuthorised)
	}
	if j.terms != nil && j.terms.Basis == domain.Consent && !removal && a.Operation != domain.Restrict {
		given, withdrawn := s.consented(a)
		j.find(!given, domain.ConsentMissing)
		j.find(withdrawn, domain.ConsentWithdrawn)
	}
	if s.IsZero() {
		return j.Findings
	}
	j.find(!removal && a.Operation != domain.Restrict && s.objected(a, j), domain.Objected)
	j.find(slices.ContainsFunc(s.Restrictions, func(r Restriction) bool { return r.forbids(a) }), domain.Restricted)
	j.find(removal && s.Held(a) != nil, domain.OnHold)
	j.find(s.erased(a, removal), domain.Erased)
	for _, o := range s.Orders {
		j.find(o.Kind == TaskErase && o.Reason == "retention" && !removal && o.Instruction == a.Instruction && a.Time.After(o.Due), domain.PastRetention)
		j.find(o.Order == a.Order && o.Kind == TaskErase && removal && j.terms != nil && !j.terms.Erases(a.Operation), domain.RemovalNotErasure)
	}
	return j.Findings
}

// telling says that the action tells a recipient what became of the data it was given, as the ledger asked for. The law demands it
// (Art. 19), whoever it is, so neither the instruction's list nor a restriction, an objection, an erasure or a consent that is gone
// stands against it.
func (s Standing) telling(a Action) bool {
	return a.Order != "" && slices.ContainsFunc(s.Orders, func(o OrderSent) bool {
		return o.Order == a.Order && o.Kind == TaskTell && o.Recipient == a.Recipient
	})
}

// consented says whether a consent under the instruction had been given by the action's time, and whether the newest such had been
// withdrawn by then (Art. 7).
func (s Standing) consented(a Action) (given, withdrawn bool) {
	for _, c := range s.Consents {
		if c.Instruction == a.Instruction && !c.Given.After(a.Time) {
			given = true
			withdrawn = !c.Withdrawn.IsZero() && !c.Withdrawn.After(a.Time)
		}
	}
	return given, withdrawn
}

// objected says that an objection stood against the action at its time (Art. 21).
func (s Standing) objected(a Action, j Judgement) bool {
	return slices.ContainsFunc(s.Objections, func(o Objection) bool {
		if o.Raised.After(a.Time) || o.Ended(a.Time) {
			return false
		}
		switch {
		case o.Marketing:
			return j.terms != nil && j.terms.Marketing()
		case o.Instruction != "":
			// Of a contract, a legal obligation or a consent it stops nothing: Art. 21(1) does not cover those.
			return o.Instruction == a.Instruction && (Objectionable(j.Basis) || j.terms != nil && j.terms.Marketing())
		default:
			return Objectionable(j.Basis)
		}
	})
}

// Objectionable says that a person can object to processing on the basis (Art. 21(1)).
func Objectionable(b domain.Basis) bool {
	return b == domain.PublicTask || b == domain.LegitimateInterests || b == domain.RecognisedLegitimateInterest
}

// forbids says that the restriction stood at the action's time and does not allow it (Art. 18(2)): storing always stays allowed.
func (r Restriction) forbids(a Action) bool {
	if r.Placed.After(a.Time) || !r.Lifted.IsZero() && !r.Lifted.After(a.Time) || r.Instruction != "" && r.Instruction != a.Instruction {
		return false
	}
	if a.Operation == domain.Store || a.Operation == domain.Restrict {
		return false
	}
	return slices.Contains(r.Prohibited, a.Operation) || !slices.ContainsFunc(r.Allowed, a.Operation.Within)
}

// erased says that the action touches, where it is or where it takes from, what had been removed from there by then. Collecting begins
// anew, and removing again does no harm.
func (s Standing) erased(a Action, removal bool) bool {
	if removal || a.Operation == domain.Collect {
		return false
	}
	from := place(a.System, a.Service)
	if a.Operation == domain.Move || a.Operation == domain.Copy {
		from = a.From
	}
	when, gone := s.Erased[from]
	return gone && a.Time.After(when)
}

// Record gives the event for one person of a judged action.
func Record(a Action, j Judgement, findings domain.FindingSet, subject domain.SubjectKey, identifier string, details domain.Sealed) ActionRecorded {
	return ActionRecorded{
		Controller: a.Controller, Service: a.Service, Subject: subject, Identifier: identifier,
		Operation: a.Operation, Instruction: a.Instruction, Version: j.Version, Basis: j.Basis,
		Categories: a.Categories, System: a.System, From: a.From, Location: a.Location, Recipient: a.Recipient, Order: a.Order,
		Stated: a.Stated, Announced: a.Announced, Findings: findings, Details: details,
	}
}
