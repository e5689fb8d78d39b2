package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

const cases = "/api/v1/controllers/fenland-cycles/cases"

// caseLedger is a declared ledger whose clock is the tests'.
func caseLedger(t *testing.T) *ledger {
	t.Helper()
	return declared(t, func(c *api.Config) { c.Now = func() time.Time { return now } })
}

// open opens a case of Ada's, received on a day.
func (l *ledger) open(id, kind, on string, change ...func(*wire.OpenCase)) wire.CaseTaken {
	l.t.Helper()
	in := wire.OpenCase{Case: id, People: []wire.Text{ada}, Kind: kind, Channel: "e-mail", On: on, Owner: "petra", Promise: &wire.CasePromise{Days: 10}}
	for _, c := range change {
		c(&in)
	}
	return as[wire.CaseTaken](l.t, l.post(cases, in))
}

// take takes a step of a case.
func (l *ledger) take(id string, step wire.CaseStep) wire.CaseTaken {
	l.t.Helper()
	return as[wire.CaseTaken](l.t, l.post(cases+"/"+id+"/steps", step))
}

// show shows a case once everything that is recorded shows.
func (l *ledger) show(id string) wire.Case {
	l.t.Helper()
	return as[wire.Case](l.t, l.request(http.MethodGet, cases+"/"+id, "", "", wire.HeaderMinPosition, l.ledger.State().End.String()))
}

func (l *ledger) list(query string) []string {
	l.t.Helper()
	list := as[wire.CaseList](l.t, l.request(http.MethodGet, "/api/v1/cases"+query, "", "", wire.HeaderMinPosition, l.ledger.State().End.String()))
	ids := []string{}
	for _, c := range list.Cases {
		ids = append(ids, c.Case)
	}
	return ids
}

var warrantOfAnna = &wire.Warrant{By: "anna", On: "2026-11-20", How: "e-mail"}

func TestACaseShowsItsStageItsClocksAndItsNextSteps(t *testing.T) {
	l := caseLedger(t)
	l.record("first", action("Store", string(ada)))
	if taken := l.open("access-1", "access", "2026-11-02", func(in *wire.OpenCase) { in.Note = canary }); taken.Stage != "finding" || taken.Events != 1 {
		t.Fatalf("%+v", taken)
	}
	l.take("access-1", wire.CaseStep{Step: "asked", For: "clarification", On: "2026-11-04"})
	c := l.show("access-1")
	if c.Stage != "waiting" || c.Next != "Wait for what the person was asked for." || !slices.Equal(c.Waiting, []string{"clarification"}) {
		t.Errorf("the stage: %+v", c.CaseSummary)
	}
	if c.Legal.Standing != "paused" || c.Legal.Due != "" || len(c.Legal.Working) < 3 || c.Legal.Working[2].Provision != "UK GDPR Art. 12A(5)" {
		t.Errorf("the limit in law: %+v", c.Legal)
	}
	if c.Promise.Standing != "running" || !c.Promise.Late || c.Promise.Words != "Due Thursday 12 November 2026: 11 days late." {
		t.Errorf("the promise: %+v", c.Promise)
	}
	if c.Calendar != "GB-EAW" || c.Title != "Access and a copy, Art. 15" || len(c.Identifiers) != 1 || strings.Contains(string(c.Identifiers[0]), canary) {
		t.Errorf("%+v", c)
	}
	if len(c.Steps) != 2 || !c.Steps[0].Sealed || c.Steps[0].Note != "" || c.Steps[1].Sentence != "The person was asked for what the request is about." {
		t.Errorf("the steps: %+v", c.Steps)
	}
	var next []string
	for _, n := range c.NextSteps {
		next = append(next, n.Step)
	}
	if !slices.Equal(next[:3], []string{"acknowledged", "replied", "found"}) || !slices.Contains(next, "extended") || slices.Contains(next, "closed") {
		t.Errorf("the next steps: %v", next)
	}
	opened := as[wire.Case](t, l.get(cases+"/access-1?notes=show"))
	if string(opened.Steps[0].Note) != canary {
		t.Errorf("the opened note: %d bytes", len(opened.Steps[0].Note))
	}
	l.take("access-1", wire.CaseStep{Step: "replied", For: "clarification", Enough: true, On: "2026-11-09"})
	if c = l.show("access-1"); c.Legal.Due != "2026-12-08" || c.Stage != "finding" {
		t.Errorf("after the reply: %+v", c.Legal)
	}
}

