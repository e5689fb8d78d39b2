package intake_test

import (
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// load is what many callers heard.
type load struct {
	mu       sync.Mutex
	receipts map[string]bool // under mu
	unheard  atomic.Int64
	callers  sync.WaitGroup
}

// run has callers record until they hear that nobody answers any more.
func (l *load) run(w *world, callers int, round string) {
	for c := range callers {
		l.callers.Go(func() {
			for n := 0; ; n++ {
				id := round + "-" + strconv.Itoa(c) + "-" + strconv.Itoa(n)
				reply, err := w.nc.RequestMsg(msg(subject(wire.Record), "", event(id)), patience)
				switch {
				case err == nats.ErrNoResponders:
					return
				case err != nil:
					l.unheard.Add(1)
					return
				case reply.Header.Get(wire.HeaderErrorCode) == "":
					l.mu.Lock()
					l.receipts[id] = true
					l.mu.Unlock()
				default:
					if p := problemOf(w, reply); !p.Code.Temporary() {
						w.Errorf("%s: %s", id, reply.Data)
					}
				}
			}
		})
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.receipts)
}

// Whatever had arrived when the intake was asked to stop is answered, truly, and whatever is recorded was answered.
func TestStoppingUnderLoadLeavesNobodyWithoutAnAnswer(t *testing.T) {
	w := newWorld(t)
	l := &load{receipts: map[string]bool{}}
	for round := range 5 {
		w.open()
		stopLedger := w.runLedger()
		stopIntake := w.runIntake()
		before := l.count()
		l.run(w, 64, strconv.Itoa(round))
		w.until("some load", func() bool { return l.count() > before+500 })
		stopIntake()
		stopLedger()
		l.callers.Wait()
		w.stop()
	}
	if n := l.unheard.Load(); n > 0 {
		t.Errorf("%d requests were left without an answer", n)
	}
	recorded := w.recorded()
	for _, id := range recorded {
		if !l.receipts[id] {
			t.Errorf("%s was recorded and its caller not told", id)
		}
		delete(l.receipts, id)
	}
	for id := range l.receipts {
		t.Errorf("%s has a receipt and was not recorded", id)
	}
}

func TestStoppingAtOnceIsNoError(t *testing.T) {
	for range 20 {
		w := start(t)
		w.stop()
	}
}

func TestTheIntakeLeavesNoGoroutine(t *testing.T) {
	once := func() {
		w := start(t)
		read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", event("x"))))
		w.put(msg(subject(wire.Inbox), "", event("y")))
		w.until("the draining", func() bool { return len(w.recorded()) == 2 })
		w.stop()
	}
	once()
	before := runtime.NumGoroutine()
	for range 5 {
		once()
	}
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; <-time.After(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			buffer := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before: %s", runtime.NumGoroutine(), before, buffer[:runtime.Stack(buffer, true)])
		}
	}
}
