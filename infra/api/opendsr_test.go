package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

const dsr = "/api/v1/opendsr/fenland-cycles/"

func dsrRequest(kind string) map[string]any {
	return map[string]any{
		"regulation": "gdpr", "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798", "subject_request_type": kind,
		"subject_identities": []map[string]any{{"identity_type": "email", "identity_value": strings.TrimPrefix(string(ada), "email:"), "identity_format": "raw"}},
		"submitted_time":     "2026-11-02T09:00:00Z", "api_version": "2.0", "extensions": map[string]any{"example.com": map[string]any{}},
	}
}

func status(t *testing.T, a answer, want int) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil || a.status != want {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return m
}

func TestAnOpenDSRRequestIsACase(t *testing.T) {
	l := caseLedger(t)
	body := dsrRequest("erasure")
	got := status(t, l.post(dsr+"requests", body), http.StatusCreated)
	raw, err := base64.StdEncoding.DecodeString(got["encoded_request"].(string))
	if err != nil || string(raw) != encoded(t, body) || got["expected_completion_time"] != "2026-12-02T00:00:00Z" || got["controller_id"] != "fenland-cycles" {
		t.Errorf("%v", got)
	}
	id := body["subject_request_id"].(string)
	c := l.show(id)
	if c.Kind != "erasure" || c.Channel != "opendsr" || c.Received != "2026-11-02" || c.Reached != "2026-11-23" || c.Owner != "petra" || c.Reference != id {
		t.Errorf("%+v", c)
	}
	status(t, l.post(dsr+"requests", body), http.StatusCreated)
	if again := l.show(id); len(again.Steps) != 1 {
		t.Errorf("sent again it was opened again: %+v", again.Steps)
	}
	if got := status(t, l.get(dsr+"requests/"+id), http.StatusOK); got["request_status"] != "pending" || got["expected_completion_time"] != "2026-12-02T00:00:00Z" {
		t.Errorf("%v", got)
	}
	as[wire.CaseFound](t, l.post(cases+"/"+id+"/find", wire.CaseAction{}))
	l.take(id, wire.CaseStep{Step: "decided", Outcome: "refused", Refusals: []wire.CaseCite{{Ground: "JustificationA12ManifestlyUnfounded"}}, Warrant: warrantOfAnna})
	if got := status(t, l.get(dsr+"requests/"+id), http.StatusOK); got["request_status"] != "in_progress" {
		t.Errorf("%v", got)
	}
	l.take(id, wire.CaseStep{Step: "answered", Remedies: true})
	l.take(id, wire.CaseStep{Step: "closed"})
	got = status(t, l.get(dsr+"requests/"+id), http.StatusOK)
	daybook := got["extensions"].(map[string]any)["daybook"].(map[string]any)
	if got["request_status"] != "cancelled" || daybook["exact"] != false || daybook["outcome"] != "refused" {
		t.Errorf("a refusal, which OpenDSR has no word for: %v", got)
	}
}

func TestAnOpenDSRRequestIsCancelled(t *testing.T) {
	l := caseLedger(t)
	body := dsrRequest("access")
	status(t, l.post(dsr+"requests", body), http.StatusCreated)
	path := dsr + "requests/" + body["subject_request_id"].(string)
	for range 2 {
		status(t, l.request(http.MethodDelete, path, "", ""), http.StatusAccepted)
	}
	if got := status(t, l.get(path), http.StatusOK); got["request_status"] != "cancelled" {
		t.Errorf("%v", got)
	}
	l.open("by-hand", "access", "2026-11-02")
	if a := l.get(dsr + "requests/by-hand"); a.status != http.StatusNotFound {
		t.Errorf("a case that did not come by OpenDSR: %d %s", a.status, a.body)
	}
}

func TestWhatOpenDSRDoesNotKnowIsRefused(t *testing.T) {
	l := caseLedger(t)
	identity := func(kind, format string) []map[string]any {
		return []map[string]any{{"identity_type": kind, "identity_value": canary, "identity_format": format}}
	}
	for rule, row := range map[string]struct {
		body any
		hint string
	}{
		"a type that OpenDSR has not":     {dsrRequest("rectification"), "access, portability and erasure"},
		"another law":                     {with(dsrRequest("access"), "regulation", "ccpa"), "regulation gdpr"},
		"a hash of an identity":           {with(dsrRequest("access"), "subject_identities", identity("email", "sha256")), "identity_format raw"},
		"a type of identity":              {with(dsrRequest("access"), "subject_identities", identity("android_id", "raw")), "controller_customer_id"},
		"a callback that is not declared": {with(dsrRequest("access"), "status_callback_urls", []string{"https://example.com"}), "no other is called"},
		"nobody":                          {with(dsrRequest("access"), "subject_identities", []map[string]any{}), "1 to 64 identifiers"},
		"a request of tomorrow":           {with(dsrRequest("access"), "submitted_time", "2026-11-25T09:00:00Z"), "when it has happened"},
		"a request without its time":      {with(dsrRequest("access"), "submitted_time", nil), "the clock runs"},
		"a member that OpenDSR 2.0 lacks": {with(dsrRequest("access"), "subject", "x"), "subject"},
	} {
		if a := l.post(dsr+"requests", row.body); a.status != http.StatusUnprocessableEntity && a.status != http.StatusBadRequest || !strings.Contains(string(a.body), row.hint) {
			t.Errorf("%s: %d %s", rule, a.status, a.body)
		}
	}
	d := as[wire.OpenDSRDiscovery](t, l.get(dsr+"discovery"))
	if len(d.Types) != 3 || len(d.Identities) != 3 || d.Certificate != "" {
		t.Errorf("%+v", d)
	}
	if a := l.get("/api/v1/opendsr/nobody/discovery"); a.status != http.StatusNotFound {
		t.Errorf("%d", a.status)
	}
}
