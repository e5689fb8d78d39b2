package instruction_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
)

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func on(n int) domain.Warrant { return domain.Warrant{By: "anna", On: day(n), How: domain.BySigned} }

func referring(n int, reference string) domain.Warrant {
	w := on(n)
	w.Reference = reference
	return w
}

func terms(title string) domain.Terms {
	return domain.Terms{
		Title: title, Purpose: "ServiceProvision", Basis: domain.Contract, Operations: []domain.Operation{domain.Store},
		Categories: []domain.Category{"pd:Name"}, Territory: []domain.Territory{"GB"},
	}
}

func gave(version int, title string, w domain.Warrant) domain.Fact {
	return instruction.Given{Controller: "fenland", Instruction: "orders", Version: version, Terms: terms(title), Warrant: w}
}

func withdrew(version int, w domain.Warrant) domain.Fact {
	return instruction.Withdrawn{Controller: "fenland", Instruction: "orders", Version: version, Warrant: w}
}

func give(title string, w domain.Warrant) instruction.Give {
	return instruction.Give{Controller: "fenland", Regime: domain.UK, Instruction: "orders", Terms: terms(title), Warrant: w}
}

func withdraw(w domain.Warrant) instruction.Withdraw {
	return instruction.Withdraw{Controller: "fenland", Instruction: "orders", Warrant: w}
}

func given(facts ...domain.Fact) instruction.State {
	var s instruction.State
	for _, f := range facts {
		s = s.Evolve(domain.Event{Fact: f})
	}
	return s
}

type command interface {
	Decide(instruction.State) ([]domain.Fact, error)
}

// Art. 28(3)(a), 29: what a controller instructs is documented; a version is never edited.
func TestWhatAControllerMayInstruct(t *testing.T) {
	unbased := give("a", on(1))
	unbased.Terms.Basis = ""
	british := give("a", on(1))
	british.Terms.Basis, british.Terms.Interest = domain.RecognisedLegitimateInterest, "Safeguarding"
	european := british
	european.Regime = domain.EU
	for _, row := range []struct {
		rule  string
		given instruction.State
		when  command
		then  domain.Fact // nil where nothing is to be recorded
		fails error
	}{
		{"the first is version 1", given(), give("a", on(5)), gave(1, "a", on(5)), nil},
		{"the same again is nothing", given(gave(1, "a", on(5))), give("a", on(5)), nil, nil},
		{"other terms on a later day are version 2", given(gave(1, "a", on(5))), give("b", on(6)), gave(2, "b", on(6)), nil},
		{"other terms on the day before are back-dated", given(gave(1, "a", on(5))), give("b", on(4)), nil, domain.ErrConflict},
		{"other terms under the same warrant are a contradiction", given(gave(1, "a", on(5))), give("b", on(5)), nil, domain.ErrConflict},
		{
			"other terms of the same day under another document are version 2", given(gave(1, "a", on(5))),
			give("b", referring(5, "second letter")), gave(2, "b", referring(5, "second letter")), nil,
		},
		{"the same terms confirmed on a later day are version 2", given(gave(1, "a", on(5))), give("a", on(6)), gave(2, "a", on(6)), nil},
		{"what an older version said may be said again", given(gave(1, "a", on(5)), gave(2, "b", on(6))), give("a", on(7)), gave(3, "a", on(7)), nil},
		{"an older version is not given again", given(gave(1, "a", on(5)), gave(2, "b", on(6))), give("a", on(5)), nil, domain.ErrConflict},
		{"after a withdrawal it may be given anew", given(gave(1, "a", on(5)), withdrew(1, on(8))), give("a", on(9)), gave(2, "a", on(9)), nil},
		{"and on the day of the withdrawal", given(gave(1, "a", on(5)), withdrew(1, on(8))), give("a", on(8)), gave(2, "a", on(8)), nil},
		{"but not before it", given(gave(1, "a", on(5)), withdrew(1, on(8))), give("a", on(7)), nil, domain.ErrConflict},
		{"what was withdrawn does not come back under the warrant that gave it", given(gave(1, "a", on(5)), withdrew(1, on(8))), give("a", on(5)), nil, domain.ErrConflict},
		{"nor where it was withdrawn on the day it was given", given(gave(1, "a", on(5)), withdrew(1, on(5))), give("a", on(5)), nil, domain.ErrConflict},
		{"terms without a basis are not whole", given(), unbased, nil, domain.ErrInvalid},
		{"a warrant without a day is not whole", given(), give("a", domain.Warrant{By: "anna", How: domain.BySigned}), nil, domain.ErrInvalid},
		{"Art. 6(1)(ea) is the UK's", given(), british, instruction.Given{Controller: "fenland", Instruction: "orders", Version: 1, Terms: british.Terms, Warrant: on(1)}, nil},
		{"and not the EU's", given(), european, nil, domain.ErrInvalid},

		{"what is in force can be withdrawn", given(gave(1, "a", on(5))), withdraw(on(8)), withdrew(1, on(8)), nil},
		{"on the day on which it was given too", given(gave(1, "a", on(5))), withdraw(on(5)), withdrew(1, on(5)), nil},
		{"but not before", given(gave(1, "a", on(5))), withdraw(on(4)), nil, instruction.ErrWithdrawn},
		{"the newest version is withdrawn", given(gave(1, "a", on(5)), gave(2, "b", on(6))), withdraw(on(8)), withdrew(2, on(8)), nil},
		{"the same withdrawal again is nothing", given(gave(1, "a", on(5)), withdrew(1, on(8))), withdraw(on(8)), nil, nil},
		{"another withdrawal of what is withdrawn is a contradiction", given(gave(1, "a", on(5)), withdrew(1, on(8))), withdraw(on(9)), nil, instruction.ErrWithdrawn},
		{"what was never given cannot be withdrawn", given(), withdraw(on(8)), nil, instruction.ErrWithdrawn},
		{"a withdrawal without a warrant is not whole", given(gave(1, "a", on(5))), withdraw(domain.Warrant{}), nil, domain.ErrInvalid},
	} {
		t.Run(row.rule, func(t *testing.T) {
			facts, err := row.when.Decide(row.given)
			if !errors.Is(err, row.fails) {
				t.Fatalf("decided %v with %v, want %v", facts, err, row.fails)
			}
			var want []domain.Fact
			if row.then != nil {
				want = []domain.Fact{row.then}
			}
			if !reflect.DeepEqual(facts, want) {
				t.Errorf("recorded %v, want %v", facts, want)
			}
			if err != nil && errors.FlattenHints(err) == "" {
				t.Errorf("%v says nobody what to do", err)
			}
		})
	}
}

