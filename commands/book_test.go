package commands_test

import (
	"bytes"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
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
	})
	switch m.content {
	case 1:
		a.System = "another"
	case 2:
		a.Details = domain.NewPersonal(`{"note":"another"}`)
	}
	return a
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
	w.check()
	w.memory = s.slots[1].memory
	w.checkMemory(s.log.End())

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
		if f, ok := e.Fact.(dossier.ActionRecorded); ok && f.Action == "" {
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
	for i := range a.receipt.Events {
		e := events[int(a.receipt.Position)+i]
		f, ok := e.Fact.(dossier.ActionRecorded)
		eventID := id
		if i > 0 {
			eventID += "/" + strconv.Itoa(i)
		}
		if !ok || e.ID != eventID || f.Operation != want.Operation || f.System != want.System || f.Location != want.Location ||
			f.Findings != a.receipt.Findings || !e.Recorded.Equal(a.receipt.Recorded) || !e.Time.Equal(want.Time) || (len(f.Details) == 0) != want.Details.IsZero() {
			s.Errorf("%s was acknowledged as %+v at %d, where the log has %+v", id, a, a.receipt.Position, e.Event)
		}
	}
	if merkle.Leaf(events[a.receipt.Position].Bytes) != a.receipt.Leaf {
		s.Errorf("the leaf of %s is not that of its event", id)
	}
}
