package cloudevents_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

// event gives an event of a type with data, the data first: a reader must not count on the order.
func event(typ, data string) string {
	return `{"data":` + data + `,"specversion":"1.0","id":"1","source":"/a/b","time":"2026-11-23T10:00:00Z","type":"daybook.` + typ + `.v1"}`
}

// said is one event of each type beside the action.
var said = map[string]string{
	"announcement": `{"operation":"Erase","subjects":["a:b"],"instruction":"orders","categories":["pd:Name"],"system":"crm","recipient":"hmrc"}`,
	"consent":      `{"consent":"given","subjects":["a:b","a:c"],"instruction":"newsletter","how":"double-opt-in","explicit":true}`,
	"objection":    `{"subjects":["a:b"],"instruction":"newsletter","marketing":true}`,
	"occasion":     `{"occasion":"order-closed","subjects":["a:b"],"instruction":"orders"}`,
	"count":        `{"system":"crm","category":"pd:Name","people":4711}`,
}

func TestEveryTypeIsReadInEveryMode(t *testing.T) {
	want := map[string]cloudevents.Incoming{
		"announcement": {Action: cloudevents.Action{Operation: "Erase", Instruction: "orders", Categories: []string{"pd:Name"}, System: "crm", Recipient: "hmrc"}},
		"consent":      {Action: cloudevents.Action{Instruction: "newsletter"}, Said: cloudevents.Said{Consent: "given", How: "double-opt-in", Explicit: true}},
		"objection":    {Action: cloudevents.Action{Instruction: "newsletter"}, Said: cloudevents.Said{Marketing: true}},
		"occasion":     {Action: cloudevents.Action{Instruction: "orders"}, Said: cloudevents.Said{Occasion: "order-closed"}},
		"count":        {Action: cloudevents.Action{System: "crm"}, Said: cloudevents.Said{Category: "pd:Name", People: 4711}},
	}
	people := map[string]int{"announcement": 1, "consent": 2, "objection": 1, "occasion": 1, "count": 0}
	d := cloudevents.NewDecoder()
	for typ, data := range said {
		binary := maps.Clone(binaryHeader())
		binary["ce-type"] = []string{"daybook." + typ + ".v1"}
		for mode, read := range map[string]func() ([]cloudevents.Result, bool, error){
			"structured": func() ([]cloudevents.Result, bool, error) {
				return d.DecodeAs(wire.ContentEvent, []byte(event(typ, data)))
			},
			"batch": func() ([]cloudevents.Result, bool, error) {
				return d.DecodeAs(wire.ContentBatch, []byte("["+event(typ, data)+"]"))
			},
			"binary": func() ([]cloudevents.Result, bool, error) { return d.Decode(binary, []byte(data)) },
		} {
			results, _, err := read()
			if err != nil || len(results) != 1 || results[0].Err != nil {
				t.Errorf("%s, %s: %v %+v", typ, mode, err, results)
				continue
			}
			got, w := results[0].Event, want[typ]
			if got.Type != "daybook."+typ+".v1" || got.Said != w.Said || len(got.Action.Subjects) != people[typ] ||
				got.Action.Operation != w.Action.Operation || got.Action.Instruction != w.Action.Instruction || got.Action.System != w.Action.System ||
				got.Action.Recipient != w.Action.Recipient || strings.Join(got.Action.Categories, " ") != strings.Join(w.Action.Categories, " ") {
				t.Errorf("%s, %s: read as %+v", typ, mode, got)
			}
		}
	}
}

func TestAnActionSaysWhereFromAndWhatItConfirms(t *testing.T) {
	results, _, err := cloudevents.NewDecoder().DecodeAs("", []byte(event("action", `{"operation":"Copy","subjects":["a:b"],"from":"crm","announced":"id-1"}`)))
	if err != nil || results[0].Event.Action.From != "crm" || results[0].Event.Action.Announced != "id-1" {
		t.Errorf("%+v, %v", results, err)
	}
}

