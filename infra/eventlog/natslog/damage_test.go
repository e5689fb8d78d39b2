package natslog_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// readError reads from a position until an error comes, and gives it.
func readError(t *testing.T, log commands.Log, from domain.Position) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for b, err := range log.Read(ctx, from) {
		if err != nil {
			return err
		}
		if b.CaughtUp {
			break
		}
	}
	return nil
}

// put stores a message as somebody would who does not keep to the log's ways.
func put(t *testing.T, nc *nats.Conn, body string, headers ...string) {
	t.Helper()
	m := nats.NewMsg("daybook.log")
	for i := 0; i < len(headers); i += 2 {
		m.Header[headers[i]] = []string{headers[i+1]}
	}
	m.Data = []byte(body)
	_, err := nc.RequestMsg(m, time.Minute)
	must(t, err)
}

func TestWhatIsNotAFrameIsNamedByItsPosition(t *testing.T) {
	const position, count = "Daybook-Position", "Daybook-Count"
	for _, c := range []struct {
		name    string
		body    string
		headers []string
		says    string
	}{
		{"no headers", "[\n1\n]", nil, "message 2"},
		{"no position", "[\n1\n]", []string{count, "1"}, "message 2"},
		{"a position that is none", "[\n1\n]", []string{position, "-1", count, "1"}, "message 2"},
		{"no count", "[\n1\n]", []string{position, "3"}, "at 3"},
		{"no events", "[\n\n]", []string{position, "3", count, "0"}, "at 3"},
		{"a position too far", "[\n1\n]", []string{position, "4", count, "1"}, "where 3"},
		{"a position that was there", "[\n1\n]", []string{position, "2", count, "1"}, "where 3"},
		{"fewer events than said", "[\n1\n]", []string{position, "3", count, "2"}, "damaged at 4"},
		{"more events than said", "[\n1,\n2\n]", []string{position, "3", count, "1"}, "damaged at 4"},
		{"no comma", "[\n1\n2\n]", []string{position, "3", count, "2"}, "damaged at 3"},
		{"an empty event", "[\n1,\n,\n3\n]", []string{position, "3", count, "3"}, "damaged at 4"},
		{"no brackets", "1,\n2", []string{position, "3", count, "2"}, "not a batch"},
		{"half a frame", "[\n1,\n2", []string{position, "3", count, "2"}, "not a batch"},
		{"nothing", "", []string{position, "3", count, "1"}, "not a batch"},
		{"a count beyond all bounds", "[\n1\n]", []string{position, "3", count, "999999999999"}, "not a batch"},
		{"an event that is too large", "[\n" + strings.Repeat("x", domain.MaxEventBytes+1) + "\n]", []string{position, "3", count, "1"}, "damaged at 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, bus.Config{DontListen: true})
			log := open(t, s.Conn())
			must(t, log.Append(t.Context(), 0, [][]byte{[]byte("1"), []byte("2"), []byte("3")}))
			put(t, s.Conn(), c.body, c.headers...)
			err := readError(t, log, 0)
			if !errors.HasAssertionFailure(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("reading gave %v, want an assertion failure that says %q", err, c.says)
			}
			if err := log.Append(t.Context(), 3, [][]byte{[]byte("4")}); err == nil {
				t.Error("an event was written after what is no frame")
			}
		})
	}
}

func TestAStreamWithAHoleIsNotOpened(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	js, err := jetstream.New(s.Conn())
	must(t, err)
	cfg := settings(t)
	cfg.DenyDelete = false
	stream, err := js.CreateStream(t.Context(), cfg)
	must(t, err)
	for _, at := range []string{"0", "1", "2"} {
		put(t, s.Conn(), "[\n1\n]", "Daybook-Position", at, "Daybook-Count", "1")
	}
	must(t, stream.DeleteMsg(t.Context(), 2))
	cfg.DenyDelete = true
	_, err = js.UpdateStream(t.Context(), cfg)
	must(t, err)
	if _, err := natslog.Open(t.Context(), s.Conn(), natslog.Config{}); !errors.HasAssertionFailure(err) {
		t.Fatalf("a stream with a hole was opened with %v, want an assertion failure", err)
	}
}

func TestAServerThatStopsIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, bus.Config{StoreDir: dir})
	nc, err := bus.Connect(t.Context(), s.ClientURL(), nil)
	must(t, err)
	t.Cleanup(nc.Close)
	log, err := natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: 2 * time.Second})
	must(t, err)
	t.Cleanup(log.Close)
	must(t, log.Append(t.Context(), 0, [][]byte{[]byte("1")}))

	stopped := make(chan error, 1)
	for b, err := range log.Read(t.Context(), 0) {
		if err != nil {
			stopped <- err
			break
		}
		if b.CaughtUp {
			must(t, s.Close())
		}
	}
	if err := <-stopped; !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a reading ended with %v, want it unavailable", err)
	}
	if err := log.Append(t.Context(), 1, [][]byte{[]byte("2")}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("an append returned %v, want it unavailable", err)
	}
}

func TestAClosedLogIsUnavailable(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	log := open(t, s.Conn())
	var last error
	for b, err := range log.Read(t.Context(), 0) {
		if last = err; b.CaughtUp {
			log.Close()
		}
	}
	if !errors.Is(last, domain.ErrUnavailable) {
		t.Errorf("the reading ended with %v, want it unavailable", last)
	}
	if err := log.Append(t.Context(), 0, [][]byte{[]byte("1")}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("an append returned %v, want it unavailable", err)
	}
	if err := readError(t, log, 0); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a reading gave %v, want it unavailable", err)
	}
	logtest.Check(t, open(t, s.Conn()), nil)
}
