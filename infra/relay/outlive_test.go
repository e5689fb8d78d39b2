package relay_test

import (
	"log/slog"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/relay"
)

// The restart of the server, the deletion of the consumer and of the stream under the subscription are all survived.
func TestTheSubscriptionOutlivesWhatHappensToItsServer(t *testing.T) {
	for rule, harm := range map[string]func(*testing.T, *bus.Server, jetstream.JetStream, func() *bus.Server){
		"a restart of the server": func(_ *testing.T, _ *bus.Server, _ jetstream.JetStream, restart func() *bus.Server) { restart() },
		"the deletion of the consumer": func(t *testing.T, _ *bus.Server, js jetstream.JetStream, _ func() *bus.Server) {
			if err := js.DeleteConsumer(t.Context(), "WORK", "worker"); err != nil {
				t.Fatal(err)
			}
		},
		"the loss of the stream": func(t *testing.T, _ *bus.Server, js jetstream.JetStream, _ func() *bus.Server) {
			if err := js.DeleteStream(t.Context(), "WORK"); err != nil {
				t.Fatal(err)
			}
			until(t, "the other stream", func() bool { return makeStream(t, js) == nil }) // the server may still be clearing the first away
		},
		"the loss of the consumer while the server was away": func(t *testing.T, s *bus.Server, js jetstream.JetStream, restart func() *bus.Server) {
			// Deleted from a connection of its own, after a pull was sent that the restart forgets.
			other, err := nats.Connect(restart().ClientURL())
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			elsewhere, err := jetstream.New(other)
			if err != nil {
				t.Fatal(err)
			}
			if err := elsewhere.DeleteConsumer(t.Context(), "WORK", "worker"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			server := embedded(t, bus.Config{StoreDir: dir})
			port := server.NATS().Addr().(*net.TCPAddr).Port
			nc, err := bus.Connect(t.Context(), server.ClientURL(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(nc.Close)
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			if err := makeStream(t, js); err != nil {
				t.Fatal(err)
			}
			_, messages := subscribe(t, js, relay.Config{AckWait: time.Second})
			publish(t, js, "before")
			want(t, take(t, messages), "before").Ack()
			harm(t, server, js, func() *bus.Server {
				if err := server.Close(); err != nil {
					t.Fatal(err)
				}
				var again *bus.Server
				until(t, "the server again", func() bool { // its port may have gone to somebody's connection meanwhile
					var err error
					again, err = bus.Embedded(t.Context(), bus.Config{StoreDir: dir, Port: port})
					return err == nil
				})
				t.Cleanup(func() { _ = again.Close() })
				return again
			})
			until(t, "the connection", nc.IsConnected)
			until(t, "a publish", func() bool { _, err := js.Publish(t.Context(), "work", []byte("after")); return err == nil })
			m := take(t, messages)
			for string(m.Payload) == "before" { // its acknowledgement may have been lost with the server
				m.Ack()
				m = take(t, messages)
			}
			want(t, m, "after").Ack()
		})
	}
}

func TestAfterARestartOfTheProcessTheUnansweredComesAgain(t *testing.T) {
	dir := t.TempDir()
	server := embedded(t, bus.Config{StoreDir: dir, DontListen: true})
	js := stream(t, server)
	s, messages := subscribe(t, js, relay.Config{AckWait: time.Hour, CloseWait: time.Millisecond})
	publish(t, js, "a", "b")
	want(t, take(t, messages), "a").Ack()
	want(t, take(t, messages), "b") // never answered
	_ = s.Close()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	js = stream(t, embedded(t, bus.Config{StoreDir: dir, DontListen: true}))
	_, messages = subscribe(t, js, relay.Config{AckWait: time.Hour})
	want(t, take(t, messages), "b").Ack()
	until(t, "the leaving of all", func() bool { return left(t, js) == 0 })
}

func TestNoGoroutineIsLeft(t *testing.T) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir(), DontListen: true}))
	publish(t, js, "warm")
	once := func() {
		s, messages := subscribe(t, js, relay.Config{CloseWait: time.Millisecond})
		publish(t, js, "a", "b")
		take(t, messages).Ack()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { _ = s.Close() })
		}
		both.Wait()
	}
	once()
	before := runtime.NumGoroutine()
	for range 10 {
		once()
	}
	until(t, "the end of the goroutines", func() bool { return runtime.NumGoroutine() <= before })
}
