package clienttest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

const event = `{"specversion":"1.0","id":"ID","source":"/acme/billing","type":"daybook.action.v1","time":"2026-11-23T10:00:00Z",
 "data":{"operation":"Store","subjects":["customer:1","customer:2"],"details":{"n":1}}}`

// ask sends a message as a client in any language would, and gives the reply.
func ask(t *testing.T, l *clienttest.Ledger, subject, contentType, body string, into any) *nats.Msg {
	t.Helper()
	nc, err := nats.Connect(l.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	msg := nats.NewMsg(subject)
	msg.Header.Set("content-type", contentType)
	msg.Data = []byte(body)
	reply, err := nc.RequestMsg(msg, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(reply.Data, into); err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestAnyClientIsAnsweredAsTheContractSays(t *testing.T) {
	l := clienttest.New(t)
	var first, again wire.Receipt
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, event, &first)
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, event, &again)
	if first.ID != "ID" || first.Events != 2 || first.Duplicate || !again.Duplicate || again.Position != first.Position {
		t.Errorf("%+v, %+v", first, again)
	}
	l.AssertRecorded(t, client.Action{ID: "ID", Details: map[string]any{"n": 1}, Subjects: []string{"customer:1", "customer:2"}})

	var problem wire.Problem
	reply := ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, `{"idd":1}`, &problem)
	if problem.Code != wire.UnknownField || reply.Header.Get(wire.HeaderErrorCode) != "422" || reply.Header.Get(wire.HeaderError) == "" {
		t.Errorf("%+v, %v", problem, reply.Header)
	}

	var items []wire.Item
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentBatch, `[`+event+`,{"id":tru},`+event+`]`, &items)
	if len(items) != 3 || items[0].Receipt == nil || items[1].Problem == nil || items[2].Receipt == nil {
		t.Errorf("%+v", items)
	}

	var ack wire.PubAck
	ask(t, l, "daybook.v1.inbox.acme.billing", wire.ContentEvent, `nonsense`, &ack)
	if ack.Stream == "" || ack.Sequence == 0 || ack.Error != nil {
		t.Errorf("%+v", ack)
	}

	var answer wire.Answer
	ask(t, l, "daybook.v1.ask.acme.billing", wire.ContentEvent, event, &answer)
	if !answer.Permitted || len(l.Recorded()) != 1 {
		t.Errorf("%+v, %d recorded", answer, len(l.Recorded()))
	}
}

func TestAnAssertionThatDoesNotHoldFails(t *testing.T) {
	l := clienttest.New(t)
	var receipt wire.Receipt
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, event, &receipt)
	for name, want := range map[string]client.Action{
		"operation": {Operation: client.Erase}, "subjects": {Subjects: []string{"customer:1"}}, "details": {Details: map[string]any{"n": 2}},
		"time": {Time: time.Unix(1, 0)}, "categories": {Categories: []string{"pd:Name"}}, "id": {ID: "other"},
	} {
		missing := &reporter{TB: t}
		l.AssertRecorded(missing, want)
		found := &reporter{TB: t}
		l.AssertNotRecorded(found, want)
		if !missing.failed || found.failed {
			t.Errorf("%s: failed %v, %v", name, missing.failed, found.failed)
		}
	}
	found := &reporter{TB: t}
	l.AssertNotRecorded(found, client.Action{Operation: client.Store})
	if !found.failed {
		t.Error("what was recorded is taken for not recorded")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if !l.Wait(ctx, 1) || l.Wait(ctx, 2) {
		t.Error("waiting miscounts")
	}
}

func TestStatementsAreToldFromActions(t *testing.T) {
	l := clienttest.New(t)
	consent := strings.NewReplacer("action.v1", "consent.v1", `"operation":"Store"`, `"consent":"given","instruction":"i","how":"h"`, `,"details":{"n":1}`, "").Replace(event)
	var receipt, again wire.Receipt
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, consent, &receipt)
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, consent, &again)
	if receipt.Events != 2 || !again.Duplicate {
		t.Errorf("%+v, %+v", receipt, again)
	}
	var problem wire.Problem
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, strings.Replace(consent, "given", "withdrawn", 1), &problem)
	if problem.Code != wire.Conflict {
		t.Errorf("%+v", problem)
	}
	want := wire.Consent{Consent: wire.Given, Subjects: []string{"customer:1", "customer:2"}, Instruction: "i", How: "h"}
	l.AssertSaid(t, want)
	l.AssertNotRecorded(t, client.Action{Instruction: "i"})
	want.How = "other"
	missing := &reporter{TB: t}
	l.AssertSaid(missing, want)
	if !missing.failed {
		t.Error("what was not said is taken for said")
	}
}

func TestOnlyTheServiceOfAnOrderLearnsWhomItIsAbout(t *testing.T) {
	l := clienttest.New(t)
	id := l.SendOrder(wire.Order{Kind: wire.OrderErase, Controller: "acme", Service: "billing"}, "customer:1")
	var claim wire.Claim
	ask(t, l, "daybook.v1.claim.acme.billing", wire.ContentJSON, `{"order":"`+id+`"}`, &claim)
	if claim.Order != id || len(claim.Subjects) != 1 || claim.Subjects[0] != "customer:1" {
		t.Errorf("order %s, %d names", claim.Order, len(claim.Subjects))
	}
	var problem wire.Problem
	ask(t, l, "daybook.v1.claim.acme.crm", wire.ContentJSON, `{"order":"`+id+`"}`, &problem)
	if problem.Code != wire.NotFound {
		t.Errorf("%+v", problem)
	}
	var receipt wire.Receipt
	ask(t, l, "daybook.v1.record.acme.billing", wire.ContentEvent, strings.Replace(event, `"operation"`, `"order":"`+id+`","operation"`, 1), &receipt)
	if len(l.OpenOrders()) != 0 {
		t.Error("the order is open, though it was answered")
	}
}

// reporter hears what an assertion says instead of the test.
type reporter struct {
	testing.TB
	failed bool
}

func (r *reporter) Errorf(string, ...any) { r.failed = true }
