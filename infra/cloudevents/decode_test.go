package cloudevents_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/redact"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

func header(pairs ...string) map[string][]string {
	h := map[string][]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h[pairs[i]] = append(h[pairs[i]], pairs[i+1])
	}
	return h
}

// with gives the example with one piece of text replaced, which must be there.
func with(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(example, old) != 1 {
		t.Fatalf("%q does not stand once in the example", old)
	}
	return strings.Replace(example, old, new, 1)
}

func wantExample(t *testing.T, in cloudevents.Incoming) {
	t.Helper()
	a := in.Action
	if len(a.Subjects) != 1 || a.Subjects[0].Reveal() != "email:ada@example.org" {
		t.Errorf("subjects are %d", len(a.Subjects))
	}
	if got := a.Details.Reveal(); got != `{"note":"free text is personal: sealed"}` {
		t.Errorf("details are %s", got)
	}
	if strings.Join(a.Categories, " ") != "pd:EmailAddress pd:Name" {
		t.Errorf("categories are %q", a.Categories)
	}
	if !in.Time.Equal(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)) || in.Time.Location() != time.UTC {
		t.Errorf("time is %v", in.Time)
	}
	got := []string{in.ID, in.Source, in.Type, strconv.FormatUint(in.Sequence, 10), a.Operation, a.Instruction, a.System, a.Location, a.Recipient, a.Order, a.Basis}
	want := []string{"0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01", "/fenland-cycles/webshop", wire.TypeAction, "4711", "Store", "orders", "crm", "GB", "", "", "A6-1-b"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("field %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func TestTheExampleOfTheContractIsRead(t *testing.T) {
	for name, h := range map[string]map[string][]string{
		"structured":                   header("Content-Type", "application/cloudevents+json"),
		"header name in another case":  header("content-TYPE", "application/cloudevents+json"),
		"type in another case":         header("Content-Type", "Application/CloudEvents+JSON; charset=UTF-8"),
		"no content type":              header("Nats-Msg-Id", "1"),
		"no headers":                   nil,
		"structured wins over headers": header("Content-Type", "application/cloudevents+json", "ce-specversion", "0.3"),
	} {
		t.Run(name, func(t *testing.T) {
			results, batch, err := cloudevents.NewDecoder().Decode(h, []byte(example))
			if err != nil || batch || len(results) != 1 {
				t.Fatalf("%d results, batch %v, %v", len(results), batch, err)
			}
			wantExample(t, results[0].Event)
		})
	}
}

func TestAnyOrderSpaceAndEscapesAreRead(t *testing.T) {
	body := "\n{ \"data\" : { \"details\":{ \"b\" : [ 1 , {\"c\":null} ] , \"a\\n\": \"x y\\\"\" },\t\"subjects\":[\"customer:4\\u0037\",\"email:zo\u00eb@example.org\"] , \"oper\\u0061tion\":\"Use\"} ," +
		`"time":"2026-11-23T10:00:00.5+02:00","type":"daybook.action.v1","source":"/a/b","id":"x","specversion":"1.0","sequence":null,"partitionkey":"p","tracestate":"a=b","traceparent":"nonsense","sequencetype":"Integer","dataschema":"https://daybook.dev/schemas/v1/action.json" } `
	results, _, err := cloudevents.NewDecoder().Decode(nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	in := results[0].Event
	if in.Action.Operation != "Use" || in.Action.Subjects[0].Reveal() != "customer:47" || in.Action.Subjects[1].Reveal() != "email:zo\u00eb@example.org" {
		t.Errorf("operation %q, subjects %q %q", in.Action.Operation, in.Action.Subjects[0].Reveal(), in.Action.Subjects[1].Reveal())
	}
	if got := in.Action.Details.Reveal(); got != `{"b":[1,{"c":null}],"a\n":"x y\""}` {
		t.Errorf("details are %s", got)
	}
	if in.Time.Format(time.RFC3339Nano) != "2026-11-23T08:00:00.5Z" || in.Sequence != 0 || in.Traceparent != "" {
		t.Errorf("time %v, sequence %d, traceparent %q", in.Time, in.Sequence, in.Traceparent)
	}
}

func TestTraceContextComesFromTheEventOrElseFromTheHeader(t *testing.T) {
	const a, b = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01"
	h := header("Traceparent", a)
	d := cloudevents.NewDecoder()
	if results, _, err := d.Decode(h, []byte(example)); err != nil || results[0].Event.Traceparent != a {
		t.Errorf("from the header: %v", err)
	}
	if results, _, err := d.Decode(h, []byte(with(t, `"sequence"`, `"traceparent":"`+b+`","sequence"`))); err != nil || results[0].Event.Traceparent != b {
		t.Errorf("from the event: %v", err)
	}
}

const canary = "canary-7f3@example.org"

// refusals is one line for each rule: what stands in the example, what it is replaced with, and what the sender is told.
var refusals = []struct {
	rule, old, new string
	code           wire.Code
	pointer        string
}{
	{"an unknown attribute", `"sequence"`, `"sequenze"`, wire.UnknownField, "/sequenze"},
	{"a name in another case is unknown", `"id"`, `"ID"`, wire.UnknownField, "/ID"},
	{"an unknown name that may be a value is not repeated", `"id"`, `"` + canary + `"`, wire.UnknownField, ""},
	{"an unknown member of the data", `"operation"`, `"operatoin"`, wire.UnknownField, "/data/operatoin"},
	{"an unknown name that may be a value is not repeated in data", `"basis"`, `"` + canary + `"`, wire.UnknownField, "/data"},
	{"the attribute subject", `"sequence":"4711"`, `"subject":"` + canary + `"`, wire.UnknownField, "/subject"},
	{"binary data", `"data":`, `"data_base64":`, wire.UnknownField, "/data_base64"},
	{"a name twice", `"sequence":"4711"`, `"id":"2"`, wire.Malformed, ""},
	{"a name twice, once escaped", `"sequence":"4711"`, `"i\u0064":"2"`, wire.Malformed, ""},
	{"a name twice in data", `"system":"crm"`, `"operation":"Use"`, wire.Malformed, "/data"},
	{"subjects twice", `"system":"crm"`, `"subjects":["` + canary + `"]`, wire.Malformed, "/data"},
	{"categories twice", `"system":"crm"`, `"categories":[]`, wire.Malformed, "/data"},
	{"details twice", `"system":"crm"`, `"details":{}`, wire.Malformed, "/data"},
	{"a name twice in details", `"note":"`, `"note":1,"note":"`, wire.Malformed, "/data/details"},
	{"no id", `"id":"0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01",`, ``, wire.InvalidField, "/id"},
	{"null is as good as absent", `"0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01"`, `null`, wire.InvalidField, "/id"},
	{"an address as id", `0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01`, canary, wire.InvalidField, "/id"},
	{"an id beyond its limit", `0199a0c2-`, strings.Repeat("0", 64), wire.InvalidField, "/id"},
	{"an empty id", `0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01`, ``, wire.InvalidField, "/id"},
	{"an address as source", `/fenland-cycles/webshop`, canary, wire.InvalidField, "/source"},
	{"another version", `"1.0"`, `"0.3"`, wire.InvalidField, "/specversion"},
	{"another type", `daybook.action.v1`, `daybook.action.v2`, wire.InvalidField, "/type"},
	{"no time", "\"time\":\"2026-11-23T10:00:00Z\",", ``, wire.InvalidField, "/time"},
	{"a time that is none", `2026-11-23T10:00:00Z`, `yesterday`, wire.InvalidField, "/time"},
	{"a leap day that is none", `2026-11-23T10:00:00Z`, `2026-02-29T10:00:00Z`, wire.InvalidField, "/time"},
	{"a sequence in exponents", `"4711"`, `"1e999"`, wire.InvalidField, "/sequence"},
	{"a sequence as a number", `"4711"`, `1e999`, wire.InvalidField, "/sequence"},
	{"a sequence from 0", `"4711"`, `"0"`, wire.InvalidField, "/sequence"},
	{"a sequence beyond 63 bits", `"4711"`, `"99999999999999999999"`, wire.InvalidField, "/sequence"},
	{"data that is not JSON", `application/json`, `text/xml`, wire.UnsupportedMediaType, "/datacontenttype"},
	{"another schema", `"sequence":"4711"`, `"dataschema":"https://example.org/x"`, wire.InvalidField, "/dataschema"},
	{"no operation", `"operation":"Store",`, ``, wire.InvalidField, "/data/operation"},
	{"an empty operation", `"Store"`, `""`, wire.InvalidField, "/data/operation"},
	{"null in data", `"Store"`, `null`, wire.InvalidField, "/data/operation"},
	{"nobody", `["email:ada@example.org"]`, `[]`, wire.InvalidField, "/data/subjects"},
	{"a person who is no text", `["email:ada@example.org"]`, `["email:a@b",7]`, wire.InvalidField, "/data/subjects/1"},
	{"a person of no letters", `["email:ada@example.org"]`, `[""]`, wire.InvalidField, "/data/subjects/0"},
	{"a person of too many letters", `email:ada`, strings.Repeat("e", 289), wire.InvalidField, "/data/subjects/0"},
	{"people in a text", `["email:ada@example.org"]`, `"` + canary + `"`, wire.InvalidField, "/data/subjects"},
	{"too many people", `"email:ada@example.org"`, strings.Repeat(`"a:b",`, 1000) + `"a:b"`, wire.TooLarge, "/data/subjects"},
	{"an address as instruction", `"orders"`, `"` + canary + `"`, wire.InvalidField, "/data/instruction"},
	{"an address as system", `"crm"`, `"` + canary + `"`, wire.InvalidField, "/data/system"},
	{"an address as location", `"GB"`, `"` + canary + `"`, wire.InvalidField, "/data/location"},
	{"an address as recipient", `"recipient":""`, `"recipient":"` + canary + `"`, wire.InvalidField, "/data/recipient"},
	{"an address as order", `"order":""`, `"order":"` + canary + `"`, wire.InvalidField, "/data/order"},
	{"an address as basis", `"A6-1-b"`, `"` + canary + `"`, wire.InvalidField, "/data/basis"},
	{"an address as category", `pd:Name`, canary, wire.InvalidField, "/data/categories/1"},
	{"too many categories", `"pd:Name"`, strings.Repeat(`"a",`, 64) + `"a"`, wire.TooLarge, "/data/categories"},
	{"details that are a text", `{"note":"free text is personal: sealed"}`, `"` + canary + `"`, wire.InvalidField, "/data/details"},
	{"details beyond their limit", `free text`, strings.Repeat("x", 16<<10), wire.TooLarge, "/data/details"},
	{"details nested too deeply", `"free text is personal: sealed"`, strings.Repeat("[", 32) + strings.Repeat("]", 32), wire.TooLarge, "/data/details"},
	{"details with two numbers in a row", `"free text is personal: sealed"`, `1 2`, wire.Malformed, "/data/details"},
	{"half a surrogate pair", `email:ada`, `email:\ud800`, wire.Malformed, "/data"},
	{"half a surrogate pair in details", `free text`, `\udc00`, wire.Malformed, "/data/details"},
	{"a control character", `email:ada`, "email:\x01", wire.Malformed, "/data"},
	{"a NUL", `email:ada`, "email:\x00", wire.Malformed, "/data"},
	{"bytes that are not UTF-8", `email:ada`, "email:\xc0\xa0", wire.Malformed, ""},
	{"an escape that is none", `email:ada`, `email:\x41`, wire.Malformed, "/data"},
	{"a comma too many", `"sealed"`[:0] + `sealed"}}}`, `sealed"}},}`, wire.Malformed, ""},
	{"no comma", `"Store",`, `"Store"`, wire.Malformed, "/data"},
	{"no colon", `"operation":`, `"operation" `, wire.Malformed, "/data"},
	{"cut off", `sealed"}}}`, `sealed"}}`, wire.Malformed, ""},
	{"cut off in a text", `sealed"}}}`, `sealed`, wire.Malformed, "/data"},
	{"something after the end", `sealed"}}}`, `sealed"}}} {}`, wire.Malformed, ""},
	{"a byte order mark", `{"specversion"`, "\ufeff" + `{"specversion"`, wire.Malformed, ""},
	{"data that is a text", "\"details\":{\"note\":\"free text is personal: sealed\"}}}", `"details":{}},"data":"x"}`, wire.Malformed, ""},
}

func TestWhatIsRefusedNamesItsPlaceAndNoValue(t *testing.T) {
	d := cloudevents.NewDecoder()
	for _, tt := range refusals {
		t.Run(tt.rule, func(t *testing.T) {
			_, _, err := d.DecodeAs(wire.ContentEvent, []byte(with(t, tt.old, tt.new)))
			wantRefusal(t, err, tt.code, tt.pointer)
		})
	}
}

func wantRefusal(t *testing.T, err error, code wire.Code, pointer string) {
	t.Helper()
	if !errors.Is(err, domain.ErrInvalid) {
		t.Fatalf("the error is %v", err)
	}
	p, ok := cloudevents.Problem(errors.Wrap(err, "intake"))
	if !ok || p.Code != code {
		t.Fatalf("the code is %q, want %q (%v)", p.Code, code, err)
	}
	got := ""
	if len(p.Errors) > 0 {
		got = p.Errors[0].Pointer
	}
	if got != pointer {
		t.Errorf("the pointer is %q, want %q", got, pointer)
	}
	if p.Hint == "" || p.Detail == "" || p.Status != code.Status() || p.Title == "" {
		t.Errorf("the problem is %+v", p)
	}
	safe := string(redact.Sprint(err).Redact())
	if !strings.Contains(safe, ": invalid") || strings.Contains(safe, "‹") {
		t.Errorf("redacted: %s", safe)
	}
	for _, text := range []string{err.Error(), safe, p.Detail, got} {
		if strings.Contains(text, "canary") || strings.Contains(text, "@") || strings.Contains(p.Hint, "canary") {
			t.Errorf("a value stands in %q", text)
		}
	}
}

func TestASlipOfANameIsAnsweredWithTheNameMeant(t *testing.T) {
	for slip, want := range map[string]string{`"operatoin"`: "operation", `"Operation"`: "operation", `"colour"`: ""} {
		_, _, err := cloudevents.NewDecoder().DecodeAs("", []byte(with(t, `"operation"`, slip)))
		p, _ := cloudevents.Problem(err)
		if want != "" && p.Hint != "Did you mean "+want+"?" || want == "" && strings.HasPrefix(p.Hint, "Did you mean") {
			t.Errorf("%s: %s", slip, p.Hint)
		}
	}
}

func TestBodiesAreRefusedByTheirContentType(t *testing.T) {
	d := cloudevents.NewDecoder()
	for contentType, code := range map[string]wire.Code{
		"application/json":                               wire.UnsupportedMediaType,
		"application/cloudevents+xml":                    wire.UnsupportedMediaType,
		"application/cloudevents+json; charset=utf-16":   wire.UnsupportedMediaType,
		"application/cloudevents+json; charset=\"x\"; q": wire.UnsupportedMediaType,
		wire.ContentSealed:                               wire.UnsupportedMediaType,
		wire.ContentBatch:                                wire.Malformed,
	} {
		t.Run(contentType, func(t *testing.T) {
			_, _, err := d.Decode(header("content-type", contentType), []byte(example))
			wantRefusal(t, err, code, "")
		})
	}
	for _, contentType := range []string{wire.ContentEvent, wire.ContentBatch} {
		_, _, err := d.DecodeAs(contentType, make([]byte, wire.MaxBodyBytes+1))
		wantRefusal(t, err, wire.TooLarge, "")
	}
}
