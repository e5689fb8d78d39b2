package relay_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/relay"
)

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

func embedded(t *testing.T, cfg bus.Config) *bus.Server {
	t.Helper()
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

// stream gives JetStream with the stream WORK, from which what is acknowledged goes.
func stream(t *testing.T, s *bus.Server) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(s.Conn())
	if err != nil {
		t.Fatal(err)
	}
	if err := makeStream(t, js); err != nil {
		t.Fatal(err)
	}
	return js
}

func makeStream(t *testing.T, js jetstream.JetStream) error {
	_, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{
		Name: "WORK", Subjects: []string{"work"}, Retention: jetstream.WorkQueuePolicy,
	})
	return err
}

func publish(t *testing.T, js jetstream.JetStream, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := js.Publish(t.Context(), "work", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func subscribe(t *testing.T, js jetstream.JetStream, cfg relay.Config) (*relay.Subscriber, <-chan *message.Message) {
	t.Helper()
	cfg.Stream = "WORK"
	if cfg.RetryAfter == 0 {
		cfg.RetryAfter = 10 * time.Millisecond
	}
	s := relay.NewSubscriber(js, cfg)
	messages, err := s.Subscribe(t.Context(), "worker")
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, messages
}

// take gives the next message, which must come.
func take(t *testing.T, messages <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case m, open := <-messages:
		if !open {
			t.Fatal("the messages ended")
		}
		return m
	case <-time.After(patience):
		t.Fatal("no message came")
	}
	return nil
}

func want(t *testing.T, m *message.Message, text string) *message.Message {
	t.Helper()
	if string(m.Payload) != text {
		t.Fatalf("%q came, want %q", m.Payload, text)
	}
	return m
}

// until waits for a condition that must come true.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come true", what)
		}
	}
}

