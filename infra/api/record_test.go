package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

func TestOneEventIsRecordedInEitherMode(t *testing.T) {
	l := declared(t)
	first := l.record("a1", with(action("Store", "email:"+canary+"@example.org"), "details", map[string]any{"note": canary}))
	if first.Verdict != wire.Conformant || first.Events != 1 || first.Duplicate || len(first.Leaf) != 32 || first.ID != "a1" {
		t.Errorf("structured: %+v", first)
	}
	again := l.record("a1", with(action("Store", "email:"+canary+"@example.org"), "details", map[string]any{"note": canary}))
	if !again.Duplicate || again.Position != first.Position {
		t.Errorf("repeated: %+v", again)
	}
	binary := as[wire.Receipt](t, l.request(http.MethodPost, recordPath, "application/json; charset=utf-8", encoded(t, action("Use", "customer:4711", "customer:4712")),
		"ce-specversion", "1.0", "ce-id", "a%32", "CE-Source", "/fenland-cycles/webshop", "ce-type", wire.TypeAction,
		"ce-time", now.Add(-time.Minute).Format(time.RFC3339Nano)))
	if binary.ID != "a2" || binary.Events != 2 || binary.Verdict != wire.WithFindings || binary.Findings[0].Code != "operation-not-instructed" {
		t.Errorf("binary: %+v", binary)
	}
	if binary.Position != first.Position+1 {
		t.Errorf("positions %d and %d", first.Position, binary.Position)
	}
}

func TestABatchAnswersEachEventInItsPlace(t *testing.T) {
	l := declared(t)
	l.record("old", action("Store", "customer:1"))
	batch := []any{
		event("b1", action("Store", "customer:1")),
		event("b2", with(action("Store", "customer:2"), "canary", 1)),
		event("b3", action("Nonsense", "email:"+canary+"@example.org")),
		event("old", action("Store", "customer:"+canary)),
		with(event("b4", action("Store", "customer:4")), "source", "/other/service"),
		event("b5", action("Store", "customer:5")),
	}
	items := as[[]wire.Item](t, l.request(http.MethodPost, recordPath, wire.ContentBatch, encoded(t, batch)))
	codes := []wire.Code{"", wire.UnknownField, wire.InvalidField, wire.Conflict, wire.InvalidField, ""}
	if len(items) != len(codes) {
		t.Fatalf("%d items", len(items))
	}
	for i, code := range codes {
		item := items[i]
		if (item.Receipt == nil) == (item.Problem == nil) || code == "" && item.Problem != nil || code != "" && (item.Problem == nil || item.Problem.Code != code) {
			t.Errorf("item %d: %+v %+v", i, item.Receipt, item.Problem)
		}
		if b, _ := json.Marshal(item); strings.Contains(string(b), canary) {
			t.Errorf("item %d repeats personal data: %s", i, b)
		}
	}
	if p := items[1].Problem; p.Errors[0].Pointer != "/1/data/canary" {
		t.Errorf("the place of the fault: %+v", p)
	}
}

