package intake_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestWhatIsPutIsRecordedLater(t *testing.T) {
	w := start(t)
	first := w.put(msg(subject(wire.Inbox), "", event("a")))
	second := w.put(msg(subject(wire.Inbox), wire.ContentBatch, "["+event("b")+","+event("c")+"]"))
	if first.Stream != intake.InboxStream || second.Sequence != first.Sequence+1 {
		t.Errorf("%+v, then %+v", first, second)
	}
	key := read[wire.Key](w, w.ask(msg(wire.KeySubject, "", "")))
	w.put(msg(subject(wire.Inbox), wire.ContentSealed, string(must(wire.Seal(key, "fenland", "shop", wire.ContentEvent, []byte(event("d")))))))
	w.until("the recording", func() bool { return len(w.recorded()) == 4 })
	w.until("the leaving", func() bool { return w.resting(intake.InboxStream) == 0 })
	got := w.recorded()
	if slices.Sort(got); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("recorded %q", got)
	}
}

// A publisher in any language takes the answer for JetStream's own.
func TestAJetStreamPublisherTakesTheAnswerForJetStreams(t *testing.T) {
	w := start(t)
	js := must(jetstream.New(w.nc))
	ack, err := js.Publish(t.Context(), subject(wire.Inbox), []byte(event("a")))
	if err != nil || ack.Stream != intake.InboxStream || ack.Sequence == 0 {
		t.Fatalf("%+v %v", ack, err)
	}
	if _, err := js.Publish(t.Context(), "daybook.v1.inbox.NO.name", []byte(event("b"))); err == nil {
		t.Error("a subject that is none was acknowledged")
	}
}

func TestWhatWasPutOutlivesARestartAndRestsSealed(t *testing.T) {
	w := newWorld(t)
	w.open()
	stop := w.runLedger()
	w.runIntake()
	stop() // so that nothing leaves the inbox
	for _, id := range []string{"a", "b", "c"} {
		w.put(msg(subject(wire.Inbox), "", eventOf(id, `["email:`+canary+`"]`)))
	}
	w.stop()
	w.sweep(canary, "specversion", "fenland", "shop")
	w.open()
	if n := w.resting(intake.InboxStream); n != 3 {
		t.Fatalf("%d messages rest after the restart, want 3", n)
	}
	w.run()
	w.until("the recording", func() bool { return len(w.recorded()) == 3 })
	w.until("the leaving", func() bool { return w.resting(intake.InboxStream) == 0 })
	w.stop()
	w.sweep(canary, "specversion", "fenland", "shop")
}

func TestWhatCanNeverBeRecordedIsSetAsideOnce(t *testing.T) {
	w := start(t)
	read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", event("known"))))
	conflict := strings.Replace(event("known"), "crm", "erp", 1)
	bad := strings.Replace(event("bad"), "Store", "Stow", 1)
	for _, row := range []struct {
		rule, contentType, body string
		code                    wire.Code
		kept                    string // of the message
	}{
		{"what is no JSON", "", "{" + canary, wire.Malformed, "{" + canary},
		{"a known id with other content", "", conflict, wire.Conflict, conflict},
		{"what was sealed for others", wire.ContentSealed, "sealed", wire.Unsealable, "sealed"},
		{"one bad event of a batch", wire.ContentBatch, "[" + event("g1") + ", " + bad + " ," + event("g2") + "]", wire.InvalidField, bad},
		{"two bad events of a batch", wire.ContentBatch, "[" + event("g3") + "," + bad + "," + conflict + "]", wire.InvalidField, "[" + bad + "," + conflict + "]"},
		{"a batch of bad events only", wire.ContentBatch, "[ " + bad + ", {} ]", wire.InvalidField, "[ " + bad + ", {} ]"},
		{"a batch that is none", wire.ContentBatch, "[" + event("g4"), wire.Malformed, "[" + event("g4")},
	} {
		before := len(w.aside())
		w.put(msg(subject(wire.Inbox), row.contentType, row.body))
		w.until(row.rule+" being set aside", func() bool { return len(w.aside()) > before })
		q := w.aside()[before]
		content := must(w.quarantine.Open(t.Context(), q.ID))
		if q.Problem.Code != row.code || string(content.Body) != row.kept || q.Controller != "fenland" || q.Service != "shop" || q.Bytes != len(row.kept) {
			t.Errorf("%s: %+v, kept %q", row.rule, q, content.Body)
		}
	}
	w.until("the leaving", func() bool { return w.resting(intake.InboxStream) == 0 })
	if n := len(w.aside()); n != 7 {
		t.Errorf("%d messages were set aside, want 7", n)
	}
	got := w.recorded()
	if slices.Sort(got); !slices.Equal(got, []string{"g1", "g2", "g3", "known"}) {
		t.Errorf("recorded %q", got)
	}
	w.stop()
	w.sweep(canary, "specversion", "Stow")
}

