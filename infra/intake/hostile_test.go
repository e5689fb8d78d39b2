package intake_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/wire"
)

// garbage gives a message that nobody can understand, which ends in its number.
func garbage(random *rand.Rand, n int) *nats.Msg {
	kinds := []string{"", wire.ContentEvent, wire.ContentBatch, wire.ContentSealed, wire.ContentJSON, "text/plain; charset=x", "\x01"}
	subjects := []string{subject(wire.Record), subject(wire.Inbox), "daybook.v1.record.NO.name", "daybook.v1.record.fenland." + strings.Repeat("s", 300)}
	m := msg(subjects[random.IntN(len(subjects))], kinds[random.IntN(len(kinds))], "")
	var body []byte
	switch random.IntN(5) {
	case 0: // noise
		body = make([]byte, random.IntN(2000))
		for i := range body {
			body[i] = byte(random.Uint32())
		}
	case 1: // cut short
		body = []byte(event("cut"))
		body = body[:random.IntN(len(body))]
	case 2: // flipped
		body = []byte("[" + event("a") + "," + event("b") + "]")
		for range 1 + random.IntN(8) {
			body[random.IntN(len(body))] ^= byte(1 << random.IntN(8))
		}
	case 3: // deep
		body = []byte(strings.Repeat([]string{"[", `{"a":`, `{"data":{"details":`}[random.IntN(3)], random.IntN(300)))
	case 4: // attributes in headers
		body = []byte(`{"operation":"Store"}`)
		m.Header = nats.Header{"ce-specversion": {"1.0"}, "CE-id": {strconv.Itoa(random.Int())}, "ce-" + strings.Repeat("x", random.IntN(60)): {"%C3%28"}}
	}
	m.Data = fmt.Appendf(body, "#%d", n)
	return m
}

// number reads the number of garbage.
func number(body string) string { return body[strings.LastIndexByte(body, '#')+1:] }

func TestGarbageIsAnsweredOrSetAsideOnceAndHoldsUpNobody(t *testing.T) {
	const n = 3_000
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	w := start(t)
	inbox := w.nc.NewRespInbox()
	var answers [n]atomic.Int32
	answered := make(chan struct{}, n)
	must(w.nc.Subscribe(inbox+".*", func(m *nats.Msg) {
		i, err := strconv.Atoi(m.Subject[len(inbox)+1:])
		if err == nil && answers[i].Add(1) == 1 {
			answered <- struct{}{}
		}
	}))
	var awaited [n]bool
	waiting, kept := 0, map[string]int{} // how often each is wanted in quarantine, less how often it is there
	for i := range n {
		m := garbage(random, i)
		if awaited[i] = random.IntN(2) == 0; awaited[i] {
			m.Reply = inbox + "." + strconv.Itoa(i)
			waiting++
		}
		// What was put into the inbox is acknowledged, and set aside when it is drained.
		if !awaited[i] || m.Subject == subject(wire.Inbox) {
			kept[strconv.Itoa(i)] = 1
		}
		w.check(w.nc.PublishMsg(m))
		if i%1000 == 0 {
			read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", event("good"+strconv.Itoa(i)))))
		}
	}
	for range waiting {
		select {
		case <-answered:
		case <-time.After(patience):
			t.Fatal("garbage was left without an answer")
		}
	}
	w.until("the setting aside", func() bool { return w.resting(intake.QuarantineStream) >= uint64(len(kept)) })
	w.until("the draining", func() bool { return w.resting(intake.InboxStream) == 0 })
	for i := range answers {
		if got := answers[i].Load(); got > 1 || (got == 1) != awaited[i] {
			t.Errorf("message %d was answered %d times", i, got)
		}
	}
	for _, q := range w.aside() {
		content := must(w.quarantine.Open(t.Context(), q.ID))
		kept[number(string(content.Body)+string(must(base64.StdEncoding.DecodeString(string(content.Base64)))))]--
	}
	for i, missing := range kept {
		if missing != 0 {
			t.Errorf("message %s was set aside %d times", i, 1-missing)
		}
	}
	if got := w.recorded(); len(got) != n/1000 {
		t.Errorf("garbage was recorded: %q", got)
	}
}
