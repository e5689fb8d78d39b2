package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

const people = "/api/v1/controllers/fenland-cycles/people/"

// ask posts a question about a person, resting on all that is recorded.
func (l *ledger) ask(path string, body any) answer {
	l.t.Helper()
	return l.request(http.MethodPost, path, wire.ContentJSON, encoded(l.t, body), wire.HeaderMinPosition, l.ledger.State().End.String())
}

func TestATrailIsReadPageByPageInEitherOrder(t *testing.T) {
	l := declared(t)
	var positions []uint64
	for i := range 7 {
		positions = append(positions, l.record("r"+strconv.Itoa(i), action("Store", "email:Canary-7f3@Example.org", "customer:"+strconv.Itoa(i))).Position)
	}
	for _, order := range []string{wire.OldestFirst, wire.NewestFirst, ""} {
		var got []uint64
		q := wire.TrailQuery{Person: "email:" + canary + "@example.org", Order: order, Limit: 3}
		for pages := 0; ; pages++ {
			page := as[wire.Trail](t, l.ask(people+"trail", q))
			for _, e := range page.Entries {
				got = append(got, e.Position)
			}
			if page.Next == nil || pages > 3 {
				break
			}
			q.After = page.Next
		}
		for i, want := range positions {
			at := i
			if order != wire.OldestFirst {
				at = len(positions) - 1 - i
			}
			if len(got) != len(positions) || got[at] != want {
				t.Fatalf("%q: %v, want %v", order, got, positions)
			}
		}
	}
}

func TestAnEntryOfATrailIsWhole(t *testing.T) {
	l := declared(t)
	r := l.record("d1", with(action("Disclose", "email:"+canary+"@example.org"), "recipient", "northprint", "basis", "A6-1-a",
		"details", map[string]any{"note": canary}))
	q := wire.TrailQuery{Person: "email:" + canary + "@example.org"}
	e := as[wire.Trail](t, l.ask(people+"trail", q)).Entries[0]
	want := "23 Nov 2026, 09:00 UTC · Email Address and Name disclosed from crm to Northprint Ltd (GB) · contract, Art. 6(1)(b) · " +
		"instruction orders v1 of Fenland Cycles Ltd · by webshop · 1 finding · entry " + strconv.FormatUint(r.Position, 10)
	if e.Sentence != want {
		t.Errorf("\n got %s\nwant %s", e.Sentence, want)
	}
	if e.ID != "d1" || e.Service != "webshop" || e.Identifier != "email" || e.Basis != "A6-1-b" || e.Stated != "A6-1-a" || e.Version != 1 ||
		len(e.Findings) != 1 || e.Findings[0].Code != "basis-mismatch" || e.Findings[0].Message == "" || !e.Sealed || e.Details != nil {
		t.Errorf("%+v", e)
	}
	q.Details = true
	if e = as[wire.Trail](t, l.ask(people+"trail", q)).Entries[0]; string(e.Details) != `{"note":"`+canary+`"}` || e.Forgotten {
		t.Errorf("opened: %s", e.Details)
	}
}

func TestDetailsOfTheForgottenStayShut(t *testing.T) {
	l := declared(t)
	l.record("f1", with(action("Store", "customer:1"), "details", map[string]any{"note": canary}))
	l.record("f2", with(action("Store", "customer:2"), "details", map[string]any{"note": canary}))
	as[wire.Linked](t, l.post(people+"link", wire.LinkRequest{Known: "customer:1", Also: "customer:2"}))
	first, err := domain.ParseIdentifier("customer:1")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := l.vault.Keys(t.Context(), "fenland-cycles", first)
	if err != nil || len(keys) != 2 {
		t.Fatalf("%v %v", keys, err)
	}
	if err := l.vault.Forget(t.Context(), keys[0]); err != nil {
		t.Fatal(err)
	}
	for _, person := range []wire.Text{"customer:1", "customer:2"} {
		if a := l.ask(people+"trail", wire.TrailQuery{Person: person, Details: true}); a.status != http.StatusNotFound {
			t.Errorf("a forgotten person is found: %s", a.body)
		}
	}
}

// remembering finds people who were forgotten since, as a request does that was on its way meanwhile.
type remembering struct {
	api.Vault
	keys []domain.SubjectKey
}

func (r remembering) Keys(context.Context, domain.ControllerID, domain.Identifier) ([]domain.SubjectKey, error) {
	return r.keys, nil
}

