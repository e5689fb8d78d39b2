package natslog_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// serve starts a server on a directory.
func serve(t testing.TB, cfg bus.Config) *bus.Server {
	t.Helper()
	if cfg.StoreDir == "" {
		cfg.StoreDir = t.TempDir()
	}
	s, err := bus.Embedded(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// answerTime is enough for the largest frame under the race detector on a busy machine, where the time is not what a test is about.
const answerTime = 2 * time.Minute

// open opens the log without a name.
func open(t testing.TB, nc *nats.Conn) *natslog.Log {
	t.Helper()
	log, err := natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: answerTime})
	must(t, err)
	t.Cleanup(log.Close)
	return log
}

// dial opens a connection of its own.
func dial(t testing.TB, s *bus.Server, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := s.Dial(opts...)
	must(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

func TestContract(t *testing.T) {
	logtest.Run(t, func(t *testing.T) logtest.Engine {
		dir := t.TempDir()
		s := serve(t, bus.Config{StoreDir: dir, DontListen: true})
		log := open(t, s.Conn())
		return logtest.Engine{
			Log:   log,
			Rival: func(t *testing.T) logtest.Log { return open(t, dial(t, s)) },
			Reopen: func(t *testing.T) logtest.Log {
				log.Close()
				must(t, s.Close())
				s = serve(t, bus.Config{StoreDir: dir, DontListen: true})
				log = open(t, s.Conn())
				return log
			},
		}
	})
}

func TestContractOverASocketThatFails(t *testing.T) {
	logtest.Run(t, func(t *testing.T) logtest.Engine {
		s := serve(t, bus.Config{})
		wire := &wire{}
		nc, err := bus.Connect(t.Context(), s.ClientURL(), nil, nats.SetCustomDialer(wire))
		must(t, err)
		t.Cleanup(nc.Close)
		return logtest.Engine{
			Log:   open(t, nc),
			Rival: func(t *testing.T) logtest.Log { return open(t, dial(t, s)) },
			Faults: []logtest.Fault{
				{Name: "the frame is lost with the connection", Arm: wire.loseFrame, Written: true},
				{Name: "the answer is lost with the connection", Arm: wire.loseAnswer, Written: true},
			},
		}
	})
}

func TestLedgersOnOneServerAreApart(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	var logs []*natslog.Log
	names := []string{"", "a", "b", "a-b", "in", "orders"}
	for _, name := range names {
		log, err := natslog.Open(t.Context(), s.Conn(), natslog.Config{Name: name, AnswerTime: answerTime})
		must(t, err)
		t.Cleanup(log.Close)
		logs = append(logs, log)
	}
	for i, log := range logs {
		must(t, log.Append(t.Context(), 0, [][]byte{[]byte(names[i] + "1"), []byte(names[i] + "2")}))
	}
	for i, log := range logs {
		logtest.Check(t, log, [][]byte{[]byte(names[i] + "1"), []byte(names[i] + "2")})
	}
}

func TestAFrameIsACloudEventsBatchWithItsPositionInTheHeader(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	log := open(t, s.Conn())
	must(t, log.Append(t.Context(), 0, [][]byte{[]byte(`{"id":"1"}`)}))
	must(t, log.Append(t.Context(), 1, [][]byte{[]byte(`{"id":"2"}`), []byte(`{"id":"3"}`)}))
	js, err := jetstream.New(s.Conn())
	must(t, err)
	stream, err := js.Stream(t.Context(), "DAYBOOK")
	must(t, err)
	m, err := stream.GetMsg(t.Context(), 2)
	must(t, err)
	if want := "[\n{\"id\":\"2\"},\n{\"id\":\"3\"}\n]"; string(m.Data) != want {
		t.Errorf("the frame is %q, want %q", m.Data, want)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/cloudevents-batch+json", "Daybook-Position": "1", "Daybook-Count": "2",
	} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("the header %s is %q, want %q", header, got, want)
		}
	}
	if m.Subject != "daybook.log" {
		t.Errorf("the frame was published on %q", m.Subject)
	}
}

