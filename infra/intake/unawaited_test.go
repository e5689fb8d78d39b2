package intake_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/wire"
)

// say publishes a message that nobody waits for, and returns when the server has it.
func (w *world) say(m *nats.Msg) {
	w.Helper()
	w.check(w.nc.PublishMsg(m))
	w.check(w.nc.Flush())
}

func TestWhatNobodyWaitsForIsRecordedOrSetAside(t *testing.T) {
	w := start(t)
	record := subject(wire.Record)
	w.say(msg(record, "", event("good")))
	w.say(msg(record, "", "{"+canary))
	w.say(msg(record, wire.ContentBatch, "["+event("b1")+",!,"+event("b2")+"]"))
	w.say(msg("daybook.v1.record.UPPER.case", "", event("x")))
	w.say(msg("daybook.v1.inbox.UPPER.case", "", event("x")))
	w.say(msg(subject(wire.Ask), "", "{"+canary)) // a question without anybody to answer is nothing to keep
	w.until("the recording", func() bool { return len(w.recorded()) == 3 })
	w.until("the setting aside", func() bool { return len(w.aside()) == 4 })
	var codes []string
	for _, q := range w.aside() {
		codes = append(codes, string(q.Problem.Code))
		content := must(w.quarantine.Open(t.Context(), q.ID))
		if q.Problem.Hint == "" || content.Body == "" {
			t.Errorf("%+v %q", q, content.Body)
		}
		if content.Body == "!" != (q.Bytes == 1) {
			t.Errorf("of a batch more is set aside than its bad event: %q", content.Body)
		}
	}
	if slices.Sort(codes); !slices.Equal(codes, []string{"invalid-field", "invalid-field", "malformed", "malformed"}) {
		t.Errorf("set aside for %q", codes)
	}
	w.stop()
	w.sweep(canary, "ada@example.org", "specversion")
}

// What the ledger cannot take on now, and what it was about to, is recorded later.
func TestWhatNobodyWaitsForOutlivesALedgerThatIsBusyOrCloses(t *testing.T) {
	w := newWorld(t)
	w.limits.QueueActions = 1
	w.open()
	w.run()
	release := w.log.Hold()
	const n = 100
	var sent []string
	for i := range n {
		id := "u" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		sent = append(sent, id)
		w.check(w.nc.PublishMsg(msg(subject(wire.Record), "", event(id))))
	}
	w.check(w.nc.Flush())
	w.until("the resting of what the ledger does not take", func() bool { return w.resting(intake.InboxStream) > n/2 })
	release()
	w.until("the recording of all", func() bool { return len(w.recorded()) == n })
	w.until("the leaving", func() bool { return w.resting(intake.InboxStream) == 0 })
	got := w.recorded()
	slices.Sort(got)
	slices.Sort(sent)
	if !slices.Equal(got, sent) {
		t.Errorf("recorded %q", got)
	}
	// The ledger ends before the intake, which should not happen, and still nothing is lost.
	w.stop()
	w.open()
	stop := w.runLedger()
	w.runIntake()
	stop()
	w.say(msg(subject(wire.Record), "", event("late")))
	w.until("the resting of what came late", func() bool { return w.resting(intake.InboxStream) == 1 })
	w.restart()
	w.until("the recording of what came late", func() bool { return slices.Contains(w.recorded(), "late") })
	if aside := w.aside(); len(aside) != 0 {
		t.Errorf("set aside: %+v", aside)
	}
}

// A message as long as the server takes has no room in another one together with a reason and a seal.
func TestTheLongestMessagesAreSetAsideAsFarAsThereIsRoom(t *testing.T) {
	w := start(t)
	longest := int(w.nc.MaxPayload())
	w.say(msg(subject(wire.Record), "", strings.Repeat("x", longest)))
	w.say(msg(subject(wire.Inbox), "", strings.Repeat("y", longest)))
	headers := msg(subject(wire.Record), "", "z")
	for i := range 1000 {
		headers.Header = nats.Header{"a": append(headers.Header["a"], strings.Repeat("\x01", 100+i%2))}
	}
	w.say(headers)
	w.until("the setting aside", func() bool { return w.resting(intake.QuarantineStream) == 3 })
	for _, q := range w.aside() {
		content := must(w.quarantine.Open(t.Context(), q.ID))
		switch content.Body[0] {
		case 'z':
			if len(content.Headers) != 0 {
				t.Error("headers beyond all measure were kept")
			}
		default:
			if q.Bytes != longest || len(content.Body) < longest-8<<10 {
				t.Errorf("of %d bytes, told as %d, %d were kept", longest, q.Bytes, len(content.Body))
			}
			if _, err := w.quarantine.Replay(t.Context(), q.ID); err == nil {
				t.Error("the beginning of a message was replayed")
			}
		}
	}
	ack := read[wire.PubAck](w, w.ask(msg(subject(wire.Inbox), "", strings.Repeat("x", longest))))
	if ack.Error == nil || ack.Error.Code != wire.TooLarge.Status() {
		t.Errorf("a caller is answered %+v", ack)
	}
}
