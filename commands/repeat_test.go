package commands_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
)

// respects are the ways in which an action under a known id can be the same or another.
var respects = []struct {
	rule   string
	change func(*commands.Action)
	same   bool
}{
	{"unchanged", func(*commands.Action) {}, true},
	{"the same moment in another zone", func(a *commands.Action) { a.Time = a.Time.In(time.FixedZone("", 7200)) }, true},
	{"counted again by the publisher", func(a *commands.Action) { a.Sequence++ }, true},
	{"a person named twice", of("email:ada@example.org", "email:Ada@Example.org", "customer:7"), true},
	{"another operation", func(a *commands.Action) { a.Operation = domain.Use }, false},
	{"another time", func(a *commands.Action) { a.Time = a.Time.Add(1) }, false},
	{"another instruction", func(a *commands.Action) { a.Instruction = "quotes" }, false},
	{"no instruction", func(a *commands.Action) { a.Instruction = "" }, false},
	{"another person", of("email:bob@example.org", "customer:7"), false},
	{"another second person", of("email:ada@example.org", "customer:8"), false},
	{"a known person for another", of("email:ada@example.org", "customer:6"), false},
	{"a person more", of("email:ada@example.org", "customer:7", "customer:8"), false},
	{"a person less", of("email:ada@example.org"), false},
	{"other details", func(a *commands.Action) { a.Details = domain.NewPersonal(`{"note":"y"}`) }, false},
	{"no details", func(a *commands.Action) { a.Details = domain.Personal{} }, false},
	{"another category", func(a *commands.Action) { a.Categories = []domain.Category{"pd:EmailAddress"} }, false},
	{"a category more", func(a *commands.Action) { a.Categories = []domain.Category{"pd:Name", "pd:EmailAddress"} }, false},
	{"no category", func(a *commands.Action) { a.Categories = nil }, false},
	{"another system", func(a *commands.Action) { a.System = "erp" }, false},
	{"a word moved to the next member", func(a *commands.Action) { a.System, a.Location = "", "crmGB" }, false},
	{"another place", func(a *commands.Action) { a.Location = "DE" }, false},
	{"another recipient", func(a *commands.Action) { a.Recipient = "northprint" }, false},
	{"another order", func(a *commands.Action) { a.Order = "ord-1" }, false},
	{"another stated basis", func(a *commands.Action) { a.Stated = domain.Consent }, false},
	{"no stated basis", func(a *commands.Action) { a.Stated = "" }, false},
}

func first() commands.Action { return action("a", of("email:ada@example.org", "customer:7")) }

// The same id with the same content is answered with the first receipt, with other content it is a conflict; however the two meet.
func TestAnIdThatComesAgain(t *testing.T) {
	for _, meeting := range []struct {
		rule string
		meet func(w *world, again commands.Action) (one, two commands.Outcome)
	}{
		{"after the first is recorded", func(w *world, again commands.Action) (one, two commands.Outcome) {
			return w.record(first())[0], w.record(again)[0]
		}},
		{"in one batch", func(w *world, again commands.Action) (one, two commands.Outcome) {
			outcomes := w.record(action("x"), first(), action("y"), again)
			return outcomes[1], outcomes[3]
		}},
		{"while the first is on its way", func(w *world, again commands.Action) (one, two commands.Outcome) {
			return w.both(again, w.log.Hold())
		}},
		{"after the ledger was opened again", func(w *world, again commands.Action) (one, two commands.Outcome) {
			one = w.record(first())[0]
			w.reopen()
			return one, w.record(again)[0]
		}},
		{"after the memory was lost", func(w *world, again commands.Action) (one, two commands.Outcome) {
			one = w.record(first())[0]
			w.stop()
			w.memory = &memory{}
			w.open()
			return one, w.record(again)[0]
		}},
		{"while the memory does not keep up", func(w *world, again commands.Action) (one, two commands.Outcome) {
			return w.both(again, w.memory.hold())
		}},
	} {
		for _, respect := range respects {
			t.Run(meeting.rule+"/"+respect.rule, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := declared(t)
					w.recorded(action("other", of("customer:6")))
					again := first()
					respect.change(&again)
					one, two := meeting.meet(w, again)
					if one.Err != nil || one.Receipt.Duplicate || one.Receipt.Events != 2 {
						t.Fatalf("the first was answered with %+v", one)
					}
					want := one.Receipt
					want.Duplicate = true
					switch {
					case respect.same && (two.Err != nil || two.Receipt != want):
						t.Errorf("answered with %+v, want the first receipt %+v", two, want)
					case !respect.same && (!errors.Is(two.Err, commands.ErrReused) || errors.FlattenHints(two.Err) == "" || two.Receipt != commands.Receipt{}):
						t.Errorf("answered with %+v, want a conflict", two)
					}
					w.checkReceipt(one.Receipt)
					if third := w.record(first())[0]; third.Err != nil || third.Receipt != want {
						t.Errorf("the third was answered with %+v", third)
					}
					w.check()
				})
			})
		}
	}
}

