package wire_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/jigowatt/daybook/infra/wire"
)

const schemaBase = "https://daybook.dev/schemas/v1/"

func compile(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	files, err := fs.Glob(wire.Schemas(), "*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := fs.ReadFile(wire.Schemas(), file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := doc.(map[string]any)["$id"]; got != schemaBase+file {
			t.Errorf("the $id of %s is %v", file, got)
		}
		if err := c.AddResource(schemaBase+file, doc); err != nil {
			t.Fatal(err)
		}
	}
	schemas := map[string]*jsonschema.Schema{}
	for _, file := range files {
		if schemas[file], err = c.Compile(schemaBase + file); err != nil {
			t.Fatal(err)
		}
	}
	return schemas
}

func TestEveryMessageIsAsItsSchemaSays(t *testing.T) {
	schemas := compile(t)
	when := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	event := wire.Event{SpecVersion: wire.SpecVersion, ID: "0199a0c2-7d3e", Source: "/fenland-cycles/webshop", Type: wire.TypeAction, Time: when,
		Sequence: "4711", DataContentType: wire.ContentJSON, DataSchema: wire.SchemaAction,
		Data: wire.Action{Operation: wire.Store, Subjects: []string{"email:ada@example.org"}, Instruction: "orders", Categories: []string{"pd:Name"},
			System: "crm", From: "erp", Location: "GB", Basis: "A6-1-b", Announced: "a", Details: json.RawMessage(`{"note":"x"}`)}}
	receipt := wire.Receipt{ID: "a", Events: 1, Recorded: when, Verdict: wire.WithFindings, Leaf: make([]byte, 32), Duplicate: true,
		Findings: []wire.Finding{{Code: "no-instruction", Article: "Art. 28(3)(a)", Message: "m"}}, Notes: []wire.Note{{Article: "Art. 21(1)", Message: "m"}}}
	problem := wire.NewProblem(wire.InvalidField)
	problem.Errors = []wire.FieldError{{Pointer: "/data/operation", Detail: "d"}}
	private, err := wire.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	people := []string{"email:ada@example.org"}
	announcement := wire.Announcement{Operation: wire.Disclose, Subjects: people, Instruction: "i", Categories: []string{"pd:Name"}, System: "crm", Recipient: "r"}
	consent := wire.Consent{Consent: wire.Given, Subjects: people, Instruction: "newsletter", How: "double-opt-in"}
	objection := wire.Objection{Subjects: people, Marketing: true}
	occasion := wire.Occasion{Occasion: wire.OrderClosed, Subjects: people, Instruction: "orders"}
	count := wire.Count{System: "crm", Category: "pd:Name", People: 4711}
	messages := map[string][]any{
		"action.json":       {event.Data, wire.Action{Operation: "Use", Subjects: []string{"a:b"}}},
		"announcement.json": {announcement, wire.Announcement{Operation: "Use", Subjects: people}},
		"consent.json":      {consent, wire.Consent{Consent: wire.Withdrawn, Subjects: people, Instruction: "i", How: "h", Explicit: true}},
		"objection.json":    {objection, wire.Objection{Subjects: people, Instruction: "i"}},
		"occasion.json":     {occasion, wire.Occasion{Occasion: wire.EnquiryAnswered, Subjects: people, Instruction: "i"}, wire.Occasion{Occasion: wire.QuoteDeclined, Subjects: people, Instruction: "i"}, wire.Occasion{Occasion: wire.ContractEnded, Subjects: people, Instruction: "i"}},
		"count.json":        {count, wire.Count{System: "crm", Category: "pd:Name", People: 0}},
		"order.json": {wire.Order{Order: "o", Kind: wire.OrderErase, Controller: "c", Service: "s", Instruction: "i", System: "crm", Categories: []string{"pd:Name"},
			Reason: "retention", Due: when, Case: "c-1"}, wire.Order{Order: "o", Kind: wire.OrderStop, Controller: "c", Service: "s", Instruction: "i", Reason: "objection", Due: when},
			wire.Order{Order: "o", Kind: wire.OrderTell, Controller: "c", Service: "s", Instruction: "i", Reason: "case", Due: when, Case: "c-1", Recipient: "northprint"}},
		"claimrequest.json": {wire.ClaimRequest{Order: "o"}},
		"claim.json":        {wire.Claim{Order: "o", Subjects: []wire.Text{"email:a@example.org"}}},
		"event.json": {event, of(event, wire.TypeAnnouncement, announcement), of(event, wire.TypeConsent, consent), of(event, wire.TypeObjection, objection),
			of(event, wire.TypeOccasion, occasion), of(event, wire.TypeCount, count)},
		"batch.json":     {[]wire.Event{event, event}},
		"receipt.json":   {receipt, wire.Receipt{ID: "a", Events: 1, Recorded: when, Verdict: wire.Conformant, Leaf: make([]byte, 32)}},
		"items.json":     {[]wire.Item{{Receipt: &receipt}, {Problem: &problem}}},
		"answer.json":    {wire.Answer{Permitted: true}, wire.Answer{Reasons: []wire.Reason{{Code: "c", Article: "a", Message: "m", Remedy: "r"}}, Basis: "A6-1-a", Instruction: "i", Version: 2}},
		"problem.json":   {problem},
		"heartbeat.json": {wire.Heartbeat{Sequence: 7, Time: when}},
		"puback.json":    {wire.PubAck{Stream: "DAYBOOK", Sequence: 1}, wire.PubAck{Error: &wire.PubError{Code: 503, Description: "d"}}},
		"key.json":       {wire.NewKey(private.PublicKey())},
	}
	for _, code := range wire.Codes() {
		p := wire.NewProblem(code)
		if p.Title == "" || p.Status < 400 || code != wire.Internal && p.Title == wire.Internal.Title() {
			t.Errorf("%s has title %q and status %d", code, p.Title, p.Status)
		}
		messages["problem.json"] = append(messages["problem.json"], p)
	}
	for file, schema := range schemas {
		if len(messages[file]) == 0 {
			t.Errorf("nothing is checked against %s", file)
		}
		for _, m := range messages[file] {
			raw, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, schema, raw); err != nil {
				t.Errorf("%s: %s: %v", file, raw, err)
			}
			// A message with one member more is another message.
			if raw[0] == '{' && validate(t, schema, append([]byte(`{"colour":1,`), raw[1:]...)) == nil {
				t.Errorf("%s lets an unknown member pass", file)
			}
		}
	}
}

