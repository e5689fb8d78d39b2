package commands_test

import (
	"bytes"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/merkle"
)

// message is an id with one of the contents under which publishers send it: 0 is meant, the others contradict it.
type message struct {
	id      string
	content int
}

// action gives the same action for the same message, always.
func (m message) action() commands.Action {
	h := fnv.New64()
	_, _ = h.Write([]byte(m.id))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	a := action(m.id, func(a *commands.Action) {
		a.Operation = domain.Operations()[rng.IntN(len(domain.Operations()))]
		a.Subjects = nil
		for range 1 + rng.IntN(3) {
			a.Subjects = append(a.Subjects, someone(rng))
		}
		if rng.IntN(2) == 0 {
			a.Details = domain.Personal{}
		}
		if rng.IntN(3) == 0 {
			a.Location = "US"
		}
		if rng.IntN(4) == 0 {
			a.Order = "matter-" + strconv.Itoa(rng.IntN(4))
		}
		a.System = []string{"crm", "crm", "another", ""}[rng.IntN(4)]
		a.From = []string{"", "crm", "shop"}[rng.IntN(3)]
	})
	if kind := rng.IntN(12); kind < len(sayings) {
		sayings[kind](&a, m.content)
		return a
	}
	switch m.content {
	case 1:
		a.System = "contradicted"
	case 2:
		a.Details = domain.NewPersonal(`{"note":"another"}`)
	}
	return a
}

// sayings are what a message says that is no action, in each of its contents.
var sayings = []func(a *commands.Action, content int){
	func(a *commands.Action, content int) { says(a, commands.Consent{How: "form-" + strconv.Itoa(content)}) },
	func(a *commands.Action, content int) {
		says(a, commands.Consent{Withdrawn: true, How: "form-" + strconv.Itoa(content)})
	},
	func(a *commands.Action, content int) {
		says(a, commands.Objection{Marketing: content == 1})
		if content == 2 {
			a.Instruction = ""
		}
	},
	func(a *commands.Action, content int) {
		says(a, commands.Occasion{Occasion: []domain.Trigger{domain.WhenOrderClosed, domain.WhenContractEnded, domain.WhenQuoteDeclined}[content]})
	},
	func(a *commands.Action, content int) {
		says(a, commands.Announcement{})
		a.Operation, a.System = domain.Use, "system-"+strconv.Itoa(content)
	},
	func(a *commands.Action, content int) {
		says(a, commands.Count{Category: "pd:Name", People: uint64(content)})
		a.Subjects, a.System = nil, "crm"
	},
	func(a *commands.Action, content int) {
		says(a, commands.Question{})
		a.Operation, a.System = domain.Use, "system-"+strconv.Itoa(content)
		if len(a.Subjects) == 3 {
			a.Subjects = nil
		}
	},
}

func says(a *commands.Action, what commands.Statement) {
	a.Says, a.Details, a.Operation = what, domain.Personal{}, ""
}

// book is what publishers know: what they sent, and what they were told.
type book struct {
	mu     sync.Mutex
	sent   map[message]bool
	acked  map[string]ack
	prefix [][]byte // of the log, at the last check

	worlds, fresh, duplicates, conflicts, unavailable, crashes, events int
}

type ack struct {
	receipt commands.Receipt
	content int
	fresh   bool
}

func newBook() *book { return &book{sent: map[message]bool{}, acked: map[string]ack{}} }

func (b *book) addTo(all *book) {
	all.worlds++
	all.fresh += b.fresh
	all.duplicates += b.duplicates
	all.conflicts += b.conflicts
	all.unavailable += b.unavailable
	all.crashes += b.crashes
	all.events += len(b.prefix)
}

func (b *book) crashed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.crashes++
}

// sends notes that a message goes out, and says whether its id was acknowledged before.
func (b *book) sends(m message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent[m] = true
	_, known := b.acked[m.id]
	return known
}

