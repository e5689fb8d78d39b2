package commands_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
)

// question asks what action would do.
func question(w *world, id string, changes ...func(*commands.Action)) commands.Action {
	a := action(id, changes...)
	return w.ledger.NewQuestion(id, a.Action, a.Subjects)
}

// Issue 3, line 1: the answer can be asked to be recorded; it is no action.
func TestAnAnswerIsRecordedForEachPersonAndNoActionIs(t *testing.T) {
	w := declared(t)
	w.recorded(action("a"))
	objects := action("o", func(a *commands.Action) { a.Details, a.Says = domain.Personal{}, commands.Objection{} }, of("customer:7"))
	objects.Operation, objects.Instruction = "", ""
	w.recorded(objects)
	if _, err := w.ledger.About(t.Context(), commands.Matter{Controller: "fenland", At: ago(time.Hour), Person: person("customer:7"), What: dossier.RestrictionPlaced{Restriction: "r", Ground: "A18-1-a"}}); err != nil {
		t.Fatal(err)
	}
	end := w.log.End()
	q := question(w, "q", of("email:ada@example.org", "customer:7"), func(a *commands.Action) { a.Operation = domain.Use })
	r := w.recorded(q)
	answer := w.ledger.Answered(q, r)
	if answer.Permitted() || !answer.Findings.Has(domain.Restricted) || answer.Version != 1 || answer.Basis != domain.Contract || r.Events != 2 {
		t.Errorf("answered %+v, %+v", answer, r)
	}
	events, _ := w.events()
	var reasons [][]string
	for _, e := range events[end:] {
		fact, is := e.Fact.(dossier.AnswerRecorded)
		if !is || e.Source != "/fenland/webshop" || fact.Service != "webshop" || fact.Operation != domain.Use || fact.Version != 1 || fact.System != "crm" {
			t.Errorf("recorded %+v", e.Event)
		}
		reasons = append(reasons, fact.Reasons)
	}
	if want := [][]string{nil, {"restricted"}}; !reflect.DeepEqual(reasons, want) {
		t.Errorf("what stands about one person is told of another: %v", reasons)
	}
	// Nothing became of it: the people stand as they stood, and what was asked can be done and reported.
	if after := question(w, "again", of("customer:7"), func(a *commands.Action) { a.Operation = domain.Store }); !w.ledger.Answered(after, w.recorded(after)).Permitted() {
		t.Error("a question changed what is permitted")
	}
}

// A question is remembered for ever by its id, by what was asked and not by when.
func TestAQuestionThatComesAgainGetsTheFirstAnswer(t *testing.T) {
	for _, row := range []struct {
		rule   string
		again  func(*world) commands.Action
		change func(*world)
		same   bool
	}{
		{"asked again later", func(w *world) commands.Action { w.clock.add(time.Hour); return question(w, "q") }, nil, true},
		{"after the answer would be another", func(w *world) commands.Action { return question(w, "q") }, func(w *world) {
			must(w.ledger.About(w.Context(), commands.Matter{Controller: "fenland", At: ago(time.Hour), Person: person("email:ada@example.org"), What: dossier.RestrictionPlaced{Restriction: "r", Ground: "A18-1-a", Prohibited: []domain.Operation{domain.Use}}}))
		}, true},
		{"after the ledger was opened again", func(w *world) commands.Action { return question(w, "q") }, (*world).reopen, true},
		{"after the memory was lost", func(w *world) commands.Action { return question(w, "q") }, func(w *world) {
			w.stop()
			w.memory = &memory{}
			w.open()
		}, true},
		{"another operation", func(w *world) commands.Action {
			return question(w, "q", func(a *commands.Action) { a.Operation = domain.Store })
		}, nil, false},
		{"about another person", func(w *world) commands.Action { return question(w, "q", of("customer:9")) }, nil, false},
		{"about nobody", func(w *world) commands.Action { return question(w, "q", of()) }, nil, false},
		{"the action itself under its id", func(*world) commands.Action { return action("q", uses) }, nil, false},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := declared(t)
			one := w.recorded(question(w, "q", uses))
			if row.change != nil {
				row.change(w)
			}
			again := row.again(w)
			if row.same {
				again.Operation = domain.Use
			}
			two := w.record(again)[0]
			one.Duplicate = true
			if row.same && (two.Err != nil || two.Receipt != one) || !row.same && !errors.Is(two.Err, commands.ErrReused) {
				t.Errorf("first %+v, then %+v", one, two)
			}
		})
	}
}

func uses(a *commands.Action) { a.Operation = domain.Use }

// What names nobody is one event, and is told from others by its id as everything is.
func TestWhatNamesNobody(t *testing.T) {
	count := func(id string, people uint64) commands.Action {
		a := action(id, of())
		a.Action = dossier.Action{Controller: "fenland", Service: "webshop", Time: a.Time, System: "crm"}
		a.Details, a.Says = domain.Personal{}, commands.Count{Category: "pd:Name", People: people}
		return a
	}
	for rule, lose := range map[string]bool{"at once": false, "after the memory was lost": true} {
		w := declared(t)
		asked := question(w, "q", of(), uses)
		first := []commands.Receipt{w.recorded(count("n", 12)), w.recorded(asked)}
		if lose {
			w.stop()
			w.memory = &memory{}
			w.open()
		}
		for i, again := range []commands.Action{count("n", 12), asked} {
			first[i].Duplicate = true
			if r := w.recorded(again); r != first[i] || r.Events != 1 || r.Leaf == [32]byte{} || r.Recorded.IsZero() {
				t.Errorf("%s: again %+v, first %+v", rule, r, first[i])
			}
		}
		if o := w.record(count("n", 13))[0]; !errors.Is(o.Err, commands.ErrReused) {
			t.Errorf("%s: another count under the id: %+v", rule, o)
		}
		events, _ := w.events()
		found := slices.IndexFunc(events, func(e domain.Recorded) bool {
			return e.Fact == domain.Fact(source.CountReported{Controller: "fenland", Service: "webshop", System: "crm", Category: "pd:Name", People: 12})
		})
		if found != facts || events[found].Source != "/fenland/webshop" || events[found].Sequence != 7 {
			t.Errorf("%s: recorded %+v", rule, events[facts:])
		}
	}
	w := declared(t)
	for rule, bad := range map[string]commands.Action{
		"a count of named people":        func() commands.Action { a := count("x", 1); a.Subjects = action("x").Subjects; return a }(),
		"a count of no system":           func() commands.Action { a := count("x", 1); a.System = ""; return a }(),
		"a question of nothing":          func() commands.Action { a := question(w, "x"); a.Operation = ""; return a }(),
		"an action that concerns nobody": action("x", of()),
	} {
		if o := w.record(bad)[0]; !errors.Is(o.Err, domain.ErrInvalid) {
			t.Errorf("%s: %+v", rule, o)
		}
	}
}

// A statement about several people under an id that was used for others is a conflict, not a fault.
func TestAStatementAboutOtherPeopleUnderItsIdIsAConflict(t *testing.T) {
	w := declared(t)
	says := func(people ...string) commands.Action {
		return action("c", of(people...), func(a *commands.Action) {
			a.Details, a.Operation, a.Says = domain.Personal{}, "", commands.Consent{How: "form"}
		})
	}
	w.recorded(says("customer:1", "customer:2"))
	if o := w.record(says("customer:1", "customer:3"))[0]; !errors.Is(o.Err, commands.ErrReused) {
		t.Errorf("%+v", o)
	}
}