// refusedOfTypes is one line for each rule of the types beside the action.
var refusedOfTypes = []struct {
	rule, typ, data string
	code            wire.Code
	pointer         string
}{
	{"a member of another type", "consent", `{"consent":"given","subjects":["a:b"],"instruction":"i","how":"h","operation":"Use"}`, wire.UnknownField, "/data/operation"},
	{"a member of another type, though empty", "objection", `{"subjects":["a:b"],"how":""}`, wire.UnknownField, "/data/how"},
	{"a consent in an action", "action", `{"operation":"Use","subjects":["a:b"],"consent":"given"}`, wire.UnknownField, "/data/consent"},
	{"details in an announcement", "announcement", `{"operation":"Use","subjects":["a:b"],"details":{}}`, wire.UnknownField, "/data/details"},
	{"people in a count", "count", `{"system":"crm","category":"pd:Name","people":1,"subjects":["` + canary + `"]}`, wire.UnknownField, "/data/subjects"},
	{"neither given nor withdrawn", "consent", `{"consent":"maybe","subjects":["a:b"],"instruction":"i","how":"h"}`, wire.InvalidField, "/data/consent"},
	{"no word of either", "consent", `{"subjects":["a:b"],"instruction":"i","how":"h"}`, wire.InvalidField, "/data/consent"},
	{"a consent of nobody", "consent", `{"consent":"given","subjects":[],"instruction":"i","how":"h"}`, wire.InvalidField, "/data/subjects"},
	{"a consent to nothing", "consent", `{"consent":"given","subjects":["a:b"],"instruction":"","how":"h"}`, wire.InvalidField, "/data/instruction"},
	{"a consent that nobody can show", "consent", `{"consent":"given","subjects":["a:b"],"instruction":"i"}`, wire.InvalidField, "/data/how"},
	{"an address as how", "consent", `{"consent":"given","subjects":["a:b"],"instruction":"i","how":"` + canary + `"}`, wire.InvalidField, "/data/how"},
	{"a truth that is a text", "consent", `{"consent":"given","subjects":["a:b"],"instruction":"i","how":"h","explicit":"true"}`, wire.InvalidField, "/data/explicit"},
	{"a truth that is null", "objection", `{"subjects":["a:b"],"marketing":null}`, wire.InvalidField, "/data/marketing"},
	{"a truth that is none", "objection", `{"subjects":["a:b"],"marketing":tru}`, wire.InvalidField, "/data/marketing"},
	{"a truth that goes on", "objection", `{"subjects":["a:b"],"marketing":trueish}`, wire.Malformed, "/data"},
	{"an objection of nobody", "objection", `{"marketing":true}`, wire.InvalidField, "/data/subjects"},
	{"no occasion", "occasion", `{"subjects":["a:b"],"instruction":"i"}`, wire.InvalidField, "/data/occasion"},
	{"an occasion under nothing", "occasion", `{"occasion":"order-closed","subjects":["a:b"]}`, wire.InvalidField, "/data/instruction"},
	{"an announcement of nothing", "announcement", `{"subjects":["a:b"]}`, wire.InvalidField, "/data/operation"},
	{"a count without a number", "count", `{"system":"crm","category":"pd:Name"}`, wire.InvalidField, "/data/people"},
	{"a count of nothing", "count", `{"system":"crm","people":1}`, wire.InvalidField, "/data/category"},
	{"a count nowhere", "count", `{"category":"pd:Name","people":1}`, wire.InvalidField, "/data/system"},
	{"a number that is a text", "count", `{"system":"crm","category":"pd:Name","people":"1"}`, wire.InvalidField, "/data/people"},
	{"fewer than none", "count", `{"system":"crm","category":"pd:Name","people":-1}`, wire.InvalidField, "/data/people"},
	{"half a person", "count", `{"system":"crm","category":"pd:Name","people":1.5}`, wire.InvalidField, "/data/people"},
	{"people in exponents", "count", `{"system":"crm","category":"pd:Name","people":1e999}`, wire.InvalidField, "/data/people"},
	{"more people than ever lived", "count", `{"system":"crm","category":"pd:Name","people":1000000000000000000}`, wire.InvalidField, "/data/people"},
	{"a leading zero", "count", `{"system":"crm","category":"pd:Name","people":01}`, wire.Malformed, "/data"},
	{"two zeros", "count", `{"system":"crm","category":"pd:Name","people":00}`, wire.Malformed, "/data"},
	{"people twice", "count", `{"system":"crm","category":"pd:Name","people":0,"people":1}`, wire.Malformed, "/data"},
	{"a type that is none", "heartbeat", `{"operation":"Use","subjects":["a:b"]}`, wire.InvalidField, "/type"},
}

func TestWhatDoesNotBelongToItsTypeIsRefused(t *testing.T) {
	d := cloudevents.NewDecoder()
	for _, tt := range refusedOfTypes {
		t.Run(tt.rule, func(t *testing.T) {
			_, _, err := d.DecodeAs(wire.ContentEvent, []byte(event(tt.typ, tt.data)))
			wantRefusal(t, err, tt.code, tt.pointer)
		})
	}
	t.Run("the schema of another type", func(t *testing.T) {
		body := strings.Replace(event("consent", said["consent"]), `"id":`, `"dataschema":"`+wire.SchemaAction+`","id":`, 1)
		_, _, err := d.DecodeAs(wire.ContentEvent, []byte(body))
		wantRefusal(t, err, wire.InvalidField, "/dataschema")
	})
	t.Run("in binary mode", func(t *testing.T) {
		h := maps.Clone(binaryHeader())
		h["ce-type"] = []string{wire.TypeObjection}
		_, _, err := d.Decode(h, []byte(said["consent"]))
		wantRefusal(t, err, wire.UnknownField, "/consent")
	})
	// What one event was must not be taken for the next one's.
	t.Run("after an event of another type", func(t *testing.T) {
		results, _, err := d.DecodeAs(wire.ContentBatch, []byte(`[`+event("consent", said["consent"])+`,{"data":{"subjects":["a:b"]}}]`))
		if err != nil || results[0].Err != nil {
			t.Fatal(err)
		}
		p, _ := cloudevents.Problem(results[1].Err)
		if len(p.Errors) != 1 || p.Errors[0].Pointer != "/1/specversion" {
			t.Errorf("%+v", p)
		}
	})
}
