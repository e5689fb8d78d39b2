package logtest

import (
	"context"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

var followRules = []rule{
	{"a reading that caught up goes on with what is appended", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		all := appends(t, e.Log, nil, g.events(5))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		next := domain.Position(2)
		for b, err := range e.Log.Read(ctx, next) {
			must(t, err)
			sameEvents(t, all, next, b)
			if next = b.End(); len(all) > 60 {
				return
			}
			if b.CaughtUp {
				all = appends(t, e.Log, all, g.events(1+len(all)/7))
			}
		}
		t.Fatal("the reading ended by itself")
	}},
	{"a reading of an empty log goes on with what is appended", func(t *testing.T, e Engine) {
		var all [][]byte
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for b, err := range e.Log.Read(ctx, 0) {
			must(t, err)
			sameEvents(t, all, b.At, b)
			if len(all) > 0 {
				return
			}
			all = appends(t, rival(t, e), nil, newGenerator(t).events(3))
		}
		t.Fatal("the reading ended by itself")
	}},
	{"a reading catches up though the log keeps growing", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		var all [][]byte
		for range 20 {
			all = appends(t, e.Log, all, g.events(3))
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		goal, writer := domain.Position(len(all)), rival(t, e)
		for b, err := range e.Log.Read(ctx, 1) {
			must(t, err)
			if b.CaughtUp {
				return
			}
			if b.End() >= goal {
				t.Fatalf("a batch up to %d does not say that it reached the end of %d", b.End(), goal)
			}
			all = appends(t, writer, all, g.events(2))
		}
		t.Fatal("the reading ended by itself")
	}},
	{"a reading ends with its context, without an error", func(t *testing.T, e Engine) {
		appends(t, e.Log, nil, newGenerator(t).events(5))
		for _, from := range []domain.Position{0, 3, 5} {
			ctx, cancel := context.WithCancel(t.Context())
			var following sync.WaitGroup
			caught := make(chan struct{})
			following.Go(func() {
				for b, err := range e.Log.Read(ctx, from) {
					if err != nil {
						t.Errorf("the reading ended with %v", err)
					}
					if b.CaughtUp {
						close(caught)
					}
				}
			})
			<-caught
			cancel()
			following.Wait()
		}
	}},
	{"many follow while another process writes", func(t *testing.T, e Engine) {
		const frames, readers = 200, 8
		g := newGenerator(t)
		var planned [][][]byte
		var all [][]byte
		for i := range frames {
			planned = append(planned, g.events(1+i%5))
			all = append(all, planned[i]...)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var following sync.WaitGroup
		for i := range readers {
			log := e.Log
			if i%2 == 1 {
				log = rival(t, e)
			}
			following.Go(func() { follow(t, ctx, log, all) })
		}
		writer := rival(t, e)
		at := domain.Position(0)
		for _, events := range planned {
			must(t, writer.Append(t.Context(), at, events))
			at += domain.Position(len(events))
		}
		following.Wait()
		Check(t, e.Log, all)
	}},
}

var raceRules = []rule{
	{"two writers make one sequence, and each loser is fenced", func(t *testing.T, e Engine) {
		race(t, []commands.Log{e.Log, rival(t, e)}, 150)
	}},
	{"many writers on one handle make one sequence", func(t *testing.T, e Engine) {
		race(t, []commands.Log{e.Log, e.Log, e.Log, e.Log}, 40)
	}},
	{"a writer that another overtook is fenced, and then goes on from the new end", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		all := appends(t, e.Log, nil, g.events(2))
		all = appends(t, rival(t, e), all, g.events(3))
		refuses(t, e.Log, 2, g.events(3), domain.ErrFenced)
		Check(t, e.Log, all)
		Check(t, e.Log, appends(t, e.Log, all, g.events(1)))
	}},
}

// race lets writers append one event after another, each until it has won wins times, and checks that what they were told is
// what the log holds.
func race(t *testing.T, writers []commands.Log, wins int) {
	total := wins * len(writers)
	won := make([][]byte, total) // each position is written by the writer that won it
	var writing sync.WaitGroup
	for _, log := range writers {
		g := newGenerator(t)
		writing.Go(func() {
			at := domain.Position(0)
			for mine := 0; mine < wins; {
				event := g.event(60 + g.rnd.IntN(60))
				switch err := log.Append(t.Context(), at, [][]byte{event}); {
				case err == nil:
					won[at] = event
					mine++
				case !errors.Is(err, domain.ErrFenced):
					t.Errorf("an append at %d returned %+v, want success or the fence", at, err)
					return
				}
				at++
			}
		})
	}
	writing.Wait()
	if !t.Failed() {
		Check(t, writers[0], won)
	}
}

// follow reads from the start until it has seen want, event by event.
func follow(t *testing.T, ctx context.Context, log commands.Log, want [][]byte) {
	next := domain.Position(0)
	for b, err := range log.Read(ctx, 0) {
		if err != nil || b.At != next || int(b.End()) > len(want) {
			t.Errorf("following, at %d: a batch from %d to %d, error %v", next, b.At, b.End(), err)
			return
		}
		for i, event := range b.Events {
			if string(event) != string(want[int(b.At)+i]) {
				t.Errorf("following gave another event at %d", int(b.At)+i)
				return
			}
		}
		if next = b.End(); int(next) == len(want) {
			return
		}
	}
	t.Errorf("following ended at %d of %d", next, len(want))
}

// sameEvents expects that a batch continues at next with what was appended.
func sameEvents(t *testing.T, all [][]byte, next domain.Position, b domain.Batch) {
	t.Helper()
	if b.At != next || int(b.End()) > len(all) {
		t.Fatalf("a batch from %d to %d, want it to begin at %d and end by %d", b.At, b.End(), next, len(all))
	}
	for i, event := range b.Events {
		if string(event) != string(all[int(b.At)+i]) {
			t.Fatalf("another event at %d", int(b.At)+i)
		}
	}
}

// rival opens the log a second time, where the engine can.
func rival(t *testing.T, e Engine) Log {
	if e.Rival == nil {
		return e.Log
	}
	return e.Rival(t)
}

// runFaults makes appends go wrong in each way that the engine offers, and checks that what the writer is told is true and that
// the log goes on.
func runFaults(t *testing.T, open func(t *testing.T) Engine) {
	probe := open(t)
	for i, fault := range probe.Faults {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			e := open(t)
			g := newGenerator(t)
			fault := e.Faults[i]
			all := appends(t, e.Log, nil, g.events(3))
			for range 3 {
				more := g.events(2)
				fault.Arm(t)
				err := e.Log.Append(t.Context(), domain.Position(len(all)), more)
				if fault.Want == nil {
					must(t, err)
				} else if !errors.Is(err, fault.Want) {
					t.Fatalf("the append returned %v, want %v", err, fault.Want)
				}
				if fault.Written {
					all = append(all, more...)
				}
				Check(t, e.Log, all)
				all = appends(t, e.Log, all, g.events(2))
				Check(t, e.Log, all)
			}
		})
	}
}
