package ledger_test

import (
	"slices"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/bench/ledger"
	"github.com/jigowatt/daybook/scripts/bench/load"
)

func TestTheRegisterNamesWhoeverSendsEvents(t *testing.T) {
	document, err := ledger.Register()
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.ParseRegisterJSON(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range load.AllServices() {
		c := slices.IndexFunc(r.Controllers, func(c wire.Controller) bool { return c.ID == s.Controller })
		if c < 0 {
			t.Errorf("controller %s is missing", s.Controller)
			continue
		}
		if !slices.ContainsFunc(r.Controllers[c].Services, func(d wire.Service) bool { return d.ID == s.Name }) {
			t.Errorf("service %s of %s is missing", s.Name, s.Controller)
		}
		if len(r.Controllers[c].Instructions) != len(load.Instructions()) {
			t.Errorf("%s gave %d instructions, want %d", s.Controller, len(r.Controllers[c].Instructions), len(load.Instructions()))
		}
	}
}