// of gives the event with data of another type.
func of[D wire.Announcement | wire.Consent | wire.Objection | wire.Occasion | wire.Count](e wire.Event, typ string, data D) wire.EventOf[D] {
	return wire.EventOf[D]{SpecVersion: e.SpecVersion, ID: e.ID, Source: e.Source, Type: typ, Time: e.Time, Data: data,
		DataSchema: schemaBase + strings.TrimSuffix(strings.TrimPrefix(typ, "daybook."), ".v1") + ".json"}
}

func validate(t *testing.T, schema *jsonschema.Schema, raw []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

func TestSchemasStateTheLimitsOfTheCode(t *testing.T) {
	schemas := compile(t)
	action := schemas["action.json"].Properties
	for name, pair := range map[string][2]int{
		"subjects":      {*action["subjects"].MaxItems, wire.MaxSubjects},
		"subject bytes": {*action["subjects"].Items2020.MaxLength, wire.MaxSubjectBytes},
		"categories":    {*action["categories"].MaxItems, wire.MaxCategories},
		"batch":         {*schemas["batch.json"].MaxItems, wire.MaxBatchEvents},
		"problem codes": {len(schemas["problem.json"].Properties["code"].Enum.Values), len(wire.Codes())},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the schema says %d, the code %d", name, pair[0], pair[1])
		}
	}
	for member, valid := range map[string]func(string) bool{"operation": wire.ValidToken[string], "system": wire.ValidToken[string], "from": wire.ValidToken[string],
		"announced": wire.ValidID[string], "location": wire.ValidCode[string],
		"basis": wire.ValidCode[string], "order": wire.ValidID[string], "instruction": wire.ValidName[string], "recipient": wire.ValidName[string]} {
		for _, s := range []string{"a", "A", "7", "-", "-a", "a-", "a/b", "a:b", "a.b", "a_b", "a~b", "a@b", "a b", "é", "a\n", strings.Repeat("a", 16), strings.Repeat("a", 17),
			strings.Repeat("a", 32), strings.Repeat("a", 33), strings.Repeat("a", 64), strings.Repeat("a", 65)} {
			if got := action[member].Validate(s) == nil; got != valid(s) {
				t.Errorf("%s %q: the schema says %v, the code %v", member, s, got, valid(s))
			}
		}
	}
}

func TestTheAsyncAPIDocumentNamesEverySubjectAndSchema(t *testing.T) {
	var doc struct {
		AsyncAPI string `yaml:"asyncapi"`
		Channels map[string]struct {
			Address string `yaml:"address"`
		} `yaml:"channels"`
	}
	raw := wire.AsyncAPI()
	if err := yaml.Unmarshal(raw, &doc); err != nil || doc.AsyncAPI != "3.0.0" {
		t.Fatal(doc.AsyncAPI, err)
	}
	var got []string
	for _, c := range doc.Channels {
		got = append(got, c.Address)
	}
	want := []string{wire.KeySubject}
	for _, k := range []wire.Kind{wire.Record, wire.Ask, wire.Inbox, wire.Orders, wire.Claims, wire.Beat} {
		want = append(want, wire.Subject{Kind: k, Controller: "{controller}", Service: "{service}"}.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the channels are %v, want %v", got, want)
	}
	files, err := os.ReadDir("schemas")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !bytes.Contains(raw, []byte(schemaBase+f.Name())) {
			t.Errorf("%s is not referred to", f.Name())
		}
	}
}