func TestTheKindOfARefusalIsOne(t *testing.T) {
	if errors.Is(instruction.ErrWithdrawn, domain.ErrInvalid) || !errors.Is(instruction.ErrWithdrawn, domain.ErrConflict) {
		t.Error("the instruction that is not in force is another kind of failure than a conflict")
	}
}

// The version in force on a day is the newest that had been given by then, whatever came after.
func TestTheVersionInForce(t *testing.T) {
	history := given(gave(1, "a", on(5)), gave(2, "b", on(10)), withdrew(2, on(15)), gave(3, "c", on(20)))
	for _, row := range []struct {
		rule      string
		state     instruction.State
		at        time.Time
		version   int
		withdrawn bool
	}{
		{"nothing was ever given", given(), day(30), 0, false},
		{"the moment before the first", history, day(5).Add(-1), 0, false},
		{"from the day on which it was given", history, day(5), 1, false},
		{"until the next", history, day(10).Add(-1), 1, false},
		{"the next from its day", history, day(10), 2, false},
		{"until it was withdrawn", history, day(15).Add(-1), 2, false},
		{"withdrawn from its day", history, day(15), 2, true},
		{"and still", history, day(20).Add(-1), 2, true},
		{"given anew", history, day(20), 3, false},
		{"for ever", history, day(20).AddDate(100, 0, 0), 3, false},
		{"two of one day: the newer", given(gave(1, "a", on(5)), gave(2, "b", referring(5, "x"))), day(5), 2, false},
		{"withdrawn and given on one day: the newer", given(gave(1, "a", on(5)), withdrew(1, on(8)), gave(2, "b", on(8))), day(8), 2, false},
	} {
		v, withdrawn, found := row.state.InForce(row.at)
		if found != (row.version != 0) || found && v.Number != row.version || withdrawn != row.withdrawn {
			t.Errorf("%s: version %d, withdrawn %v, found %v; want version %d, withdrawn %v", row.rule, v.Number, withdrawn, found, row.version, row.withdrawn)
		}
	}
}

// States are kept by many at once, so an event makes a new one.
func TestAStateIsNeverChangedInPlace(t *testing.T) {
	old := given(gave(1, "a", on(5)))
	branch := old.Evolve(domain.Event{Fact: gave(2, "b", on(6))})
	other := old.Evolve(domain.Event{Fact: gave(2, "c", on(7))})
	ended := old.Evolve(domain.Event{Fact: withdrew(1, on(8))})
	if !reflect.DeepEqual(old, given(gave(1, "a", on(5)))) {
		t.Errorf("the old state became %v", old)
	}
	if branch.Versions[1].Terms.Title != "b" || other.Versions[1].Terms.Title != "c" || ended.Versions[0].Withdrawn == nil || len(branch.Versions) != 2 {
		t.Errorf("the branches share memory: %v, %v, %v", branch, other, ended)
	}
	if newest, ok := branch.Newest(); !ok || newest.Number != 2 {
		t.Errorf("the newest is %v, %v", newest, ok)
	}
	if s := given(withdrew(1, on(5))); len(s.Versions) != 0 {
		t.Errorf("a withdrawal of nothing made %v", s)
	}
	if s := old.Evolve(domain.Event{Fact: foreign{}}); !reflect.DeepEqual(s, old) {
		t.Errorf("an event of another kind changed the state to %v", s)
	}
}

// foreign is an event that is not of an instruction.
type foreign struct{}

func (foreign) EventType() string { return "daybook.test.foreign.v1" }
