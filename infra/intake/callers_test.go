package intake_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/infra/wire"
)

func subject(kind wire.Kind) string {
	return wire.Subject{Kind: kind, Controller: "fenland", Service: "shop"}.String()
}

// event is a good one.
func event(id string) string { return eventOf(id, `["email:ada@example.org"]`) }

func eventOf(id, people string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/fenland/shop","type":"daybook.action.v1","time":"2026-11-23T10:00:00Z",`+
		`"data":{"operation":"Store","subjects":%s,"categories":["pd:EmailAddress"],"system":"crm","details":{"note":"call"}}}`, id, people)
}

// ask sends a request and gives the answer, which must come.
func (w *world) ask(m *nats.Msg) *nats.Msg {
	w.Helper()
	reply, err := w.nc.RequestMsg(m, patience)
	if err != nil {
		w.Fatalf("%s: %v", m.Subject, err)
	}
	return reply
}

func msg(subject, contentType, body string) *nats.Msg {
	m := &nats.Msg{Subject: subject, Data: []byte(body)}
	if contentType != "" {
		m.Header = nats.Header{wire.HeaderContentType: {contentType}}
	}
	return m
}

// read reads a JSON answer that is not an error.
func read[T any](w *world, reply *nats.Msg) (v T) {
	w.Helper()
	if code := reply.Header.Get(wire.HeaderErrorCode); code != "" {
		w.Fatalf("error %s: %s", code, reply.Data)
	}
	if err := json.Unmarshal(reply.Data, &v); err != nil {
		w.Fatalf("%v in %s", err, reply.Data)
	}
	return v
}

// problem reads the problem that an answer must be.
func problemOf(w *world, reply *nats.Msg) (p wire.Problem) {
	w.Helper()
	if err := json.Unmarshal(reply.Data, &p); err != nil {
		w.Fatalf("%v in %s", err, reply.Data)
	}
	if got := reply.Header.Get(wire.HeaderErrorCode); got != fmt.Sprint(p.Code.Status()) {
		w.Fatalf("the header says %q of %s", got, reply.Data)
	}
	return p
}

// put sends a message to the inbox and wants it taken.
func (w *world) put(m *nats.Msg) wire.PubAck {
	w.Helper()
	ack := read[wire.PubAck](w, w.ask(m))
	if ack.Error != nil || ack.Sequence == 0 {
		w.Fatalf("the inbox answers %+v", ack)
	}
	return ack
}

// recorded gives the ids of the events in the log, in order.
func (w *world) recorded() (ids []string) {
	w.Helper()
	if w.log.End() == 0 {
		return nil
	}
	decoder := &catalog.Decoder{}
	for batch, err := range w.log.Read(w.Context(), 0) {
		if err != nil {
			w.Fatal(err)
		}
		for _, line := range batch.Events {
			ids = append(ids, must(decoder.Decode(line)).ID)
		}
		if batch.CaughtUp {
			break
		}
	}
	return ids
}

// until waits for a condition that must come true.
func (w *world) until(what string, condition func() bool) {
	w.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			w.Fatalf("%s did not come true; recorded %q, the log says %s", what, w.recorded(), w.said)
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-w.Context().Done():
		}
	}
}
