package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

func TestThePlanIsWhatIsThenRecorded(t *testing.T) {
	l := start(t)
	planned := as[wire.Plan](t, l.post("/api/v1/register/plan", document()))
	if planned.Recorded || planned.Position != nil || len(planned.Changes) != 7 {
		t.Fatalf("planned: %+v", planned)
	}
	if l.ledger.State().End != 0 {
		t.Error("a plan was recorded")
	}
	recorded := as[wire.Plan](t, l.post("/api/v1/register", document()))
	if !recorded.Recorded || recorded.Position == nil || *recorded.Position != 0 || len(recorded.Changes) != len(planned.Changes) {
		t.Fatalf("recorded: %+v", recorded)
	}
	kinds := map[string]int{}
	for i, c := range recorded.Changes {
		if c != planned.Changes[i] || c.Change != wire.ChangeNew || c.Summary == "" || c.Name == "" {
			t.Errorf("change %d: planned %+v, recorded %+v", i, planned.Changes[i], c)
		}
		kinds[c.Kind]++
		if strings.Contains(c.Summary, canary) {
			t.Errorf("a summary names a person: %s", c.Summary)
		}
	}
	if kinds["contact"] != 2 || kinds["instruction"] != 1 || kinds["processor"] != 1 || kinds["service"] != 1 || kinds["recipient"] != 1 || kinds["controller"] != 1 {
		t.Errorf("kinds: %v", kinds)
	}
	if again := as[wire.Plan](t, l.post("/api/v1/register", document())); again.Recorded || len(again.Changes) != 0 {
		t.Errorf("declared again: %+v", again)
	}
}

func TestADifferenceIsTheOnlyChange(t *testing.T) {
	l := declared(t)
	doc := document()
	doc.Controllers[0].Name = "Fenland Cycles plc"
	doc.Controllers[0].Contacts[0].Phone = "+44 1632 960002"
	doc.Controllers[0].Instructions[0].Operations = []string{"Store"}
	doc.Controllers[0].Instructions[0].Given.On = "2026-02-01"
	p := as[wire.Plan](t, l.post("/api/v1/register", doc))
	var got []string
	for _, c := range p.Changes {
		got = append(got, c.Kind+" "+c.Change)
	}
	if strings.Join(got, ", ") != "controller changed, contact changed, instruction changed" || p.Changes[2].Version != 2 {
		t.Errorf("%+v", p.Changes)
	}
	doc.Controllers[0].Instructions[0].Withdrawn = &wire.Warrant{By: "anna", On: "2026-03-01T09:00:00Z", How: "e-mail"}
	p = as[wire.Plan](t, l.post("/api/v1/register", doc))
	if len(p.Changes) != 1 || p.Changes[0].Change != wire.ChangeWithdrawn {
		t.Errorf("withdrawn: %+v", p.Changes)
	}
}