func TestWhoIsForgottenWhileARequestIsOnItsWayStaysShut(t *testing.T) {
	var r remembering
	l := declared(t, func(c *api.Config) {
		r.Vault = c.Vault
		c.Vault = &r
	})
	l.record("f1", with(action("Store", "customer:1"), "details", map[string]any{"note": canary}))
	id, err := domain.ParseIdentifier("customer:1")
	if err != nil {
		t.Fatal(err)
	}
	if r.keys, err = l.vault.Keys(t.Context(), "fenland-cycles", id); err != nil {
		t.Fatal(err)
	}
	if err := l.vault.Forget(t.Context(), r.keys[0]); err != nil {
		t.Fatal(err)
	}
	p := as[wire.Person](t, l.ask(people+"show", wire.TrailQuery{Person: "customer:1", Details: true}))
	e := p.Trail.Entries[0]
	if !p.Forgotten || len(p.Identifiers) != 0 || !e.Forgotten || e.Details != nil || !strings.HasSuffix(e.Sentence, "details (forgotten)") {
		t.Errorf("%+v", p)
	}
}

func TestNobodyIsFoundWhereNobodyWasRecorded(t *testing.T) {
	l := declared(t)
	l.record("n1", action("Store", "email:"+canary+"@example.org"))
	table := []struct {
		rule, path string
		body       any
		status     int
		hint       string
	}{
		{"an unknown person", people + "trail", wire.TrailQuery{Person: "email:other-" + canary + "@example.org"}, 404, "not that the controller holds nothing"},
		{"an unknown person's holdings", people + "holdings", wire.HoldingsQuery{Person: "email:other-" + canary + "@example.org"}, 404, "No record of that identifier"},
		{"an unknown person shown", people + "show", wire.TrailQuery{Person: "email:other-" + canary + "@example.org"}, 404, "No record of that identifier"},
		{"another controller's person", "/api/v1/controllers/other/people/trail", wire.TrailQuery{Person: "email:" + canary + "@example.org"}, 404, "No record"},
		{"nobody named", people + "trail", wire.TrailQuery{}, 422, ""},
		{"no kind", people + "trail", wire.TrailQuery{Person: canary}, 422, "kind:value"},
		{"no order", people + "trail", wire.TrailQuery{Person: "customer:1", Order: canary}, 404, ""},
		{"another order", people + "trail", wire.TrailQuery{Person: "email:" + canary + "@example.org", Order: canary}, 422, ""},
		{"too many", people + "trail", wire.TrailQuery{Person: "email:" + canary + "@example.org", Limit: 501}, 422, ""},
		{"less than one", people + "trail", wire.TrailQuery{Person: "email:" + canary + "@example.org", Limit: -1}, 422, ""},
		{"an unknown member", people + "trail", `{"persons":"` + canary + `"}`, 422, "person"},
		{"a link to nobody", people + "link", wire.LinkRequest{Known: "customer:9", Also: "email:" + canary + "@example.org"}, 404, "first identifier"},
		{"a link of half", people + "link", wire.LinkRequest{Known: "customer:9"}, 422, ""},
		{"a link by an address", people + "link", wire.LinkRequest{Known: "customer:9", Also: "customer:8", By: canary + "@example.org"}, 422, "a-z"},
		{"a controller that is none", "/api/v1/controllers/A/people/trail", wire.TrailQuery{Person: "customer:1"}, 422, "a-z"},
	}
	for _, row := range table {
		a := l.post(row.path, row.body)
		if a.status != row.status || !strings.Contains(a.problem(t).Hint, row.hint) {
			t.Errorf("%s: %s", row.rule, a.body)
		}
	}
}

func TestLinkedIdentifiersLeadToOneTrail(t *testing.T) {
	l := declared(t)
	l.record("k1", action("Store", "customer:4711"))
	l.record("k2", action("Store", "email:"+canary+"@example.org"))
	linked := as[wire.Linked](t, l.post(people+"link", wire.LinkRequest{Known: "customer:4711", Also: "email:" + canary + "@example.org", By: "anna"}))
	if !linked.Joined {
		t.Errorf("%+v", linked)
	}
	for _, person := range []wire.Text{"customer:4711", "email:" + canary + "@example.org"} {
		page := as[wire.Trail](t, l.ask(people+"trail", wire.TrailQuery{Person: person, Order: wire.OldestFirst}))
		if len(page.Entries) != 3 || page.Entries[0].ID != "k1" || page.Entries[1].ID != "k2" || page.Entries[2].Position != linked.Position ||
			!strings.Contains(page.Entries[2].Sentence, "of one person, by an email identifier · said by anna") {
			t.Errorf("%v: %+v", person, page)
		}
	}
}

func TestATrailIsAsItWasKnown(t *testing.T) {
	l := declared(t)
	first := l.record("t1", action("Store", "customer:1"))
	l.record("t2", action("Store", "customer:1"))
	at := first.Position + 1
	page := as[wire.Trail](t, l.ask(people+"trail", wire.TrailQuery{Person: "customer:1", At: &at}))
	if len(page.Entries) != 1 || page.Entries[0].ID != "t1" {
		t.Errorf("%+v", page)
	}
	at = 99_999
	if a := l.post(people+"trail", wire.TrailQuery{Person: "customer:1", At: &at}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("beyond the end: %s", a.body)
	}
}

