package cloudevents_test

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

const example = `{"specversion":"1.0","id":"0199a0c2-7d3e-7c11-9a55-0b6f1f6a2c01","source":"/fenland-cycles/webshop","type":"daybook.action.v1",
 "time":"2026-11-23T10:00:00Z","sequence":"4711","datacontenttype":"application/json",
 "data":{"operation":"Store","subjects":["email:ada@example.org"],"instruction":"orders",
         "categories":["pd:EmailAddress","pd:Name"],"system":"crm","location":"GB",
         "recipient":"","order":"","basis":"A6-1-b","details":{"note":"free text is personal: sealed"}}}`

func BenchmarkEvent(b *testing.B) {
	d := cloudevents.NewDecoder()
	body := []byte(example)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.DecodeAs(wire.ContentEvent, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBatchOf100(b *testing.B) {
	d := cloudevents.NewDecoder()
	body := append([]byte("["), bytes.Repeat([]byte(example+","), 99)...)
	body = append(append(body, example...), ']')
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.DecodeAs(wire.ContentBatch, body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGeneral reads the same event by reflection, without the limits: what the hand-written reader is instead of.
func BenchmarkGeneral(b *testing.B) {
	body := []byte(example)
	b.ReportAllocs()
	for b.Loop() {
		var g general
		if err := json.Unmarshal(body, &g, json.RejectUnknownMembers(true)); err != nil {
			b.Fatal(err)
		}
	}
}
