package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

// Art. 5(2), 28(3)(a): what the law forbids telling is shown, and counted, only for somebody who says who they are and why, by whichever
// door; and that somebody looked is in nobody's own list, because it would give away that there is something.
func TestWhoeverIsShownSecretsSaysWhoTheyAreAndWhy(t *testing.T) {
	l := declared(t)
	l.record("first", action("Store", string(ada)))
	doors := map[string]func(headers ...string) answer{}
	for _, path := range []string{
		"/findings", "/findings/counts", "/disclosures", "/recipients/seen", "/transfers", "/article30", "/promises", "/log",
		"/controllers/fenland-cycles/court-orders",
	} {
		doors[path] = func(h ...string) answer {
			return l.request(http.MethodGet, "/api/v1"+path+"?secret=show", "", "", h...)
		}
	}
	doors["the number of disclosures"] = func(h ...string) answer {
		return l.request(http.MethodGet, "/api/v1/disclosures?secret=count", "", "", h...)
	}
	for name, body := range map[string]struct {
		path string
		in   any
	}{
		"a trail":   {people + "trail", wire.TrailQuery{Person: ada, Secret: true}},
		"a person":  {people + "show", wire.TrailQuery{Person: ada, Secret: true}},
		"their log": {people + "log?secret=show", wire.LogQuery{Person: ada}},
		"an export": {"/api/v1/exports", wire.ExportRequest{What: "findings", Format: "csv", Secret: true}},
		"a bundle":  {"/api/v1/bundles", wire.BundleRequest{Controller: "fenland-cycles", Regulator: true}},
	} {
		doors[name] = func(h ...string) answer {
			return l.request(http.MethodPost, body.path, wire.ContentJSON, encoded(t, body.in), h...)
		}
	}
	for door, ask := range doors {
		for rule, headers := range map[string][]string{
			"nobody": {wire.HeaderActor, ""}, "who does not say why": {wire.HeaderActor, "petra"},
			"who does not say who": {wire.HeaderActor, "", wire.HeaderReason, "authority"},
		} {
			if a := ask(headers...); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "Daybook-Reason") {
				t.Errorf("%s, to %s: %d %s", door, rule, a.status, a.body)
			}
		}
		if a := ask(wire.HeaderActor, "petra", wire.HeaderReason, "authority"); a.status == http.StatusForbidden {
			t.Errorf("%s, to somebody who says both: %d %s", door, a.status, a.body)
		}
	}
	looks := as[wire.Looks](t, l.read("/api/v1/looks?limit=1000")).Looks
	secret := 0
	for _, look := range looks {
		if look.View == "secret" {
			secret++
			if look.Kind != "revealed" || look.Actor != "petra" || look.Reason != "authority" || look.Controller != "" || look.Identifiers != nil {
				t.Errorf("%+v", look)
			}
		}
	}
	if secret == 0 { // looks of one kind within a minute are one event
		t.Errorf("no look is on record: %+v", looks)
	}
	for _, look := range append(as[wire.Looks](t, l.read("/api/v1/looks?controller=fenland-cycles&limit=1000")).Looks,
		as[wire.Looks](t, l.post(people+"looks", wire.LooksQuery{Person: ada})).Looks...) {
		if look.View == "secret" {
			t.Errorf("a look at secrets is in the list of the client or the person: %+v", look)
		}
	}
}
