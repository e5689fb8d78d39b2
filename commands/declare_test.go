package commands_test

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

func (w *world) declare(d commands.Declaration, dryRun bool) commands.Plan {
	w.Helper()
	plan, err := w.ledger.Declare(context.Background(), d, dryRun)
	if err != nil {
		w.Fatalf("declare: %+v", err)
	}
	return plan
}

// A plan says what declaring would record, and records nothing.
func TestThePlanIsWhatIsRecorded(t *testing.T) {
	w := empty(t, nil)
	plan := w.declare(organisation(), true)
	if plan.Recorded || w.log.End() != 0 || len(plan.Changes) != facts {
		t.Fatalf("the plan is %+v, and the log ends at %d", plan, w.log.End())
	}
	done := w.declare(organisation(), false)
	if !done.Recorded || done.Position != 0 || w.log.End() != facts {
		t.Fatalf("recorded %+v, and the log ends at %d", done, w.log.End())
	}
	events, frames := w.events()
	if len(frames) != 1 {
		t.Errorf("the register was written in frames of %v, want one", frames)
	}
	for i, change := range done.Changes {
		if change.Fact.EventType() != events[i].Fact.EventType() || events[i].Source != domain.LedgerSource || events[i].ID == "" || !change.New {
			t.Errorf("change %d is %+v, event %+v", i, change, events[i].Event)
		}
		if planned := plan.Changes[i]; planned.New != change.New || reflect.TypeOf(planned.Fact) != reflect.TypeOf(change.Fact) {
			t.Errorf("planned %+v, recorded %+v", planned, change)
		} else if _, sealed := change.Fact.(register.ContactDeclared); !sealed && !reflect.DeepEqual(planned.Fact, change.Fact) {
			t.Errorf("planned %+v, recorded %+v", planned.Fact, change.Fact)
		}
	}
	w.check()
}

// Declaring the same again records nothing, also when the ledger knows the first from its log only.
func TestOnlyDifferencesAreRecorded(t *testing.T) {
	w := declared(t)
	for range 2 {
		for _, dryRun := range []bool{true, false} {
			if plan := w.declare(organisation(), dryRun); len(plan.Changes) != 0 || plan.Recorded {
				t.Errorf("declared again, the plan is %+v", plan)
			}
		}
		w.reopen()
	}
	changed := organisation()
	changed.Controllers[0].Name = "Fenland Cycles plc"
	changed.Contacts[0].Details = domain.NewPersonal(`{"name":"Anna B"}`)
	changed.Contacts[1].Role = "Data protection officer"
	changed.Services = append(changed.Services, register.ServiceDeclared{Controller: "fenland", Service: "crm", Name: "CRM", ReportsWithin: 60})
	changed.Instructions[0] = orders("Orders and returns", 9)
	for _, dryRun := range []bool{true, false} {
		var got []string
		for _, c := range w.declare(changed, dryRun).Changes {
			got = append(got, c.Fact.EventType()+" "+strconv.FormatBool(c.New))
		}
		want := []string{
			"daybook.controller.declared.v1 false", "daybook.service.declared.v1 true", "daybook.contact.declared.v1 false",
			"daybook.contact.declared.v1 false", "daybook.instruction.given.v1 false",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the changes are %v, want %v", got, want)
		}
	}
	if plan := w.declare(commands.Declaration{}, false); len(plan.Changes) != 0 {
		t.Errorf("declaring nothing changes %+v", plan)
	}
	w.check()
}