// The ledger loses its place, twice: what was put is neither lost, nor doubled, nor set aside.
func TestWhatCannotBeRecordedNowComesAgain(t *testing.T) {
	w := start(t)
	w.log.Inject(memlog.Refused, memlog.Unanswered)
	w.put(msg(subject(wire.Inbox), wire.ContentBatch, "["+event("a")+","+event("b")+"]"))
	w.put(msg(subject(wire.Inbox), "", event("c")))
	w.until("the recording", func() bool { return len(w.recorded()) == 3 })
	w.until("the leaving", func() bool { return w.resting(intake.InboxStream) == 0 })
	got := w.recorded()
	if slices.Sort(got); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("recorded %q", got)
	}
	if aside := w.aside(); len(aside) != 0 {
		t.Errorf("set aside: %+v", aside)
	}
}

// What was sealed with another key, or was put into the stream past the ledger, comes up once and holds up nobody.
func TestWhatDoesNotOpenIsSetAside(t *testing.T) {
	w := start(t)
	js := must(jetstream.New(w.nc))
	must(js.Publish(t.Context(), "daybook.inbox", []byte("not sealed by us")))
	must(js.Publish(t.Context(), "daybook.inbox", nil))
	w.put(msg(subject(wire.Inbox), "", event("a")))
	w.until("the recording", func() bool { return slices.Equal(w.recorded(), []string{"a"}) })
	w.until("the setting aside", func() bool { return len(w.aside()) == 2 })
	w.until("the leaving", func() bool { return w.resting(intake.InboxStream) == 0 })
	for _, q := range w.aside() {
		content := must(w.quarantine.Open(t.Context(), q.ID))
		if q.Problem.Code != wire.Unsealable || content.Body != "" && content.Body != "not sealed by us" {
			t.Errorf("%+v, %q", q, content.Body)
		}
	}
}

// JetStream takes nothing in: whoever waits is told so, and Put itself never waits.
func TestAnInboxThatCannotWriteSaysSo(t *testing.T) {
	w := newWorld(t)
	w.open()
	w.runIntake()
	js := must(jetstream.New(w.nc))
	w.until("the drain", func() bool { // it asks for messages: a consumer that is only being made would take its maker down
		c, err := js.Consumer(t.Context(), intake.InboxStream, "ledger")
		return err == nil && c.CachedInfo().NumWaiting > 0
	})
	w.check(js.DeleteStream(t.Context(), intake.InboxStream))
	ack := read[wire.PubAck](w, w.ask(msg(subject(wire.Inbox), "", event("a"))))
	if ack.Error == nil || ack.Error.Code != wire.Unavailable.Status() || ack.Sequence != 0 {
		t.Errorf("%+v", ack)
	}
	// More than has room waits: the rest is refused at once.
	const n, size = 100, 1 << 20
	outcomes := make(chan error, n)
	for range n {
		go w.inbox.Put(subject(wire.Inbox), nil, make([]byte, size), func(_ uint64, err error) { outcomes <- err })
	}
	busy := 0
	for range n {
		switch err := <-outcomes; {
		case errors.Is(err, domain.ErrBusy):
			busy++
		case !errors.Is(err, domain.ErrUnavailable):
			t.Errorf("%v", err)
		}
	}
	if busy < n/2 || busy == n {
		t.Errorf("%d of %d were refused for want of room", busy, n)
	}
	w.inbox.Close()
	w.inbox.Put(subject(wire.Inbox), nil, nil, func(_ uint64, err error) { outcomes <- err })
	if err := <-outcomes; !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a closed inbox gives %v", err)
	}
}

// A full stream refuses and keeps what it has.
func TestAFullInboxRefuses(t *testing.T) {
	w := newWorld(t)
	w.open()
	js := must(jetstream.New(w.nc))
	cfg := must(js.Stream(t.Context(), intake.InboxStream)).CachedInfo().Config
	cfg.MaxMsgs = 2
	must(js.UpdateStream(t.Context(), cfg))
	w.runIntake()
	for _, id := range []string{"a", "b"} {
		w.put(msg(subject(wire.Inbox), "", event(id)))
	}
	if ack := read[wire.PubAck](w, w.ask(msg(subject(wire.Inbox), "", event("c")))); ack.Error == nil || ack.Error.Code != 503 {
		t.Errorf("%+v", ack)
	}
	w.runLedger()
	w.until("the recording", func() bool { return len(w.recorded()) == 2 })
}

func TestHeadersOfWhatRestsAreKept(t *testing.T) {
	w := start(t)
	m := msg(subject(wire.Inbox), "", `{"operation":"Store","subjects":["email:ada@example.org"]}`)
	m.Header = nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"a"}, "ce-source": {"/fenland/shop"}, "CE-Type": {wire.TypeAction}, "ce-time": {"2026-11-23T10:00:00Z"}}
	w.put(m)
	w.until("the recording", func() bool { return slices.Equal(w.recorded(), []string{"a"}) })
}
