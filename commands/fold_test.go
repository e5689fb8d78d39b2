package commands_test

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
)

// lived gives a ledger with a history of every kind of event, and its receipts.
func lived(t testing.TB) (*world, []commands.Receipt) {
	t.Helper()
	w := declared(t)
	var receipts []commands.Receipt
	for i := range 5 {
		w.clock.add(time.Second)
		receipts = append(receipts, w.recorded(action("one"+strconv.Itoa(i))))
		receipts = append(receipts, w.recorded(action("many"+strconv.Itoa(i), customers(1+i))))
		receipts = append(receipts, w.recorded(action("plain"+strconv.Itoa(i), func(a *commands.Action) { a.Details = domain.Personal{} })))
		if _, err := w.ledger.Link(t.Context(), commands.Link{Controller: "fenland", Known: person("customer:0"), Also: person("email:ada@example.org")}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ledger.Declare(t.Context(), commands.Declaration{Instructions: []commands.Instruction{orders("Orders "+strconv.Itoa(i), 6+i)}}, false); err != nil {
			t.Fatal(err)
		}
	}
	return w, receipts
}

// answersAlike repeats every action and wants its first receipt.
func (w *world) answersAlike(receipts []commands.Receipt) {
	w.Helper()
	for i, want := range receipts {
		a := action(want.ID)
		switch i % 3 {
		case 1:
			a = action(want.ID, customers(1+i/3))
		case 2:
			a.Details = domain.Personal{}
		}
		want.Duplicate = true
		if got := w.recorded(a); got != want {
			w.Errorf("repeated, %s has the receipt %+v, want %+v", want.ID, got, want)
		}
	}
}

// All that the memory holds can be made again from the log, with the same answers.
func TestAMemoryThatIsBehindIsMadeGood(t *testing.T) {
	for _, row := range []struct {
		rule   string
		behind func(w *world) *memory
	}{
		{"it is the same", func(w *world) *memory { return w.memory }},
		{"it was lost", func(*world) *memory { return &memory{} }},
		{"it lost its snapshot", func(w *world) *memory {
			m := w.memory.copy()
			m.snapshot = nil
			return m
		}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w, receipts := lived(t)
			w.stop()
			before, old := w.ledger.State().Snapshot(), w.memory
			w.memory = row.behind(w)
			w.open()
			if after := w.ledger.State().Snapshot(); !bytes.Equal(before, after) {
				t.Errorf("the state was\n%s\nand is\n%s", before, after)
			}
			w.answersAlike(receipts)
			for key, seen := range old.seen {
				if w.memory.seen[key] != seen {
					t.Errorf("remembered %+v, now %+v", seen, w.memory.seen[key])
				}
			}
			w.check()
		})
	}
}

// An older copy of the memory, from any moment, comes to the same.
func TestAnyOlderCopyOfTheMemoryWillDo(t *testing.T) {
	w := declared(t)
	copies, receipts := []*memory{w.memory.copy()}, []commands.Receipt{}
	for i := range 12 {
		if a := action("one" + strconv.Itoa(i)); i%3 == 1 {
			receipts = append(receipts, w.recorded(action(a.ID, customers(1+i/3))))
		} else if i%3 == 2 {
			a.Details = domain.Personal{}
			receipts = append(receipts, w.recorded(a))
		} else {
			receipts = append(receipts, w.recorded(a))
		}
		copies = append(copies, w.memory.copy())
	}
	for _, m := range copies {
		w.stop()
		w.memory = m
		w.open()
		w.answersAlike(receipts)
	}
	w.check()
}

// A memory that is ahead of the log has seen acknowledged events which the log has lost: nothing is written, and the operator
// hears how far the log should reach.
func TestAMemoryAheadOfTheLogRefusesToStart(t *testing.T) {
	w, _ := lived(t)
	w.stop()
	events, _ := w.events()
	full := domain.Position(len(events))
	for _, end := range []int{0, 1, facts, len(events) - 2, len(events) - 1, len(events)} {
		cfg := w.cfg()
		log := memlog.New(memlog.Config{})
		for i, e := range events[:end] {
			if err := log.Append(t.Context(), domain.Position(i), [][]byte{e.Bytes}); err != nil {
				t.Fatal(err)
			}
		}
		cfg.Log = log
		m := w.memory.copy()
		cfg.Memory = m
		_, err := commands.Open(t.Context(), cfg)
		if end == len(events) {
			if err != nil {
				t.Errorf("the whole log is refused: %v", err)
			}
			continue
		}
		if !errors.HasAssertionFailure(err) || !strings.Contains(err.Error(), full.String()) || errors.FlattenHints(err) == "" {
			t.Errorf("a log of %d events is answered with %v, want it refused with position %d", end, err, full)
		}
		if log.End() != domain.Position(end) || m.end != w.memory.end {
			t.Errorf("something was written: the log ends at %d, the memory at %d", log.End(), m.end)
		}
	}
}

