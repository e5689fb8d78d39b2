package api_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// read gets what rests on all that is recorded.
func (l *ledger) read(path string) answer {
	l.t.Helper()
	return l.request(http.MethodGet, path, "", "", wire.HeaderMinPosition, l.ledger.State().End.String())
}

func TestTheRegisterComesBackAsItWasDeclared(t *testing.T) {
	l := declared(t)
	a := l.read("/api/v1/register")
	if strings.Contains(string(a.body), canary) {
		t.Errorf("contacts are shown unasked: %s", a.body)
	}
	v := as[wire.RegisterView](t, a)
	doc := document()
	if !reflect.DeepEqual(v.Recipients, doc.Recipients) {
		t.Errorf("recipients: %+v", v.Recipients)
	}
	if p := v.Processor; p.Name != doc.Processor.Name || p.Registration != "ZA000001" || len(p.Territory) != 2 || len(p.Contacts) != 1 || p.Contacts[0].Role != "Privacy Manager" {
		t.Errorf("processor: %+v", p)
	}
	c := v.Controllers[0]
	if c.Name != "Fenland Cycles Ltd" || c.Services[0].ReportsWithin != "24h" || c.Contacts[0].ID != "anna" {
		t.Errorf("controller: %+v", c)
	}
	if i := c.Instructions[0]; !reflect.DeepEqual(i.Instruction, doc.Controllers[0].Instructions[0]) || i.Version != 1 || !i.InForce || i.Versions != 1 {
		t.Errorf("instruction: %+v", i)
	}
	v = as[wire.RegisterView](t, l.read("/api/v1/register?reveal=contacts"))
	if got, want := v.Controllers[0].Contacts[0].Contact, doc.Controllers[0].Contacts[0]; got != want || v.Processor.Contacts[0].Name != doc.Processor.Contacts[0].Name {
		b, _ := json.Marshal(v.Controllers[0].Contacts)
		t.Errorf("revealed: %s", b)
	}
	for _, path := range []string{"?reveal=" + canary, "?at=x", "?at=99999"} {
		if a := l.get("/api/v1/register" + path); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestEveryVersionOfAnInstructionIsKept(t *testing.T) {
	l := declared(t)
	first := uint64(l.ledger.State().End)
	doc := document()
	i := &doc.Controllers[0].Instructions[0]
	i.Operations, i.Given.On = []string{"Store"}, "2026-02-01"
	i.Withdrawn = &wire.Warrant{By: "anna", On: "2026-03-01T09:30:00Z", How: "e-mail"}
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	const path = "/api/v1/controllers/fenland-cycles/instructions"
	list := as[wire.Instructions](t, l.read(path+"/orders")).Instructions
	if len(list) != 2 || list[0].Version != 1 || list[0].InForce || list[1].InForce || list[1].Withdrawn == nil ||
		!reflect.DeepEqual(list[1].Instruction, *i) {
		t.Fatalf("%+v", list)
	}
	if list[1].Position != first || list[1].WithdrawnPosition == nil || *list[1].WithdrawnPosition != first+1 || list[0].Position >= first {
		t.Errorf("positions: %+v", list)
	}
	if newest := as[wire.Instructions](t, l.read(path)).Instructions; len(newest) != 1 || newest[0].Version != 2 || newest[0].Versions != 2 {
		t.Errorf("%+v", newest)
	}
	at := as[wire.Instructions](t, l.read(path+"/orders?at="+l.position(first))).Instructions
	if len(at) != 1 || !at[0].InForce || at[0].Withdrawn != nil {
		t.Errorf("as it was: %+v", at)
	}
	for _, row := range []struct {
		path   string
		status int
	}{{path + "/nothing", 404}, {path + "/" + canary + "@", 422}, {"/api/v1/controllers/nobody/instructions", 404}} {
		if a := l.get(row.path); a.status != row.status {
			t.Errorf("%s: %d %s", row.path, a.status, a.body)
		}
	}
}

func TestRecipientsAndServicesAreListed(t *testing.T) {
	l := declared(t)
	if r := as[wire.Recipients](t, l.read("/api/v1/recipients")); len(r.Recipients) != 1 || r.Recipients[0].Name != "Northprint Ltd" || r.Position == 0 {
		t.Errorf("%+v", r)
	}
	if s := as[wire.Services](t, l.read("/api/v1/services")); len(s.Services) != 1 || s.Services[0].Controller != "fenland-cycles" || s.Services[0].ID != "webshop" {
		t.Errorf("%+v", s)
	}
	empty := start(t)
	for deadline := time.Now().Add(2 * time.Minute); empty.get("/api/v1/recipients").status == http.StatusServiceUnavailable; <-time.After(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the view of an empty ledger is not built")
		}
	}
	if a := empty.get("/api/v1/recipients"); !strings.Contains(string(a.body), `"recipients":[]`) {
		t.Errorf("%s", a.body)
	}
	if v := as[wire.RegisterView](t, empty.get("/api/v1/register")); v.Processor != nil || v.Controllers == nil {
		t.Errorf("%+v", v)
	}
}

func TestTheBasisOnADateIsAnsweredAsItWasKnown(t *testing.T) {
	l := declared(t)
	first := uint64(l.ledger.State().End)
	doc := document()
	i := &doc.Controllers[0].Instructions[0]
	i.Basis, i.Interest, i.Given.On, i.Given.Reference = "A6-1-f", "Answering", "2026-02-01", "DPA 2026/02"
	i.Withdrawn = &wire.Warrant{By: "anna", On: "2026-03-01", How: "e-mail"}
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	const path = "/api/v1/controllers/fenland-cycles/instructions/orders/basis"
	for _, row := range []struct{ rule, query, sentence, now string }{
		{"before any was given", "?on=2026-01-04", "Fenland Cycles Ltd had given no instruction orders by 4 Jan 2026, 23:59 UTC", ""},
		{"under the first version", "?on=2026-01-05",
			"Instruction orders v1 of Fenland Cycles Ltd, given on 5 January 2026, gave contract, Art. 6(1)(b), on 5 Jan 2026, 23:59 UTC", ""},
		{"under the second", "?on=2026-02-01T00:00:00Z",
			"Instruction orders v2 of Fenland Cycles Ltd, given on 1 February 2026, gave legitimate interests, Art. 6(1)(f), on 1 Feb 2026, 00:00 UTC", ""},
		{"after it was withdrawn", "?on=2026-03-01",
			"Instruction orders v2 of Fenland Cycles Ltd had been withdrawn on 1 March 2026: no basis on 1 Mar 2026, 23:59 UTC", ""},
		{"as known before the second was recorded", "?on=2026-02-01T00:00:00Z&at=" + l.position(first),
			"Instruction orders v1 of Fenland Cycles Ltd, given on 5 January 2026, gave contract, Art. 6(1)(b), on 1 Feb 2026, 00:00 UTC", "A6-1-f"},
		{"as known then and now", "?on=2026-01-05&at=" + l.position(first),
			"Instruction orders v1 of Fenland Cycles Ltd, given on 5 January 2026, gave contract, Art. 6(1)(b), on 5 Jan 2026, 23:59 UTC", ""},
	} {
		b := as[wire.BasisOn](t, l.read(path+row.query))
		if b.Sentence != row.sentence || (b.Now != nil) != (row.now != "") || b.Now != nil && b.Now.Basis != row.now {
			t.Errorf("%s: %+v", row.rule, b)
		}
	}
	if a := l.get(path + "?on=" + canary); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.status, a.body)
	}
}
