package dossier_test

import (
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
)

// What a court orders rests on the order's own basis, not on the instruction's, which is for what the client wanted.
func TestADisclosureUnderACourtOrderRestsOnTheOrder(t *testing.T) {
	orders := instruction.State{}.Evolve(domain.Event{Fact: instruction.Given{Controller: "fenland", Instruction: "orders", Version: 1,
		Terms: domain.Terms{Basis: domain.Contract, Operations: []domain.Operation{domain.Copy}, Categories: []domain.Category{"pd:Name"}}, Warrant: warrant(1)}})
	told := disclosure.Order{Received: disclosure.Received{Authority: "county-court", Issued: at(1, 0), Categories: []domain.Category{"pd:Name"}}, Informed: at(1, 0)}
	chosen := told
	chosen.Basis = domain.PublicTask
	under := dossier.Action{Controller: "fenland", Service: "webshop", Operation: domain.Disclose, Instruction: "orders",
		Categories: []domain.Category{"pd:Name"}, Recipient: "county-court", Order: "court-1", Time: at(10, 0)}
	copying := under
	copying.Operation, copying.Recipient = domain.Copy, ""
	for name, rule := range map[string]struct {
		action dossier.Action
		order  *disclosure.Order
		want   domain.Basis
	}{
		"Art. 6(1)(c): a legal obligation where none was chosen": {under, &told, domain.LegalObligation},
		"Art. 6(1), 6(3): the one that the client chose":         {under, &chosen, domain.PublicTask},
		"what is no disclosure rests on the instruction":         {copying, &told, domain.Contract},
		"without an order the instruction counts":                {under, nil, domain.Contract},
	} {
		t.Run(name, func(t *testing.T) {
			if j := dossier.Judge(rule.action, dossier.Known{Instruction: orders, CourtOrder: rule.order}); j.Basis != rule.want {
				t.Errorf("it rests on %s, want %s", j.Basis, rule.want)
			}
		})
	}
}
