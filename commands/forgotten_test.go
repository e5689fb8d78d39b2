package commands_test

import (
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Where a person was forgotten since, only what is not personal can still be compared.
func TestARepetitionAboutAForgottenPerson(t *testing.T) {
	for _, row := range []struct {
		rule   string
		forget []int
		meet   bool // the person came back since, under the same identifier
		change func(*commands.Action)
		same   bool
	}{
		{"the first person", []int{0}, false, func(*commands.Action) {}, true},
		{"the second person", []int{1}, false, func(*commands.Action) {}, true},
		{"both", []int{0, 1}, false, func(*commands.Action) {}, true},
		{"the first person, met again", []int{0}, true, func(*commands.Action) {}, true},
		{"the second person, met again", []int{1}, true, func(*commands.Action) {}, true},
		{"another operation", []int{0}, false, func(a *commands.Action) { a.Operation = domain.Use }, false},
		{"nobody, and an unknown person", nil, false, of("email:ada@example.org", "customer:8"), false},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(row.rule+"/memory lost "+strconv.FormatBool(lost), func(t *testing.T) {
				w := declared(t)
				one := w.recorded(first())
				events, _ := w.events()
				for _, n := range row.forget {
					if err := w.vault.Forget(t.Context(), events[int(one.Position)+n].Fact.(dossier.ActionRecorded).Subject); err != nil {
						t.Fatal(err)
					}
				}
				if row.meet {
					w.recorded(action("b", of("email:ada@example.org", "customer:7")))
				}
				if lost {
					w.stop()
					w.memory = &memory{}
					w.open()
				}
				again := first()
				row.change(&again)
				two := w.record(again)[0]
				if row.same && (two.Err != nil || !two.Receipt.Duplicate || two.Receipt.Position != one.Position) {
					t.Errorf("answered with %+v, want the first receipt", two)
				}
				if !row.same && !errors.Is(two.Err, commands.ErrReused) {
					t.Errorf("answered with %+v, want a conflict", two)
				}
				if found, err := w.vault.Resolve(t.Context(), []commands.Lookup{{Controller: "fenland", Identifier: person("email:ada@example.org")}}); !row.meet && len(row.forget) > 0 && row.forget[0] == 0 && (err != nil || found[0] != 0) {
					t.Errorf("a repetition opened a dossier for somebody who was forgotten: %v", err)
				}
			})
		}
	}
}

// It makes no difference that the memory has not taken the first in yet.
func TestARepetitionAboutSomebodyForgottenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := declared(t)
		synctest.Wait()
		release := w.memory.hold()
		one := w.recorded(first())
		if err := w.vault.Forget(t.Context(), w.keys("customer:7")[0]); err != nil {
			t.Fatal(err)
		}
		two := make(chan commands.Outcome, 1)
		if err := w.ledger.Submit([]commands.Action{first()}, func(o []commands.Outcome) { two <- o[0] }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		release()
		if o := <-two; o.Err != nil || !o.Receipt.Duplicate || o.Receipt.Position != one.Position {
			t.Errorf("answered with %+v, want the first receipt", o)
		}
		w.check()
	})
}