func left(t *testing.T, js jetstream.JetStream) uint64 {
	t.Helper()
	s, err := js.Stream(t.Context(), "WORK")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

func TestWhatIsRefusedComesAgainAndWhatIsTakenDoesNot(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	_, messages := subscribe(t, js, relay.Config{})
	publish(t, js, "a")
	first := want(t, take(t, messages), "a")
	first.Nack()
	second := want(t, take(t, messages), "a")
	if first.UUID != second.UUID {
		t.Errorf("the message came again under another id: %s, then %s", first.UUID, second.UUID)
	}
	second.Ack()
	until(t, "the message's leaving", func() bool { return left(t, js) == 0 })
	<-second.Context().Done()
	publish(t, js, "b")
	want(t, take(t, messages), "b").Ack()
}

func TestAMessageThatNobodyAnswersComesAgain(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	_, messages := subscribe(t, js, relay.Config{HandleWait: 200 * time.Millisecond, AckWait: time.Hour})
	publish(t, js, "a")
	forgotten := want(t, take(t, messages), "a")
	again := want(t, take(t, messages), "a")
	<-forgotten.Context().Done()
	again.Ack()
	until(t, "the message's leaving", func() bool { return left(t, js) == 0 })
}

func TestAMessageThatIsWorkedOnDoesNotComeAgain(t *testing.T) {
	t.Parallel() // it waits, long enough for a slow machine to say in time that it works
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	said := make(chan *nats.Msg, 16)
	if _, err := js.Conn().ChanSubscribe("$JS.ACK.WORK.worker.>", said); err != nil {
		t.Fatal(err)
	}
	_, messages := subscribe(t, js, relay.Config{AckWait: 4 * time.Second})
	publish(t, js, "a")
	slow := want(t, take(t, messages), "a")
	for range 3 { // by the third AckWait is over
		select {
		case <-messages:
			t.Fatal("the message came again while it was worked on")
		case m := <-said:
			if string(m.Data) != "+WPI" {
				t.Fatalf("the server was told %q", m.Data)
			}
		case <-time.After(patience):
			t.Fatal("the server is not told that the message is worked on")
		}
	}
	slow.Ack()
	until(t, "the message's leaving", func() bool { return left(t, js) == 0 })
}

func TestNoMoreIsGivenOutThanMayBeHandledAtOnce(t *testing.T) {
	for rule, row := range map[string]struct {
		cfg  relay.Config
		size int
		most int
	}{
		"in number": {relay.Config{MaxInFlight: 3}, 10, 3},
		"in bytes":  {relay.Config{MaxBytes: 1000}, 400, 2},
	} {
		t.Run(rule, func(t *testing.T) {
			js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
			_, messages := subscribe(t, js, row.cfg)
			for range 10 {
				publish(t, js, strings.Repeat("x", row.size))
			}
			var held []*message.Message
			for range row.most {
				held = append(held, take(t, messages))
			}
			for taken := row.most; taken < 10; taken++ {
				select {
				case <-messages:
					t.Fatalf("a message came while %d were held", len(held))
				case <-time.After(50 * time.Millisecond):
				}
				held[0].Ack()
				held = append(held[1:], take(t, messages))
			}
			for _, m := range held {
				m.Ack()
			}
			until(t, "the leaving of all", func() bool { return left(t, js) == 0 })
		})
	}
}

func TestClosingWaitsForWhatIsHandledAndGivesTheRestBack(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	s, messages := subscribe(t, js, relay.Config{AckWait: time.Hour, CloseWait: time.Hour})
	publish(t, js, "a", "b", "c", "d")
	handled := want(t, take(t, messages), "a")
	closed := make(chan struct{})
	go func() { defer close(closed); _ = s.Close() }()
	select {
	case <-closed:
		t.Fatal("closing did not wait for the message that is handled")
	case <-time.After(100 * time.Millisecond):
	}
	if handled.Context().Err() != nil {
		t.Error("closing took the message away from its handler")
	}
	handled.Ack()
	<-closed
	if _, open := <-messages; open {
		t.Error("a message came after closing")
	}
	if _, err := s.Subscribe(t.Context(), "worker"); !errors.Is(err, relay.ErrClosed) {
		t.Errorf("a closed subscriber subscribes: %v", err)
	}
	// AckWait is an hour: what had been sent ahead comes now only because it was given back.
	_, messages = subscribe(t, js, relay.Config{AckWait: time.Hour})
	seen := map[string]bool{}
	for len(seen) < 3 {
		m := take(t, messages)
		seen[string(m.Payload)] = true
		m.Ack()
	}
	if seen["a"] {
		t.Error("what was acknowledged while closing came again")
	}
}

func TestClosingDoesNotWaitForEverForAHandler(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	s, messages := subscribe(t, js, relay.Config{AckWait: time.Hour, CloseWait: 100 * time.Millisecond})
	publish(t, js, "a")
	stuck := want(t, take(t, messages), "a")
	_ = s.Close()
	<-stuck.Context().Done()
	_, messages = subscribe(t, js, relay.Config{})
	want(t, take(t, messages), "a").Ack()
}

func TestTheEndOfTheContextEndsTheSubscriptionAlone(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	s := relay.NewSubscriber(js, relay.Config{Stream: "WORK"})
	ctx, cancel := context.WithCancel(t.Context())
	first, err := s.Subscribe(ctx, "worker")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, open := <-first; open {
		t.Error("a message came after the end of the context")
	}
	second, err := s.Subscribe(t.Context(), "worker")
	if err != nil {
		t.Fatal(err)
	}
	publish(t, js, "a")
	want(t, take(t, second), "a").Ack()
	_ = s.Close()
}

func TestHeadersAreMetadata(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	_, messages := subscribe(t, js, relay.Config{})
	if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "work", Header: nats.Header{
		"order": {"7"}, jetstream.MsgIDHeader: {"id-1"},
	}}); err != nil {
		t.Fatal(err)
	}
	publish(t, js, "plain")
	m := take(t, messages)
	if m.UUID != "id-1" || m.Metadata.Get("order") != "7" {
		t.Errorf("id %q, metadata %v", m.UUID, m.Metadata)
	}
	m.Ack()
	if m = take(t, messages); m.UUID != "2" || len(m.Metadata) != 0 {
		t.Errorf("a message without headers: id %q, metadata %v", m.UUID, m.Metadata)
	}
	m.Ack()
}

func TestAStreamThatIsNotThereIsSaid(t *testing.T) {
	s := embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true})
	js, err := jetstream.New(s.Conn())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := relay.NewSubscriber(js, relay.Config{Stream: "WORK"}).Subscribe(t.Context(), "worker"); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("no stream gave %v, want it unavailable", err)
	}
}
