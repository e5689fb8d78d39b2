package commands_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/vault/memvault"
)

// A full queue answers at once that it is full; what it took on is done.
func TestAFullQueueIsBusy(t *testing.T) {
	details := func(n int) func(*commands.Action) {
		return func(a *commands.Action) { a.Details = domain.NewPersonal(string(make([]byte, n))) }
	}
	for _, row := range []struct {
		rule   string
		config func(*commands.Config)
		takes  [][]commands.Action
		busy   []commands.Action
	}{
		{"in actions", func(c *commands.Config) { c.QueueActions = 3 }, [][]commands.Action{{action("a"), action("b")}, {action("c")}}, []commands.Action{action("d")}},
		{"in actions of one call", func(c *commands.Config) { c.QueueActions = 3 }, [][]commands.Action{{action("a")}}, []commands.Action{action("b"), action("c"), action("d")}},
		{"in bytes", func(c *commands.Config) { c.QueueBytes = 2000 }, [][]commands.Action{{action("a", details(1000))}, {action("b", details(800))}}, []commands.Action{action("c", details(200))}},
		{"in people", func(c *commands.Config) { c.QueueBytes = 6400 }, [][]commands.Action{{action("a", customers(90), details(1))}}, []commands.Action{action("b", customers(10), details(1))}},
		{"but takes one call of any size where it is empty", func(c *commands.Config) { c.QueueActions = 1 }, [][]commands.Action{{action("a"), action("b"), action("c")}}, []commands.Action{action("d")}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := &world{TB: t, log: memlog.New(memlog.Config{}), vault: memvault.New(), memory: &memory{}, clock: &clock{}, config: row.config}
			l, err := commands.Open(t.Context(), w.cfg())
			if err != nil {
				t.Fatal(err)
			}
			taken, answers := 0, make(chan commands.Outcome, 16)
			for _, actions := range row.takes {
				taken += len(actions)
				if err := l.Submit(actions, func(outcomes []commands.Outcome) {
					for _, o := range outcomes {
						answers <- o
					}
				}); err != nil {
					t.Fatalf("%d actions are refused: %v", len(actions), err)
				}
			}
			if err := l.Submit(row.busy, func([]commands.Outcome) { t.Error("what was refused is answered") }); !errors.Is(err, domain.ErrBusy) || !errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("more is answered with %v", err)
			}
			w.run(l)
			for range taken {
				if o := <-answers; o.Err != nil {
					t.Errorf("what was taken on is answered with %v", o.Err)
				}
			}
			if o := w.record(row.busy...); o[0].Err != nil || o[0].Receipt.Duplicate {
				t.Errorf("when there is room again, answered with %+v", o[0])
			}
			w.check()
		})
	}
}

// Closing answers everybody: what was taken on is on disk or was not, and each hears which.
func TestClosingAnswersEverybody(t *testing.T) {
	for _, fault := range []memlog.Fault{memlog.None, memlog.Refused, memlog.Lost, memlog.Unanswered} {
		t.Run(strconv.Itoa(int(fault)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := empty(t, func(c *commands.Config) { c.MaxFrameEvents = 2 })
				release := w.log.Hold()
				const callers = 30
				var mu sync.Mutex // over outcomes
				outcomes := map[string]commands.Outcome{}
				declared := make(chan error, callers)
				for i := range callers {
					if err := w.ledger.Submit([]commands.Action{action("a" + strconv.Itoa(i))}, func(o []commands.Outcome) {
						mu.Lock()
						defer mu.Unlock()
						outcomes["a"+strconv.Itoa(i)] = o[0]
					}); err != nil {
						t.Fatal(err)
					}
					go func() {
						_, err := w.ledger.Declare(context.Background(), commands.Declaration{Controllers: organisation().Controllers}, false)
						declared <- err
					}()
					if i%3 == 0 {
						synctest.Wait()
					}
				}
				synctest.Wait()
				w.log.Inject(fault)
				closing := make(chan struct{})
				go func() {
					w.stop()
					close(closing)
				}()
				synctest.Wait()
				release()
				<-closing
				if w.ran != nil {
					t.Errorf("the ledger ended with %v", w.ran)
				}
				if len(outcomes) != callers {
					t.Errorf("%d of %d callers were answered", len(outcomes), callers)
				}
				for range callers {
					if err := <-declared; err != nil && !errors.Is(err, domain.ErrUnavailable) {
						t.Errorf("declaring was answered with %v", err)
					}
				}
				done := 0
				for id, o := range outcomes {
					if o.Err == nil {
						done++
						w.checkReceipt(o.Receipt)
					} else if !errors.Is(o.Err, domain.ErrUnavailable) {
						t.Errorf("%s was answered with %v", id, o.Err)
					}
				}
				if fault == memlog.None && done == 0 {
					t.Error("nothing of what was taken on was written")
				}
				if err := w.ledger.Submit([]commands.Action{action("late")}, func([]commands.Outcome) { t.Error("answered after closing") }); !errors.Is(err, commands.ErrClosed) {
					t.Errorf("after closing, submitting is answered with %v", err)
				}
				if _, err := w.ledger.Declare(t.Context(), organisation(), false); !errors.Is(err, commands.ErrClosed) {
					t.Errorf("after closing, declaring is answered with %v", err)
				}
				w.check()
				w.open()
				for id, o := range outcomes {
					if r := w.recorded(action(id)); o.Err == nil && (!r.Duplicate || r.Position != o.Receipt.Position) {
						t.Errorf("%s was at %d, and is answered with %+v", id, o.Receipt.Position, r)
					}
				}
				w.check()
			})
		})
	}
}

// A ledger that cannot go on says so and answers everybody.
func TestALedgerThatCannotGoOnAnswersEverybody(t *testing.T) {
	w := declared(t)
	// Another writer left an event of a newer program.
	if err := w.log.Append(t.Context(), w.log.End(), [][]byte{[]byte(`{"specversion":"9"}`)}); err != nil {
		t.Fatal(err)
	}
	w.fails(w.record(action("a"))[0], domain.ErrUnavailable)
	for {
		// Until the fold has failed, the queue takes things on, and answers them when it closes.
		if _, err := w.ledger.Record(t.Context(), []commands.Action{action("b")}); errors.Is(err, commands.ErrClosed) {
			break
		}
	}
	w.stop()
	if !errors.HasAssertionFailure(w.ran) {
		t.Errorf("the ledger ended with %v", w.ran)
	}
}
