package commands_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
)

// Nothing is acknowledged before it is durable.
func TestNobodyIsAnsweredBeforeTheLogIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := declared(t)
		release := w.log.Hold()
		var answered bool
		if err := w.ledger.Submit([]commands.Action{action("a")}, func([]commands.Outcome) { answered = true }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if answered || w.log.Waiting() != 1 || w.ledger.State().End != facts {
			t.Errorf("answered %v, %d waiting, the state ends at %d", answered, w.log.Waiting(), w.ledger.State().End)
		}
		release()
		synctest.Wait()
		if !answered || w.ledger.State().End != facts+1 {
			t.Errorf("answered %v, the state ends at %d", answered, w.ledger.State().End)
		}
		w.stop()
	})
}

// What comes while a frame is written becomes the next frame.
func TestWhatComesMeanwhileIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := declared(t)
		release := w.log.Hold()
		for i := range 10 {
			if err := w.ledger.Submit([]commands.Action{action("a" + strconv.Itoa(i))}, func([]commands.Outcome) {}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		release()
		synctest.Wait()
		if _, frames := w.events(); len(frames) != 3 || frames[1] != 1 || frames[2] != 9 {
			t.Errorf("the frames hold %v events, want the register, 1 and 9", frames)
		}
		w.check()
	})
}

// A caller who leaves learns nothing, and the action is recorded all the same.
func TestACallerWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := declared(t)
		release := w.log.Hold()
		ctx, leave := context.WithCancel(t.Context())
		go leave()
		if _, err := w.ledger.Record(ctx, []commands.Action{action("a")}); !errors.Is(err, context.Canceled) {
			t.Errorf("answered with %v", err)
		}
		release()
		synctest.Wait()
		if r := w.recorded(action("a")); !r.Duplicate {
			t.Errorf("repeated, the receipt is %+v", r)
		}
		w.check()
	})
}
