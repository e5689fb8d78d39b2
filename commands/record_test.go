package commands_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/vault/memvault"
)

func TestAReceiptSaysWhatIsOnDisk(t *testing.T) {
	w := declared(t)
	for n, row := range []struct {
		rule   string
		action commands.Action
		finds  domain.FindingSet
	}{
		{"a conformant action", action("a"), 0},
		{"without details", action("b", func(a *commands.Action) { a.Details = domain.Personal{} }), 0},
		{"Art. 28(3)(a): an operation that is not instructed", action("c", func(a *commands.Action) { a.Operation = domain.Erase }), domain.FindingSet(0).With(domain.OperationNotInstructed)},
		{"of a controller and a service that nobody declared", action("d", func(a *commands.Action) { a.Controller, a.Service = "other", "other" }), domain.FindingSet(0).With(domain.NoInstruction)},
		{"reported an hour late", action("e", func(a *commands.Action) { a.Time = ago(time.Hour + 1) }), domain.FindingSet(0).With(domain.ReportedLate)},
		{"from the future", action("f", func(a *commands.Action) { a.Time = ago(-time.Hour) }), 0},
		{"several findings", action("g", func(a *commands.Action) { a.Location, a.Stated = "US", domain.Consent }), domain.FindingSet(0).With(domain.LocationNotInstructed).With(domain.BasisMismatch).With(domain.TransferWithoutSafeguard)},
	} {
		w.clock.add(1500 * time.Microsecond)
		r := w.recorded(row.action)
		if r.ID != row.action.ID || r.Position != domain.Position(facts+n) || r.Events != 1 || r.Duplicate || r.Findings != row.finds {
			t.Errorf("%s: the receipt is %+v", row.rule, r)
		}
		if want := w.clock.Now().Truncate(time.Millisecond); !r.Recorded.Equal(want) || r.Recorded.Location() != time.UTC {
			t.Errorf("%s: recorded at %s, want %s", row.rule, r.Recorded, want)
		}
		w.checkReceipt(r)
	}
	w.check()
}

// What stands in the log is what was sent, under a pseudonym, and the details under the person's key.
func TestTheEventSaysWhatWasSentAndNothingPersonal(t *testing.T) {
	w := declared(t)
	a := action("a", func(a *commands.Action) { a.Recipient, a.Order, a.Operation = "northprint", "ord-1", domain.Export })
	r := w.recorded(a)
	events, _ := w.events()
	e := events[r.Position]
	f := e.Fact.(dossier.ActionRecorded)
	if e.ID != a.ID || e.Source != "/fenland/webshop" || !e.Time.Equal(a.Time) || e.Sequence != a.Sequence || f.Identifier != "email" || f.Action != "" {
		t.Errorf("the event is %+v", e.Event)
	}
	if f.Order != a.Order || f.Recipient != a.Recipient || f.System != a.System || f.Version != 1 || f.Basis != domain.Contract || f.Stated != a.Stated {
		t.Errorf("the event says %+v", f)
	}
	keys, err := w.vault.Keys(t.Context(), "fenland", a.Subjects[0])
	if err != nil || len(keys) != 1 || keys[0] != f.Subject {
		t.Errorf("the subject is %d, the vault leads to %v: %v", f.Subject, keys, err)
	}
	details, err := w.vault.Open(t.Context(), f.Subject, domain.SealedFor(e.Source, e.ID), f.Details)
	if err != nil || details.Reveal() != a.Details.Reveal() {
		t.Errorf("the details open to %q: %v", details.Reveal(), err)
	}
	for _, e := range events {
		for _, personal := range []string{"ada@", "example", "note", "Anna", "Zoe"} {
			if bytes.Contains(e.Bytes, []byte(personal)) {
				t.Errorf("%q stands in the clear: %s", personal, e.Bytes)
			}
		}
	}
}

