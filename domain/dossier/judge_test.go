package dossier_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
)

func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }

func warrant(day int) domain.Warrant {
	return domain.Warrant{By: "anna", On: at(day, 0), How: domain.BySigned}
}

func terms() domain.Terms {
	return domain.Terms{
		Title: "Orders", Purpose: "ServiceProvision", Basis: domain.Contract,
		Operations: []domain.Operation{domain.Store, domain.Use, domain.Disclose, domain.Move}, Categories: []domain.Category{"pd:Name", "pd:Health"},
		Condition: "A9-2-a", Recipients: []domain.RecipientID{"northprint"}, Territory: []domain.Territory{"GB", domain.EEA},
	}
}

// instructed is an instruction given on 10 March, changed on 15 March and withdrawn on 20 March.
func instructed() instruction.State {
	second := terms()
	second.Basis = domain.Consent
	return instruction.State{}.
		Evolve(domain.Event{Fact: instruction.Given{Controller: "fenland", Instruction: "orders", Version: 1, Terms: terms(), Warrant: warrant(10)}}).
		Evolve(domain.Event{Fact: instruction.Given{Controller: "fenland", Instruction: "orders", Version: 2, Terms: second, Warrant: warrant(15)}}).
		Evolve(domain.Event{Fact: instruction.Withdrawn{Controller: "fenland", Instruction: "orders", Version: 2, Warrant: warrant(20)}})
}

func unconditional() instruction.State {
	c := terms()
	c.Condition = ""
	return instruction.State{}.Evolve(domain.Event{Fact: instruction.Given{Controller: "fenland", Instruction: "orders", Version: 1, Terms: c, Warrant: warrant(10)}})
}

func action() dossier.Action {
	return dossier.Action{
		Controller: "fenland", Service: "webshop", Time: at(11, 10), Operation: domain.Store, Instruction: "orders",
		Categories: []domain.Category{"pd:Name"}, System: "crm", Location: "GB", Stated: domain.Contract,
	}
}

