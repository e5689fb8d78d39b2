package article30_test

import (
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/article30"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func TestWhatTheLawForbidsTellingIsLeftOut(t *testing.T) {
	until := projectiontest.Start.AddDate(0, 1, 0)
	a := ledger(t, dated{0, us}, dated{0, client}, dated{0, orders(1, nil)},
		dated{0, disclosure.Received{Controller: cycles, Order: "court-1", ForbiddenUntil: until}},
		dated{0, act(domain.Disclose, to("police"), at("US"), compelled("court-1"))})
	for rule, c := range map[string]struct {
		sight projections.Sight
		want  int
	}{
		"while it forbids":       {projections.Sight{Now: until.Add(-time.Second)}, 0},
		"where nobody says when": {projections.Sight{}, 0},
		"afterwards it is told":  {projections.Sight{Now: until}, 1},
		"where it is asked for":  {projections.Sight{Secret: true}, 1},
	} {
		r := book(t, a, article30.Query{Controller: cycles, Sight: c.sight}).Records[0]
		if len(r.Transfers) != c.want || c.want > 0 && (r.Transfers[0].Order != "court-1" || r.Transfers[0].Country != "US") {
			t.Errorf("%s: %+v", rule, r.Transfers)
		}
		for _, l := range r.Activities[0].Lines {
			if l.Value == "police" || l.Value == "US" {
				t.Errorf("%s: the instruction shows %+v", rule, l)
			}
		}
	}
}