// both submits the first action and then another, and calls release when neither can get any further.
func (w *world) both(again commands.Action, release func()) (one, two commands.Outcome) {
	var left sync.WaitGroup
	for _, s := range []struct {
		action commands.Action
		to     *commands.Outcome
	}{{first(), &one}, {again, &two}} {
		left.Add(1)
		if err := w.ledger.Submit([]commands.Action{s.action}, func(o []commands.Outcome) { *s.to = o[0]; left.Done() }); err != nil {
			w.Fatal(err)
		}
		synctest.Wait()
	}
	release()
	left.Wait()
	return one, two
}

func TestAnIdBelongsToItsSource(t *testing.T) {
	w := declared(t)
	one := w.recorded(action("a"))
	for i, change := range []func(*commands.Action){
		func(a *commands.Action) { a.Service = "crm" },
		func(a *commands.Action) { a.Controller = "other" },
		func(a *commands.Action) { a.Controller, a.Service = "fenlandweb", "shop" },
		func(a *commands.Action) { a.ID = "A" },
	} {
		r := w.recorded(action("a", change))
		if r.Duplicate || r.Position != one.Position+domain.Position(1+i) {
			t.Errorf("change %d: the receipt is %+v", i, r)
		}
	}
	w.check()
}

// However many say the same at once, it is recorded once, and all have the same receipt.
func TestManyWhoSayTheSameAtOnce(t *testing.T) {
	w := declared(t)
	const callers, ids = 64, 20
	receipts := make([][]commands.Receipt, callers)
	var all sync.WaitGroup
	for i := range receipts {
		all.Go(func() {
			for j := range ids {
				id := (i*7 + j) % ids
				o, err := w.ledger.Record(context.Background(), []commands.Action{action("a"+strconv.Itoa(id), of("customer:"+strconv.Itoa(id)))})
				if err != nil || o[0].Err != nil {
					t.Errorf("%v, %v", err, o)
					return
				}
				receipts[i] = append(receipts[i], o[0].Receipt)
			}
		})
	}
	all.Wait()
	fresh, places := map[string]int{}, map[string]domain.Position{}
	for _, r := range receipts {
		for _, r := range r {
			if !r.Duplicate {
				fresh[r.ID]++
			}
			if at, known := places[r.ID]; known && at != r.Position {
				t.Errorf("%s is said to be at %d and at %d", r.ID, at, r.Position)
			}
			places[r.ID] = r.Position
		}
	}
	for id := range places {
		if fresh[id] != 1 {
			t.Errorf("%s was new %d times", id, fresh[id])
		}
	}
	if len(places) != ids || w.log.End() != facts+ids {
		t.Errorf("%d ids, and the log ends at %d", len(places), w.log.End())
	}
	w.check()
}

// A refused action did not happen, so its id is free for one that can be understood.
func TestWhatWasRefusedLeavesItsIdFree(t *testing.T) {
	w := declared(t)
	tooLarge := action("a", func(a *commands.Action) { a.System = string(make([]byte, domain.MaxEventBytes)) })
	outcomes := w.record(tooLarge, tooLarge)
	w.fails(outcomes[0], domain.ErrInvalid)
	w.fails(outcomes[1], domain.ErrInvalid)
	if r := w.recorded(action("a")); r.Duplicate {
		t.Errorf("the receipt is %+v", r)
	}
	w.check()
}

// Linking two identifiers afterwards changes nothing about what was said before.
func TestARepetitionAboutPeopleLinkedSince(t *testing.T) {
	w := declared(t)
	one := w.recorded(first())
	if _, err := w.ledger.Link(t.Context(), commands.Link{Controller: "fenland", Known: person("email:ada@example.org"), Also: person("customer:7")}); err != nil {
		t.Fatal(err)
	}
	if two := w.recorded(first()); !two.Duplicate || two.Position != one.Position {
		t.Errorf("the receipt is %+v", two)
	}
	w.check()
}

// A contradiction is one only of what is on disk: where the first was never written, the second is to be sent again, and recorded.
func TestAConflictIsSaidOnlyOfWhatIsRecorded(t *testing.T) {
	other := action("a", func(a *commands.Action) { a.System = "erp" })
	tooLarge := action("a", func(a *commands.Action) { a.System = string(make([]byte, domain.MaxEventBytes)) })
	for rule, row := range map[string]struct {
		one   commands.Action
		fault memlog.Fault
		fails error
	}{
		"it was refused by the log":      {action("a"), memlog.Refused, domain.ErrUnavailable},
		"it was lost":                    {action("a"), memlog.Lost, domain.ErrUnavailable},
		"it was too large to be written": {tooLarge, memlog.None, domain.ErrInvalid},
	} {
		t.Run(rule, func(t *testing.T) {
			w := declared(t)
			w.log.Inject(row.fault)
			outcomes := w.record(row.one, other)
			w.fails(outcomes[0], row.fails)
			w.fails(outcomes[1], domain.ErrUnavailable)
			if r := w.recorded(other); r.Duplicate {
				t.Errorf("the receipt is %+v", r)
			}
			w.check()
		})
	}
}
