package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

// ordered is a ledger with an erasure that was accepted, and the order for its one place, under an instruction that counts Destruct
// alone as erasure.
func ordered(t *testing.T) (*ledger, wire.CaseOrder) {
	t.Helper()
	l := start(t, func(c *api.Config) { c.Now = func() time.Time { return now } })
	doc := document()
	doc.Controllers[0].Instructions[0].Erasure = []string{"Destruct"}
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	l.record("store", action("Store", string(ada)))
	l.open("erase-1", "erasure", "2026-11-02")
	as[wire.CaseFound](t, l.post(cases+"/erase-1/find", wire.CaseAction{}))
	l.take("erase-1", wire.CaseStep{Step: "decided", Outcome: "accepted", Grounds: []string{"A17-1-a"}, Warrant: warrantOfAnna})
	sent := as[wire.CaseOrders](t, l.post(cases+"/erase-1/orders", wire.CaseAction{}))
	if len(sent.Orders) != 1 {
		t.Fatalf("%+v", sent)
	}
	return l, sent.Orders[0]
}

func TestOnlyWhatCountsAsErasureClosesAPlace(t *testing.T) {
	l, order := ordered(t)
	settle := func() wire.CaseSettled {
		return as[wire.CaseSettled](t, l.post(cases+"/erase-1/settle", wire.CaseAction{}))
	}
	if s := settle(); len(s.Open) != 1 || !strings.HasSuffix(s.Open[0].Why, "was not answered yet.") {
		t.Errorf("before the answer: %+v", s)
	}
	crm := wire.CasePlace{Kind: "system", Name: "crm"}
	if a := l.post(cases+"/erase-1/steps", wire.CaseStep{Step: "settled", Place: &crm, How: "order", Order: order.Order}); a.status != http.StatusConflict {
		t.Errorf("by an order that nobody answered: %d %s", a.status, a.body)
	}
	for _, answer := range []struct {
		id, operation, system, why string
	}{
		{"a1", "Delete", "crm", "which does not count as erasure under the instruction."},
		{"a2", "Erase", "crm", "which does not count as erasure under the instruction."},
		{"a3", "Destruct", "shop", "the action was at another system."},
		{"a4", "Destruct", "crm", ""},
	} {
		l.record(answer.id, with(action(answer.operation, string(ada)), "system", answer.system, "order", order.Order))
		s := settle()
		if answer.why != "" && (len(s.Open) != 1 || !strings.HasSuffix(s.Open[0].Why, answer.why)) || answer.why == "" && len(s.Settled) != 1 {
			t.Errorf("%s in %s: %+v", answer.operation, answer.system, s)
		}
	}
	if c := l.show("erase-1"); c.Unsettled != 0 || c.Stage != "carried-out" {
		t.Errorf("%+v", c.CaseSummary)
	}
}

func TestAnOrderSaysWhereWhatAndUntilWhen(t *testing.T) {
	_, order := ordered(t)
	if order.Service != "webshop" || order.Task != "erase" || order.Instruction != "orders" || len(order.Categories) != 2 || !order.New ||
		order.Due != time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC) {
		t.Errorf("%+v", order)
	}
}

func TestTheCalendarIsTheControllersCountrys(t *testing.T) {
	l := start(t, func(c *api.Config) { c.Now = func() time.Time { return now } })
	doc := document()
	c := doc.Controllers[0]
	c.ID, c.Regime, c.Country, c.Nation, c.Instructions = "berlin-bikes", "EU", "DE", "", nil
	abroad := c
	abroad.ID, abroad.Country = "zurich-bikes", "CH"
	doc.Controllers = append(doc.Controllers, c, abroad)
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	in := wire.OpenCase{Case: "a", People: []wire.Text{ada}, Kind: "access", Channel: "post", On: "2026-09-03", Owner: "petra"}
	as[wire.CaseTaken](t, l.post("/api/v1/controllers/berlin-bikes/cases", in))
	got := as[wire.Case](t, l.request(http.MethodGet, "/api/v1/controllers/berlin-bikes/cases/a", "", "", wire.HeaderMinPosition, l.ledger.State().End.String()))
	// 3 October is a public holiday in Germany, and a Saturday; the Monday after is none.
	if got.Calendar != "DE" || got.Regime != "EU" || got.Legal.Due != "2026-10-05" {
		t.Errorf("%s %s %+v", got.Calendar, got.Regime, got.Legal)
	}
	if a := l.post("/api/v1/controllers/zurich-bikes/cases", in); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a country without a calendar: %d %s", a.status, a.body)
	}
	in.Calendar = "AT"
	as[wire.CaseTaken](t, l.post("/api/v1/controllers/zurich-bikes/cases", in))
	in.Calendar = "GB-SCT"
	as[wire.CaseTaken](t, l.post(cases, in))
	if l.show("a").Calendar != "GB-SCT" {
		t.Error("the nation that was named does not count")
	}
}
