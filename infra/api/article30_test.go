package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

func TestTheRecordOfProcessingShowsWhereDeclaredAndDonePart(t *testing.T) {
	l := disclosing(t)
	l.record("x1", action("Use", "customer:"+canary))
	before := uint64(l.ledger.State().End)
	l.record("x2", with(action("Store", "customer:"+canary), "categories", []string{"pd:Age"}))
	r := as[wire.Article30](t, l.read("/api/v1/controllers/fenland-cycles/article30"))
	if r.AsOf != "2026-11-23" || r.Processor.Name != "Aldgate Hosting Ltd" || r.Processor.Registration != "ZA000001" || len(r.Processor.Measures) != 1 ||
		len(r.Records) != 1 || len(r.Records[0].Activities) != 1 || len(r.Recipients) != 2 {
		t.Fatalf("%+v", r)
	}
	a := r.Records[0].Activities[0]
	if a.Title != "Orders" || a.Basis != "A6-1-b" || a.Given.By != "anna" || a.Retention[0].Keep != "P7Y" {
		t.Errorf("%+v", a)
	}
	if tr := r.Records[0].Transfers; len(tr) != 1 || tr[0].Country != "US" || tr[0].Recipient != "dash-and-drop" || tr[0].Safeguard != "" {
		t.Errorf("%+v", tr)
	}
	var drift []string
	for _, d := range r.Records[0].Drift {
		drift = append(drift, d.Sentence)
	}
	for _, want := range []string{
		"Operation Use was seen under instruction orders v1 of Fenland Cycles Ltd, which does not permit it, on 23 November 2026",
		"Category Age was seen under instruction orders v1 of Fenland Cycles Ltd, which does not permit it, on 23 November 2026",
		"Recipient dash-and-drop was seen under instruction orders v1 of Fenland Cycles Ltd, which does not permit it, on 23 November 2026",
	} {
		if !strings.Contains(strings.Join(drift, "\n"), want) {
			t.Errorf("no drift %q in %q", want, drift)
		}
	}
	earlier := as[wire.Article30](t, l.read("/api/v1/article30?at="+l.position(before)))
	if earlier.Position != before || len(earlier.Records[0].Drift) != len(drift)-1 {
		t.Errorf("as known before: %+v", earlier)
	}
	if past := as[wire.Article30](t, l.read("/api/v1/article30?at=2026-11-01")); len(past.Records) != 0 || past.AsOf != "2026-11-01" {
		t.Errorf("as known before anything was declared: %+v", past)
	}
}

func TestTheRecordOfProcessingIsAPageToPrint(t *testing.T) {
	l := disclosing(t)
	for _, row := range []struct {
		rule, path, accept string
		page               bool
	}{
		{"as asked for in the address", "/article30?format=html", "", true},
		{"as a browser asks for it", "/controllers/fenland-cycles/article30", "text/html,application/xhtml+xml,*/*;q=0.8", true},
		{"as curl asks for it", "/article30", "*/*", false},
		{"data asked for in the address", "/article30?format=json", "text/html", false},
	} {
		a := l.request(http.MethodGet, "/api/v1"+row.path, "", "", "Accept", row.accept, wire.HeaderMinPosition, l.ledger.State().End.String())
		isPage := strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
		if a.status != http.StatusOK || isPage != row.page || strings.Contains(string(a.body), canary) {
			t.Errorf("%s: %d %s\n%s", row.rule, a.status, a.header.Get("Content-Type"), a.body)
		}
		if isPage && (!strings.Contains(string(a.body), "<h2 id=\"fenland-cycles\">On behalf of Fenland Cycles Ltd</h2>") ||
			strings.Contains(string(a.body), "src=") || a.header.Get("Content-Security-Policy") == "") {
			t.Errorf("%s: %s", row.rule, a.body)
		}
	}
	a := l.read("/api/v1/article30?reveal=contacts&format=html")
	if !strings.Contains(string(a.body), canary+" Anna, "+canary+"@example.com, &#43;44 1632 960001") {
		t.Errorf("contacts are not on the page: %s", a.body)
	}
	for path, status := range map[string]int{
		"/article30?format=" + canary: 422, "/article30?at=" + canary: 422, "/article30?unused=0": 422, "/article30?unused=9999": 422,
		"/article30?reveal=" + canary: 422, "/controllers/nobody/article30": 404, "/article30?at=99999": 422,
	} {
		if a := l.get("/api/v1" + path); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
