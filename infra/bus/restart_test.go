package bus_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
)

// A server that is started again keeps its port, its reserved subjects and its streams, and every connection comes back.
func TestAServerIsStartedAgainBeneathItsConnections(t *testing.T) {
	s, err := bus.Embedded(t.Context(), bus.Config{StoreDir: t.TempDir(), Reserved: []string{"mine"}})
	if err != nil {
		t.Fatal(err)
	}
	inside, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	outside, err := bus.Connect(t.Context(), s.ClientURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 8)
	for _, subject := range []string{"mine", "theirs"} {
		if _, err := s.Conn().Subscribe(subject, func(m *nats.Msg) { heard <- m.Subject }); err != nil {
			t.Fatal(err)
		}
	}
	js, err := s.Conn().JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "KEPT", Subjects: []string{"kept"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish("kept", []byte("1")); err != nil {
		t.Fatal(err)
	}
	url, refused := s.ClientURL(), errors.New("not now")
	if err := s.Restart(func() error { return refused }); !errors.Is(err, refused) {
		t.Errorf("a start that was refused: %v", err)
	}
	if err := s.Health(); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("while none runs its health is %v", err)
	}
	if err := s.Restart(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if s.ClientURL() != url && url != "" {
		t.Errorf("it answers at %s and answered at %s", s.ClientURL(), url)
	}
	for _, nc := range []*nats.Conn{s.Conn(), inside, outside} {
		for deadline := time.Now().Add(2 * time.Minute); !nc.IsConnected(); <-time.After(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("a connection does not come back")
			}
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := js.StreamInfo("KEPT"); err != nil || info.State.Msgs != 1 {
		t.Errorf("the stream has %v: %v", info, err)
	}
	for _, p := range []struct {
		from    *nats.Conn
		subject string
	}{{outside, "mine"}, {inside, "mine"}, {outside, "theirs"}} {
		if err := errors.CombineErrors(p.from.Publish(p.subject, nil), p.from.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int{}
	for range 2 {
		select {
		case subject := <-heard:
			got[subject]++
		case <-time.After(2 * time.Minute):
			t.Fatalf("only %v was heard", got)
		}
	}
	if got["mine"] != 1 || got["theirs"] != 1 {
		t.Errorf("%v was heard", got)
	}
	inside.Close()
	outside.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Restart(func() error { return nil }); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a closed server: %v", err)
	}
}
