package commands_test

import (
	"bytes"
	"context"
	"reflect"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/domain/register"
)

// check holds everything about a ledger that was closed against its log, which alone decides, and gives what stands about people by it.
func (w *world) check() standingsOf {
	w.Helper()
	w.stop()
	events, _ := w.events()
	var people register.State
	stands := standingsOf{}
	instructions, last, ids := map[commands.InstructionKey]instruction.State{}, time.Time{}, map[string]bool{}
	for i, e := range events {
		if e.Position != domain.Position(i) {
			w.Fatalf("event %d stands at position %d", i, e.Position)
		}
		if key := e.Source + " " + e.ID; ids[key] {
			w.Fatalf("%s is in the log twice", key)
		} else {
			ids[key] = true
		}
		if e.Recorded.Before(last) {
			w.Fatalf("event %d was recorded at %s, before the one before it", i, e.Recorded)
		}
		last, people = e.Recorded, people.Evolve(e.Event)
		switch f := e.Fact.(type) {
		case instruction.Given:
			key := commands.InstructionKey{Controller: f.Controller, Instruction: f.Instruction}
			instructions[key] = instructions[key].Evolve(e.Event)
		case instruction.Withdrawn:
			key := commands.InstructionKey{Controller: f.Controller, Instruction: f.Instruction}
			instructions[key] = instructions[key].Evolve(e.Event)
		case dossier.AnswerRecorded:
			asked := dossier.Action{
				Controller: f.Controller, Service: f.Service, Time: e.Time, Operation: f.Operation, Instruction: f.Instruction,
				Categories: f.Categories, System: f.System, From: f.From, Location: f.Location, Recipient: f.Recipient, Order: f.Order, Stated: f.Stated,
			}
			j := dossier.Judge(asked, knownOf(people, instructions, asked))
			if again := j.Of(asked, stands.of(f.Subject)); again != f.Findings() || j.Version != f.Version || j.Basis != f.Basis {
				w.Fatalf("event %d is answered again with %v, recorded as %v", i, again.List(), f)
			}
		case dossier.ActionRecorded:
			known := knownOf(people, instructions, sent(e))
			known.ReportsWithin, known.Now = people.ReportsWithin(f.Controller, f.Service), e.Recorded
			again := dossier.Judge(sent(e), known)
			again.Findings = again.Of(sent(e), stands.of(f.Subject))
			if again.Findings != f.Findings || again.Version != f.Version || again.Basis != f.Basis {
				w.Fatalf("event %d is judged again as %v, recorded as %v", i, again, f)
			}
		}
		stands.evolve(e.Event)
	}
	w.checkMemory(domain.Position(len(events)))
	w.checkStandings(stands, domain.Position(len(events)))
	return stands
}

// knownOf gives what the judgement of an action rests on, as of an event.
func knownOf(people register.State, instructions map[commands.InstructionKey]instruction.State, a dossier.Action) dossier.Known {
	known := dossier.Known{Instruction: instructions[commands.InstructionKey{Controller: a.Controller, Instruction: a.Instruction}]}
	if people.Processor != nil {
		known.Territory = people.Processor.Territory
	}
	if r, registered := people.Recipients[a.Recipient]; registered {
		known.Recipient = &r
	}
	return known
}

// checkStandings holds what a ledger would decide on, from what its memory kept, against what stands by the log alone.
func (w *world) checkStandings(stands standingsOf, end domain.Position) {
	w.Helper()
	cfg := w.cfg()
	cfg.Memory = w.memory.copy()
	l, err := commands.Open(context.Background(), cfg)
	if err != nil || l.State().End != end {
		w.Fatalf("open over what was kept: %+v", err)
	}
	for key := range stands {
		if want, got := stands.of(key).Encode(), l.Standing(key).Encode(); !bytes.Equal(want, got) {
			w.Fatalf("about somebody stands\n%s\nby the log\n%s", got, want)
		}
	}
}