func TestWhatACaseRefusesNamesItsArticle(t *testing.T) {
	l := caseLedger(t)
	l.record("first", action("Store", string(ada)))
	l.open("access-1", "access", "2026-09-02")
	l.open("access-2", "access", "2026-11-02")
	good := wire.OpenCase{People: []wire.Text{ada}, Kind: "access", Channel: "e-mail", Owner: "petra"}
	reasons := []string{"JustificationA12Complexity"}
	with := func(change func(*wire.OpenCase)) any {
		in := good
		change(&in)
		return in
	}
	for rule, row := range map[string]struct {
		path   string
		body   any
		status int
		hint   string
	}{
		"an extension after the first month":     {"/access-1/steps", wire.CaseStep{Step: "extended", Months: 2, Reasons: reasons}, 409, "Article 12(3)"},
		"an extension without reasons":           {"/access-2/steps", wire.CaseStep{Step: "extended", Months: 2}, 422, "Article 12(3)"},
		"a member of another step":               {"/access-2/steps", wire.CaseStep{Step: "acknowledged", For: "identity"}, 422, "Beside step, on, by and note it takes nothing."},
		"a member that is not known":             {"/access-2/steps", `{"step":"asked","four":"identity"}`, 422, "for"},
		"a step that is not known":               {"/access-2/steps", wire.CaseStep{Step: "forgotten"}, 422, "assigned"},
		"a step of a case that nobody opened":    {"/access-3/steps", wire.CaseStep{Step: "acknowledged"}, 404, "Open the case first"},
		"a step in the future":                   {"/access-2/steps", wire.CaseStep{Step: "acknowledged", On: "2026-11-24"}, 422, "when it has happened"},
		"a decision before the search":           {"/access-2/steps", wire.CaseStep{Step: "decided", Outcome: "accepted", Warrant: warrantOfAnna}, 409, "Articles 12(3), 15"},
		"an owner who is nobody":                 {"", with(func(in *wire.OpenCase) { in.Owner = "nobody" }), 404, "Name a contact"},
		"a calendar of the other regime":         {"", with(func(in *wire.OpenCase) { in.Calendar = "DE" }), 422, "GB-EAW"},
		"a case of nobody":                       {"", with(func(in *wire.OpenCase) { in.People = nil }), 422, "1 to 64 identifiers"},
		"a kind that is no right":                {"", with(func(in *wire.OpenCase) { in.Kind = "refund" }), 422, "Articles 15 to 22"},
		"the same id with other content":         {"", with(func(in *wire.OpenCase) { in.Case = "access-1" }), 409, "id of its own"},
		"an objection without a ground":          {"", with(func(in *wire.OpenCase) { in.Kind = "objection" }), 422, "Article 21"},
		"evidence that is in nobody's trail":     {"/access-2/steps", wire.CaseStep{Step: "settled", Place: &wire.CasePlace{Kind: "system", Name: "crm"}, How: "action", Event: "x"}, 404, "recorded of the person"},
		"a place that is not named":              {"/access-2/steps", wire.CaseStep{Step: "settled", How: "absent"}, 422, "Name the place"},
		"a note that is longer than notes are":   {"/access-2/steps", wire.CaseStep{Step: "acknowledged", Note: wire.Text(strings.Repeat("x", 4097))}, 422, "4,096"},
		"an identifier that is none, not quoted": {"", with(func(in *wire.OpenCase) { in.People = []wire.Text{canary} }), 422, "kind:value"},
	} {
		a := l.post(cases+row.path, row.body)
		if a.status != row.status || !strings.Contains(string(a.body), row.hint) {
			t.Errorf("%s: %d %s", rule, a.status, a.body)
		}
	}
	if a := l.post(cases, with(func(in *wire.OpenCase) { in.Case = "new" })); a.status != http.StatusOK {
		t.Errorf("what all of them were changed from: %d %s", a.status, a.body)
	}
}

