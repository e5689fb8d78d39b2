package ledger

import (
	"encoding/json"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/bench/load"
)

// Register is the invented organisation whose events the benchmark sends, in JSON, which is YAML too. It permits what they
// report, so that their receipts are without findings.
func Register() ([]byte, error) {
	r := wire.Register{Processor: &wire.Processor{Name: "Benchmark Hosting Ltd", Regime: "UK", Territory: []string{"GB", "EEA"}}}
	for n := range load.Controllers {
		id := load.ControllerName(n)
		c := wire.Controller{ID: id, Name: id, Regime: "UK", Country: "GB", Contacts: []wire.Contact{{ID: "owner", Role: "Owner"}}}
		for _, s := range load.AllServices() {
			if s.Controller == id {
				c.Services = append(c.Services, wire.Service{ID: s.Name, Name: s.Name})
			}
		}
		for _, i := range load.Instructions() {
			c.Instructions = append(c.Instructions, wire.Instruction{ID: i.Name, Title: i.Name, Purpose: i.Purpose, Basis: i.Basis,
				Interest: i.Interest, Operations: i.Operations, Categories: i.Categories, Territory: []string{"GB"},
				Given: wire.Warrant{By: "owner", On: "2026-01-05", How: "contract", Reference: "BENCH-1"}})
		}
		r.Controllers = append(r.Controllers, c)
	}
	document, err := json.MarshalIndent(r, "", "  ")
	return document, errors.Wrap(err, "encode the benchmark's register")
}
