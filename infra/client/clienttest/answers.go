package clienttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

// received is one event of a message: the event, or the problem with it.
type received struct {
	event   wire.Event
	said    any
	problem *wire.Problem
}

// read opens, judges and reads a message.
func (l *Ledger) read(msg *nats.Msg, subject wire.Subject) (events []received, batch bool, problem *wire.Problem) {
	header, body := map[string][]string(msg.Header), msg.Data
	if cloudevents.ContentType(header) == wire.ContentSealed {
		contentType, plain, err := wire.Open(l.private, subject.Controller, subject.Service, body)
		if err != nil {
			return nil, false, problemOf(wire.Unsealable)
		}
		header, body = map[string][]string{wire.HeaderContentType: {contentType}}, plain
	}
	results, batch, err := l.decoder.Decode(header, body)
	if err != nil {
		return nil, batch, problemFrom(err)
	}
	events = make([]received, len(results))
	for i, r := range results {
		if r.Err != nil {
			events[i].problem = problemFrom(r.Err)
			continue
		}
		events[i].event = plainEvent(r.Event, r.Raw)
		events[i].said = statement(r.Event)
	}
	return events, batch, nil
}

// plainEvent gives the event that was read as what the test will look at.
func plainEvent(in cloudevents.Incoming, raw []byte) wire.Event {
	var e wire.Event
	if err := json.Unmarshal(raw, &e); err != nil || e.ID == "" {
		// Binary mode: the body is the data alone.
		e = wire.Event{}
		_ = json.Unmarshal(raw, &e.Data) // the reader has read it already
	}
	e.SpecVersion, e.ID, e.Source, e.Type, e.Time, e.Traceparent = wire.SpecVersion, in.ID, in.Source, in.Type, in.Time, in.Traceparent
	if in.Sequence > 0 {
		e.Sequence = strconv.FormatUint(in.Sequence, 10)
	}
	return e
}

// statement gives what an event says instead of an action, nil where it is one.
func statement(in cloudevents.Incoming) any {
	a, said := in.Action, in.Said
	people := make([]string, len(a.Subjects))
	for i, s := range a.Subjects {
		people[i] = s.Reveal()
	}
	switch in.Type {
	case wire.TypeAnnouncement:
		return wire.Announcement{Operation: a.Operation, Subjects: people, Instruction: a.Instruction, Categories: a.Categories, System: a.System, Recipient: a.Recipient}
	case wire.TypeConsent:
		return wire.Consent{Consent: said.Consent, Subjects: people, Instruction: a.Instruction, How: said.How, Explicit: said.Explicit}
	case wire.TypeObjection:
		return wire.Objection{Subjects: people, Instruction: a.Instruction, Marketing: said.Marketing}
	case wire.TypeOccasion:
		return wire.Occasion{Occasion: said.Occasion, Subjects: people, Instruction: a.Instruction}
	case wire.TypeCount:
		return wire.Count{System: a.System, Category: said.Category, People: said.People}
	}
	return nil
}

func problemOf(code wire.Code) *wire.Problem {
	p := wire.NewProblem(code)
	return &p
}

func problemFrom(err error) *wire.Problem {
	p, ok := cloudevents.Problem(err)
	if !ok {
		p = wire.NewProblem(wire.Internal)
	}
	return &p
}

// record records an event, or says why not.
func (l *Ledger) record(subject wire.Subject, r received) wire.Item {
	if r.problem != nil {
		return wire.Item{Problem: r.problem}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := [2]string{r.event.Source, r.event.ID}
	if first, ok := l.seen[key]; ok {
		if !sameContent(*first, r) {
			return wire.Item{Problem: problemOf(wire.Conflict)}
		}
		receipt := first.Receipt
		receipt.Duplicate = true
		return wire.Item{Receipt: &receipt}
	}
	rec := Recorded{Controller: subject.Controller, Service: subject.Service, Event: r.event, Said: r.said}
	rec.Receipt = wire.Receipt{ID: r.event.ID, Position: l.position, Events: len(r.event.Data.Subjects), Verdict: wire.Conformant}
	if _, is := r.said.(wire.Count); is {
		rec.Receipt.Events = 1
	} else {
		stored, err := json.Marshal(r.event)
		if err != nil {
			return wire.Item{Problem: problemOf(wire.Internal)}
		}
		leaf := sha256.Sum256(append([]byte{0}, stored...))
		rec.Receipt.Leaf, rec.Receipt.Recorded = leaf[:], time.Now().UTC().Truncate(time.Millisecond)
		l.seen[key] = &rec
	}
	if r.said == nil {
		if rec.Receipt.Findings = l.judge(rec); len(rec.Receipt.Findings) > 0 {
			rec.Receipt.Verdict = wire.WithFindings
		}
		delete(l.orders, r.event.Data.Order)
	}
	l.position += uint64(rec.Receipt.Events)
	l.recorded = append(l.recorded, rec)
	receipt := rec.Receipt
	return wire.Item{Receipt: &receipt}
}

func sameContent(a Recorded, b received) bool {
	x, errX := json.Marshal(a.Event.Data)
	y, errY := json.Marshal(b.event.Data)
	return errX == nil && errY == nil && bytes.Equal(x, y) && a.Event.Time.Equal(b.event.Time) && reflect.DeepEqual(a.Said, b.said)
}

// trouble gives the problem that the test wants answered.
func (l *Ledger) trouble() *wire.Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures == 0 {
		return nil
	}
	l.failures--
	return problemOf(l.fail)
}

