package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/micro"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/wire"
)

// said is an event of a type beside the action.
func said(id, typ, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/fenland/shop","type":%q,"time":"2026-11-23T10:00:00Z","data":%s}`, id, typ, data)
}

const counted = `{"system":"crm","category":"pd:Name","people":4711}`

// facts gives what the log holds, in order.
func (w *world) facts() (facts []domain.Event) {
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
			facts = append(facts, must(decoder.Decode(line)))
		}
		if batch.CaughtUp {
			break
		}
	}
	return facts
}

func TestWhatAServiceSaysBecomesEvents(t *testing.T) {
	w := start(t)
	people := `"subjects":["email:` + canary + `","customer:7"]`
	for _, row := range []struct {
		typ, data string
		events    int
		is        func(domain.Fact) bool
	}{
		{wire.TypeConsent, `{"consent":"given",` + people + `,"instruction":"newsletter","how":"double-opt-in"}`, 2,
			func(f domain.Fact) bool { c, is := f.(dossier.ConsentGiven); return is && c.How == "double-opt-in" }},
		{wire.TypeConsent, `{"consent":"withdrawn",` + people + `,"instruction":"newsletter","how":"link"}`, 2,
			func(f domain.Fact) bool { _, is := f.(dossier.ConsentWithdrawn); return is }},
		{wire.TypeObjection, `{` + people + `,"marketing":true}`, 2,
			func(f domain.Fact) bool { o, is := f.(dossier.ObjectionRaised); return is && o.Marketing }},
		{wire.TypeOccasion, `{"occasion":"order-closed",` + people + `,"instruction":"orders"}`, 2,
			func(f domain.Fact) bool { _, is := f.(dossier.OccasionRecorded); return is }},
		{wire.TypeAnnouncement, `{"operation":"Erase",` + people + `,"system":"crm"}`, 2,
			func(f domain.Fact) bool {
				a, is := f.(dossier.ActionAnnounced)
				return is && a.Operation == domain.Erase
			}},
		{wire.TypeCount, counted, 1, func(f domain.Fact) bool {
			c, is := f.(source.CountReported)
			return is && c == source.CountReported{Controller: "fenland", Service: "shop", System: "crm", Category: "pd:Name", People: 4711}
		}},
	} {
		before := len(w.facts())
		reply := w.ask(msg(subject(wire.Record), wire.ContentEvent, said("of-"+fmt.Sprint(before), row.typ, row.data)))
		receipt := read[wire.Receipt](w, reply)
		facts := w.facts()[before:]
		if len(facts) != row.events || receipt.Events != row.events || int(receipt.Position) != before || receipt.Verdict != wire.Conformant {
			t.Errorf("%s: %d events, %s", row.typ, len(facts), reply.Data)
		}
		for _, e := range facts {
			if !row.is(e.Fact) || !e.Time.Equal(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)) {
				t.Errorf("%s: %T %+v at %v", row.typ, e.Fact, e.Fact, e.Time)
			}
		}
	}
	w.sweep(canary)
}

func TestAnActionThatRestsOnAConsentIsHeldAgainstIt(t *testing.T) {
	w := start(t)
	given := said("c", wire.TypeConsent, `{"consent":"given","subjects":["customer:7"],"instruction":"newsletter","how":"form"}`)
	first := read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", given)))
	again := read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", given)))
	if again.Position != first.Position || !again.Duplicate {
		t.Errorf("%+v, %+v", first, again)
	}
	other := strings.Replace(given, "given", "withdrawn", 1)
	if p := problemOf(w, w.ask(msg(subject(wire.Record), "", other))); p.Code != wire.Conflict {
		t.Errorf("the id again with other content: %+v", p)
	}
}

