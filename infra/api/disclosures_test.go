package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// disclosing runs a ledger that discloses to a recipient of the register, to one that nobody declared, and under a court's order that
// must not be told of for a week.
func disclosing(t *testing.T) *ledger {
	l := declared(t, todayIs)
	doc := document()
	doc.Recipients = append(doc.Recipients, wire.Recipient{ID: "crown-court", Name: "The Crown Court", Kind: "authority", Country: "GB"})
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	l.record("d1", with(action("Disclose", "customer:"+canary), "recipient", "northprint"))
	l.record("d2", with(action("Disclose", "customer:"+canary, "customer:2"), "recipient", "dash-and-drop", "location", "US"))
	forbidden := now.AddDate(0, 0, 7)
	as[wire.Settled](t, l.post("/api/v1/controllers/fenland-cycles/court-orders", wire.CourtOrder{
		Order: "co-1", Authority: "crown-court", Jurisdiction: "GB", Reference: "T2026/1", Issued: now.AddDate(0, 0, -3),
		Categories: []string{"pd:Name", "pd:EmailAddress"}, ForbiddenUntil: &forbidden,
	}))
	l.record("d3", with(action("Disclose", "customer:"+canary), "recipient", "crown-court", "order", "co-1", "categories", []string{"pd:Name"}))
	return l
}

func TestTheRegisterOfDisclosuresLeavesOutWhatMustNotBeTold(t *testing.T) {
	l := disclosing(t)
	for _, row := range []struct {
		rule, query, recipients string
		compelled, withheld     int
	}{
		{"what must not be told of is left out", "", "dash-and-drop northprint", 0, 0},
		{"it is counted where it is asked for", "?secret=count", "dash-and-drop northprint", 0, 1},
		{"it is shown where it is asked for", "?secret=show&controller=fenland-cycles", "crown-court dash-and-drop northprint", 1, 0},
		{"of another controller there is nothing", "?secret=count&controller=other", "", 0, 0},
	} {
		d := as[wire.Disclosures](t, l.read("/api/v1/disclosures"+row.query))
		var got []string
		for _, r := range d.Recipients {
			got = append(got, r.Recipient)
		}
		if strings.Join(got, " ") != row.recipients || len(d.Compelled) != row.compelled || len(d.Withheld) != row.withheld {
			t.Errorf("%s: %+v", row.rule, d)
		}
	}
	o := as[wire.Disclosures](t, l.read("/api/v1/disclosures?secret=show")).Compelled[0]
	want := "The Crown Court (GB) asked on 20 November 2026 for Name and Email Address; Name went out in 1 entry; " +
		"the law forbids telling the controller until 30 November 2026"
	if o.Order != "co-1" || !o.Secret || len(o.Given) != 1 || o.Entries != 1 || len(o.Actions) != 1 || o.Sentence != want {
		t.Errorf("%+v", o)
	}
	for _, path := range []string{"disclosures?secret=" + canary, "transfers?secret=count", "recipients/seen?controller=" + canary + "@"} {
		if a := l.get("/api/v1/" + path); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestRecipientsShowWhenTheyWereSeenAndWhetherTheyAreListed(t *testing.T) {
	l := disclosing(t)
	list := as[wire.RecipientsSeen](t, l.read("/api/v1/recipients/seen")).Recipients
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	unlisted, listed := list[0], list[1]
	if unlisted.Listed || unlisted.Entries != 2 || unlisted.People != 2 || len(unlisted.Findings) == 0 || unlisted.Countries[0] != "US" {
		t.Errorf("%+v", unlisted)
	}
	if !listed.Listed || listed.Name != "Northprint Ltd" || listed.Kind != "sub-processor" || listed.People != 1 || listed.First.IsZero() ||
		listed.FirstPosition != listed.LastPosition {
		t.Errorf("%+v", listed)
	}
	abroad := as[wire.Transfers](t, l.read("/api/v1/transfers?controller=fenland-cycles"))
	if len(abroad.Transfers) != 1 || abroad.Transfers[0].Country != "US" || abroad.Transfers[0].Safeguard != "" || len(abroad.Territory) != 2 {
		t.Errorf("%+v", abroad)
	}
}

func TestAPersonsPlacesShowWhatIsOpen(t *testing.T) {
	l := declared(t, todayIs)
	person := "customer:" + canary
	l.record("p1", action("Store", person))
	l.record("p2", with(action("Copy", person), "system", "archive", "from", "crm"))
	l.record("p3", with(action("Disclose", person), "recipient", "northprint", "categories", []string{"pd:Name"}))
	l.record("p4", action("Erase", person))
	places := as[wire.Places](t, l.ask(people+"places", wire.PlacesQuery{Person: wire.Text(person)}))
	day := now.Add(-time.Hour).Format("2 January 2006")
	want := map[string]string{
		"crm":        "crm (GB): Email Address and Name no longer",
		"archive":    "archive (GB): Email Address and Name, since " + day,
		"northprint": "Northprint Ltd (GB): Name, since " + day,
	}
	if len(places.Places) != len(want) {
		t.Fatalf("%+v", places)
	}
	for _, p := range places.Places {
		if p.Sentence != want[p.Name] || p.Open != (p.Name != "crm") {
			t.Errorf("%s: %q, open %v", p.Name, p.Sentence, p.Open)
		}
		if p.Name == "crm" && (p.Items[0].Closed == nil || p.Items[0].Closed.Operation != "Erase") {
			t.Errorf("%+v", p.Items)
		}
	}
	if a := l.ask(people+"places", wire.PlacesQuery{Person: "customer:nobody"}); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}
