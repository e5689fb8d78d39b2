package commands

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
)

// MaxNoteBytes is the longest note on a step of a case.
const MaxNoteBytes = 4096

// Stepped is a step of a case with what goes with it.
type Stepped struct {
	Step request.Step
	// Note is free text, which is sealed under the key of the case's first person.
	Note domain.Personal
	// Today is the day it is now in the case's calendar.
	Today calendar.Date
	// With are matters of the case's people that are recorded with the step, all or none, and only where the step is new, beside
	// those that follow from the step itself.
	With []OfPerson
}

// OfPerson is a matter of one person.
type OfPerson struct {
	Subject domain.SubjectKey
	What    dossier.Matter
}

// Open opens a case for the people with the identifiers, each of whom is given a dossier where the ledger does not know them: that
// nothing is held of somebody is an answer that is owed as well (Art. 15(1)). The step must be a request.Received without subjects.
// It returns domain.ErrInvalid, domain.ErrNotFound where the
// controller or the owner is not in the register, and domain.ErrConflict.
func (l *Ledger) Open(ctx context.Context, r request.Received, people []domain.Identifier, s Stepped) (Settled, error) {
	if err := l.openable(r, people, s); err != nil {
		return Settled{}, err
	}
	lookups := make([]Lookup, len(people))
	for i, id := range people {
		lookups[i] = Lookup{Controller: r.Controller, Identifier: id, Open: true}
	}
	if _, err := l.cfg.Vault.Resolve(ctx, lookups); err != nil {
		return Settled{}, errors.Wrap(err, "find the people of a case")
	}
	r.Subjects = nil
	known := map[domain.SubjectKey]bool{}
	for _, id := range people {
		keys, err := l.cfg.Vault.Keys(ctx, r.Controller, id)
		if err != nil {
			return Settled{}, errors.Wrap(err, "keys of the people of a case")
		}
		for _, key := range keys {
			if !known[key] {
				known[key] = true
				r.Subjects = append(r.Subjects, key)
			}
		}
	}
	s.Step = r
	return l.TakeStep(ctx, s)
}

// openable finds what is wrong with a case before anybody's dossier is opened for it.
func (l *Ledger) openable(r request.Received, people []domain.Identifier, s Stepped) error {
	state := l.State().Register
	if _, known := state.Controllers[r.Controller]; !known {
		return errors.WithHint(errors.Wrapf(domain.ErrNotFound, "controller %s of a case", r.Controller), "Declare the controller in the register first.")
	}
	if len(people) == 0 || len(people) > domain.MaxListed {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "people of a case"), "Name the person by 1 to 64 identifiers, each as kind:value.")
	}
	r.Subjects = []domain.SubjectKey{1}
	if _, err := (request.Record{Step: r, Today: s.Today}).Decide(request.State{}); err != nil {
		return err
	}
	return l.owner(r.Controller, r.Owner)
}

// owner checks that a contact of the processor or of the controller bears the name.
func (l *Ledger) owner(c domain.ControllerID, owner domain.ContactID) error {
	contacts := l.State().Register.Contacts
	_, ours := contacts[register.ContactKey{Controller: register.Itself, Contact: owner}]
	_, theirs := contacts[register.ContactKey{Controller: c, Contact: owner}]
	if !ours && !theirs {
		return errors.WithHint(errors.Wrapf(domain.ErrNotFound, "owner %s of a case", owner), "Name a contact of the processor or of the controller in the register.")
	}
	return nil
}

// TakeStep records a step of a case with its note and the matters that go with it, all or none. Where the same step stands recorded,
// nothing is. It returns what request.Record.Decide and the matters' decisions return, and domain.ErrForgotten where a note is
// to be sealed for somebody who was forgotten.
func (l *Ledger) TakeStep(ctx context.Context, s Stepped) (Settled, error) {
	key := request.KeyOf(s.Step)
	if assigned, is := s.Step.(request.Assigned); is {
		if err := l.owner(key.Controller, assigned.Owner); err != nil {
			return Settled{}, err
		}
	}
	id := l.cfg.NewID()
	step, err := l.noted(ctx, s, id)
	if err != nil {
		return Settled{}, err
	}
	result, err := l.do(ctx, &command{decide: func(_ context.Context, on deciding) (any, []domain.Event, error) {
		state, err := on.cases.get(key)
		if err != nil {
			return nil, nil, err
		}
		facts, err := request.Record{Step: step, Today: s.Today}.Decide(state)
		if err != nil || len(facts) == 0 {
			return nil, nil, err
		}
		// The matters come first: an order must stand before its case says that it was given.
		var matters []domain.Fact
		var note Note
		for _, m := range append(following(state, step, on.standings), s.With...) {
			what := dossier.For(m.What, dossier.Of{Controller: key.Controller, Subject: m.Subject, By: request.Details(step).By})
			decided, err := what.Decide(on.standings.get(m.Subject), on.now)
			if err != nil {
				return nil, nil, err
			}
			matters = append(matters, decided...)
			if note == (Note{}) {
				note = on.state.note(what, on.now) // of one of a case's objections: the others are of the same people
			}
		}
		if goesOn(state, step, on.standings) {
			note = Note{"Art. 18(3)", "The restriction goes on: the person is told before it is lifted. Tell them, and lift it then " +
				"(daybook restriction lift), with the day on which they were told."}
		}
		events := l.owned(append(matters, facts...), on.now)
		events[len(events)-1].ID = id
		return note, events, nil
	}})
	note, _ := result.value.(Note)
	return Settled{Position: result.position, Events: result.events, Note: note}, err
}

// noted seals the note, bound to the event that is to carry it.
func (l *Ledger) noted(ctx context.Context, s Stepped, id string) (request.Step, error) {
	switch {
	case s.Note.IsZero():
		return s.Step, nil
	case len(s.Note.Reveal()) > MaxNoteBytes:
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "length of a note"), "Write at most 4,096 bytes.")
	}
	received, opening := s.Step.(request.Received)
	if !opening {
		state, err := l.Case(request.KeyOf(s.Step))
		if err != nil {
			return nil, err
		}
		received = state.Received
	}
	sealed, err := l.cfg.Vault.Seal(ctx, received.Subjects[0], domain.SealedFor(domain.LedgerSource, id), s.Note)
	return request.Noted(s.Step, sealed), errors.Wrap(err, "seal a note")
}

// Roots gives, of a person's keys, those under which what stands about them is kept, each once: dossiers that were found to be one
// person's have one standing.
func (l *Ledger) Roots(keys []domain.SubjectKey) []domain.SubjectKey {
	return l.matters.Load().standings.roots(keys)
}
