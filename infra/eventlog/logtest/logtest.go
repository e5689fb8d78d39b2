// Package logtest is the contract of the event log, as a suite that every engine passes.
//
// A statement of commands.Log that no test here would notice the breach of is not yet part of the contract. After each step the
// whole log is read and compared, from several places.
//
// It deliberately does not measure time, and does not know any engine: an engine describes itself with Engine.
package logtest

import (
	"context"
	"testing"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

// patience bounds every wait of the suite; nothing is asserted about how long a thing takes.
const patience = 2 * time.Minute

// Log is what an engine offers: the port, and its limit on one append.
type Log interface {
	commands.Log
	// MaxFrame gives the most bytes that one Append takes, as eventlog.Size counts them.
	MaxFrame() int
}

// Engine describes one engine to the suite. All functions end what they started with t.Cleanup.
type Engine struct {
	// Log is a new and empty log.
	Log Log
	// Rival opens the same log a second time, as another process would, while the first stays in use. Where it is nil the
	// engine has no such thing, and the suite uses Log twice.
	Rival func(t *testing.T) Log
	// Reopen ends everything that Log runs on and opens it again from what was kept. It is nil where nothing is kept.
	Reopen func(t *testing.T) Log
	// Faults are the ways in which an append of Log can be made to go wrong; they should come in pairs.
	Faults []Fault
}

// Fault is one way in which an append goes wrong.
type Fault struct {
	// Name says what goes wrong.
	Name string
	// Arm makes the next append of Log go wrong, and only that one.
	Arm func(t *testing.T)
	// Want is the error of that append, for errors.Is; nil where the engine must find out that the append succeeded.
	Want error
	// Written says whether the events are in the log afterwards.
	Written bool
}

// Run runs the suite. open is called once for every rule, each time for a new and empty log.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"append", appendRules},
		{"read", readRules},
		{"follow", followRules},
		{"race", raceRules},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, r := range group.rules {
				t.Run(r.name, func(t *testing.T) { r.check(t, open(t)) })
			}
		})
	}
	t.Run("faults", func(t *testing.T) { runFaults(t, open) })
}

// rule is one statement of the contract.
type rule struct {
	name  string
	check func(t *testing.T, e Engine)
}

// Check reads the whole log, from its start, its middle, its last event and its end, and fails the test unless it holds exactly
// want at gapless positions, and refuses to be read beyond its end.
func Check(t testing.TB, log commands.Log, want [][]byte) {
	t.Helper()
	n := len(want)
	for _, from := range []int{0, n / 3, n / 2, n - 1, n} {
		if from < 0 {
			continue
		}
		got := ReadAll(t, log, domain.Position(from))
		if len(got) != n-from {
			t.Fatalf("reading from %d gave %d events, want %d", from, len(got), n-from)
		}
		for i := range got {
			if string(got[i]) != string(want[from+i]) {
				t.Fatalf("the event at %d differs from what was appended: %d bytes, want %d", from+i, len(got[i]), len(want[from+i]))
			}
		}
	}
	refusesReading(t, log, domain.Position(n+1))
}

// ReadAll reads the events from position from to the end that the log has now. It fails the test on an error, a gap, or a
// reading that does not reach the end.
func ReadAll(t testing.TB, log commands.Log, from domain.Position) [][]byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	next := from
	var events [][]byte
	for b, err := range log.Read(ctx, from) {
		if err != nil {
			t.Fatalf("reading from %d, at %d: %+v", from, next, err)
		}
		if b.At != next {
			t.Fatalf("reading from %d: a batch at %d, want it at %d", from, b.At, next)
		}
		if len(b.Events) == 0 && !b.CaughtUp {
			t.Fatalf("reading from %d: a batch at %d that says nothing", from, b.At)
		}
		events = append(events, b.Events...)
		next = b.End()
		if b.CaughtUp {
			return events
		}
	}
	t.Fatalf("reading from %d ended at %d without reaching the end of the log", from, next)
	return nil
}