func TestACountAmongActionsTakesItsPlace(t *testing.T) {
	w := start(t)
	bad := strings.Replace(counted, "pd:Name", "Name", 1)
	body := "[" + strings.Join([]string{event("a"), said("n", wire.TypeCount, counted), said("x", wire.TypeCount, bad), event("b")}, ",") + "]"
	items := read[[]wire.Item](w, w.ask(msg(subject(wire.Record), wire.ContentBatch, body)))
	if len(items) != 4 || items[0].Receipt == nil || items[1].Receipt == nil || items[2].Problem == nil || items[3].Receipt == nil {
		t.Fatalf("%+v", items)
	}
	if n := items[1].Receipt; n.ID != "n" || n.Recorded.IsZero() || len(n.Leaf) != 32 || n.Events != 1 {
		t.Errorf("%+v", n)
	}
	if items[0].Receipt.ID != "a" || items[3].Receipt.ID != "b" || items[2].Problem.Code != wire.InvalidField {
		t.Errorf("%+v", items)
	}
	// By way of the inbox, and with nobody waiting, as well.
	before := len(w.facts())
	w.put(msg(subject(wire.Inbox), "", said("i", wire.TypeCount, counted)))
	w.check(w.nc.PublishMsg(msg(subject(wire.Record), "", "["+said("u", wire.TypeCount, counted)+","+event("c")+"]")))
	w.until("three more events", func() bool { return len(w.facts()) == before+3 })
	// What year 9999 is in the west is year 10000 in the log, which nobody could read again.
	late := strings.Replace(said("l", wire.TypeCount, counted), "2026-11-23T10:00:00Z", "9999-12-31T23:59:59-01:00", 1)
	if p := problemOf(w, w.ask(msg(subject(wire.Record), "", late))); p.Code != wire.InvalidField {
		t.Errorf("%+v", p)
	}
}

func TestAHeartbeatIsRecordedWhereItIsNews(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	w.now = func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }
	w.open()
	w.run()
	beats := func() (sequences []uint64) {
		for _, e := range w.facts() {
			if b, is := e.Fact.(source.HeartbeatRecorded); is {
				sequences = append(sequences, b.Sequence)
			}
		}
		return sequences
	}
	var want []uint64
	for _, step := range []struct {
		rule     string
		after    time.Duration
		acted    uint64 // an action with this sequence comes first
		sequence uint64
		news     bool
	}{
		{"the first is", 0, 0, 3, true},
		{"the same again is not", time.Minute, 0, 3, false},
		{"a sequence beyond what arrived is", time.Minute, 0, 5, true},
		{"another gap within the minute is not yet", time.Second, 0, 6, false},
		{"the same gap again is not", 2 * time.Minute, 0, 5, false},
		{"what arrived is no gap", time.Minute, 9, 9, false},
		{"beyond that is", time.Minute, 0, 10, true},
		{"an hour later is", time.Hour, 0, 10, true},
	} {
		mu.Lock()
		clock = clock.Add(step.after)
		mu.Unlock()
		if step.acted > 0 {
			body := strings.Replace(event("acted"), `"data":`, fmt.Sprintf(`"sequence":"%d","data":`, step.acted), 1)
			read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", body)))
		}
		before := w.handled("heartbeat")
		body := must(json.Marshal(wire.Heartbeat{Sequence: step.sequence, Time: clock}))
		w.check(w.nc.PublishMsg(msg(subject(wire.Beat), wire.ContentJSON, string(body))))
		w.until("the heartbeat is handled", func() bool { return w.handled("heartbeat") > before })
		if step.news {
			want = append(want, step.sequence)
		}
		if got := beats(); !slices.Equal(got, want) {
			t.Fatalf("%s: recorded %v, want %v", step.rule, got, want)
		}
	}
}

func TestWhatIsNoHeartbeatIsNotRecorded(t *testing.T) {
	w := start(t)
	for _, body := range []string{`{"sequence":-1}`, `{"sequence":1,"who":"` + canary + `"}`, ``, canary} {
		before := w.handled("heartbeat")
		w.check(w.nc.PublishMsg(msg(subject(wire.Beat), "", body)))
		w.until("the heartbeat is handled", func() bool { return w.handled("heartbeat") > before })
	}
	if n := len(w.facts()); n != 0 {
		t.Errorf("%d events", n)
	}
	w.until("it is logged", func() bool { return strings.Contains(w.said.String(), "heartbeats could not be recorded") })
}

// handled gives how many messages of an endpoint were handled.
func (w *world) handled(endpoint string) int {
	w.Helper()
	stats := read[micro.Stats](w, w.ask(msg("$SRV.STATS.daybook", "", "")))
	for _, e := range stats.Endpoints {
		if e.Name == endpoint {
			return e.NumRequests
		}
	}
	return 0
}

// given knows the orders that it holds.
type given map[string][]domain.Identifier