func TestAnErasureClosesOnlyWhenEveryPlaceIs(t *testing.T) {
	l := caseLedger(t)
	l.record("store", action("Store", string(ada)))
	l.record("copy", with(action("Store", string(ada)), "system", "archive"))
	l.record("sent", with(action("Disclose", string(ada)), "recipient", "northprint"))
	l.open("erase-1", "erasure", "2026-11-02", func(in *wire.OpenCase) { in.Grounds = []string{"A17-1-a"} })
	found := as[wire.CaseFound](t, l.post(cases+"/erase-1/find", wire.CaseAction{}))
	want := []wire.CasePlace{{Kind: "system", Name: "archive", Service: "webshop"}, {Kind: "system", Name: "crm", Service: "webshop"}, {Kind: "recipient", Name: "northprint", Service: "webshop"}}
	if !slices.Equal(found.Places, want) || found.Stage != "deciding" {
		t.Fatalf("%+v", found)
	}
	if again := as[wire.CaseFound](t, l.post(cases+"/erase-1/find", wire.CaseAction{})); again.Events != 0 {
		t.Errorf("found twice: %+v", again)
	}
	l.take("erase-1", wire.CaseStep{Step: "decided", Outcome: "accepted", Grounds: []string{"A17-1-a"}, Warrant: warrantOfAnna})
	as[wire.Settled](t, l.post(people+"matters", wire.Matter{Person: ada, Kind: wire.MatterHold, ID: "h1", Ground: "legal-claim", Reference: "Claim 7", Systems: []string{"archive"}}))
	sent := as[wire.CaseOrders](t, l.post(cases+"/erase-1/orders", wire.CaseAction{}))
	if len(sent.Orders) != 1 || sent.Orders[0].Place.Name != "crm" || sent.Orders[0].Instruction != "orders" || len(sent.Blocked) != 3 || sent.Blocked[0].Hold != "h1" {
		t.Fatalf("%+v", sent)
	}
	if why := sent.Blocked[2].Why; why != "Article 19: it is told once what it was given is erased at archive, by itself." {
		t.Errorf("told of what is not erased: %s", why)
	}
	if again := as[wire.CaseOrders](t, l.post(cases+"/erase-1/orders", wire.CaseAction{})); len(again.Orders) != 1 || again.Orders[0].New {
		t.Errorf("ordered twice: %+v", again)
	}
	l.take("erase-1", wire.CaseStep{Step: "answered"})
	closing := wire.CaseStep{Step: "closed"}
	if a := l.post(cases+"/erase-1/steps", closing); a.status != http.StatusConflict || !strings.Contains(string(a.body), "3 of 3") {
		t.Fatalf("closed with open places: %d %s", a.status, a.body)
	}
	erase := with(action("Erase", string(ada)), "order", sent.Orders[0].Order)
	l.record("part", with(erase, "categories", []string{"pd:Name"}))
	if s := as[wire.CaseSettled](t, l.post(cases+"/erase-1/settle", wire.CaseAction{})); len(s.Settled) != 0 || s.Open[1].Why != "Still held there: Email Address." {
		t.Errorf("a part was erased: %+v", s)
	}
	l.record("erased", erase)
	s := as[wire.CaseSettled](t, l.post(cases+"/erase-1/settle", wire.CaseAction{}))
	if len(s.Settled) != 1 || s.Settled[0].Sentence != "System crm, by webshop: the action is recorded (Erase, event erased)." || len(s.Open) != 2 {
		t.Fatalf("%+v", s)
	}
	archive, printer := wire.CasePlace{Kind: "system", Name: "archive", Service: "webshop"}, wire.CasePlace{Kind: "recipient", Name: "northprint"}
	l.take("erase-1", wire.CaseStep{Step: "settled", Place: &archive, How: "exemption", Exemption: &wire.CaseCite{Ground: "JustificationA17LegalClaims"}})
	if told := as[wire.CaseOrders](t, l.post(cases+"/erase-1/orders", wire.CaseAction{})); len(told.Orders) != 1 || told.Orders[0].Task != "tell" || !told.Orders[0].New {
		t.Errorf("not told of what was erased: %+v", told)
	}
	if a := l.post(cases+"/erase-1/steps", wire.CaseStep{Step: "settled", Place: &printer, How: "told", Event: "erased"}); a.status != http.StatusConflict {
		t.Errorf("told by an action that went to nobody: %d %s", a.status, a.body)
	}
	early := event("early", with(action("Disclose", string(ada)), "recipient", "northprint"))
	early["time"] = now.Add(-72 * time.Hour).Format(time.RFC3339)
	as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, early)))
	if a := l.post(cases+"/erase-1/steps", wire.CaseStep{Step: "settled", Place: &printer, How: "told", Event: "early"}); !strings.Contains(string(a.body), "older than the decision") {
		t.Errorf("told before it was decided: %d %s", a.status, a.body)
	}
	l.record("told", with(action("Disclose", string(ada)), "recipient", "northprint"))
	l.take("erase-1", wire.CaseStep{Step: "settled", Place: &printer, How: "told", Event: "told"})
	if taken := l.take("erase-1", closing); taken.Stage != "closed" {
		t.Errorf("%+v", taken)
	}
	if c := l.show("erase-1"); c.Open || c.Unsettled != 0 || c.PlaceList[0].Sentence != "System archive, by webshop: exempt for the establishment, exercise or defence of legal claims, Art. 17(3)(e)." {
		t.Errorf("%+v", c)
	}
}

