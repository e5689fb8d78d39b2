package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

const ada wire.Text = "email:" + canary + "@example.org"

func codesOf(r wire.Receipt) []string {
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

func TestWhatStandsAboutAPersonBecomesFindings(t *testing.T) {
	l := declared(t)
	l.record("first", action("Store", string(ada)))
	matter := func(m wire.Matter) wire.Settled {
		t.Helper()
		m.Person = ada
		early := now.Add(-2 * time.Hour)
		if m.At == nil {
			m.At = &early
		}
		return as[wire.Settled](t, l.post(people+"matters", m))
	}
	for _, step := range []struct {
		rule  string
		do    wire.Matter
		op    string
		finds []string
	}{
		{"a restriction allows storing", wire.Matter{Kind: wire.MatterRestriction, ID: "r1", Ground: "A18-1-a"}, "Store", nil},
		{"and nothing that it does not name", wire.Matter{Kind: wire.MatterRestriction, ID: "r1", Ground: "A18-1-a"}, "Collect", []string{"restricted"}},
		{"until it is lifted", wire.Matter{Kind: wire.MatterRestrictionLifted, ID: "r1", Told: &now}, "Collect", nil},
		{"a hold forbids removing", wire.Matter{Kind: wire.MatterHold, ID: "h1", Ground: "legal-claim", Reference: "Claim 7"}, "Erase", []string{"operation-not-instructed", "on-hold"}},
		{"until it is released", wire.Matter{Kind: wire.MatterHoldReleased, ID: "h1"}, "Erase", []string{"operation-not-instructed"}},
	} {
		matter(step.do)
		if got := codesOf(l.record("m-"+strings.ReplaceAll(step.rule, " ", "-"), action(step.op, string(ada)))); !slices.Equal(got, step.finds) {
			t.Errorf("%s: %v, want %v", step.rule, got, step.finds)
		}
	}
	s := as[wire.Standing](t, l.post(people+"standing", wire.StandingQuery{Person: ada}))
	if len(s.Restrictions) != 1 || s.Restrictions[0].Lifted == nil || len(s.Holds) != 0 {
		t.Errorf("what stands: %+v", s)
	}
}

func TestAMatterThatCannotBeIsRefusedWithItsArticle(t *testing.T) {
	l := declared(t)
	l.record("first", action("Store", string(ada)))
	for rule, row := range map[string]struct {
		m      wire.Matter
		status int
		hint   string
	}{
		"a restriction needs a ground":           {wire.Matter{Kind: wire.MatterRestriction}, 422, "Article 18(1)"},
		"lifting needs that the person was told": {wire.Matter{Kind: wire.MatterRestrictionLifted, ID: "none"}, 404, "Name a restriction"},
		"a hold needs a ground of the law":       {wire.Matter{Kind: wire.MatterHold, Reference: "x", Ground: "because"}, 422, "Article 17(3)"},
		"a consent says how it was given":        {wire.Matter{Kind: wire.MatterConsentGiven, Instruction: "orders"}, 422, "Article 7(1)"},
		"an objection that nobody raised":        {wire.Matter{Kind: wire.MatterObjectionResolved, ID: "none"}, 404, "waits for a decision"},
		"a kind that is not known":               {wire.Matter{Kind: "remark"}, 422, "consent-given"},
		"an occasion that starts nothing":        {wire.Matter{Kind: wire.MatterOccasion, Instruction: "orders", Occasion: "lunch"}, 422, "Article 5(1)(e)"},
	} {
		row.m.Person = ada
		if p := l.post(people+"matters", row.m); p.status != row.status || !strings.Contains(string(p.body), row.hint) || strings.Contains(string(p.body), canary) {
			t.Errorf("%s: %d %s", rule, p.status, p.body)
		}
	}
	stranger := l.post(people+"matters", wire.Matter{Person: "email:nobody-" + canary + "@example.org", Kind: wire.MatterHold, Ground: "legal-claim", Reference: "x"})
	if stranger.status != http.StatusNotFound || strings.Contains(string(stranger.body), canary) {
		t.Errorf("a stranger: %d %s", stranger.status, stranger.body)
	}
}

func TestAnOrderThatTheLawKeepsSecretIsCountedAndLeftOut(t *testing.T) {
	l := start(t)
	doc := document()
	doc.Recipients = append(doc.Recipients, wire.Recipient{ID: "county-court", Name: "County Court", Kind: "authority", Country: "GB"})
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	const path = "/api/v1/controllers/fenland-cycles/court-orders"
	until := now.Add(48 * time.Hour)
	order := wire.CourtOrder{Order: "court-1", Authority: "county-court", Jurisdiction: "GB", Reference: "QB 7", Issued: now.Add(-24 * time.Hour),
		Categories: []string{"pd:Name"}, ForbiddenUntil: &until}
	if s := as[wire.Settled](t, l.post(path, order)); s.Events != 1 {
		t.Fatalf("%+v", s)
	}
	if s := as[wire.Settled](t, l.post(path, order)); s.Events != 0 {
		t.Errorf("recorded twice: %+v", s)
	}
	if list := as[wire.CourtOrders](t, l.get(path)); list.Secret != 0 || len(list.Orders) != 0 {
		t.Errorf("for the controller: %+v", list)
	}
	if list := as[wire.CourtOrders](t, l.get(path+"?secret=count")); list.Secret != 1 || len(list.Orders) != 0 {
		t.Errorf("counted for the regulator: %+v", list)
	}
	if list := as[wire.CourtOrders](t, l.get(path+"?secret=show")); list.Secret != 1 || len(list.Orders) != 1 {
		t.Errorf("for the regulator: %+v", list)
	}
	if a := l.post(path+"/court-1/informed", wire.InformedRequest{On: now}); a.status != http.StatusForbidden {
		t.Errorf("telling while it is forbidden: %d %s", a.status, a.body)
	}
	disclosed := with(action("Disclose", string(ada)), "recipient", "county-court", "order", "court-1", "categories", []string{"pd:Name"})
	if got := codesOf(l.record("d1", disclosed)); got != nil {
		t.Errorf("under the order: %v", got)
	}
	seen := func(secret bool) int {
		q := wire.TrailQuery{Person: ada, Secret: secret}
		return len(as[wire.Trail](t, l.ask(people+"trail", q)).Entries)
	}
	if seen(false) != 0 || seen(true) != 1 {
		t.Errorf("what the person sees: %d entries, with secret ones %d", seen(false), seen(true))
	}
	if got := codesOf(l.record("d2", with(disclosed, "categories", []string{"pd:EmailAddress"}))); !slices.Equal(got, []string{"beyond-court-order"}) {
		t.Errorf("beyond the order: %v", got)
	}
	if got := codesOf(l.record("d3", with(disclosed, "order", ""))); !slices.Contains(got, "court-order-missing") {
		t.Errorf("without the order: %v", got)
	}
}