// Every finding has a row in which it appears and, next to it, the neighbour in which it does not.
func TestEveryFindingHasTwoSides(t *testing.T) {
	type change = func(*dossier.Action, *dossier.Known)
	when := func(day, hour int) change {
		return func(a *dossier.Action, _ *dossier.Known) { a.Time = at(day, hour) }
	}
	reported := func(after time.Duration) change {
		return func(a *dossier.Action, k *dossier.Known) { k.Now, k.ReportsWithin = a.Time.Add(after), time.Hour }
	}
	do := func(op domain.Operation, to domain.RecipientID) change {
		return func(a *dossier.Action, _ *dossier.Known) { a.Operation, a.Recipient = op, to }
	}
	with := func(categories ...domain.Category) change {
		return func(a *dossier.Action, _ *dossier.Known) { a.Categories = categories }
	}
	in := func(l domain.Location) change {
		return func(a *dossier.Action, _ *dossier.Known) { a.Location = l }
	}
	stated := func(b domain.Basis) change {
		return func(a *dossier.Action, _ *dossier.Known) { a.Stated = b }
	}
	covered := map[domain.Finding]bool{}
	for _, row := range []struct {
		rule    string
		change  change
		version int
		finds   []domain.Finding
	}{
		{"what is instructed is conformant", when(11, 10), 1, nil},

		{"Art. 28(3)(a), 29: nothing was instructed", func(_ *dossier.Action, k *dossier.Known) { k.Instruction = instruction.State{} }, 0, []domain.Finding{domain.NoInstruction}},
		{"nothing had been instructed by then", when(9, 23), 0, []domain.Finding{domain.NoInstruction}},
		{"it was instructed from that day", when(10, 0), 1, nil},

		{"Art. 28(3)(a): it had been withdrawn by then", func(a *dossier.Action, _ *dossier.Known) { a.Time, a.Stated = at(20, 0), domain.Consent }, 2, []domain.Finding{domain.InstructionWithdrawn}},
		{"it had not been withdrawn by then", func(a *dossier.Action, _ *dossier.Known) { a.Time, a.Stated = at(19, 23), domain.Consent }, 2, nil},

		{"Art. 28(3)(a), 29: the operation is not permitted", do(domain.Collect, ""), 1, []domain.Finding{domain.OperationNotInstructed}},
		{"an operation beneath a permitted one is", do(domain.Consult, ""), 1, nil},
		{"an operation above a permitted one is not", do(domain.Transfer, ""), 1, []domain.Finding{domain.OperationNotInstructed}},
		{"moving is permitted by itself", do(domain.Move, ""), 1, nil},

		{"Art. 28(3), 5(1)(c): a category is not permitted", with("pd:Name", "pd:Age"), 1, []domain.Finding{domain.CategoryNotInstructed}},
		{"all categories are", with("pd:Name", "pd:Health"), 1, nil},
		{"no category at all is", with(), 1, nil},

		{"Art. 28(3)(a), 28(2): another recipient", do(domain.Export, "southprint"), 1, []domain.Finding{domain.RecipientNotInstructed}},
		{"Art. 4(9), 30(1)(d): a disclosure to nobody", do(domain.Export, ""), 1, []domain.Finding{domain.RecipientNotInstructed}},
		{"the recipient of the instruction", do(domain.Export, "northprint"), 1, nil},
		{"a recipient of what is not called a disclosure", do(domain.Store, "southprint"), 1, []domain.Finding{domain.RecipientNotInstructed}},
		{"what discloses nothing needs no recipient", do(domain.Store, ""), 1, nil},

		{"Art. 28(3)(a), 44: outside the territory", in("US"), 1, []domain.Finding{domain.LocationNotInstructed}},
		{"in a country of the EEA", in("NO"), 1, nil},
		{"no place was named", in(""), 1, nil},

		{"Art. 6(1), 28(3)(a): the service relied on another basis", stated(domain.LegitimateInterests), 1, []domain.Finding{domain.BasisMismatch}},
		{"the service relied on the controller's", stated(domain.Contract), 1, nil},
		{"the service stated none", stated(""), 1, nil},
		{"the basis is that of the version in force, not of the newest", func(a *dossier.Action, _ *dossier.Known) { a.Time = at(15, 0) }, 2, []domain.Finding{domain.BasisMismatch}},

		{"Art. 9(1), 9(2): a special category without a condition", func(a *dossier.Action, k *dossier.Known) {
			a.Categories, k.Instruction = []domain.Category{"pd:Health"}, unconditional()
		}, 1, []domain.Finding{domain.SpecialCategoryWithoutCondition}},
		{"a special category under a condition", with("pd:Health"), 1, nil},
		{"a plain category without a condition", func(_ *dossier.Action, k *dossier.Known) { k.Instruction = unconditional() }, 1, nil},

		{"Art. 5(2), 28(3)(h): reported a moment too late", reported(time.Hour + 1), 1, []domain.Finding{domain.ReportedLate}},
		{"reported just in time", reported(time.Hour), 1, nil},
		{"reported by a clock that runs ahead", reported(-time.Hour), 1, nil},
		{"asked beforehand, nothing is late", func(a *dossier.Action, k *dossier.Known) { a.Time = at(11, 0); k.ReportsWithin = time.Hour }, 1, nil},

		{"everything at once", func(a *dossier.Action, k *dossier.Known) {
			*a = dossier.Action{Time: at(11, 0), Operation: domain.Collect, Categories: []domain.Category{"pd:Religion"}, Recipient: "southprint", Location: "US", Stated: domain.VitalInterests}
			k.Instruction, k.Now, k.ReportsWithin = unconditional(), at(11, 2), time.Hour
		}, 1, []domain.Finding{
			domain.OperationNotInstructed, domain.CategoryNotInstructed, domain.RecipientNotInstructed, domain.LocationNotInstructed,
			domain.BasisMismatch, domain.SpecialCategoryWithoutCondition, domain.ReportedLate,
		}},
		{"withdrawn and otherwise wrong", func(a *dossier.Action, _ *dossier.Known) {
			a.Time, a.Location, a.Stated = at(25, 0), "US", ""
		}, 2, []domain.Finding{domain.InstructionWithdrawn, domain.LocationNotInstructed}},
		{"nothing instructed and late", func(a *dossier.Action, k *dossier.Known) {
			a.Time, k.Now, k.ReportsWithin = at(1, 0), at(2, 0), time.Hour
		}, 0, []domain.Finding{domain.NoInstruction, domain.ReportedLate}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			a, k := action(), dossier.Known{Instruction: instructed()}
			row.change(&a, &k)
			j := dossier.Judge(a, k)
			if got := j.Findings.List(); !slices.Equal(got, row.finds) {
				t.Errorf("found %v, want %v", codes(got), codes(row.finds))
			}
			if j.Version != row.version {
				t.Errorf("judged by version %d, want %d", j.Version, row.version)
			}
			if want := map[int]domain.Basis{0: "", 1: domain.Contract, 2: domain.Consent}[row.version]; j.Basis != want {
				t.Errorf("the basis is %q, want the controller's %q", j.Basis, want)
			}
		})
		for _, f := range row.finds {
			covered[f] = true
		}
	}
	for _, f := range domain.FindingSet(1<<32 - 1).List() {
		// What stands about people, orders and transfers has its own table.
		if f <= domain.ReportedLate && !covered[f] {
			t.Errorf("no row finds %s", f.Code())
		}
	}
}

func codes(list []domain.Finding) []string {
	var s []string
	for _, f := range list {
		s = append(s, f.Code())
	}
	return s
}

// A judgement rests on nothing but what it is given: whoever judges again finds the same.
func TestJudgingAgainFindsTheSame(t *testing.T) {
	a, k := action(), dossier.Known{Instruction: instructed(), Now: at(30, 0), ReportsWithin: time.Hour}
	before, known := a, k
	if first, second := dossier.Judge(a, k), dossier.Judge(a, k); !reflect.DeepEqual(first, second) {
		t.Errorf("first %v, then %v", first, second)
	}
	if !reflect.DeepEqual(a, before) || !reflect.DeepEqual(k, known) {
		t.Error("judging changed what it judged")
	}
}

// Art. 5(2): what is recorded is what was said, with what the ledger made of it, and nothing is left out.
func TestTheRecordSaysEverything(t *testing.T) {
	a := action()
	a.Recipient, a.Order, a.From, a.Announced = "northprint", "ord-1", "mailbox", "ann-1"
	j := dossier.Judgement{Version: 3, Basis: domain.Consent, Findings: domain.FindingSet(0).With(domain.BasisMismatch)}
	got := dossier.Record(a, j, j.Findings, 7, "email", domain.Sealed{1})
	got.Action = "set by the writer"
	v := reflect.ValueOf(got)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is left out", v.Type().Field(i).Name)
		}
	}
	if got.Stated != a.Stated || got.Basis != j.Basis || got.Subject != 7 || got.Location != a.Location {
		t.Errorf("recorded %v", got)
	}
}
