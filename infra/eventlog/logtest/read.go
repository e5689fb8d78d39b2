package logtest

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

var readRules = []rule{
	{"an empty log is caught up at once", func(t *testing.T, e Engine) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for b, err := range e.Log.Read(ctx, 0) {
			must(t, err)
			if b.At != 0 || len(b.Events) != 0 || !b.CaughtUp {
				t.Fatalf("the first batch of an empty log is %d events at %d, caught up %t", len(b.Events), b.At, b.CaughtUp)
			}
			return
		}
		t.Fatal("reading an empty log ended without a batch")
	}},
	{"reading may begin at every position, also inside a frame", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		var all [][]byte
		for _, n := range []int{3, 1, 7, 1, 1, 20} {
			all = appends(t, e.Log, all, g.events(n))
		}
		for from := range len(all) + 1 {
			got := ReadAll(t, e.Log, domain.Position(from))
			if len(got) != len(all)-from {
				t.Fatalf("reading from %d gave %d events, want %d", from, len(got), len(all)-from)
			}
			for i := range got {
				if string(got[i]) != string(all[from+i]) {
					t.Fatalf("reading from %d gave another event at %d", from, from+i)
				}
			}
		}
	}},
	{"reading beyond the end is refused", func(t *testing.T, e Engine) {
		refusesReading(t, e.Log, 1)
		appends(t, e.Log, nil, newGenerator(t).events(5))
		refusesReading(t, e.Log, 6)
		refusesReading(t, e.Log, commands.Nowhere)
	}},
	{"a batch says that it caught up at the end, and not before", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		var all [][]byte
		for range 50 {
			all = appends(t, e.Log, all, g.events(10))
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for b, err := range e.Log.Read(ctx, 5) {
			must(t, err)
			if b.CaughtUp != (b.End() == domain.Position(len(all))) {
				t.Fatalf("a batch up to %d of %d says caught up: %t", b.End(), len(all), b.CaughtUp)
			}
			if b.CaughtUp {
				return
			}
		}
		t.Fatal("the reading ended without catching up")
	}},
	{"reading the same twice gives the same", func(t *testing.T, e Engine) {
		all := appends(t, e.Log, nil, newGenerator(t).events(100))
		reading := e.Log.Read(t.Context(), 0)
		for range 2 {
			n := 0
			for b, err := range reading {
				must(t, err)
				n += len(b.Events)
				if b.CaughtUp {
					break
				}
			}
			if n != len(all) {
				t.Fatalf("a reading gave %d events, want %d", n, len(all))
			}
		}
	}},
	{"a reading that was left leaves nothing behind", func(t *testing.T, e Engine) {
		appends(t, e.Log, nil, newGenerator(t).events(100))
		for range e.Log.Read(t.Context(), 0) { // whatever an engine starts once is started now
			break
		}
		before := runtime.NumGoroutine()
		for from := range domain.Position(101) {
			for _, err := range e.Log.Read(t.Context(), from) {
				must(t, err)
				break
			}
			ctx, cancel := context.WithCancel(t.Context())
			for b, err := range e.Log.Read(ctx, from) {
				must(t, err)
				if b.CaughtUp {
					cancel()
				}
			}
			cancel()
		}
		// What an engine runs beside readings may not have begun yet, and is less than half of one for each reading.
		eventually(t, "the goroutines of readings end", func() bool { return runtime.NumGoroutine() < before+100 })
	}},
}

// refusesReading expects that reading from a position yields domain.ErrInvalid and ends.
func refusesReading(t testing.TB, log commands.Log, from domain.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	yields := 0
	for b, err := range log.Read(ctx, from) {
		yields++
		if !errors.Is(err, domain.ErrInvalid) || len(b.Events) != 0 {
			t.Fatalf("reading from %d, beyond the end, gave %d events and the error %v, want it invalid", from, len(b.Events), err)
		}
	}
	if yields != 1 {
		t.Fatalf("reading from %d, beyond the end, yielded %d times, want 1", from, yields)
	}
}

// eventually waits until a condition holds, and fails the test when it does not come to hold.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("it never came to be that %s", what)
		case <-tick.C:
		}
	}
}