// An instruction declared with its withdrawal is given and withdrawn, once.
func TestAnInstructionIsWithdrawnOnce(t *testing.T) {
	w := declared(t)
	d := commands.Declaration{Instructions: []commands.Instruction{orders("Orders", 5)}}
	d.Instructions[0].Withdrawn = &domain.Warrant{By: "anna", On: day(20), How: domain.ByEmail}
	if plan := w.declare(d, false); len(plan.Changes) != 1 || plan.Changes[0].Fact.EventType() != (instruction.Withdrawn{}).EventType() {
		t.Errorf("the plan is %+v", plan)
	}
	if plan := w.declare(d, false); len(plan.Changes) != 0 {
		t.Errorf("declared again, the plan is %+v", plan)
	}
	r := w.recorded(action("a"))
	if !r.Findings.Has(domain.InstructionWithdrawn) {
		t.Errorf("an action afterwards has the findings %v", r.Findings.List())
	}
	both := commands.Declaration{Instructions: []commands.Instruction{orders("Quotes", 5)}}
	both.Instructions[0].Instruction, both.Instructions[0].Withdrawn = "quotes", d.Instructions[0].Withdrawn
	if plan := w.declare(both, false); len(plan.Changes) != 2 || !plan.Changes[0].New || plan.Changes[1].New {
		t.Errorf("given and withdrawn at once, the plan is %+v", plan)
	}
	w.check()
}

// What cannot be declared is refused whole, with the reason and what to do; nothing of the rest is recorded.
func TestWhatCannotBeDeclared(t *testing.T) {
	for _, row := range []struct {
		rule   string
		change func(*commands.Declaration)
		kind   error
		says   string
	}{
		{"a contact of nobody", func(d *commands.Declaration) { d.Contacts[0].Controller = "other" }, domain.ErrNotFound, "anna of other"},
		{"a contact without a role", func(d *commands.Declaration) { d.Contacts[0].Role = "" }, domain.ErrInvalid, "anna"},
		{"a service of nobody", func(d *commands.Declaration) { d.Services[0].Controller = "other" }, domain.ErrNotFound, "other"},
		{"a recipient of no kind", func(d *commands.Declaration) { d.Recipients[0].Kind = "" }, domain.ErrInvalid, "northprint"},
		{"a controller by the processor's name", func(d *commands.Declaration) { d.Controllers[0].Controller = register.Itself }, domain.ErrInvalid, "reserved"},
		{"a processor who is nowhere", func(d *commands.Declaration) { d.Processor.Territory = nil }, domain.ErrInvalid, "processor"},
		{"an instruction of nobody", func(d *commands.Declaration) { d.Instructions[0].Controller = "other" }, domain.ErrNotFound, "other"},
		{"an instruction given by nobody", func(d *commands.Declaration) { d.Instructions[0].Given.By = "bob" }, domain.ErrNotFound, "bob"},
		{"an instruction withdrawn by nobody", func(d *commands.Declaration) {
			d.Instructions[0].Withdrawn = &domain.Warrant{By: "bob", On: day(20), How: domain.ByEmail}
		}, domain.ErrNotFound, "bob"},
		{"an instruction with an unknown recipient", func(d *commands.Declaration) { d.Instructions[0].Terms.Recipients = []domain.RecipientID{"south"} }, domain.ErrNotFound, "south"},
		{"an instruction without a purpose", func(d *commands.Declaration) { d.Instructions[0].Terms.Purpose = "" }, domain.ErrInvalid, "orders"},
		{"an instruction withdrawn before it was given", func(d *commands.Declaration) {
			d.Instructions[0].Withdrawn = &domain.Warrant{By: "anna", On: day(4), How: domain.ByEmail}
		}, domain.ErrConflict, "orders"},
		{"other terms under the same warrant", func(d *commands.Declaration) { d.Instructions = append(d.Instructions, orders("Other", 5)) }, domain.ErrConflict, "changed terms of orders"},
		{"terms of an earlier day", func(d *commands.Declaration) { d.Instructions = append(d.Instructions, orders("Other", 4)) }, domain.ErrConflict, "orders"},
		{"more than one frame holds", func(d *commands.Declaration) {
			for i := range 20 {
				d.Recipients = append(d.Recipients, register.RecipientDeclared{Recipient: domain.RecipientID("r" + strconv.Itoa(i)), Name: "R", Kind: register.Authority, Country: "GB"})
			}
		}, domain.ErrInvalid, "too many"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := empty(t, func(c *commands.Config) { c.MaxFrameEvents = 16 })
			d := organisation()
			row.change(&d)
			_, err := w.ledger.Declare(t.Context(), d, false)
			if !errors.Is(err, row.kind) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("answered with %v, want %v about %q", err, row.kind, row.says)
			}
			if row.kind == domain.ErrConflict && errors.FlattenHints(err) == "" {
				t.Errorf("%v says nobody what to do", err)
			}
			if w.log.End() != 0 || w.ledger.State().End != 0 {
				t.Errorf("the log ends at %d, the state at %d", w.log.End(), w.ledger.State().End)
			}
			w.recorded(action("a"))
			w.check()
		})
	}
}