// answered holds an answer against all that were given before, and says whether the message should be sent again.
func (b *book) answered(t *testing.T, m message, known bool, o commands.Outcome) (again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first, acked := b.acked[m.id]
	switch {
	case o.Err == nil:
		if o.Receipt.Duplicate {
			b.duplicates++
		} else {
			b.fresh++
		}
		if known && !o.Receipt.Duplicate || acked && first.fresh && !o.Receipt.Duplicate {
			t.Errorf("%v was acknowledged as new twice: %+v, %+v", m, first, o.Receipt)
		}
		same := o.Receipt
		same.Duplicate = first.receipt.Duplicate
		same.Note = first.receipt.Note // says how it stands now
		if acked && (first.content != m.content || first.receipt != same) {
			t.Errorf("%v was acknowledged as %+v, now as %+v", m, first, o.Receipt)
		}
		if !acked {
			first = ack{receipt: o.Receipt, content: m.content}
		}
		first.fresh = first.fresh || !o.Receipt.Duplicate
		b.acked[m.id] = first
	case errors.Is(o.Err, commands.ErrReused):
		b.conflicts++
		if known && first.content == m.content {
			t.Errorf("%v was acknowledged, and is a conflict now", m)
		}
		others := 0
		for content := range 3 {
			if content != m.content && b.sent[message{m.id, content}] {
				others++
			}
		}
		if others == 0 {
			t.Errorf("%v is a conflict with nothing", m)
		}
	case errors.Is(o.Err, domain.ErrUnavailable):
		b.unavailable++
		return true
	default:
		t.Errorf("%v is answered with %+v", m, o.Err)
	}
	return false
}

// check holds everything against the log once the ledgers are dead.
func (s *simulation) check() {
	w := &world{TB: s.T, log: s.log, vault: s.vault, memory: s.slots[0].memory, clock: s.clock, stop: func() {}}
	stands := w.check()
	w.memory = s.slots[1].memory
	w.checkMemory(s.log.End())
	w.checkStandings(stands, s.log.End())

	events, _ := w.events()
	b := s.book
	for i, stored := range b.prefix {
		if i >= len(events) || !bytes.Equal(events[i].Bytes, stored) {
			s.Fatalf("the event at %d is not what it was", i)
		}
	}
	b.prefix = b.prefix[:0]
	for _, e := range events {
		b.prefix = append(b.prefix, e.Bytes)
	}
	places := map[string]int{} // how many of the log's actions bear an id
	for _, e := range events {
		if e.Source != domain.LedgerSource && !strings.Contains(e.ID, "/") {
			places[e.ID]++
		}
	}
	for id, n := range places {
		if n != 1 {
			s.Errorf("%s is in the log %d times", id, n)
		}
	}
	for id, a := range b.acked {
		s.checkAck(id, a, events)
	}
}

// checkAck checks that what was acknowledged is in the log, where the receipt says, as it was sent.
func (s *simulation) checkAck(id string, a ack, events []domain.Recorded) {
	want := message{id, a.content}.action()
	if int(a.receipt.Position)+a.receipt.Events > len(events) {
		s.Errorf("%s was acknowledged at %d, the log ends at %d", id, a.receipt.Position, len(events))
		return
	}
	var found domain.FindingSet
	for i := range a.receipt.Events {
		e := events[int(a.receipt.Position)+i]
		eventID := id
		if i > 0 {
			eventID += "/" + strconv.Itoa(i)
		}
		if e.ID != eventID || !e.Recorded.Equal(a.receipt.Recorded) || !e.Time.Equal(want.Time) || !fits(e.Fact, want) {
			s.Errorf("%s was acknowledged as %+v at %d, where the log has %+v", id, a, a.receipt.Position, e.Event)
		}
		switch f := e.Fact.(type) {
		case dossier.ActionRecorded:
			found |= f.Findings
		case dossier.AnswerRecorded:
			found |= f.Findings()
		}
	}
	if found != a.receipt.Findings {
		s.Errorf("%s was acknowledged with findings %v, the log has %v", id, a.receipt.Findings.List(), found.List())
	}
	if merkle.Leaf(events[a.receipt.Position].Bytes) != a.receipt.Leaf {
		s.Errorf("the leaf of %s is not that of its event", id)
	}
}

// fits says that an event is what a message becomes for one of its people.
func fits(fact domain.Fact, want commands.Action) bool {
	if f, is := fact.(dossier.ActionRecorded); is {
		return want.Says == nil && f.Operation == want.Operation && f.System == want.System && f.Location == want.Location &&
			(len(f.Details) == 0) == want.Details.IsZero()
	}
	if want.Says == nil {
		return false
	}
	of := dossier.Of{Controller: want.Controller}
	if about, is := fact.(dossier.Statement); is {
		of = about.Person()
	}
	if answer, is := fact.(dossier.AnswerRecorded); is {
		fact = answer.Question()
	}
	return reflect.DeepEqual(fact, want.Says.About(of, want.Action, want.ID))
}