func TestAReadWaitsForWhatItsCallerHasSeen(t *testing.T) {
	l := declared(t)
	for i := range 20 {
		r := l.record("w"+strconv.Itoa(i), action("Store", "customer:1"))
		a := l.request(http.MethodPost, people+"trail", wire.ContentJSON, `{"person":"customer:1","limit":1}`,
			wire.HeaderMinPosition, strconv.FormatUint(r.Position+uint64(r.Events), 10))
		page := as[wire.Trail](t, a)
		if page.Entries[0].Position != r.Position || a.header.Get(wire.HeaderPosition) != strconv.FormatUint(page.Position, 10) {
			t.Fatalf("%+v: %+v", r, page)
		}
	}
	for _, least := range []string{"99999", "x", canary, "-1"} {
		a := l.request(http.MethodPost, people+"trail", wire.ContentJSON, `{"person":"customer:1"}`, wire.HeaderMinPosition, least)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", least, a.body)
		}
	}
}

func TestAReadDoesNotWaitForEver(t *testing.T) {
	// Its views follow another log, which stays empty.
	behind := start(t)
	l := declared(t, func(c *api.Config) {
		c.Views, c.Patience = behind.views, time.Millisecond
	})
	l.record("s1", action("Store", "customer:1"))
	a := l.ask(people+"trail", wire.TrailQuery{Person: "customer:1"})
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.problem(t).Code != wire.Unavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAPersonIsShownInOneAnswer(t *testing.T) {
	l := declared(t)
	l.record("p1", action("Collect", "email:"+canary+"@example.org"))
	l.record("p2", action("Store", "email:"+canary+"@example.org"))
	a := l.ask(people+"show", wire.TrailQuery{Person: "email:" + canary + "@example.org", Limit: 1})
	p := as[wire.Person](t, a)
	if p.ControllerName != "Fenland Cycles Ltd" || len(p.Identifiers) != 1 || string(p.Identifiers[0]) != "email:c•••.org" || p.Forgotten {
		t.Errorf("%s", a.body)
	}
	if len(p.Trail.Entries) != 1 || p.Trail.Next == nil || len(p.Holdings) == 0 || p.Position != uint64(l.ledger.State().End) {
		t.Errorf("%s", a.body)
	}
	if strings.Contains(string(a.body), canary) {
		t.Errorf("an identifier in the clear: %s", a.body)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(a.body, &raw); err != nil || raw["subject"] != nil {
		t.Errorf("%v %s", err, a.body)
	}
}

func TestHoldingsSayWhatWhereAndUntilWhen(t *testing.T) {
	l := start(t)
	doc := document()
	doc.Controllers[0].Instructions[0].Retention = []wire.Retention{{After: "recorded", Keep: "P7Y"}}
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	first := l.record("h1", action("Collect", "customer:1"))
	again := l.record("h2", with(action("Store", "customer:1"), "categories", []string{"pd:Name"}))
	l.record("h3", with(action("Erase", "customer:1"), "categories", []string{"pd:EmailAddress"}))
	l.record("h4", with(action("Delete", "customer:1"), "categories", []string{"pd:Name"}))
	held := as[wire.Holdings](t, l.ask(people+"holdings", wire.HoldingsQuery{Person: "customer:1"}))
	if len(held.Holdings) != 1 {
		t.Fatalf("%+v", held)
	}
	h := held.Holdings[0]
	want := "Name held in crm (GB) since 23 November 2026 · contract, Art. 6(1)(b) · instruction orders v1 of Fenland Cycles Ltd · " +
		"deleted, but can be had back · until 23 November 2033"
	if h.Sentence != want || h.Position != first.Position || h.NewestPosition != again.Position || !h.Withdrawn || h.Until == nil ||
		len(h.Retention) != 1 || h.Retention[0].Keep != "P7Y" || h.Service != "webshop" || h.Basis != "A6-1-b" {
		t.Errorf("\n got %s\nwant %s\n%+v", h.Sentence, want, h)
	}
	at := first.Position + 1
	p := as[wire.Person](t, l.ask(people+"show", wire.TrailQuery{Person: "customer:1", At: &at}))
	if len(p.Holdings) != 2 || p.Holdings[1].NewestPosition != first.Position || len(p.Trail.Entries) != 1 || p.Position != at {
		t.Errorf("as of an earlier position: %+v", p)
	}
	if a := l.post(people+"holdings?at=3", `{"person":"customer:1"}`); len(as[wire.Holdings](t, a).Holdings) != 0 {
		t.Errorf("holdings of before: %s", a.body)
	}
}