// What the program cannot read stops it, by its position; it never skips.
func TestAnEventThatCannotBeReadStopsTheLedger(t *testing.T) {
	w, _ := lived(t)
	w.stop()
	at := w.log.End()
	if err := w.log.Append(t.Context(), at, [][]byte{[]byte(`{"specversion":"1.0"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := commands.Open(t.Context(), w.cfg()); !errors.HasAssertionFailure(err) || !strings.Contains(err.Error(), at.String()) {
		t.Errorf("opened with %v, want it refused at %d", err, at)
	}
	for _, snapshot := range []string{"x", "daybook-snapshot-2 1", "daybook-snapshot-1", "daybook-snapshot-1 -1", "daybook-snapshot-1 0\n{}"} {
		if _, err := commands.Restore([]byte(snapshot)); !errors.HasAssertionFailure(err) {
			t.Errorf("the snapshot %q is read with %v", snapshot, err)
		}
	}
}

// A ledger that was told to stop while it folded has not read the log to its end, and is no ledger to write with.
func TestAFoldThatIsBrokenOffIsNotAFold(t *testing.T) {
	w, _ := lived(t)
	w.stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := w.cfg()
	cfg.Memory = &memory{}
	if _, err := commands.Open(ctx, cfg); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("opened with %v", err)
	}
}

// The recorded time never runs backwards, whatever the clock does, across restarts too.
func TestRecordedTimeNeverRunsBackwards(t *testing.T) {
	w := declared(t)
	last := w.recorded(action("a")).Recorded
	for i, step := range []time.Duration{time.Second, -time.Hour, 0, time.Minute, -24 * time.Hour, 100 * time.Hour, -200 * time.Hour} {
		w.clock.add(step)
		if i%2 == 0 {
			w.stop()
			if i%4 == 0 {
				w.memory = &memory{}
			}
			w.open()
		}
		r := w.recorded(action("b"+strconv.Itoa(i), func(a *commands.Action) { a.Time = day(5) }))
		if r.Recorded.Before(last) {
			t.Errorf("step %d: recorded at %s after %s", i, r.Recorded, last)
		}
		if now := w.clock.Now().Truncate(time.Millisecond); now.After(last) && !r.Recorded.Equal(now) {
			t.Errorf("step %d: recorded at %s, though the clock says %s", i, r.Recorded, now)
		}
		last = r.Recorded
	}
	w.check()
}

// A failed append ends the epoch: everything in hand is unavailable, and the ledger finds out what was written.
func TestAnAppendThatFails(t *testing.T) {
	for _, row := range []struct {
		rule    string
		fault   memlog.Fault
		written bool
	}{
		{"it was refused", memlog.Refused, false}, {"it was lost", memlog.Lost, false}, {"it happened and was not answered", memlog.Unanswered, true},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := declared(t)
			w.log.Inject(row.fault)
			w.fails(w.record(action("a"))[0], domain.ErrUnavailable)
			if r := w.recorded(action("a")); r.Duplicate != row.written || r.Position != facts {
				t.Errorf("repeated, the receipt is %+v", r)
			}
			w.log.Inject(row.fault)
			if _, err := w.ledger.Declare(t.Context(), commands.Declaration{Instructions: []commands.Instruction{orders("New", 9)}}, false); !errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("declaring is answered with %v", err)
			}
			plan, err := w.ledger.Declare(t.Context(), commands.Declaration{Instructions: []commands.Instruction{orders("New", 9)}}, false)
			if err != nil || plan.Recorded == row.written {
				t.Errorf("declared again, the plan is %+v: %v", plan, err)
			}
			w.check()
		})
	}
}

// Another writer is fenced out, folds what the first wrote and goes on.
func TestTwoWritersOfOneLog(t *testing.T) {
	w := declared(t)
	other := &world{TB: t, log: w.log, vault: w.vault, memory: w.memory.copy(), clock: w.clock}
	other.open()
	t.Cleanup(func() { other.stop() })
	w.recorded(action("a"))
	other.fails(other.record(action("b"))[0], domain.ErrUnavailable)
	if r := other.recorded(action("b")); r.Duplicate || r.Position != facts+1 {
		t.Errorf("the receipt is %+v", r)
	}
	if r := other.recorded(action("a")); !r.Duplicate || r.Position != facts {
		t.Errorf("what the first wrote is answered with %+v", r)
	}
	w.fails(w.record(action("c"))[0], domain.ErrUnavailable)
	if r := w.recorded(action("b")); !r.Duplicate || r.Position != facts+1 {
		t.Errorf("what the second wrote is answered with %+v", r)
	}
	other.check()
	w.check()
}

// What could not be remembered must not be passed over by what is remembered after it: a later repetition would be recorded
// again.
func TestAMemoryThatFailsLosesNothing(t *testing.T) {
	for rule, fault := range map[string]memoryFault{"it kept nothing": forgets, "it kept it and failed": keepsButFails} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := declared(t)
				synctest.Wait()
				release := w.memory.hold()
				w.memory.inject(fault)
				answered := 0
				for i := range 4 {
					if err := w.ledger.Submit([]commands.Action{action("a" + strconv.Itoa(i))}, func(o []commands.Outcome) {
						if o[0].Err == nil {
							answered++
						}
					}); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				if w.log.End() != facts+4 {
					t.Fatalf("the log ends at %d", w.log.End())
				}
				release()
				synctest.Wait()
				if answered != 4 {
					t.Errorf("%d were answered, all 4 are on disk", answered)
				}
				for i := range 4 {
					if r := w.recorded(action("a" + strconv.Itoa(i))); !r.Duplicate || r.Position != domain.Position(facts+i) {
						t.Errorf("repeated, the receipt is %+v", r)
					}
				}
				w.memory.failFinds(1)
				w.fails(w.record(action("a9"))[0], domain.ErrUnavailable)
				if r := w.recorded(action("a9")); r.Duplicate {
					t.Errorf("what was refused counts as recorded: %+v", r)
				}
				w.check()
			})
		})
	}
}