// checkMemory holds the memory against one made from the log alone.
func (w *world) checkMemory(end domain.Position) {
	w.Helper()
	cfg, fresh := w.cfg(), &memory{}
	cfg.Memory = fresh
	l, err := commands.Open(context.Background(), cfg)
	if err != nil {
		w.Fatalf("fold: %+v", err)
	}
	if fresh.end != end || l.State().End != end {
		w.Fatalf("folded to %d and %d, the log ends at %d", fresh.end, l.State().End, end)
	}
	if len(w.memory.twice) > 0 {
		w.Fatalf("%d messages were remembered twice, differently", len(w.memory.twice))
	}
	for key, seen := range w.memory.seen {
		if fresh.seen[key] != seen {
			w.Fatalf("remembered %+v, in the log it is %+v", seen, fresh.seen[key])
		}
	}
	for key, seen := range fresh.seen {
		if _, known := w.memory.seen[key]; !known && seen.Position < w.memory.end {
			w.Fatalf("the message at %d is not remembered, though the memory says it is complete to %d", seen.Position, w.memory.end)
		}
	}
	state, err := commands.Restore(fresh.snapshot)
	if err != nil || !reflect.DeepEqual(state, l.State()) {
		w.Fatalf("the snapshot is another state than the one folded: %v", err)
	}
}

// sent gives an action as it was judged.
// standingsOf folds what stands about people from the log alone.
type standingsOf map[domain.SubjectKey]dossier.Standing

func (s standingsOf) root(key domain.SubjectKey) domain.SubjectKey {
	for s[key].SameAs != 0 {
		key = s[key].SameAs
	}
	return key
}

func (s standingsOf) of(key domain.SubjectKey) dossier.Standing { return s[s.root(key)] }

func (s standingsOf) evolve(e domain.Event) {
	switch f := e.Fact.(type) {
	case dossier.IdentifierLinked:
		if first, joined := s.root(f.Subject), s.root(f.Joined); f.Joined != 0 && first != joined {
			s[first] = s[first].Join(s[joined])
			s[joined] = dossier.Standing{SameAs: first}
		}
	case dossier.Statement:
		key := s.root(f.Person().Subject)
		s[key] = s[key].Evolve(e)
	}
}

func sent(e domain.Recorded) dossier.Action {
	f := e.Fact.(dossier.ActionRecorded)
	return dossier.Action{
		Controller: f.Controller, Service: f.Service, Time: e.Time, Operation: f.Operation, Instruction: f.Instruction,
		Categories: f.Categories, System: f.System, From: f.From, Location: f.Location, Recipient: f.Recipient, Order: f.Order, Stated: f.Stated,
	}
}

// checkReceipt checks that a receipt says what stands in the log.
func (w *world) checkReceipt(r commands.Receipt) {
	w.Helper()
	events, _ := w.events()
	if uint64(r.Position)+uint64(r.Events) > uint64(len(events)) || r.Events < 1 {
		w.Fatalf("the receipt of %s names %d events at %d; the log has %d", r.ID, r.Events, r.Position, len(events))
	}
	for i := range r.Events {
		e := events[int(r.Position)+i]
		f, ok := e.Fact.(dossier.ActionRecorded)
		if want := r.ID + map[bool]string{true: "/" + strconv.Itoa(i)}[i > 0]; !ok || e.ID != want || f.Findings != r.Findings || !e.Recorded.Equal(r.Recorded) {
			w.Fatalf("the receipt %+v does not fit the event %+v", r, e.Event)
		}
	}
	if r.Leaf != merkle.Leaf(events[r.Position].Bytes) {
		w.Fatalf("the leaf of %s is not that of the event at %d", r.ID, r.Position)
	}
}

// fails checks that an outcome is an error of a kind.
func (w *world) fails(o commands.Outcome, kind error) {
	w.Helper()
	if !errors.Is(o.Err, kind) {
		w.Fatalf("answered with %+v and %v, want %v", o.Receipt, o.Err, kind)
	}
}
