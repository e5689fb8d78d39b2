package memlog_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
)

func TestContract(t *testing.T) {
	logtest.Run(t, func(*testing.T) logtest.Engine {
		log := memlog.New(memlog.Config{})
		arm := func(f memlog.Fault) func(*testing.T) { return func(*testing.T) { log.Inject(f) } }
		return logtest.Engine{Log: log, Faults: []logtest.Fault{
			{Name: "refused", Arm: arm(memlog.Refused), Want: domain.ErrUnavailable},
			{Name: "lost before it was written", Arm: arm(memlog.Lost), Want: domain.ErrOutcomeUnknown},
			{Name: "written and unanswered", Arm: arm(memlog.Unanswered), Want: domain.ErrOutcomeUnknown, Written: true},
			{Name: "none", Arm: arm(memlog.None), Written: true},
		}}
	})
}

func TestFaultsComeInOrder(t *testing.T) {
	log := memlog.New(memlog.Config{})
	log.Inject(memlog.None, memlog.Lost)
	log.Inject(memlog.Refused)
	one := [][]byte{[]byte("{}")}
	for i, want := range []error{nil, domain.ErrOutcomeUnknown, domain.ErrUnavailable, nil} {
		if err := log.Append(t.Context(), log.End(), one); !errors.Is(err, want) {
			t.Fatalf("append %d returned %v, want %v", i, err, want)
		}
	}
	if log.End() != 2 {
		t.Fatalf("the log ends at %d, want 2", log.End())
	}
}

func TestAHeldAppendIsNotInTheLogUntilReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New(memlog.Config{})
		release := log.Hold()
		var writing sync.WaitGroup
		writing.Go(func() {
			if err := log.Append(t.Context(), 0, [][]byte{[]byte("{}")}); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if log.End() != 0 || log.Waiting() != 1 {
			t.Fatalf("while held the log ends at %d with %d waiting, want 0 and 1", log.End(), log.Waiting())
		}
		release()
		release()
		writing.Wait()
		if log.End() != 1 || log.Waiting() != 0 {
			t.Fatalf("when released the log ends at %d with %d waiting, want 1 and 0", log.End(), log.Waiting())
		}
	})
}

func TestADisconnectedReadingEndsAndTheNextIsWell(t *testing.T) {
	log := memlog.New(memlog.Config{})
	var last error
	for b, err := range log.Read(t.Context(), 0) {
		if last = err; b.CaughtUp {
			log.Disconnect()
		}
	}
	if !errors.Is(last, domain.ErrUnavailable) {
		t.Fatalf("the reading ended with %v, want it unavailable", last)
	}
	logtest.Check(t, log, nil)
}
