package cloudevents_test

import (
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestOneBadEventOfABatchFailsAlone(t *testing.T) {
	bad := map[string]struct {
		item    string
		code    wire.Code
		pointer string
	}{
		"not an event":          {`7`, wire.InvalidField, "/1"},
		"not JSON":              {`{"id":tru}`, wire.InvalidField, "/1/id"},
		"nothing":               {``, wire.Malformed, "/1"},
		"an unknown member":     {`{"idd":"1"}`, wire.UnknownField, "/1/idd"},
		"a name twice":          {`{"id":"1","id":"2"}`, wire.Malformed, "/1"},
		"bytes not UTF-8":       {"{\"id\":\"\xff\"}", wire.Malformed, "/1"},
		"two values":            {example + `{}`, wire.Malformed, "/1"},
		"brackets crosswise":    {`{"id":"1"]`, wire.Malformed, "/1"},
		"nesting without end":   {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), wire.InvalidField, "/1"},
		"an escaped quote":      {`{"id":"\"}`, wire.Malformed, ""},
		"a bracket in a string": {`{"id":"}]"}`, wire.InvalidField, "/1/id"},
	}
	d := cloudevents.NewDecoder()
	for name, tt := range bad {
		t.Run(name, func(t *testing.T) {
			body := "[" + example + ",\n" + tt.item + ", " + example + " ]"
			results, batch, err := d.DecodeAs(wire.ContentBatch, []byte(body))
			if !batch {
				t.Fatal("not taken for a batch")
			}
			if tt.pointer == "" {
				wantRefusal(t, err, tt.code, "")
				return
			}
			if err != nil || len(results) != 3 {
				t.Fatalf("%d results, %v", len(results), err)
			}
			wantRefusal(t, results[1].Err, tt.code, tt.pointer)
			if got := strings.TrimSpace(string(results[1].Raw)); got != tt.item {
				t.Errorf("the item's own bytes are %d, want %d", len(got), len(tt.item))
			}
			for _, i := range []int{0, 2} {
				if results[i].Err != nil {
					t.Fatal(results[i].Err)
				}
				wantExample(t, results[i].Event)
			}
		})
	}
}

func TestABatchThatIsNoneIsRefusedWhole(t *testing.T) {
	for name, body := range map[string]string{
		"empty body": ``, "empty": `[ ]`, "object": example, "one bracket": `[`, "closed only": `]`, "not closed": `[` + example,
		"closed too often": `[{}}]`, "open string": `["]`, "trailing": `[` + example + `] x`,
		"too many": `[` + strings.Repeat(`{},`, 1000) + `{}]`,
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := cloudevents.NewDecoder().DecodeAs(wire.ContentBatch, []byte(body))
			p, ok := cloudevents.Problem(err)
			if !ok {
				t.Fatal(err)
			}
			wantRefusal(t, err, p.Code, "")
		})
	}
}

func TestABatchOfTheMostEventsIsRead(t *testing.T) {
	body := `[` + strings.Repeat(example+`,`, wire.MaxBatchEvents-1) + example + `]`
	results, batch, err := cloudevents.NewDecoder().Decode(nil, []byte(" \n"+body))
	if err != nil || !batch || len(results) != wire.MaxBatchEvents {
		t.Fatalf("%d results, batch %v, %v", len(results), batch, err)
	}
	for i := range results {
		if results[i].Err != nil {
			t.Fatal(results[i].Err)
		}
	}
	wantExample(t, results[999].Event)
}