func (l *Ledger) losing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose == 0 {
		return false
	}
	l.lose--
	return true
}

func (l *Ledger) onRecord(msg *nats.Msg) {
	subject, ok := wire.ParseSubject(msg.Subject)
	if !ok {
		l.respondProblem(msg, problemOf(wire.NotFound))
		return
	}
	if p := l.trouble(); p != nil {
		l.respondProblem(msg, p)
		return
	}
	events, batch, problem := l.read(msg, subject)
	if problem != nil {
		l.respondProblem(msg, problem)
		return
	}
	items := make([]wire.Item, len(events))
	for i, e := range events {
		items[i] = l.record(subject, e)
	}
	switch {
	case l.losing():
	case batch:
		l.respond(msg, items)
	case items[0].Problem != nil:
		l.respondProblem(msg, items[0].Problem)
	default:
		l.respond(msg, items[0].Receipt)
	}
}

func (l *Ledger) onInbox(msg *nats.Msg) {
	subject, ok := wire.ParseSubject(msg.Subject)
	if !ok {
		return
	}
	if p := l.trouble(); p != nil {
		l.respond(msg, wire.PubAck{Error: &wire.PubError{Code: p.Status, Description: p.Title}})
		return
	}
	// What cannot be understood goes to quarantine; its publisher is told that it is stored.
	if events, _, problem := l.read(msg, subject); problem == nil {
		for _, e := range events {
			l.record(subject, e)
		}
	}
	l.mu.Lock()
	sequence := l.position + 1
	l.mu.Unlock()
	l.respond(msg, wire.PubAck{Stream: "DAYBOOK_INBOX", Sequence: sequence})
}

func (l *Ledger) onAsk(msg *nats.Msg) {
	subject, ok := wire.ParseSubject(msg.Subject)
	if !ok {
		l.respondProblem(msg, problemOf(wire.NotFound))
		return
	}
	if p := l.trouble(); p != nil {
		l.respondProblem(msg, p)
		return
	}
	events, batch, problem := l.read(msg, subject)
	switch {
	case problem != nil:
		l.respondProblem(msg, problem)
	case batch:
		l.respondProblem(msg, problemOf(wire.UnsupportedMediaType))
	case events[0].problem != nil:
		l.respondProblem(msg, events[0].problem)
	case l.losing():
	default:
		l.mu.Lock()
		answer := l.answer
		l.mu.Unlock()
		l.respond(msg, answer(Recorded{Controller: subject.Controller, Service: subject.Service, Event: events[0].event}))
	}
}

func (l *Ledger) onBeat(msg *nats.Msg) {
	var beat wire.Heartbeat
	if json.Unmarshal(msg.Data, &beat) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beats = append(l.beats, beat)
}

func (l *Ledger) onKey(msg *nats.Msg) { l.respond(msg, wire.NewKey(l.private.PublicKey())) }

func (l *Ledger) respond(msg *nats.Msg, v any) { l.send(msg, wire.ContentJSON, nil, v) }

func (l *Ledger) respondProblem(msg *nats.Msg, p *wire.Problem) {
	l.send(msg, wire.ContentProblem, p, p)
}

func (l *Ledger) send(msg *nats.Msg, contentType string, p *wire.Problem, v any) {
	if msg.Reply == "" {
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		return
	}
	reply := nats.NewMsg(msg.Reply)
	reply.Data = body
	reply.Header.Set(wire.HeaderContentType, contentType)
	if p != nil {
		reply.Header.Set(wire.HeaderError, p.Title)
		reply.Header.Set(wire.HeaderErrorCode, strconv.Itoa(p.Status))
	}
	_ = msg.RespondMsg(reply) // a connection that closes under a reply is what Stop does
}
