package natslog_test

import (
	"math/rand/v2"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// Frame k of this log is message k+1 and begins at 3k.
func TestTheMemoryOfPlacesIsBoundedAndNeverWrong(t *testing.T) {
	const frames = 3 * natslog.MaxMarks
	m := natslog.NewMarks()
	for _, k := range rand.New(rand.NewPCG(1, 2)).Perm(frames) {
		m.Add(domain.Position(3*k), uint64(k+1))
		m.Add(domain.Position(3*k), uint64(k+1))
		if m.Len() > natslog.MaxMarks {
			t.Fatalf("%d places are remembered, at most %d may be", m.Len(), natslog.MaxMarks)
		}
		at := domain.Position(3*k + k%3)
		if low, high := m.Around(at, frames+1); low > uint64(k+1) || high <= uint64(k+1) {
			t.Fatalf("the event at %d, in message %d, is sought from message %d to before %d", at, k+1, low, high)
		}
	}
	if m.Len() < natslog.MaxMarks/2 {
		t.Errorf("only %d places are remembered", m.Len())
	}
}

func TestEveryPositionOfManyFramesIsFoundByAnotherProcess(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	writer := open(t, s.Conn())
	var all [][]byte
	for k := range 120 {
		events := lines(1 + k%4)
		must(t, writer.Append(t.Context(), domain.Position(len(all)), events))
		all = append(all, events...)
	}
	reader := open(t, dial(t, s))
	for _, at := range rand.Perm(len(all)) {
		for b, err := range reader.Read(t.Context(), domain.Position(at)) {
			must(t, err)
			if b.At != domain.Position(at) || len(b.Events) == 0 {
				t.Fatalf("reading from %d began with %d events at %d", at, len(b.Events), b.At)
			}
			break
		}
	}
	logtest.Check(t, reader, all)
}

// Other processes ring when they have written, and the ringing may be lost.
func TestAFrameThatNobodyRangForIsSeen(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	log := open(t, s.Conn())
	for b, err := range log.Read(t.Context(), 0) {
		must(t, err)
		if len(b.Events) > 0 {
			break
		}
		put(t, s.Conn(), "[\n1\n]", "Daybook-Position", "0", "Daybook-Count", "1")
	}
	logtest.Check(t, log, [][]byte{[]byte("1")})
}