func TestWhatCannotBeRecordedIsAProblem(t *testing.T) {
	l := declared(t)
	l.record("taken", action("Store", "customer:1"))
	good := encoded(t, event("x", action("Store", "email:"+canary+"@example.org")))
	table := []struct {
		rule, path, contentType, body string
		headers                       []string
		status                        int
		code                          wire.Code
		hint                          string
	}{
		{"an unknown member is named", "", wire.ContentEvent, encoded(t, with(event("x", action("Store", "customer:1")), "idd", canary)), nil, 422, wire.UnknownField, "id"},
		{"half a body", "", wire.ContentEvent, good[:len(good)-9], nil, 400, wire.Malformed, ""},
		{"an empty body", "", wire.ContentEvent, "", nil, 400, wire.Malformed, ""},
		{"not UTF-8", "", wire.ContentEvent, "{\"id\":\"\xff" + canary + "\"}", nil, 400, wire.Malformed, ""},
		{"another content type", "", "text/plain", good, nil, 415, wire.UnsupportedMediaType, "cloudevents"},
		{"another charset", "", wire.ContentEvent + "; charset=latin1", good, nil, 415, wire.UnsupportedMediaType, ""},
		{"a compressed body", "", wire.ContentEvent, good, []string{"Content-Encoding", "gzip"}, 415, wire.UnsupportedMediaType, ""},
		{"an identifier that is none", "", wire.ContentEvent, encoded(t, event("x", action("Store", canary))), nil, 422, wire.InvalidField, "kind:value"},
		{"an operation that is none", "", wire.ContentEvent, encoded(t, event("x", action("Canaries", "customer:1"))), nil, 422, wire.InvalidField, "Article 4(2)"},
		{"another's source", "", wire.ContentEvent, encoded(t, with(event("x", action("Store", "customer:1")), "source", "/other/service")), nil, 422, wire.InvalidField, "source"},
		{"an id used for something else", "", wire.ContentEvent, encoded(t, event("taken", action("Store", "customer:"+canary))), nil, 409, wire.Conflict, "id"},
		{"a name that is none", "/api/v1/record/" + canary + ".org/webshop", wire.ContentEvent, good, nil, 422, wire.InvalidField, "a-z"},
		{"an empty batch", "", wire.ContentBatch, "[]", nil, 422, wire.InvalidField, ""},
		{"a parameter that is not known", recordPath + "?dry=1", wire.ContentEvent, good, nil, 422, wire.UnknownField, ""},
		{"a binary header twice", "", wire.ContentJSON, `{}`, []string{"ce-specversion", "1.0", "ce-id", "a", "ce-id", canary}, 400, wire.Malformed, ""},
		{"a binary header that is not percent-encoded", "", wire.ContentJSON, `{}`, []string{"ce-specversion", "1.0", "ce-id", "%zz" + canary}, 400, wire.Malformed, ""},
	}
	for _, row := range table {
		if row.path == "" {
			row.path = recordPath
		}
		a := l.request(http.MethodPost, row.path, row.contentType, row.body, row.headers...)
		p := a.problem(t)
		if a.status != row.status || p.Code != row.code || !strings.Contains(p.Hint, row.hint) {
			t.Errorf("%s: %s", row.rule, a.body)
		}
	}
}

func TestABodyBeyondTheLimitIsRefused(t *testing.T) {
	l := declared(t)
	large := strings.Repeat(" ", wire.MaxBodyBytes+1)
	for _, path := range []string{recordPath, "/api/v1/ask/fenland-cycles/webshop", "/api/v1/register"} {
		contentType := wire.ContentJSON
		if path == recordPath {
			contentType = wire.ContentEvent
		}
		if a := l.request(http.MethodPost, path, contentType, large); a.status != http.StatusRequestEntityTooLarge || a.problem(t).Code != wire.TooLarge {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		// Without an announced length, too.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+path, struct{ *strings.Reader }{strings.NewReader(large)})
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			// The server may close before the client has sent everything.
			continue
		}
		if _ = res.Body.Close(); res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s in chunks: %d", path, res.StatusCode)
		}
	}
}