func TestADecisionReachesThePersonsStanding(t *testing.T) {
	l := caseLedger(t)
	l.record("first", action("Store", string(ada)))
	standing := func() wire.Standing {
		return as[wire.Standing](t, l.post(people+"standing", wire.StandingQuery{Person: ada}))
	}
	l.open("restrict-1", "restriction", "2026-11-02", func(in *wire.OpenCase) { in.Grounds = []string{"A18-1-a"} })
	as[wire.CaseFound](t, l.post(cases+"/restrict-1/find", wire.CaseAction{}))
	if len(standing().Restrictions) != 0 {
		t.Errorf("restricted before the decision")
	}
	decision := wire.CaseStep{Step: "decided", Outcome: "accepted", Grounds: []string{"A18-1-a"}, Warrant: warrantOfAnna}
	if taken := l.take("restrict-1", decision); taken.Events != 2 {
		t.Errorf("%+v", taken)
	}
	if taken := l.take("restrict-1", decision); taken.Events != 0 {
		t.Errorf("decided twice: %+v", taken)
	}
	if s := standing(); len(s.Restrictions) != 1 || s.Restrictions[0].ID != "restrict-1" || s.Restrictions[0].Ground != "A18-1-a" {
		t.Errorf("%+v", s)
	}
	if taken := l.open("object-1", "objection", "2026-11-02", func(in *wire.OpenCase) { in.Grounds = []string{"A21-1", "A21-2"} }); taken.Events != 3 {
		t.Errorf("%+v", taken)
	}
	as[wire.CaseFound](t, l.post(cases+"/object-1/find", wire.CaseAction{}))
	l.take("object-1", wire.CaseStep{Step: "decided", Outcome: "partly", Grounds: []string{"A21-2"}, Warrant: warrantOfAnna,
		Refusals: []wire.CaseCite{{Ground: "A21-1-compelling"}}})
	s := standing()
	if len(s.Objections) != 2 || !s.Objections[0].Overridden || !s.Objections[1].Marketing || s.Objections[1].Overridden || s.Objections[1].Resolved == nil {
		t.Errorf("%+v", s.Objections)
	}
}

func TestListsOfCases(t *testing.T) {
	l := caseLedger(t)
	l.open("old", "access", "2026-09-02")
	l.open("complaint", "complaint", "2026-10-20", func(in *wire.OpenCase) { in.Promise = nil })
	l.open("new", "rectification", "2026-11-20")
	if c := l.show("complaint"); c.Legal.Due != "2026-11-19" || !c.Legal.Late || c.Stage != "acknowledging" || c.FirstMonth != nil {
		t.Errorf("a complaint has 30 days: %+v", c.Legal)
	}
	hers := as[wire.CaseList](t, l.post(people+"cases", wire.StandingQuery{Person: ada}))
	if len(hers.Cases) != 3 || hers.Cases[0].Case != "complaint" {
		t.Errorf("Ada's cases: %+v", hers)
	}
	if a := l.post(people+"cases", wire.StandingQuery{Person: "email:nobody-" + canary + "@example.org"}); a.status != http.StatusNotFound {
		t.Errorf("a stranger's: %d", a.status)
	}
	for query, want := range map[string][]string{
		"":                                  {"old", "complaint", "new"},
		"?late=true":                        {"old", "complaint"},
		"?due=6":                            {"old", "complaint"},
		"?due=7":                            {"old", "complaint", "new"},
		"?kind=complaint":                   {"complaint"},
		"?owner=anna":                       {},
		"?controller=fenland-cycles":        {"old", "complaint", "new"},
		"?limit=1":                          {"old"},
		"?limit=1&after=fenland-cycles/old": {"complaint"},
	} {
		if got := l.list(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	for _, query := range []string{"?kind=refund", "?late=perhaps", "?due=soon", "?limit=0", "?owner=A+B", "?colour=red"} {
		if a := l.get("/api/v1/cases" + query); a.status != http.StatusUnprocessableEntity && a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", query, a.status)
		}
	}
}

// A stranger's case is opened as well: that nothing is held of somebody is an answer.
func TestACaseOfSomebodyUnknown(t *testing.T) {
	l := caseLedger(t)
	l.open("stranger", "access", "2026-11-02", func(in *wire.OpenCase) { in.People = []wire.Text{"email:nobody-" + canary + "@example.org"} })
	if found := as[wire.CaseFound](t, l.post(cases+"/stranger/find", wire.CaseAction{})); len(found.Places) != 0 || found.Stage != "reviewing" {
		t.Errorf("%+v", found)
	}
}

// What is kept of a case has a key with both names, however long.
func TestACaseWithTheLongestIdCanBeOpened(t *testing.T) {
	l := caseLedger(t)
	id := strings.Repeat("c", 64)
	l.open(id, "access", "2026-11-02")
	if taken := l.take(id, wire.CaseStep{Step: "acknowledged"}); taken.Events != 1 {
		t.Errorf("%+v", taken)
	}
}