func (g given) Claims(_ context.Context, c domain.ControllerID, s domain.ServiceID, order string) ([]domain.Identifier, error) {
	if order == "away" {
		return nil, errors.Wrap(domain.ErrUnavailable, "vault of the test")
	}
	people, known := g[string(c)+"/"+string(s)+"/"+order]
	if !known {
		return nil, errors.Wrap(domain.ErrNotFound, "order of the test")
	}
	return people, nil
}

func TestAServiceLearnsWhomItsOrderIsAbout(t *testing.T) {
	w := newWorld(t)
	w.orders = given{"fenland/shop/o-1": {must(domain.ParseIdentifier("email:" + canary)), must(domain.ParseIdentifier("customer:7"))}, "fenland/shop/o-2": nil}
	w.open()
	w.run()
	claim := read[wire.Claim](w, w.ask(msg(subject(wire.Claims), wire.ContentJSON, `{"order":"o-1"}`)))
	if claim.Order != "o-1" || len(claim.Subjects) != 2 || string(claim.Subjects[0]) != "email:"+canary || string(claim.Subjects[1]) != "customer:7" {
		t.Errorf("order %s, %d names", claim.Order, len(claim.Subjects))
	}
	elsewhere := wire.Subject{Kind: wire.Claims, Controller: "fenland", Service: "crm"}.String()
	for rule, row := range map[string]struct {
		subject, body string
		code          wire.Code
	}{
		"an order that was never sent":   {subject(wire.Claims), `{"order":"o-9"}`, wire.NotFound},
		"another service's order":        {elsewhere, `{"order":"o-1"}`, wire.NotFound},
		"somebody forgotten":             {subject(wire.Claims), `{"order":"o-2"}`, wire.NotFound},
		"names cannot be looked up now":  {subject(wire.Claims), `{"order":"away"}`, wire.Unavailable},
		"no order":                       {subject(wire.Claims), `{}`, wire.InvalidField},
		"an address as order":            {subject(wire.Claims), `{"order":"` + canary + `"}`, wire.InvalidField},
		"a member that is not known":     {subject(wire.Claims), `{"order":"o-1","who":1}`, wire.UnknownField},
		"a body that is not JSON":        {subject(wire.Claims), canary, wire.Malformed},
		"the subject is not the service": {"daybook.v1.claim.Fenland.shop", `{"order":"o-1"}`, wire.InvalidField},
	} {
		reply := w.ask(msg(row.subject, wire.ContentJSON, row.body))
		if p := problemOf(w, reply); p.Code != row.code || strings.Contains(string(reply.Data), canary) {
			t.Errorf("%s: %s", rule, reply.Data)
		}
	}
	w.sweep(canary)
}

func TestALedgerWithoutOrdersKnowsNone(t *testing.T) {
	w := start(t)
	if p := problemOf(w, w.ask(msg(subject(wire.Claims), "", `{"order":"o-1"}`))); p.Code != wire.NotFound {
		t.Errorf("%+v", p)
	}
}

var _ intake.Orders = given{}

func TestAnAnswerIsRecordedWhereThatIsAskedFor(t *testing.T) {
	w := start(t)
	ask := func(data string) wire.Answer {
		return read[wire.Answer](w, w.ask(msg(subject(wire.Ask), "", said("q", wire.TypeAction, data))))
	}
	const plain = `{"operation":"Store","subjects":["email:` + canary + `"],"instruction":"orders"}`
	recorded := strings.Replace(plain, `{`, `{"record":true,`, 1)
	before := len(w.facts())
	if answer := ask(plain); answer.Receipt != nil || len(w.facts()) != before {
		t.Errorf("asked without: %+v", answer)
	}
	first, again := ask(recorded), ask(recorded)
	if first.Receipt == nil || int(first.Receipt.Position) != before || again.Receipt == nil || !again.Receipt.Duplicate || len(w.facts()) != before+1 {
		t.Errorf("%+v, then %+v", first, again)
	}
	if _, is := w.facts()[before].Fact.(dossier.AnswerRecorded); !is {
		t.Errorf("recorded %+v", w.facts()[before])
	}
	if p := problemOf(w, w.ask(msg(subject(wire.Record), "", said("r", wire.TypeAction, recorded)))); p.Code != wire.InvalidField {
		t.Errorf("reported: %+v", p)
	}
	w.sweep(canary)
}
