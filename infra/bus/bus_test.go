package bus_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
)

func open(t *testing.T, cfg bus.Config) *bus.Server {
	t.Helper()
	if cfg.StoreDir == "" {
		cfg.StoreDir = t.TempDir()
	}
	s, err := bus.Embedded(t.Context(), cfg)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestWhatWasAcknowledgedIsThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, bus.Config{StoreDir: dir, DontListen: true})
	js, err := jetstream.New(s.Conn())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "KEPT", Subjects: []string{"kept"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "kept", make([]byte, bus.DefaultMaxPayload-100)); err != nil {
		t.Fatal(err)
	}
	if err := s.Health(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	js, err = jetstream.New(open(t, bus.Config{StoreDir: dir, DontListen: true}).Conn())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "KEPT")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got != 1 {
		t.Fatalf("%d messages after the restart, want 1", got)
	}
}

func TestTheServerSyncsAndSetsNoLimitOfItsOwn(t *testing.T) {
	s := open(t, bus.Config{DontListen: true})
	cfg := s.NATS().JetStreamConfig()
	if !cfg.SyncAlways {
		t.Error("acknowledged messages are not synced")
	}
	if cfg.MaxStore < 1<<50 || cfg.MaxMemory < 1<<50 {
		t.Errorf("JetStream is limited to %d bytes of disk and %d of memory", cfg.MaxStore, cfg.MaxMemory)
	}
}

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	for _, host := range []string{"0.0.0.0", "::", "10.1.2.3", "192.168.0.1", "example.org", "127.0.0.1.example.org", "[::1]", " "} {
		_, err := bus.Embedded(t.Context(), bus.Config{StoreDir: t.TempDir(), Host: host})
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("listening on %q gave %v, want it invalid", host, err)
		}
		if hints := errors.FlattenHints(err); !strings.Contains(hints, "access control") {
			t.Errorf("listening on %q hints %q", host, hints)
		}
	}
	for _, host := range []string{"", "localhost", "127.0.0.1", "127.9.9.9"} {
		s := open(t, bus.Config{Host: host})
		nc, err := bus.Connect(t.Context(), s.ClientURL(), nil)
		if err != nil {
			t.Fatalf("listening on %q: %+v", host, err)
		}
		nc.Close()
	}
}

func TestReservedSubjectsAreForTheProcessItself(t *testing.T) {
	s := open(t, bus.Config{Reserved: []string{"own", "own.>"}})
	heard, err := s.Conn().SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	outside, err := s.DialOutside()
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	far, err := bus.Connect(t.Context(), s.ClientURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	for _, nc := range []*nats.Conn{outside, far} {
		for _, subject := range []string{"own", "own.a.b", "open"} {
			if err := nc.Publish(subject, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := nc.FlushTimeout(time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	inside, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	for _, subject := range []string{"own", "own.a.b"} {
		if err := inside.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"open", "open", "own", "own.a.b"} {
		m, err := heard.NextMsg(time.Minute)
		if err != nil || m.Subject != want {
			t.Fatalf("%v %v came, want %s", m, err, want)
		}
	}
	if nc, err := nats.Connect(s.ClientURL(), nats.UserInfo("daybook", "guess")); err == nil {
		nc.Close()
		t.Fatal("a guess at the secret was let in")
	}
}

// What is no protocol may be a payload, and what is denied may be a subject with an address in it: neither comes into the log.
func TestTheLogRepeatsNothingThatClientsSend(t *testing.T) {
	const canary = "canary-7f3@example.org"
	var log bytes.Buffer
	s := open(t, bus.Config{Reserved: []string{"own.>"}, Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, sent := range []string{canary + "\r\n", "PUB a 1\r\n" + canary + "\r\n", "PUB " + strings.Repeat(canary, 1000) + " 1\r\n",
		"CONNECT {\"name\":\"" + canary + "\"}\r\nPUB own." + canary + " 0\r\n\r\n\"" + canary + "\r\n"} {
		conn, err := net.Dial("tcp", s.NATS().Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(sent)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil { // until the server ends it
			t.Log(err)
		}
		conn.Close()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if said := log.String(); !strings.Contains(said, "ERROR") || strings.Contains(said, "canary") {
		t.Errorf("the log: %s", said)
	}
}

func TestAServerThatDoesNotListenHasNoAddress(t *testing.T) {
	s := open(t, bus.Config{DontListen: true})
	if s.ClientURL() != "" || s.NATS().Addr() != nil {
		t.Fatalf("the server says it listens at %q", s.ClientURL())
	}
	nc, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if err := nc.FlushTimeout(time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, bus.Config{StoreDir: dir, DontListen: true})
	if _, err := bus.Embedded(t.Context(), bus.Config{StoreDir: dir, DontListen: true}); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("a second server on the directory gave %v, want it unavailable", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, bus.Config{StoreDir: dir, DontListen: true})
}

func TestAPortInUseIsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	dir := t.TempDir()
	if _, err := bus.Embedded(t.Context(), bus.Config{StoreDir: dir, Port: n}); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("a port in use gave %v, want it unavailable", err)
	}
	open(t, bus.Config{StoreDir: dir}) // what failed left nothing locked
}

func TestConfigurationsThatCannotBeMeantAreRefused(t *testing.T) {
	for name, cfg := range map[string]bus.Config{
		"no directory":        {},
		"a port out of range": {StoreDir: t.TempDir(), Port: 70_000},
		"a negative port":     {StoreDir: t.TempDir(), Port: -2},
		"a negative message":  {StoreDir: t.TempDir(), MaxPayload: -1},
		"a message too large": {StoreDir: t.TempDir(), MaxPayload: 1 << 30},
	} {
		if _, err := bus.Embedded(t.Context(), cfg); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s gave %v, want it invalid", name, err)
		}
	}
}

func TestNothingIsKeptForLaterWhileThereIsNoConnection(t *testing.T) {
	s := open(t, bus.Config{})
	nc, err := bus.Connect(t.Context(), s.ClientURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	lost := nc.StatusChanged(nats.RECONNECTING)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-lost
	if err := nc.Publish("any", nil); err == nil {
		t.Fatal("a publish without a connection was taken on")
	}
}

func TestConnectTellsWhatIsWrong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "nats://user:secret@" + l.Addr().String()
	l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := bus.Connect(ctx, nobody, nil); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("nobody at the address gave %v, want it unavailable", err)
	} else if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the password")
	}
	if _, err := bus.Connect(ctx, "", nil); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("no URL gave %v, want it invalid", err)
	}
}
