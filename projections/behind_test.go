package projections_test

import (
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// A view whose queue was full reads by itself what it was left out of, also where nothing more comes that would wake it.
func TestAViewThatWasLeftOutDoesNotWaitForMore(t *testing.T) {
	ledger := projectiontest.GivenEvents(t, counting{name: "behind"})
	at := domain.Position(0)
	for range 200 {
		facts := make([]domain.Fact, 250)
		for i := range facts {
			facts[i] = dossier.ActionRecorded{Controller: "fenland-cycles", Service: "webshop", Subject: 1, Identifier: "email", Operation: domain.Use}
		}
		ledger.Append(projectiontest.Events(at, facts...)...)
		at += domain.Position(len(facts))
	}
}
