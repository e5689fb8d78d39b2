package cloudevents_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

// general is an event as a general decoder reads it: the oracle that the hand-written one is held against.
type general struct {
	SpecVersion  string `json:"specversion"`
	ID           string `json:"id"`
	Source       string `json:"source"`
	Type         string `json:"type"`
	Time         string `json:"time"`
	Sequence     string `json:"sequence"`
	SequenceType string `json:"sequencetype"`
	ContentType  string `json:"datacontenttype"`
	Schema       string `json:"dataschema"`
	Traceparent  string `json:"traceparent"`
	Tracestate   string `json:"tracestate"`
	PartitionKey string `json:"partitionkey"`
	Data         struct {
		Operation   string         `json:"operation"`
		Subjects    []string       `json:"subjects"`
		Instruction string         `json:"instruction"`
		Categories  []string       `json:"categories"`
		System      string         `json:"system"`
		Location    string         `json:"location"`
		Recipient   string         `json:"recipient"`
		Order       string         `json:"order"`
		Basis       string         `json:"basis"`
		From        string         `json:"from"`
		Announced   string         `json:"announced"`
		Consent     string         `json:"consent"`
		How         string         `json:"how"`
		Explicit    bool           `json:"explicit"`
		Marketing   bool           `json:"marketing"`
		Occasion    string         `json:"occasion"`
		Category    string         `json:"category"`
		People      uint64         `json:"people"`
		Details     jsontext.Value `json:"details"`
	} `json:"data"`
}