// One action on many people is one event a person, all or none, next to one another.
func TestAnActionOnManyPeople(t *testing.T) {
	for _, row := range []struct {
		rule   string
		action commands.Action
		people int
	}{
		{"three people", action("a", of("email:a@example.org", "email:b@example.org", "customer:7")), 3},
		{"a person named twice counts once", action("a", of("email:a@example.org", "customer:7", "email:A@Example.org")), 2},
		{"nine people, one named twice", action("a", of("customer:1", "customer:2", "customer:3", "customer:4", "customer:5", "customer:6", "customer:7", "customer:8", "customer:9", "customer:1")), 9},
		{"the most people that one action may name", action("a", customers(commands.MaxSubjects)), commands.MaxSubjects},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := declared(t)
			r := w.recorded(row.action)
			if r.Events != row.people {
				t.Errorf("the receipt counts %d people, want %d", r.Events, row.people)
			}
			w.checkReceipt(r)
			events, frames := w.events()
			subjects := map[domain.SubjectKey]bool{}
			for i, e := range events[r.Position:] {
				f := e.Fact.(dossier.ActionRecorded)
				subjects[f.Subject] = true
				if want := map[bool]string{true: row.action.ID}[i > 0]; f.Action != want {
					t.Errorf("event %d is tied to action %q, want %q", i, f.Action, want)
				}
				if _, err := w.vault.Open(t.Context(), f.Subject, domain.SealedFor(e.Source, e.ID), f.Details); err != nil {
					t.Errorf("the details of person %d: %v", i, err)
				}
			}
			if len(subjects) != row.people || frames[len(frames)-1] != row.people {
				t.Errorf("%d people in frames of %v, want %d in one", len(subjects), frames, row.people)
			}
			if again := w.recorded(row.action); !again.Duplicate || again.Position != r.Position || again.Events != r.Events {
				t.Errorf("repeated, the receipt is %+v", again)
			}
			w.check()
		})
	}
}

func TestAFrameNeverPartsAnAction(t *testing.T) {
	w := empty(t, func(c *commands.Config) { c.MaxFrameEvents = 4 })
	for i, n := range []int{3, 3, 10, 1, 4, 2} {
		w.recorded(action("a"+strconv.Itoa(i), customers(n)))
	}
	actions := make([]commands.Action, 20)
	for i := range actions {
		actions[i] = action("b"+strconv.Itoa(i), customers(1+i%6))
	}
	for _, o := range w.record(actions...) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		w.checkReceipt(o.Receipt)
	}
	events, frames := w.events()
	at := 0
	for _, n := range frames {
		if f := events[at].Fact.(dossier.ActionRecorded); f.Action != "" {
			t.Errorf("a frame begins inside the action %s", f.Action)
		}
		at += n
	}
	w.check()
}

