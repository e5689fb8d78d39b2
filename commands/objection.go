package commands

import (
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Note tells whoever recorded something what it does not do, though it stands recorded; empty for nothing.
type Note struct {
	Article string
	Message string
}

// instead says, by the basis on which processing rests that cannot be objected to, what a person has in place of the right to object.
var instead = map[domain.Basis]string{
	domain.Consent: "They can withdraw the consent at any time (Art. 7(3)), and then have the data erased (Art. 17(1)(b)).",
	domain.Contract: "They can have the data erased when the contract needs it no more (Art. 17(1)(a)), have it restricted (Art. 18), " +
		"and take a copy along (Art. 20).",
	domain.LegalObligation: "They can have the data put right (Art. 16) or restricted (Art. 18), and complain.",
	domain.VitalInterests:  "They can have the data put right (Art. 16), erased when it is needed no more (Art. 17(1)(a)), or restricted (Art. 18).",
}

// note says what a recorded objection does not stop, and what right the person has instead (Art. 21).
func (s State) note(fact domain.Fact, at time.Time) Note {
	o, is := fact.(dossier.ObjectionRaised)
	if !is {
		return Note{}
	}
	if o.Instruction == "" {
		return s.unmet(o, at)
	}
	v, withdrawn, found := s.Instructions[InstructionKey{o.Controller, o.Instruction}].InForce(at)
	switch {
	case !found:
		return Note{"Art. 28(3)(a)", "No instruction " + string(o.Instruction) + " had been given by then, so the objection stops nothing. Check its name."}
	case withdrawn:
		return Note{"Art. 28(3)(a)", "Instruction " + string(o.Instruction) + " had been withdrawn by then: nothing is to be processed under it anyway."}
	case o.Marketing && !v.Terms.Marketing():
		return Note{"Art. 21(2)", "Instruction " + string(o.Instruction) + " serves no direct marketing, so an objection to that stops nothing under it."}
	case v.Terms.Marketing():
		return Note{"Art. 21(2), 21(3)", "Instruction " + string(o.Instruction) + " serves direct marketing: the objection is final, and nothing overrides it."}
	case dossier.Objectionable(v.Terms.Basis):
		return Note{}
	}
	b := v.Terms.Basis
	return Note{"Art. 21(1)", "Art. 21(1) covers what rests on " + s.objectionable(o.Controller) + " only, and instruction " + string(o.Instruction) +
		" rests on " + b.Words() + ", " + b.Article() + ". The objection is recorded and stops nothing, direct marketing apart (Art. 21(2)). " + instead[b]}
}

// objectionable names the bases that can be objected to under the law of a controller.
func (s State) objectionable(c domain.ControllerID) string {
	if s.Register.Controllers[c].Regime == domain.UK {
		return "Art. 6(1)(e), (ea) or (f)"
	}
	return "Art. 6(1)(e) or (f)"
}

// unmet says that an objection to all that can be objected to meets no instruction that is in force.
func (s State) unmet(o dossier.ObjectionRaised, at time.Time) Note {
	for key, i := range s.Instructions {
		v, withdrawn, found := i.InForce(at)
		if key.Controller != o.Controller || !found || withdrawn {
			continue
		}
		if o.Marketing && v.Terms.Marketing() || !o.Marketing && dossier.Objectionable(v.Terms.Basis) {
			return Note{}
		}
	}
	if o.Marketing {
		return Note{"Art. 21(2)", "No instruction of the client serves direct marketing now, so the objection stops nothing yet; it counts for those to come."}
	}
	return Note{"Art. 21(1)", "No instruction of the client rests on " + s.objectionable(o.Controller) +
		" now, and Art. 21(1) covers no other basis, so the objection stops nothing yet; it counts for those to come."}
}

// final finds that an objection to direct marketing is to be overridden: what serves it is known by the instruction too.
func (s State) final(what domain.Fact, of dossier.Standing, at time.Time) error {
	r, is := what.(dossier.ObjectionResolved)
	if !is || !r.Overridden {
		return nil
	}
	for _, o := range of.Objections {
		v, _, found := s.Instructions[InstructionKey{r.Controller, o.Instruction}].InForce(at)
		if o.Objection == r.Objection && found && v.Terms.Marketing() {
			return errors.WithHint(errors.Wrap(domain.ErrForbidden, "overriding an objection to what serves marketing"),
				"Article 21(3): the instruction serves direct marketing, so the objection is final.")
		}
	}
	return nil
}

// noticed adds to the receipts of objections what they do not do. What it returns is called as done is.
func (l *Ledger) noticed(actions []Action, done func([]Outcome)) func([]Outcome) {
	var at []int
	for i := range actions {
		if _, is := actions[i].Says.(Objection); is {
			at = append(at, i)
		}
	}
	if at == nil {
		return done
	}
	return func(outcomes []Outcome) {
		state := l.State()
		for _, i := range at {
			a := &actions[i]
			if o := &outcomes[i]; o.Err == nil {
				o.Receipt.Note = state.note(a.Says.About(dossier.Of{Controller: a.Controller}, a.Action, a.ID), a.Time)
			}
		}
		done(outcomes)
	}
}