// Each row spoils the good document in one place.
func TestEveryFaultOfADocumentNamesItsPlace(t *testing.T) {
	l := start(t)
	type register = wire.Register
	c := func(r *register) *wire.Controller { return &r.Controllers[0] }
	i := func(r *register) *wire.Instruction { return &r.Controllers[0].Instructions[0] }
	table := []struct {
		rule, path, hint string
		spoil            func(*register)
	}{
		{"a basis", "controllers[0].instructions[0].basis", "Article 6(1)", func(r *register) { i(r).Basis = canary }},
		{"no basis", "controllers[0].instructions[0].basis", "Article 6(1)", func(r *register) { i(r).Basis = "" }},
		{"a condition", "controllers[0].instructions[0].condition", "Article 9(2)", func(r *register) { i(r).Condition = canary }},
		{"an operation", "controllers[0].instructions[0].operations[1]", "Article 4(2)", func(r *register) { i(r).Operations[1] = canary }},
		{"no operations", "controllers[0].instructions[0]", "Article 28(3)", func(r *register) { i(r).Operations = nil }},
		{"a category", "controllers[0].instructions[0].categories[0]", "pd:EmailAddress", func(r *register) { i(r).Categories[0] = canary }},
		{"a territory", "controllers[0].instructions[0].territory[0]", "ISO 3166", func(r *register) { i(r).Territory[0] = canary }},
		{"a recipient that nobody declared", "controllers[0].instructions[0].recipients[0]", "declare the recipient", func(r *register) { i(r).Recipients[0] = "nobody" }},
		{"a trigger", "controllers[0].instructions[0].retention[0].after", "order-closed", func(r *register) { i(r).Retention[0].After = canary }},
		{"a period", "controllers[0].instructions[0].retention[0].keep", "P7Y", func(r *register) { i(r).Retention[0].Keep = canary }},
		{"a giver that nobody declared", "controllers[0].instructions[0].given.by", "declare the contact", func(r *register) { i(r).Given.By = "nobody" }},
		{"an address as giver", "controllers[0].instructions[0].given.by", "contact's id", func(r *register) { i(r).Given.By = canary + "@example.org" }},
		{"a day", "controllers[0].instructions[0].given.on", "2026-01-05", func(r *register) { i(r).Given.On = canary }},
		{"a manner", "controllers[0].instructions[0].given", "signed-document", func(r *register) { i(r).Given.How = canary }},
		{"a withdrawal's day", "controllers[0].instructions[0].withdrawn.on", "2026-01-05", func(r *register) {
			i(r).Withdrawn = &wire.Warrant{By: "anna", On: canary, How: "portal"}
		}},
		{"a purpose", "controllers[0].instructions[0]", "Article 5(1)(b)", func(r *register) { i(r).Purpose = canary + "@" }},
		{"an address in a title", "controllers[0].instructions[0]", "title", func(r *register) { i(r).Title = canary + "@example.org" }},
		{"the UK's basis in the EU", "controllers[0].instructions[0]", "UK regime only", func(r *register) {
			c(r).Regime, i(r).Basis, i(r).Interest = "EU", "A6-1-ea", "crime"
		}},
		{"an instruction twice", "controllers[0].instructions[1].id", "twice", func(r *register) {
			c(r).Instructions = append(c(r).Instructions, c(r).Instructions[0])
		}},
		{"a name", "controllers[0].id", "a-z", func(r *register) { c(r).ID = canary + "@" }},
		{"the name of the ledger itself", "controllers[0]", "daybook", func(r *register) { c(r).ID = "daybook" }},
		{"a regime", "controllers[0].regime", "UK or EU", func(r *register) { c(r).Regime = canary }},
		{"a country", "controllers[0].country", "ISO 3166", func(r *register) { c(r).Country = canary }},
		{"a service's time", "controllers[0].services[0].reportsWithin", "24h", func(r *register) { c(r).Services[0].ReportsWithin = "P1M" }},
		{"a service's negative time", "controllers[0].services[0]", "ten years", func(r *register) { c(r).Services[0].ReportsWithin = "-1h" }},
		{"a role with an address", "controllers[0].contacts[0].role", "e-mail address", func(r *register) { c(r).Contacts[0].Role = canary + "@example.org" }},
		{"a contact's name on two lines", "controllers[0].contacts[0].name", "one line", func(r *register) { c(r).Contacts[0].Name = canary + "\n" }},
		{"a recipient's kind", "recipients[0]", "sub-processor", func(r *register) { r.Recipients[0].Kind = canary }},
		{"a safeguard", "recipients[0]", "A45-3", func(r *register) { r.Recipients[0].Safeguard = canary }},
		{"the processor's territory", "processor", "territory", func(r *register) { r.Processor.Territory = nil }},
		{"a measure", "processor.measures[0]", "200 bytes", func(r *register) { r.Processor.Measures[0] = canary + "@" }},
	}
	for _, row := range table {
		doc := document()
		row.spoil(&doc)
		a := l.post("/api/v1/register/plan", doc)
		p := a.problem(t)
		if a.status != http.StatusUnprocessableEntity || len(p.Errors) == 0 || wire.Path(p.Errors[0].Pointer) != row.path ||
			!strings.Contains(p.Errors[0].Detail, row.hint) || !strings.HasPrefix(p.Detail, row.path+": ") {
			t.Errorf("%s: %s", row.rule, a.body)
		}
	}
	doc := document()
	i(&doc).Basis, c(&doc).Country = "x", "y"
	if p := l.post("/api/v1/register/plan", doc).problem(t); len(p.Errors) != 2 || !strings.HasPrefix(p.Hint, "2 places") {
		t.Errorf("two faults at once: %+v", p)
	}
	if a := l.post("/api/v1/register", `{"controllers":[{"id":"a","nam":"`+canary+`"}]}`); a.problem(t).Hint != "Did you mean name?" {
		t.Errorf("an unknown name: %s", a.body)
	}
}

func TestAContradictionOfWhatIsRecordedIsAConflict(t *testing.T) {
	l := declared(t)
	doc := document()
	doc.Controllers[0].Instructions[0].Operations = []string{"Store"}
	a := l.post("/api/v1/register", doc)
	if a.status != http.StatusConflict || !strings.Contains(a.problem(t).Hint, "Article 28(3)(a)") || !strings.Contains(a.problem(t).Detail, "orders of fenland-cycles") {
		t.Errorf("%s", a.body)
	}
}
