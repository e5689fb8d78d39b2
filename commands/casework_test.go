package commands_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
)

func caseOf(id request.ID, d int) request.Of {
	return request.Of{Controller: "fenland", Case: id, On: calendar.NewDate(2026, 11, d)}
}

func erasure(id request.ID) request.Received {
	return request.Received{Of: caseOf(id, 2), Kind: request.Erasure, Owner: "dpo", Channel: request.ByEmail, Regime: domain.UK, Calendar: calendar.EnglandAndWales}
}

func openCase(w *world, id request.ID) request.State {
	w.Helper()
	if _, err := w.ledger.Open(w.Context(), erasure(id), []domain.Identifier{person("email:ada@example.org")}, commands.Stepped{}); err != nil {
		w.Fatalf("%+v", err)
	}
	return must(w.ledger.Case(request.Key{Controller: "fenland", Case: id}))
}

func TestACaseOfSomebodyUnknownOpensADossierOnce(t *testing.T) {
	w := declared(t)
	first, second := openCase(w, "a").Received, openCase(w, "b").Received
	if len(first.Subjects) != 1 || first.Subjects[0] == 0 || second.Subjects[0] != first.Subjects[0] {
		t.Errorf("subjects %v and %v", first.Subjects, second.Subjects)
	}
	if s, err := w.ledger.Open(t.Context(), erasure("a"), []domain.Identifier{person("email:ada@example.org")}, commands.Stepped{}); err != nil || s.Events != 0 {
		t.Errorf("opened again: %+v, %v", s, err)
	}
}

func TestACaseThatCannotBeOpensNoDossier(t *testing.T) {
	w := declared(t)
	for rule, row := range map[string]struct {
		change func(*request.Received)
		kind   error
	}{
		"of a controller that is not registered": {func(r *request.Received) { r.Controller = "nobody" }, domain.ErrNotFound},
		"with an owner whom nobody knows":        {func(r *request.Received) { r.Owner = "nobody" }, domain.ErrNotFound},
		"of no kind":                             {func(r *request.Received) { r.Kind = "refund" }, domain.ErrInvalid},
	} {
		r := erasure("a")
		row.change(&r)
		if _, err := w.ledger.Open(t.Context(), r, []domain.Identifier{person("email:bruno@example.org")}, commands.Stepped{}); !errors.Is(err, row.kind) {
			t.Errorf("%s: %v", rule, err)
		}
		keys, err := w.vault.Resolve(t.Context(), []commands.Lookup{{Controller: "fenland", Identifier: person("email:bruno@example.org")}})
		if err != nil || keys[0] != 0 {
			t.Errorf("%s: a dossier was opened: %v, %v", rule, keys, err)
		}
	}
	if _, err := w.ledger.Open(t.Context(), erasure("a"), nil, commands.Stepped{}); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestANoteIsSealedUnderThePersonsKeyAndItsEvent(t *testing.T) {
	w := declared(t)
	s := openCase(w, "a")
	note := domain.NewPersonal("Ada rang on Monday")
	taken, err := w.ledger.TakeStep(t.Context(), commands.Stepped{Step: request.Acknowledged{Of: caseOf("a", 3)}, Note: note})
	if err != nil {
		t.Fatal(err)
	}
	events, _ := w.events()
	e := events[taken.Position]
	if strings.Contains(string(e.Bytes), "Monday") {
		t.Errorf("in the clear: %s", e.Bytes)
	}
	sealed := request.Details(e.Fact.(request.Step)).Note
	if plain, err := w.vault.Open(t.Context(), s.Received.Subjects[0], domain.SealedFor(e.Source, e.ID), sealed); err != nil || plain.Reveal() != note.Reveal() {
		t.Errorf("the note does not open: %v", err)
	}
	if err := w.vault.Forget(t.Context(), s.Received.Subjects[0]); err != nil {
		t.Fatal(err)
	}
	step := commands.Stepped{Step: request.Assigned{Of: caseOf("a", 4), Owner: "anna"}, Note: note}
	if _, err := w.ledger.TakeStep(t.Context(), step); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("a note for somebody who was forgotten: %v", err)
	}
	step.Note = domain.NewPersonal(strings.Repeat("x", commands.MaxNoteBytes+1))
	if _, err := w.ledger.TakeStep(t.Context(), step); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("a note that is too long: %v", err)
	}
}

func TestAStepAndWhatGoesWithItAreRecordedTogetherOrNotAtAll(t *testing.T) {
	w := declared(t)
	s := openCase(w, "a")
	key := s.Received.Subjects[0]
	good := dossier.RestrictionPlaced{Restriction: "r1", Ground: "A18-1-a"}
	bad := dossier.HoldReleased{Hold: "none"}
	step := func(with ...dossier.Matter) commands.Stepped {
		s := commands.Stepped{Step: request.Acknowledged{Of: caseOf("a", 3)}}
		for _, m := range with {
			s.With = append(s.With, commands.OfPerson{Subject: key, What: m})
		}
		return s
	}
	end := w.ledger.State().End
	if _, err := w.ledger.TakeStep(t.Context(), step(good, bad)); !errors.Is(err, domain.ErrNotFound) || w.ledger.State().End != end {
		t.Errorf("one of them cannot be: %v, %s events", err, w.ledger.State().End-end)
	}
	if taken, err := w.ledger.TakeStep(t.Context(), step(good)); err != nil || taken.Events != 2 || len(w.ledger.Standing(key).Restrictions) != 1 {
		t.Errorf("%+v, %v", taken, err)
	}
	if taken, err := w.ledger.TakeStep(t.Context(), step(bad)); err != nil || taken.Events != 0 {
		t.Errorf("the same step again looks at nothing that goes with it: %+v, %v", taken, err)
	}
	w.reopen()
	if got := must(w.ledger.Case(request.Key{Controller: "fenland", Case: "a"})); got.Acknowledged != calendar.NewDate(2026, 11, 3) {
		t.Errorf("after opening the ledger again: %+v", got)
	}
}

func TestPeopleWhoseDossiersWereJoinedHaveOneRoot(t *testing.T) {
	w := declared(t)
	a := openCase(w, "a").Received.Subjects[0]
	r := erasure("b")
	if _, err := w.ledger.Open(t.Context(), r, []domain.Identifier{person("customer:1")}, commands.Stepped{}); err != nil {
		t.Fatal(err)
	}
	b := must(w.ledger.Case(request.Key{Controller: "fenland", Case: "b"})).Received.Subjects[0]
	if roots := w.ledger.Roots([]domain.SubjectKey{a, b, a}); len(roots) != 2 {
		t.Errorf("apart: %v", roots)
	}
	if _, err := w.ledger.Link(t.Context(), commands.Link{Controller: "fenland", Known: person("email:ada@example.org"), Also: person("customer:1")}); err != nil {
		t.Fatal(err)
	}
	if roots := w.ledger.Roots([]domain.SubjectKey{a, b}); len(roots) != 1 || roots[0] != a {
		t.Errorf("joined: %v", roots)
	}
}