// The memory of what this process wrote is bounded, so followers that fall behind it read from the server.
func TestAFollowerThatFallsBehindLosesNothing(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	log := open(t, s.Conn())
	var all [][]byte
	write := func(n int) {
		for range n {
			event := make([]byte, 100_000%65_000)
			for i := range event {
				event[i] = byte('a' + len(all)%26)
			}
			must(t, log.Append(t.Context(), domain.Position(len(all)), [][]byte{event}))
			all = append(all, event)
		}
	}
	write(1)
	next := 0
	for b, err := range log.Read(t.Context(), 0) {
		must(t, err)
		for i, event := range b.Events {
			if string(event) != string(all[int(b.At)+i]) {
				t.Fatalf("another event at %d", int(b.At)+i)
			}
		}
		if next = int(b.End()); next == 1 {
			write(700) // more frames than are held, and more bytes
		}
		if next == len(all) {
			break
		}
	}
	logtest.Check(t, log, all)
}

// overtake appends one event as another process.
func overtake(t *testing.T, s *bus.Server) {
	nc, err := s.Dial()
	must(t, err)
	defer nc.Close()
	log, err := natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: answerTime})
	must(t, err)
	defer log.Close()
	end := domain.Position(len(logtest.ReadAll(t, log, 0)))
	must(t, log.Append(t.Context(), end, [][]byte{[]byte(`"another"`)}))
}

func TestAFrameThatWasLostGivesWayToAnotherWriters(t *testing.T) {
	s := serve(t, bus.Config{})
	wire := &wire{}
	nc, err := bus.Connect(t.Context(), s.ClientURL(), nil, nats.SetCustomDialer(wire))
	must(t, err)
	t.Cleanup(nc.Close)
	log := open(t, nc)
	must(t, log.Append(t.Context(), 0, [][]byte{[]byte("1")}))
	wire.loseFrame(t)
	wire.then(func() { overtake(t, s) })
	if err := log.Append(t.Context(), 1, [][]byte{[]byte("2")}); !errors.Is(err, domain.ErrFenced) {
		t.Fatalf("the append returned %v, want the fence", err)
	}
	logtest.Check(t, log, [][]byte{[]byte("1"), []byte(`"another"`)})
	must(t, log.Append(t.Context(), 2, [][]byte{[]byte("3")}))
	logtest.Check(t, log, [][]byte{[]byte("1"), []byte(`"another"`), []byte("3")})
}

// Both halves of the pair look the same to the writer, who may claim neither.
func TestAServerThatDiesDuringAnAppendLeavesTheOutcomeUnknown(t *testing.T) {
	for name, lose := range map[string]func(*wire, *testing.T){"before": (*wire).loseFrame, "after": (*wire).loseAnswer} {
		t.Run(name+" it stored the frame", func(t *testing.T) {
			t.Parallel() // it waits until no answer came
			dir := t.TempDir()
			s := serve(t, bus.Config{StoreDir: dir})
			wire := &wire{}
			nc, err := bus.Connect(t.Context(), s.ClientURL(), nil, nats.SetCustomDialer(wire))
			must(t, err)
			t.Cleanup(nc.Close)
			log, err := natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: 3 * time.Second})
			must(t, err)
			t.Cleanup(log.Close)
			all := [][]byte{[]byte("1")}
			must(t, log.Append(t.Context(), 0, all))
			lose(wire, t)
			wire.then(func() { must(t, s.Close()) })
			if err := log.Append(t.Context(), 1, [][]byte{[]byte("2")}); !errors.Is(err, domain.ErrOutcomeUnknown) {
				t.Fatalf("the append returned %v, want its outcome unknown", err)
			}
			if name == "after" {
				all = append(all, []byte("2"))
			}
			logtest.Check(t, open(t, serve(t, bus.Config{StoreDir: dir, DontListen: true}).Conn()), all)
		})
	}
}