func hostile(f *testing.F) {
	f.Helper()
	f.Add([]byte(example))
	for _, tt := range refusals {
		f.Add([]byte(strings.Replace(example, tt.old, tt.new, 1)))
	}
	for typ, data := range said {
		f.Add([]byte(event(typ, data)))
	}
	for _, tt := range refusedOfTypes {
		f.Add([]byte(event(tt.typ, tt.data)))
	}
	for _, s := range []string{``, `{`, `{}`, `[]`, `null`, `{"":""}`, `{"id":`, `{"data":{`, `{"data":{"details":{`, "\xef\xbb\xbf{}", "\x00",
		`{"sequence":1e999}`, `{"a":"\ud800"}`, strings.Repeat(`[`, 20_000), strings.Repeat(`{"data":`, 20_000), `{"data":{"details":{"a":"`,
		`{"data":{"details":{"a":1 2,"b":[}]}}}`, `{"data":{"subjects":["` + strings.Repeat("x", 300) + `"]}}`, `{"id":"\`, `{"id":"\u12`} {
		f.Add([]byte(s))
	}
}

func FuzzEvent(f *testing.F) {
	hostile(f)
	d := cloudevents.NewDecoder()
	f.Fuzz(func(t *testing.T, body []byte) {
		kept := slices.Clone(body)
		results, _, err := d.DecodeAs(wire.ContentEvent, body)
		if !slices.Equal(body, kept) {
			t.Fatal("the body was changed")
		}
		valid := jsontext.Value(body).IsValid()
		if err != nil {
			p, ok := cloudevents.Problem(err)
			if !ok || !errors.Is(err, domain.ErrInvalid) || !utf8.ValidString(p.Detail) {
				t.Fatalf("an error of another kind: %v", err)
			}
			if p.Code == wire.Malformed && valid {
				t.Fatalf("called malformed though it is JSON: %v", err)
			}
			return
		}
		if !valid {
			t.Fatal("taken though it is not JSON")
		}
		wantSame(t, body, results[0].Event)
	})
}

func wantSame(t *testing.T, body []byte, in cloudevents.Incoming) {
	t.Helper()
	var g general
	if err := json.Unmarshal(body, &g, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("taken though a general decoder does not: %v", err)
	}
	a, data := in.Action, g.Data
	got := slices.Concat([]string{in.ID, in.Source, in.Type, a.Operation, a.Instruction, a.System, a.Location, a.Recipient, a.Order, a.Basis,
		a.From, a.Announced, in.Said.Consent, in.Said.How, in.Said.Occasion, in.Said.Category}, a.Categories)
	want := slices.Concat([]string{g.ID, g.Source, g.Type, data.Operation, data.Instruction, data.System, data.Location, data.Recipient, data.Order, data.Basis,
		data.From, data.Announced, data.Consent, data.How, data.Occasion, data.Category}, data.Categories)
	for _, s := range a.Subjects {
		got = append(got, s.Reveal())
	}
	want = append(want, data.Subjects...)
	if !slices.Equal(got, want) {
		t.Fatalf("read as %q, a general decoder reads %q", got, want)
	}
	if when, err := time.Parse(time.RFC3339, g.Time); err != nil || !when.Equal(in.Time) {
		t.Fatalf("time read as %v, a general decoder reads %v", in.Time, g.Time)
	}
	if err := data.Details.Compact(); len(data.Details) > 0 && err != nil {
		t.Fatal(err)
	}
	if got := a.Details.Reveal(); got != string(data.Details) && !(got == "" && (len(data.Details) == 0 || string(data.Details) == "{}")) {
		t.Fatalf("details read as %s, a general decoder reads %s", got, data.Details)
	}
	if said := in.Said; said.Explicit != data.Explicit || said.Marketing != data.Marketing || said.People != data.People {
		t.Fatalf("read as %+v, a general decoder reads %+v", said, data)
	}
	if in.Type == wire.TypeAction && a.Operation == "" || in.Type != wire.TypeCount && len(a.Subjects) == 0 || in.Time.IsZero() && g.Time == "" {
		t.Fatal("taken though something is missing")
	}
}

func FuzzBatch(f *testing.F) {
	hostile(f)
	f.Add([]byte(`[` + example + `,` + example + `]`))
	f.Add([]byte(`[{"a":"]"},[{}],"\"",]`))
	f.Add([]byte(`[` + strings.Repeat(`{},`, 1001) + `{}]`))
	d := cloudevents.NewDecoder()
	f.Fuzz(func(t *testing.T, body []byte) {
		results, _, err := d.DecodeAs(wire.ContentBatch, body)
		if err != nil {
			if _, ok := cloudevents.Problem(err); !ok {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if len(results) == 0 || len(results) > wire.MaxBatchEvents {
			t.Fatalf("%d results", len(results))
		}
		var items []jsontext.Value
		if json.Unmarshal(body, &items) != nil {
			items = nil // it gives those before the fault
		} else if len(items) != len(results) {
			t.Fatalf("split into %d, a general decoder reads %d", len(results), len(items))
		}
		for i, r := range results {
			if r.Err == nil && items != nil {
				wantSame(t, items[i], r.Event)
			}
		}
	})
}

func FuzzBinary(f *testing.F) {
	f.Add("ce-id", "%C0%A0", "application/json", []byte(exampleData))
	f.Add("CE-ID", "a%", "application/json; charset=utf-8", []byte(`{"operation":"Use","subjects":["a:b"]}`))
	f.Add("ce-subject", "x", "text/plain", []byte(`{`))
	f.Add("ce-sequence", "1e999", ";;;charset", []byte("\x00"))
	f.Add("content-TYPE", "application/cloudevents-batch+json", "", []byte(`[{}]`))
	f.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "application/cloudevents+json", []byte(example))
	d := cloudevents.NewDecoder()
	f.Fuzz(func(t *testing.T, key, value, contentType string, body []byte) {
		h := binaryHeader()
		h[key] = []string{value}
		h["Content-Type"] = []string{contentType}
		results, _, err := d.Decode(h, body)
		if err != nil {
			if _, ok := cloudevents.Problem(err); !ok {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		for _, r := range results {
			if r.Err == nil && (!wire.ValidID(r.Event.ID) || !wire.ValidSource(r.Event.Source)) {
				t.Fatal("taken though id or source is not valid")
			}
		}
	})
}
