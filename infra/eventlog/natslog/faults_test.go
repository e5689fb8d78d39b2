package natslog_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
)

// turn is how many events a writer adds before it lets others.
const turn = 20

// scribe is a writer that numbers its events, and folds the log again whenever an append does not succeed, as the ledger does.
type scribe struct {
	name  string
	log   commands.Log
	fault *atomic.Int64   // the one that is being made
	at    domain.Position // the end that it knows
	found map[string]bool // what was seen in the log or acknowledged
	acked map[string]ack  // owned by write until it ends
	won   atomic.Int64    // counts them
	told  map[string]int  // how often each outcome was told
}

// ack is what the log said of an event.
type ack struct {
	at    domain.Position
	fault int64 // that was being made
}

func newScribe(name string, log commands.Log, fault *atomic.Int64) *scribe {
	return &scribe{name: name, log: log, fault: fault, found: map[string]bool{}, acked: map[string]ack{}, told: map[string]int{}}
}

// write appends events one after another until ctx ends. An event whose outcome is not known is looked for, and sent again where it
// is not found.
func (s *scribe) write(ctx context.Context) error {
	for n := 0; ctx.Err() == nil; {
		event := fmt.Sprintf(`"%s-%d"`, s.name, n)
		if s.found[event] {
			n++
			continue
		}
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		err := s.log.Append(patience, s.at, [][]byte{[]byte(event)})
		cancel()
		switch {
		case err == nil:
			s.told["acknowledged"]++
			s.acked[event], s.found[event] = ack{s.at, s.fault.Load()}, true
			s.won.Add(1)
			s.at++
			if n%turn == turn-1 { // or the others would never win
				rest(ctx, 10*time.Millisecond)
			}
			continue
		case errors.Is(err, domain.ErrFenced):
			s.told["fenced"]++
		case errors.Is(err, domain.ErrUnavailable):
			s.told["unavailable"]++
		case errors.Is(err, domain.ErrOutcomeUnknown):
			s.told["unknown"]++
		default:
			return errors.Wrapf(err, "append at %s", s.at)
		}
		if err := s.fold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fold reads what it has not seen, up to the end.
func (s *scribe) fold(ctx context.Context) error {
	for {
		for b, err := range s.log.Read(ctx, s.at) {
			if errors.Is(err, domain.ErrUnavailable) {
				s.told["read again"]++
				break
			}
			if err != nil {
				return errors.Wrapf(err, "read from %s", s.at)
			}
			for _, event := range b.Events {
				s.found[string(event)] = true
			}
			s.at = b.End()
			if b.CaughtUp {
				return nil
			}
		}
		if !rest(ctx, 50*time.Millisecond) {
			return nil
		}
	}
}

// rest waits, and says whether ctx lasted as long.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// reaches waits until a count reaches a goal, and says whether it did within ctx.
func reaches(ctx context.Context, count *atomic.Int64, goal int64) bool {
	for count.Load() < goal {
		if !rest(ctx, 10*time.Millisecond) {
			return false
		}
	}
	return true
}

// row is what became of the events of one fault.
type row struct{ acknowledged, lost, doubled int }

// audit holds what scribes were told against the log.
func audit(events [][]byte, scribes []*scribe, faults int) []row {
	rows := make([]row, faults)
	at := map[string][]domain.Position{}
	for i, event := range events {
		at[string(event)] = append(at[string(event)], domain.Position(i))
	}
	for _, s := range scribes {
		for event, a := range s.acked {
			r := &rows[a.fault]
			r.acknowledged++
			if !slices.Contains(at[event], a.at) {
				r.lost++
			}
			if len(at[event]) > 1 {
				r.doubled++
			}
		}
	}
	return rows
}

// Each writer is connected to a server of its own, so that one of them always speaks with the server that fails. Reading the log from
// its start, by each of them, refuses gaps.
func TestNothingAcknowledgedIsLostWhenTheClusterFails(t *testing.T) {
	c := startCluster(t)
	faults := slices.DeleteFunc(clustertest.Faults(), func(f clustertest.Fault) bool { return !f.Short })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var fault atomic.Int64
	var scribes []*scribe
	var writing sync.WaitGroup
	for i := range c.Nodes() {
		s := newScribe(fmt.Sprintf("writer%d", i), openCopied(t, c, "", i), &fault)
		scribes = append(scribes, s)
		writing.Go(func() {
			if err := s.write(ctx); err != nil {
				t.Errorf("%s: %+v", s.name, err)
			}
		})
	}
	for i, f := range faults {
		fault.Store(int64(i))
		within, cancel := context.WithTimeout(ctx, time.Minute)
		if err := f.Make(within, c, "DAYBOOK"); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for _, s := range scribes {
			if goal := s.won.Load() + turn; !reaches(within, &s.won, goal) {
				t.Errorf("after %s, %s is not answered any more", f.Name, s.name)
			}
		}
		cancel()
	}
	stop()
	writing.Wait()
	var events [][]byte
	for _, s := range scribes {
		t.Logf("%s was told %v", s.name, s.told)
		events = logtest.ReadAll(t, s.log, 0)
	}
	t.Logf("%-36s %12s %6s %8s", "fault", "acknowledged", "lost", "doubled")
	for i, r := range audit(events, scribes, len(faults)) {
		t.Logf("%-36s %12d %6d %8d", faults[i].Name, r.acknowledged, r.lost, r.doubled)
		if r.lost > 0 || r.doubled > 0 {
			t.Errorf("%s: %d lost, %d doubled", faults[i].Name, r.lost, r.doubled)
		}
	}
	t.Logf("%d events in the log, without a gap", len(events))
}