// What breaks a limit is refused alone: nothing of it is written, and its neighbours are.
func TestWhatBreaksALimitIsRefusedAlone(t *testing.T) {
	wide := func(a *commands.Action) {
		a.Categories = make([]domain.Category, 64)
		for i := range a.Categories {
			a.Categories[i] = domain.Category("pd:" + strings.Repeat("x", 58) + strconv.Itoa(100+i))
		}
	}
	details := func(n int) func(*commands.Action) {
		return func(a *commands.Action) { a.Details = domain.NewPersonal(strings.Repeat("x", n)) }
	}
	for _, row := range []struct {
		rule  string
		bad   commands.Action
		taken bool
	}{
		{"nobody", action("bad", customers(0)), false},
		{"one person too many", action("bad", customers(commands.MaxSubjects+1)), false},
		{"the largest details", action("bad", details(commands.MaxDetailsBytes)), true},
		{"details that are too large", action("bad", details(commands.MaxDetailsBytes+1)), false},
		{"large details for many people", action("bad", customers(200), details(commands.MaxDetailsBytes)), false},
		{"64 categories for one person", action("bad", wide), true},
		{"64 categories for the most people", action("bad", customers(commands.MaxSubjects), wide), false},
		{"64 categories for a hundred people", action("bad", customers(100), wide), true},
		{"an event that is too large", action("bad", customers(3), func(a *commands.Action) { a.System = strings.Repeat("x", domain.MaxEventBytes) }), false},
		{"no id", action(""), false},
		{"an id that could be another event's", action("before/1"), false},
		{"an id that is somebody's address", action("ada@example.org"), false},
		{"no time", action("bad", func(a *commands.Action) { a.Time = time.Time{} }), false},
		{"before 1990", action("bad", func(a *commands.Action) { a.Time = time.Date(1989, 12, 31, 23, 59, 59, 0, time.UTC) }), false},
		{"in 1990", action("bad", func(a *commands.Action) { a.Time = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC) }), true},
		{"in 9999", action("bad", func(a *commands.Action) { a.Time = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }), true},
		{"in 9999 where it was sent, and 10000 in UTC", action("bad", func(a *commands.Action) {
			a.Time = time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600))
		}), false},
		{"no operation", action("bad", func(a *commands.Action) { a.Operation = "" }), false},
		{"no controller", action("bad", func(a *commands.Action) { a.Controller = "" }), false},
		{"no service", action("bad", func(a *commands.Action) { a.Service = "" }), false},
		{"a person without a value", action("bad", func(a *commands.Action) { a.Subjects = []domain.Identifier{{Kind: "email"}} }), false},
		{"a person without a kind", action("bad", func(a *commands.Action) { a.Subjects = []domain.Identifier{{Value: domain.NewPersonal("x")}} }), false},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := declared(t)
			outcomes := w.record(action("before"), row.bad, action("after"))
			bad, people := outcomes[1], 0
			if row.taken {
				people = len(row.bad.Subjects)
			}
			if row.taken && bad.Err != nil || !row.taken && (!errors.Is(bad.Err, domain.ErrInvalid) || errors.FlattenHints(bad.Err) == "") {
				t.Errorf("answered with %v", bad.Err)
			}
			if outcomes[0].Err != nil || outcomes[2].Err != nil {
				t.Errorf("its neighbours were answered with %v and %v", outcomes[0].Err, outcomes[2].Err)
			}
			if w.log.End() != domain.Position(facts+2+people) {
				t.Errorf("the log ends at %d, want %d", w.log.End(), facts+2+people)
			}
			size := 0
			for events, _ := w.events(); len(events) > 0; events = events[1:] {
				size += len(events[0].Bytes)
			}
			if size > commands.MaxActionBytes {
				t.Errorf("the action became %d bytes, more than the %d that one may have", size, commands.MaxActionBytes)
			}
			w.check()
			w.open()
		})
	}
}

func TestNoActionsAreAnsweredAtOnce(t *testing.T) {
	w := empty(t, nil)
	if outcomes := w.record(); len(outcomes) != 0 || w.log.End() != 0 {
		t.Errorf("answered with %v", outcomes)
	}
}

// A vault that does not answer refuses those who asked, who may try again; the ledger goes on.
func TestAVaultThatFails(t *testing.T) {
	w := declared(t)
	for i, fault := range []memvault.Fault{memvault.Fails, memvault.HappensButFails} {
		id := "a" + strconv.Itoa(i)
		w.vault.Order(fault)
		w.fails(w.record(action(id, of("email:new@example.org")))[0], domain.ErrUnavailable)
		if r := w.recorded(action(id, of("email:new@example.org"))); r.Duplicate {
			t.Errorf("what was refused counts as recorded: %+v", r)
		}
		w.vault.Order(fault)
		w.fails(w.record(action(id, of("email:new@example.org")))[0], domain.ErrUnavailable)
		if r := w.recorded(action(id, of("email:new@example.org"))); !r.Duplicate {
			t.Errorf("what was recorded counts as new: %+v", r)
		}
	}
	w.check()
}
