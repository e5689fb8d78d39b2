package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

// books are what callers were told.
type books struct {
	mu       sync.Mutex
	receipts map[string]wire.Receipt // under mu
	rests    map[string]bool         // under mu; taken by the inbox
	refused  map[string]bool         // under mu; told that it may or may not be recorded
	unheard  map[string]bool         // under mu; the connection ended, or nobody answered in time
}

func newBooks() *books {
	return &books{receipts: map[string]wire.Receipt{}, rests: map[string]bool{}, refused: map[string]bool{}, unheard: map[string]bool{}}
}

func (b *books) note(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

func (b *books) told() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.receipts) + len(b.rests)
}

// action is a small event of an id.
func action(id string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/fenland-cycles/webshop","type":"daybook.action.v1","time":"2026-11-23T10:00:00Z","data":{"operation":"Store","subjects":["email:%s@example.org"],"system":"crm"}}`,
		id, strings.ReplaceAll(id, "-", ""))
}

func subjectOf(kind wire.Kind) string {
	return wire.Subject{Kind: kind, Controller: "fenland-cycles", Service: "webshop"}.String()
}

// dial connects without ever connecting again; gone ends with the connection.
func dial(t *testing.T, url string) (nc *nats.Conn, gone context.Context) {
	t.Helper()
	gone, end := context.WithCancel(t.Context())
	nc, err := nats.Connect(url, nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { end() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, gone
}

// record sends one event over NATS and takes the answer down. It says whether it makes sense to send more.
func (b *books) record(t *testing.T, nc *nats.Conn, gone context.Context, kind wire.Kind, id string) bool {
	ctx, cancel := context.WithTimeout(gone, patience)
	defer cancel()
	reply, err := nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: subjectOf(kind), Data: []byte(action(id))})
	switch {
	case err == nats.ErrNoResponders:
		return false
	case err != nil:
		b.note(func() { b.unheard[id] = true })
		return false
	case kind == wire.Inbox:
		var ack wire.PubAck
		if err := json.Unmarshal(reply.Data, &ack); err != nil {
			t.Errorf("%s: %v", reply.Data, err)
		}
		if b.note(func() { b.rests[id] = true }); ack.Error != nil {
			b.note(func() { delete(b.rests, id); b.refused[id] = true })
		}
	case reply.Header.Get(wire.HeaderErrorCode) != "":
		var p wire.Problem
		if err := json.Unmarshal(reply.Data, &p); err != nil || !p.Code.Temporary() {
			t.Errorf("%s: %s", id, reply.Data)
		}
		b.note(func() { b.refused[id] = true })
	default:
		var r wire.Receipt
		if err := json.Unmarshal(reply.Data, &r); err != nil || r.ID != id {
			t.Errorf("%s: %s", id, reply.Data)
		}
		b.note(func() { b.receipts[id] = r })
	}
	return true
}

// post does the same over HTTP.
func (b *books) post(t *testing.T, url, id string) bool {
	return b.postWith(t, http.DefaultClient, url, id)
}