// Every change of one declaration becomes one event with an id of its own, and the details of people are sealed.
func TestADeclarationIsOpenedOnlyByTheVault(t *testing.T) {
	w := declared(t)
	for key, c := range w.ledger.State().Register.Contacts {
		details, err := w.vault.Open(t.Context(), c.Subject, domain.SealedFor(domain.LedgerSource, c.Event), c.Details)
		if err != nil || !strings.Contains(details.Reveal(), "name") {
			t.Errorf("%v opens to %q: %v", key, details.Reveal(), err)
		}
	}
	anna := w.ledger.State().Register.Contacts[register.ContactKey{Controller: "fenland", Contact: "anna"}]
	if err := w.vault.Forget(t.Context(), anna.Subject); err != nil {
		t.Fatal(err)
	}
	// Who was forgotten and is declared again is declared anew, under another key.
	plan := w.declare(organisation(), false)
	if len(plan.Changes) != 1 || plan.Changes[0].Fact.(register.ContactDeclared).Subject == anna.Subject {
		t.Errorf("the plan is %+v", plan)
	}
	w.check()
}

// Asking beforehand and reporting afterwards are judged by the same rules.
func TestAskingAnswersAsRecordingFinds(t *testing.T) {
	w := declared(t)
	for i, change := range []func(*commands.Action){
		func(*commands.Action) {},
		func(a *commands.Action) { a.Operation = domain.Erase },
		func(a *commands.Action) { a.Operation = domain.Export },
		func(a *commands.Action) { a.Operation, a.Recipient = domain.Export, "northprint" },
		func(a *commands.Action) { a.Instruction = "quotes" },
		func(a *commands.Action) { a.Controller = "other" },
		func(a *commands.Action) { a.Categories = []domain.Category{"pd:Health"} },
		func(a *commands.Action) { a.Location, a.Stated = "US", domain.Consent },
		func(a *commands.Action) { a.Time = day(4) },
		func(a *commands.Action) { a.Time = day(5) },
	} {
		a := action("a"+strconv.Itoa(i), change)
		before := w.log.End()
		answer := ask(t, w, a.Action)
		if w.log.End() != before {
			t.Fatal("asking recorded something")
		}
		found := w.recorded(a).Findings
		if late := domain.FindingSet(0).With(domain.ReportedLate); answer.Findings != found&^late || answer.Permitted() != (answer.Findings == 0) {
			t.Errorf("question %d: answered %v, permitted %v, found %v", i, answer.Findings.List(), answer.Permitted(), found.List())
		}
	}
	zero := action("zero").Action
	zero.Time = time.Time{}
	if answer := ask(t, w, zero); !answer.Permitted() || answer.Version != 1 || answer.Basis != domain.Contract {
		t.Errorf("asked about now, the answer is %+v", answer)
	}
}

// What is answered rests on what is durable, not on what is on its way.
func TestAnAnswerRestsOnTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := empty(t, nil)
		release := w.log.Hold()
		done := make(chan error, 1)
		go func() {
			_, err := w.ledger.Declare(context.Background(), organisation(), false)
			done <- err
		}()
		synctest.Wait()
		if ask(t, w, action("a").Action).Permitted() {
			t.Error("permitted by an instruction that is not on disk")
		}
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if answer := ask(t, w, action("a").Action); !answer.Permitted() {
			t.Errorf("refused for %v", answer.Findings.List())
		}
		w.stop()
	})
}

// ask asks about nobody in particular.
func ask(t *testing.T, w *world, a dossier.Action) commands.Answer {
	t.Helper()
	answer, err := w.ledger.Ask(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
