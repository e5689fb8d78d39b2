package cloudevents_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

const exampleData = `{"operation":"Store","subjects":["email:ada@example.org"],"instruction":"orders",
 "categories":["pd:EmailAddress","pd:Name"],"system":"crm","location":"GB","recipient":"","order":"","basis":"A6-1-b",
 "details":{"note":"free text is personal: sealed"}}`

func binaryHeader() map[string][]string {
	return header("ce-specversion", "1.0", "ce-id", "0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01", "ce-source", "/fenland-cycles/webshop",
		"ce-type", "daybook.action.v1", "ce-time", "2026-11-23T10:00:00Z", "ce-sequence", "4711")
}

func TestBinaryModeIsRead(t *testing.T) {
	for name, change := range map[string]func(map[string][]string){
		"by the NATS binding":      func(h map[string][]string) { h["ce-datacontenttype"] = []string{"application/json"} },
		"as the Go SDK writes it":  func(h map[string][]string) { h["content-type"] = []string{"application/json"} },
		"as HTTP writes it":        func(h map[string][]string) { h["Content-Type"] = []string{"application/json; charset=utf-8"} },
		"without a content type":   func(map[string][]string) {},
		"percent-encoded":          func(h map[string][]string) { h["ce-source"] = []string{"/fenland%2Dcycles/%77ebshop"} },
		"names in another case":    func(h map[string][]string) { h["CE-Id"] = h["ce-id"]; delete(h, "ce-id") },
		"with headers not its own": func(h map[string][]string) { h["Nats-Msg-Id"] = []string{"x"}; h["ce-"] = []string{"x"} },
		"the prefixed type is heeded": func(h map[string][]string) {
			h["ce-datacontenttype"] = []string{"application/json"}
			h["content-type"] = []string{"text/xml"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := binaryHeader()
			change(h)
			results, batch, err := cloudevents.NewDecoder().Decode(h, []byte(exampleData))
			if err != nil || batch {
				t.Fatal(err)
			}
			wantExample(t, results[0].Event)
		})
	}
}

func TestBinaryModeIsRefused(t *testing.T) {
	for _, tt := range []struct {
		rule, key, value string
		code             wire.Code
		pointer          string
	}{
		{"an overlong encoding", "ce-source", "/a%C0%A0", wire.Malformed, "/source"},
		{"a percent sign alone", "ce-source", "/a%", wire.Malformed, "/source"},
		{"a percent sign and no number", "ce-source", "/a%zz", wire.Malformed, "/source"},
		{"bytes that are not UTF-8", "ce-source", "/\xff", wire.Malformed, "/source"},
		{"one round of decoding, not two", "ce-source", "/fenland%252Dcycles", wire.InvalidField, "/source"},
		{"a NUL", "ce-id", "a%00", wire.InvalidField, "/id"},
		{"the subject", "CE-Subject", canary, wire.UnknownField, "/subject"},
		{"an unknown attribute", "ce-sequenze", "1", wire.UnknownField, "/sequenze"},
		{"an attribute that is the data", "ce-data", "1", wire.UnknownField, "/data"},
		{"an attribute twice", "Ce-Id", "x", wire.Malformed, "/id"},
		{"data that is not JSON", "Content-Type", "text/plain", wire.UnsupportedMediaType, "/datacontenttype"},
		{"headers beyond their limit", "ce-partitionkey", strings.Repeat("x", wire.MaxHeaderBytes+1), wire.TooLarge, "/partitionkey"},
		{"no version", "ce-specversion", "1.1", wire.InvalidField, "/specversion"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			h := maps.Clone(binaryHeader())
			h[tt.key] = []string{tt.value}
			_, _, err := cloudevents.NewDecoder().Decode(h, []byte(exampleData))
			wantRefusal(t, err, tt.code, tt.pointer)
		})
	}
	t.Run("data without an operation", func(t *testing.T) {
		_, _, err := cloudevents.NewDecoder().Decode(binaryHeader(), []byte(`{"subjects":["a:b"]}`))
		wantRefusal(t, err, wire.InvalidField, "/operation")
	})
	t.Run("a header with two values", func(t *testing.T) {
		h := binaryHeader()
		h["ce-time"] = append(h["ce-time"], h["ce-time"]...)
		_, _, err := cloudevents.NewDecoder().Decode(h, []byte(exampleData))
		wantRefusal(t, err, wire.Malformed, "/time")
	})
}
