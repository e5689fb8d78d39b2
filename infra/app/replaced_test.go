package app_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/wire"
)

// message is one frame of the log as its stream has it.
type message struct {
	header nats.Header
	data   []byte
}

// replaced deletes the stream of the log beneath a running ledger and makes it again with other messages.
func replaced(t *testing.T, js jetstream.JetStream, change func([]message) []message) {
	t.Helper()
	s, err := js.Stream(t.Context(), "DAYBOOK")
	must(t, err)
	cfg := s.CachedInfo().Config
	var all []message
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		must(t, err)
		all = append(all, message{m.Header, m.Data})
	}
	all = change(all)
	must(t, js.DeleteStream(t.Context(), "DAYBOOK"))
	until(t, "the other stream", func() bool { // the server may still be clearing the first away
		_, err := js.CreateStream(t.Context(), cfg)
		return err == nil
	})
	for _, m := range all {
		for name := range m.header {
			if strings.HasPrefix(name, "Nats-") {
				m.header.Del(name)
			}
		}
		_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "daybook.log", Header: m.header, Data: m.data})
		must(t, err)
	}
}

// next makes a frame that follows another.
func next(m message) message {
	at, _ := strconv.Atoi(m.header.Get("Daybook-Position"))
	n, _ := strconv.Atoi(m.header.Get("Daybook-Count"))
	return message{nats.Header{"Daybook-Position": {strconv.Itoa(at + n)}, "Daybook-Count": {"1"}, "Daybook-Frame": {"other"}}, []byte("[\n{}\n]")}
}

// Whatever becomes of the stream beneath a running ledger: it takes nothing more, and says what is wrong, where, and what to do.
func TestALogThatIsReplacedBeneathARunningLedgerIsNeverSilent(t *testing.T) {
	var done atomic.Int64
	for _, c := range []struct {
		name   string
		change func([]message) []message
	}{
		{"gone", func([]message) []message { return nil }},
		{"shorter", func(all []message) []message { return all[:len(all)-2] }},
		{"as long, with another end", func(all []message) []message {
			return append(all[:len(all)-1:len(all)-1], next(all[len(all)-2]))
		}},
		{"longer, with another end", func(all []message) []message {
			all = append(all[:len(all)-1:len(all)-1], next(all[len(all)-2]))
			for range 5 {
				all = append(all, next(all[len(all)-1]))
			}
			return all
		}},
		{"with a gap", func(all []message) []message { return append(all[:3:3], all[4:]...) }},
		{"with a position used again", func(all []message) []message { return append(all, all[len(all)-1]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, err := bus.Embedded(t.Context(), bus.Config{StoreDir: t.TempDir()})
			must(t, err)
			t.Cleanup(func() { must(t, server.Close()) })
			js, err := jetstream.New(server.Conn())
			must(t, err)
			r := startWith(t, app.Config{Data: t.TempDir(), NATSURL: server.ClientURL()})
			r.recordMany(t, "before", 8)
			replaced(t, js, c.change)
			body := r.red(t)
			for _, wanted := range []string{"position", "daybook repair"} {
				if !strings.Contains(body, wanted) {
					t.Errorf("%q is not in what it says: %s", wanted, body)
				}
			}
			if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, event("after", "email:ada@example.org", "")); status < 500 {
				t.Errorf("an event was taken on with %d %s", status, body)
			}
			t.Log(body)
			if err := r.stop(); err != nil && !errors.Is(err, app.ErrDamaged) { // the writer may have ended with what is wrong
				t.Error(err)
			}
			r.stop = func() error { return nil }
			done.Add(1)
		})
	}
	t.Cleanup(func() { t.Logf("%d replaced logs, each found", done.Load()) })
}

// red waits until the ledger is not ready and says what is damaged.
func (r *running) red(t *testing.T) string {
	t.Helper()
	var body []byte
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		res, err := http.Get(r.at.HTTP + "/readyz")
		must(t, err)
		body, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		must(t, err)
		if res.StatusCode == http.StatusServiceUnavailable && strings.Contains(string(body), "position") {
			return string(body)
		}
	}
	t.Fatalf("it is not red: %s", body)
	return ""
}
