package cloudevents_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jigowatt/daybook/infra/wire"
)

// What the published schema takes and what the reader takes must not drift apart.
func TestTheReaderAndThePublishedSchemaAgree(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const base = "https://daybook.dev/schemas/v1/"
	for _, file := range []string{"action.json", "announcement.json", "consent.json", "objection.json", "occasion.json", "count.json", "event.json"} {
		raw, err := fs.ReadFile(wire.Schemas(), file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+file, doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(base + "event.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(body string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			return err
		}
		return schema.Validate(doc)
	}
	if err := validate(example); err != nil {
		t.Fatal(err)
	}
	for _, tt := range refusals {
		if tt.code == wire.Malformed || strings.HasPrefix(tt.pointer, "/data/details") {
			continue // a schema knows neither bytes nor depth
		}
		if validate(with(t, tt.old, tt.new)) == nil {
			t.Errorf("%s: the schema takes it", tt.rule)
		}
	}
	for typ, data := range said {
		if err := validate(event(typ, data)); err != nil {
			t.Errorf("%s: the schema does not take it: %v", typ, err)
		}
	}
	for _, tt := range refusedOfTypes {
		if tt.code != wire.Malformed && validate(event(tt.typ, tt.data)) == nil {
			t.Errorf("%s: the schema takes it", tt.rule)
		}
	}
}