func (b *books) postWith(t *testing.T, client *http.Client, url, id string) bool {
	res, err := client.Post(url+"/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, strings.NewReader(action(id)))
	if err != nil {
		b.note(func() { b.unheard[id] = true })
		return false
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(res.Body); err != nil {
		b.note(func() { b.unheard[id] = true })
		return false
	}
	var r wire.Receipt
	if res.StatusCode >= 300 {
		b.note(func() { b.refused[id] = true })
		return false
	}
	if err := json.Unmarshal(answer.Bytes(), &r); err != nil || r.ID != id {
		t.Errorf("%s: %s", id, answer.String())
	}
	b.note(func() { b.receipts[id] = r })
	return true
}

// load keeps callers of every door busy until those who answer are gone.
func (b *books) load(t *testing.T, at app.Addresses, round int) (wait func()) {
	var callers sync.WaitGroup
	for c := range 48 {
		nc, gone := dial(t, at.NATS)
		callers.Go(func() {
			kind := wire.Record
			if c%4 == 0 {
				kind = wire.Inbox
			}
			for n := 0; b.record(t, nc, gone, kind, fmt.Sprintf("n%d-%d-%d", round, c, n)); n++ {
			}
		})
	}
	for c := range 8 {
		callers.Go(func() {
			for n := 0; b.post(t, at.HTTP, fmt.Sprintf("h%d-%d-%d", round, c, n)); n++ {
			}
		})
	}
	return callers.Wait
}

// entry is an event of the log: where it stands, and the hash of its bytes.
type entry struct {
	position uint64
	leaf     [32]byte
	source   string
}

// ledger reads the log of a running ledger over HTTP, byte for byte, and wants every id once.
func (r *running) ledger(t *testing.T) map[string]entry {
	t.Helper()
	entries, decoder := map[string]entry{}, &catalog.Decoder{}
	for from := uint64(0); ; {
		res, err := http.Get(fmt.Sprintf("%s/api/v1/log?from=%d&limit=1000", r.at.HTTP, from))
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		_, err = page.ReadFrom(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v: %s", err, page.String())
		}
		lines := bytes.Split(bytes.TrimSpace(page.Bytes()), []byte{'\n'})
		n := 0
		for _, line := range lines {
			if len(line) == 0 {
				continue
			}
			var at wire.LogEntry
			if err := json.Unmarshal(line, &at); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			event, err := decoder.Decode(at.Event)
			if err != nil {
				t.Fatal(err)
			}
			if at.Position != from+uint64(n) {
				t.Fatalf("position %d follows %d", at.Position, from+uint64(n))
			}
			if _, twice := entries[event.ID]; twice {
				t.Errorf("%s stands in the log twice", event.ID)
			}
			entries[event.ID] = entry{at.Position, merkle.Leaf(at.Event), event.Source}
			n++
		}
		if from += uint64(n); n == 0 {
			return entries
		}
	}
}

// stranger says that an id is an attacker's.
func stranger(id string) bool { return !strings.Contains(id, "-") }

// hold holds what callers were told against the log.
func (b *books) hold(t *testing.T, r *running) {
	t.Helper()
	var log map[string]entry
	missing := func() (id string) {
		for id, rests := range b.rests {
			if _, there := log[id]; rests && !there {
				return id
			}
		}
		return ""
	}
	for deadline := time.Now().Add(patience); ; {
		if log = r.ledger(t); missing() == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was taken by the inbox and is not recorded", missing())
		}
		<-time.After(10 * time.Millisecond)
	}
	for id, receipt := range b.receipts {
		if e, there := log[id]; !there || e.position != receipt.Position || !bytes.Equal(e.leaf[:], receipt.Leaf) {
			t.Errorf("%s has the receipt %+v, the log %+v", id, receipt, e)
		}
	}
	for id, e := range log {
		if stranger(id) || e.source == oversight.Source { // who looked, the ledger says itself
			continue
		}
		_, receipt := b.receipts[id]
		if !receipt && !b.rests[id] && !b.refused[id] && !b.unheard[id] {
			t.Errorf("%s is in the log and nobody sent it", id)
		}
	}
}

// Asked to stop in the middle of the work: every receipt is true, and nobody whose action was recorded is left without an answer.
func TestStoppingUnderLoad(t *testing.T) {
	t.Parallel()
	data, b := filepath.Join(t.TempDir(), "data"), newBooks()
	for round := range 4 {
		r := start(t, data)
		before := b.told()
		wait := b.load(t, r.at, round)
		until(t, "some load", func() bool { return b.told() > before+700 })
		if err := r.stop(); err != nil {
			t.Fatalf("%+v", err)
		}
		wait()
	}
	r := start(t, data)
	b.hold(t, r)
	for id := range r.ledger(t) {
		if b.unheard[id] {
			t.Errorf("%s was recorded, and its caller told nothing", id)
		}
	}
	t.Logf("%d receipts, %d at rest, %d refused, %d unheard", len(b.receipts), len(b.rests), len(b.refused), len(b.unheard))
}

// until waits for a condition that must come true.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come true", what)
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}