func TestAskingSaysWhatStandsAgainst(t *testing.T) {
	l := declared(t)
	const path = "/api/v1/ask/fenland-cycles/webshop"
	if a := as[wire.Answer](t, l.post(path, action("Store", "email:"+canary+"@example.org"))); !a.Permitted || a.Basis != "A6-1-b" || a.Version != 1 {
		t.Errorf("permitted: %+v", a)
	}
	a := as[wire.Answer](t, l.post(path, map[string]any{"operation": "Disclose", "instruction": "orders", "categories": []string{"pd:Health"}, "recipient": "someone"}))
	codes := []string{}
	for _, r := range a.Reasons {
		codes = append(codes, r.Code)
		if r.Remedy == "" || r.Article == "" {
			t.Errorf("%s lacks a remedy or an article", r.Code)
		}
	}
	if a.Permitted || strings.Join(codes, " ") != "category-not-instructed recipient-not-instructed special-category-without-condition" {
		t.Errorf("refused: %+v", a)
	}
	table := []struct {
		rule, body string
		status     int
		pointer    string
	}{
		{"an unknown member", `{"operation":"Store","instructions":"` + canary + `"}`, 422, "/instructions"},
		{"text where a list belongs", `{"operation":"Store","categories":"` + canary + `"}`, 422, "/categories"},
		{"no operation", `{}`, 422, ""},
		{"recorded under no id", `{"operation":"Store","record":true}`, 422, "/id"},
		{"recorded under what is no id", `{"operation":"Store","record":true,"id":"` + canary + `@"}`, 422, "/id"},
		{"no JSON", `{"operation":"` + canary, 400, ""},
	}
	for _, row := range table {
		a := l.post(path, row.body)
		p := a.problem(t)
		if a.status != row.status || row.pointer != "" && (len(p.Errors) != 1 || p.Errors[0].Pointer != row.pointer) {
			t.Errorf("%s: %s", row.rule, a.body)
		}
	}
	if a := l.request(http.MethodPost, path, "text/plain", `{"operation":"Store"}`); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("another content type: %s", a.body)
	}
}

func TestAnAnswerIsRecordedOnce(t *testing.T) {
	l := declared(t)
	for _, again := range []bool{false, true} {
		for body, events := range map[string]int{
			`{"operation":"Store","instruction":"orders","subjects":["customer:1","customer:2"],"record":true,"id":"q1"}`: 2,
			`{"operation":"Store","instruction":"orders","record":true,"id":"q2"}`:                                        1,
		} {
			answer := as[wire.Answer](t, l.post("/api/v1/ask/fenland-cycles/webshop", body))
			if !answer.Permitted || answer.Version != 1 || answer.Receipt == nil || answer.Receipt.Events != events || answer.Receipt.Duplicate != again {
				t.Errorf("%s: %+v", body, answer)
			}
		}
	}
	if a := l.post("/api/v1/ask/fenland-cycles/webshop", `{"operation":"Use","instruction":"orders","record":true,"id":"q1"}`); a.status != http.StatusConflict {
		t.Errorf("another question under the id: %s", a.body)
	}
	if trail := as[wire.Trail](t, l.ask(people+"trail", wire.TrailQuery{Person: "customer:1"})); len(trail.Entries) != 1 ||
		!strings.Contains(trail.Entries[0].Sentence, "webshop asked whether") {
		t.Errorf("%+v", trail)
	}
}

func TestWhatAServiceSaysIsRecordedToo(t *testing.T) {
	l := declared(t)
	consent := with(event("c1", map[string]any{"consent": "given", "subjects": []string{"customer:1"}, "instruction": "newsletter", "how": "paper-form"}), "type", wire.TypeConsent)
	count := with(event("n1", map[string]any{"system": "crm", "category": "pd:Name", "people": 4711}), "type", wire.TypeCount)
	bad := with(event("n2", map[string]any{"system": "crm", "category": "Name", "people": 4711}), "type", wire.TypeCount)
	items := as[[]wire.Item](t, l.request(http.MethodPost, recordPath, wire.ContentBatch, encoded(t, []any{consent, count, bad})))
	if len(items) != 3 || items[0].Receipt == nil || items[1].Receipt == nil || items[2].Problem == nil || items[2].Problem.Code != wire.InvalidField {
		t.Fatalf("%+v", items)
	}
	if r := items[0].Receipt; r.ID != "c1" || r.Events != 1 || r.Verdict != wire.Conformant || len(r.Leaf) != 32 {
		t.Errorf("the consent: %+v", r)
	}
	if r := as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, count))); r.ID != "n1" || r.Events != 1 || len(r.Leaf) != 32 || !r.Duplicate {
		t.Errorf("the count: %+v", r)
	}
}
