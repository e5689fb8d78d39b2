package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// subjectAccess is a ledger in which Ada's data were collected, used, sent on, and disclosed under two orders, one of them secret.
func subjectAccess(t *testing.T) *ledger {
	t.Helper()
	l := caseLedger(t)
	doc := document()
	doc.Recipients = append(doc.Recipients, wire.Recipient{ID: "county-court", Name: "County Court", Kind: "authority", Country: "GB"},
		wire.Recipient{ID: "secret-service", Name: "Secret Service", Kind: "authority", Country: "GB"})
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	until := now.Add(48 * time.Hour)
	for id, forbidden := range map[string]*time.Time{"open-1": nil, "secret-1": &until} {
		authority := "county-court"
		if forbidden != nil {
			authority = "secret-service"
		}
		as[wire.Settled](t, l.post("/api/v1/controllers/fenland-cycles/court-orders", wire.CourtOrder{
			Order: id, Authority: authority, Jurisdiction: "GB", Reference: "QB", Issued: now.Add(-24 * time.Hour), Categories: []string{"pd:Name"}, ForbiddenUntil: forbidden,
		}))
	}
	l.record("collect", with(action("Collect", string(ada), "email:bruno@example.org"), "details", map[string]any{"operator": "Carla"}))
	l.record("use", action("Use", string(ada)))
	l.record("consult", action("Consult", string(ada)))
	l.record("send", with(action("Disclose", string(ada)), "recipient", "northprint"))
	l.record("send-2", with(action("Disclose", string(ada)), "recipient", "northprint", "categories", []string{"pd:Name"}))
	l.record("court", with(action("Disclose", string(ada)), "recipient", "county-court", "order", "open-1", "categories", []string{"pd:Name"}))
	l.record("hidden", with(action("Disclose", string(ada)), "recipient", "secret-service", "order", "secret-1", "categories", []string{"pd:Name"}))
	l.record("copied", with(action("Copy", string(ada)), "system", "secret-evidence", "order", "secret-1", "categories", []string{"pd:Name"}))
	l.open("access-1", "access", "2026-11-02")
	return l
}

func TestAnAccessReportSaysWhatArticle15Asks(t *testing.T) {
	l := subjectAccess(t)
	as[wire.CaseFound](t, l.post(cases+"/access-1/find", wire.CaseAction{}))
	l.take("access-1", wire.CaseStep{Step: "reviewed", Withheld: []wire.CaseWithhold{{Ground: "A15-4", Items: 2}}})
	r := as[wire.AccessReport](t, l.get(cases+"/access-1/report"))
	if len(r.Purposes) != 1 || r.Purposes[0].Title != "Orders" || r.Purposes[0].Words != "contract, Art. 6(1)(b)" {
		t.Errorf("(a) purposes: %+v", r.Purposes)
	}
	if len(r.Held) != 2 || r.Held[0].Name != "Email Address" || r.Held[0].Retention != "For 7 years after the order is closed." {
		t.Errorf("(b), (d) categories and periods: %+v", r.Held)
	}
	var recipients []string
	for _, x := range r.Recipients {
		recipients = append(recipients, x.Name)
	}
	if !slices.Equal(recipients, []string{"County Court", "Northprint Ltd"}) || !r.Recipients[0].Compelled || r.Recipients[1].Times != 2 || len(r.Recipients[1].Categories) != 2 {
		t.Errorf("(c) recipients: %+v", r.Recipients)
	}
	if len(r.Used) != 2 || r.Used[0].What != "Email Address and Name consulted in crm" || r.Used[0].Purpose != "Orders" || r.Used[1].At != now.Add(-time.Hour) {
		t.Errorf("uses with their day and purpose: %+v", r.Used)
	}
	if len(r.Rights) < 5 || r.Rights[0].Article != "Art. 15" || !strings.Contains(r.Complaint, "Information Commissioner") {
		t.Errorf("(e), (f) rights: %+v, %s", r.Rights, r.Complaint)
	}
	if len(r.Sources) != 2 || r.Sources[0].Words != "collected by the service Web shop" || r.Automated == "" {
		t.Errorf("(g), (h): %+v, %s", r.Sources, r.Automated)
	}
	if len(r.Withheld) != 1 || r.Withheld[0].Items != 2 || r.Withheld[0].Article != "Art. 15(4)" {
		t.Errorf("withheld: %+v", r.Withheld)
	}
	if len(r.Identifiers) != 1 || r.Identifiers[0] != ada {
		t.Errorf("%d identifiers", len(r.Identifiers))
	}
}

func TestAReportNamesNobodyElseAndNothingSecret(t *testing.T) {
	l := subjectAccess(t)
	for _, format := range []string{"json", "html"} {
		a := l.get(cases + "/access-1/report?format=" + format)
		if a.status != http.StatusOK || !strings.Contains(string(a.body), "Northprint") {
			t.Fatalf("%s: %d %s", format, a.status, a.body)
		}
		for _, not := range []string{"bruno", "Carla", "ecret"} {
			if strings.Contains(string(a.body), not) {
				t.Errorf("%s: %s is in the report", format, not)
			}
		}
	}
}

func TestTheReportIsOnePageThatFetchesNothing(t *testing.T) {
	l := subjectAccess(t)
	a := l.get(cases + "/access-1/report?format=html")
	page := string(a.body)
	if a.header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(page, "<script") || regexp.MustCompile(`(src|href)=`).MatchString(page) {
		t.Errorf("%s %s", a.header.Get("Content-Type"), page)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)
	sum := sha256.Sum256([]byte(style[1]))
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy does not let the page's own style in: %s", policy)
	}
	if !strings.Contains(page, "<html lang=") || !strings.Contains(page, "@media print") || !strings.Contains(page, `scope="col"`) {
		t.Error("the page has no language, no print sheet or no headed tables")
	}
}

func TestAReportIsForAConfirmedPersonsAccess(t *testing.T) {
	l := subjectAccess(t)
	l.take("access-1", wire.CaseStep{Step: "asked", For: "identity"})
	l.open("erase-1", "erasure", "2026-11-02")
	for path, hint := range map[string]string{
		"/access-1/report": "Articles 5(1)(f), 12(6)", "/erase-1/report": "Article 15", "/none/report": "Open the case first", "/access-1/report?format=pdf": "format=html",
	} {
		if a := l.get(cases + path); a.status < 400 || !strings.Contains(string(a.body), hint) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
