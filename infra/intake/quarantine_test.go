package intake_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestTheQuarantineIsReadInPages(t *testing.T) {
	w := start(t)
	for i := range 17 {
		w.say(msg(subject(wire.Record), "", strings.Repeat("x", i+1)))
	}
	w.until("the setting aside", func() bool { return len(w.aside()) == 17 })
	seen := map[int]bool{}
	for _, q := range w.aside() {
		seen[q.Bytes] = true
	}
	if len(seen) != 17 {
		t.Errorf("in pages: %v", seen)
	}
	if page := must(w.quarantine.List(t.Context(), "", 1000)); len(page) != 17 {
		t.Errorf("%d in one page", len(page))
	}
	if page := must(w.quarantine.List(t.Context(), "17", 10)); len(page) != 0 {
		t.Errorf("after the last: %+v", page)
	}
	for _, id := range []string{"0", "-1", "x", "1.5", "18446744073709551615"} {
		if _, err := w.quarantine.List(t.Context(), id, 10); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("after %s: %v", id, err)
		}
		if _, err := w.quarantine.Open(t.Context(), id); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("open %s: %v", id, err)
		}
	}
	for _, do := range []func() error{
		func() error { _, err := w.quarantine.Open(t.Context(), "18"); return err },
		func() error { _, err := w.quarantine.Replay(t.Context(), "18"); return err },
	} {
		if err := do(); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("what was never set aside: %v", err)
		}
	}
}

func TestWhatIsNotTextIsShownInBase64(t *testing.T) {
	w := start(t)
	m := msg(subject(wire.Record), wire.ContentEvent, "\xff\x00")
	m.Header["X-Note"] = []string{canary}
	w.say(m)
	w.until("the setting aside", func() bool { return len(w.aside()) == 1 })
	content := must(w.quarantine.Open(t.Context(), w.aside()[0].ID))
	if content.Body != "" || content.Base64 != "/wA=" || content.ContentType != wire.ContentEvent || content.Headers["X-Note"] != canary {
		t.Errorf("%q %q %q", content.Body, content.Base64, content.ContentType)
	}
}

// What was refused because the key was not there is recorded once it is, and leaves; what is refused again stays.
func TestWhatIsReplayedLeavesAndWhatIsRefusedAgainStays(t *testing.T) {
	w := start(t)
	key := read[wire.Key](w, w.ask(msg(wire.KeySubject, "", "")))
	batch := "[" + event("a") + "," + event("b") + "]"
	w.stop()
	w.key = 2 // another ledger's
	w.open()
	w.run()
	w.put(msg(subject(wire.Inbox), wire.ContentSealed, string(must(wire.Seal(key, "fenland", "shop", wire.ContentBatch, []byte(batch))))))
	w.put(msg(subject(wire.Inbox), "", "{"))
	w.until("the setting aside", func() bool { return len(w.aside()) == 2 })
	byCode := func() map[wire.Code]string {
		ids := map[wire.Code]string{}
		for _, q := range w.aside() {
			ids[q.Problem.Code] = q.ID
		}
		return ids
	}
	if _, err := w.quarantine.Replay(t.Context(), byCode()[wire.Unsealable]); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("under the wrong key: %v", err)
	}
	w.stop()
	w.key = 1
	w.open()
	w.run()
	ids := byCode()
	out := must(w.quarantine.Replay(t.Context(), ids[wire.Unsealable]))
	if len(out.Items) != 2 || out.Items[0].Receipt == nil || out.Items[1].Receipt == nil || out.Items[0].Receipt.Duplicate {
		t.Errorf("%+v", out)
	}
	if _, err := w.quarantine.Replay(t.Context(), ids[wire.Malformed]); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("what is no JSON: %v", err)
	}
	if _, err := w.quarantine.Open(t.Context(), ids[wire.Unsealable]); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("what was replayed is still there: %v", err)
	}
	if left := w.aside(); len(left) != 1 || left[0].ID != ids[wire.Malformed] {
		t.Errorf("left: %+v", left)
	}
}

func TestOfABatchThatIsRefusedInPartAgainTheItemsSayWhy(t *testing.T) {
	w := start(t)
	bad := strings.Replace(event("bad"), "Store", "Stow", 1)
	w.put(msg(subject(wire.Inbox), wire.ContentBatch, "["+bad+","+strings.Replace(event("other"), "Store", "Stow", 1)+"]"))
	w.until("the setting aside", func() bool { return len(w.aside()) == 1 })
	out := must(w.quarantine.Replay(t.Context(), w.aside()[0].ID))
	if len(out.Items) != 2 || out.Items[0].Problem == nil || out.Items[1].Problem.Code != wire.InvalidField {
		t.Errorf("%+v", out)
	}
	if len(w.aside()) != 1 {
		t.Error("what was refused again is gone")
	}
}

func TestReplayedByManyAtOnceItIsRecordedOnce(t *testing.T) {
	w := start(t)
	key := read[wire.Key](w, w.ask(msg(wire.KeySubject, "", "")))
	w.stop()
	w.key = 2
	w.open()
	w.run()
	w.put(msg(subject(wire.Inbox), wire.ContentSealed, string(must(wire.Seal(key, "fenland", "shop", wire.ContentEvent, []byte(event("a")))))))
	w.until("the setting aside", func() bool { return len(w.aside()) == 1 })
	w.stop()
	w.key = 1
	w.open()
	w.run()
	id := w.aside()[0].ID
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := w.quarantine.Replay(t.Context(), id); err != nil && !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%+v", err)
			}
		})
	}
	all.Wait()
	if got := w.recorded(); len(got) != 1 || len(w.aside()) != 0 {
		t.Errorf("recorded %q, set aside %+v", got, w.aside())
	}
}

// One message that does not open hides none of the others.
func TestWhatWasChangedIsShownAsThat(t *testing.T) {
	w := start(t)
	js := must(jetstream.New(w.nc))
	must(js.Publish(t.Context(), "daybook.quarantine", []byte("changed")))
	w.say(msg(subject(wire.Record), "", "{"))
	w.until("the setting aside", func() bool { return len(w.aside()) == 2 })
	list := w.aside()
	if list[0].Problem.Code != wire.Unsealable || list[0].Bytes != len("changed") || list[1].Problem.Code != wire.Malformed {
		t.Errorf("%+v", list)
	}
	if _, err := w.quarantine.Open(t.Context(), list[0].ID); !errors.HasAssertionFailure(err) || !strings.Contains(errors.Redact(err), list[0].ID) {
		t.Errorf("%v", errors.Redact(err))
	}
}

func TestLedgersWithNamesDoNotShareWhatRests(t *testing.T) {
	w := newWorld(t)
	w.open()
	box := must(intake.NewBox(make([]byte, 32)))
	for i := range 2 {
		in := must(intake.OpenInbox(t.Context(), w.services, box, intake.Streams{Name: "l-" + strconv.Itoa(i)}))
		done := make(chan uint64, 1)
		in.Put(subject(wire.Inbox), nil, nil, func(n uint64, err error) { w.check(err); done <- n })
		if n := <-done; n != 1 {
			t.Errorf("the first message is number %d", n)
		}
		in.Close()
	}
	if n := w.resting("DAYBOOK_INBOX_L-0"); n != 1 {
		t.Errorf("%d messages", n)
	}
}
