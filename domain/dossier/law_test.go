package dossier_test

import (
	"slices"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

var ada = dossier.Of{Controller: "fenland", Subject: 7}

// on gives the instruction orders with its basis changed, given on 1 March.
func on(b domain.Basis, purpose string, more func(*domain.Terms)) instruction.State {
	t := terms()
	t.Basis, t.Purpose = b, purpose
	t.Operations = append(t.Operations, domain.Erase, domain.Delete, domain.Copy, domain.Collect)
	if more != nil {
		more(&t)
	}
	return instruction.State{}.Evolve(domain.Event{Fact: instruction.Given{Controller: "fenland", Instruction: "orders", Version: 1, Terms: t, Warrant: warrant(1)}})
}

// past folds facts, each on its day of March at noon, into a standing.
func past(facts ...any) dossier.Standing {
	var s dossier.Standing
	when := at(1, 12)
	for _, f := range facts {
		if day, ok := f.(int); ok {
			when = at(day, 12)
			continue
		}
		s = s.Evolve(domain.Event{Time: when, Fact: f.(domain.Fact)})
	}
	return s
}

func erasedFrom(system string, op domain.Operation) dossier.ActionRecorded {
	return dossier.ActionRecorded{Controller: "fenland", Subject: 7, Operation: op, Instruction: "orders", System: system}
}

func ownErased(service domain.ServiceID) dossier.ActionRecorded {
	a := erasedFrom("", domain.Erase)
	a.Service = service
	return a
}

// Each rule of the law has a row that finds and its neighbour that does not.
func TestTheLawBeyondTheInstruction(t *testing.T) {
	consent := dossier.ConsentGiven{Of: ada, Instruction: "orders", How: "form"}
	elsewhere := dossier.ConsentGiven{Of: ada, Instruction: "newsletter", How: "form"}
	withdrawal := dossier.ConsentWithdrawn{Of: ada, Instruction: "orders", How: "link"}
	objection := dossier.ObjectionRaised{Of: ada, Objection: "o"}
	toOrders := dossier.ObjectionRaised{Of: ada, Objection: "o", Instruction: "orders"}
	restriction := dossier.RestrictionPlaced{Of: ada, Restriction: "r", Ground: "A18-1-a", Allowed: []domain.Operation{domain.Use}, Prohibited: []domain.Operation{domain.Consult}}
	hold := dossier.HoldPlaced{Of: ada, Hold: "h", Ground: "court-order", Categories: []domain.Category{"pd:Name"}, Systems: []string{"crm"}, Until: at(28, 0)}
	order := dossier.OrderSent{Of: ada, Order: "ord-1", Kind: dossier.TaskErase, Service: "webshop", Instruction: "orders", Reason: "retention", Due: at(9, 0)}
	tell := dossier.OrderSent{Of: ada, Order: "tell-1", Kind: dossier.TaskTell, Service: "webshop", Instruction: "orders", Recipient: "northprint", Reason: "case", Due: at(9, 0)}
	courier := tell
	courier.Order, courier.Recipient = "tell-2", "dash-and-drop"
	court := disclosure.Order{Received: disclosure.Received{Controller: "fenland", Order: "court-1", Authority: "county-court", Issued: at(5, 0), Categories: []domain.Category{"pd:Name"}}}
	told, secret := court, court
	told.Informed, secret.ForbiddenUntil = at(11, 0), at(20, 0)
	contract, byConsent := on(domain.Contract, "ServiceProvision", nil), on(domain.Consent, "ServiceProvision", nil)
	byMail := on(domain.Contract, "DirectMarketing", nil)
	interest, marketing := on(domain.LegitimateInterests, "ServiceProvision", nil), on(domain.LegitimateInterests, "DirectMarketing", nil)
	strictly := on(domain.Contract, "ServiceProvision", func(t *domain.Terms) { t.Erasure = []domain.Operation{domain.Destruct} })
	loosely := on(domain.Contract, "ServiceProvision", func(t *domain.Terms) { t.Erasure = []domain.Operation{domain.Delete, domain.Erase} })
	safeguarded := on(domain.Contract, "ServiceProvision", func(t *domain.Terms) { t.Safeguard = "A46-2-c"; t.Territory = append(t.Territory, "US") })
	wide := on(domain.Contract, "ServiceProvision", func(t *domain.Terms) { t.Territory = append(t.Territory, "US") })
	toCourt := on(domain.Contract, "ServiceProvision", func(t *domain.Terms) { t.Recipients = append(t.Recipients, "county-court") })
	authority := &register.RecipientDeclared{Recipient: "county-court", Kind: register.Authority, Country: "GB"}
	printer := &register.RecipientDeclared{Recipient: "northprint", Kind: register.SubProcessor, Country: "GB", Announced: at(9, 0)}
	american := &register.RecipientDeclared{Recipient: "northprint", Kind: register.ThirdParty, Country: "US"}
	adequate := &register.RecipientDeclared{Recipient: "northprint", Kind: register.ThirdParty, Country: "US", Safeguard: "A45-3"}
	foreign := &register.RecipientDeclared{Recipient: "county-court", Kind: register.Authority, Country: "US"}
	agreed := told
	agreed.Agreement = "UK-US mutual legal assistance"
	do := func(op domain.Operation) dossier.Action {
		a := action()
		a.Time, a.Operation, a.Stated = at(12, 12), op, ""
		return a
	}
	give := func(to domain.RecipientID) dossier.Action {
		a := do(domain.Disclose)
		a.Recipient = to
		return a
	}
	within := func(a dossier.Action, change func(*dossier.Action)) dossier.Action { change(&a); return a }
	territory := []domain.Territory{"GB", domain.EEA}
	none := dossier.Standing{}

	covered := map[domain.Finding]bool{}
	for _, row := range []struct {
		rule  string
		a     dossier.Action
		k     dossier.Known
		s     dossier.Standing
		finds []domain.Finding
	}{
		{"Art. 7(1): no consent is on record", do(domain.Use), dossier.Known{Instruction: byConsent}, none, []domain.Finding{domain.ConsentMissing}},
		{"Art. 7(1): a consent is on record", do(domain.Use), dossier.Known{Instruction: byConsent}, past(3, consent), nil},
		{"Art. 7(1): the consent came later", do(domain.Use), dossier.Known{Instruction: byConsent}, past(13, consent), []domain.Finding{domain.ConsentMissing}},
		{"Art. 7(2): a consent to something else", do(domain.Use), dossier.Known{Instruction: byConsent}, past(3, elsewhere), []domain.Finding{domain.ConsentMissing}},
		{"another basis needs no consent", do(domain.Use), dossier.Known{Instruction: contract}, none, nil},
		{"removing needs no consent", do(domain.Erase), dossier.Known{Instruction: byConsent}, none, nil},
		{"Art. 7(3): the consent was withdrawn before", do(domain.Use), dossier.Known{Instruction: byConsent}, past(3, consent, 12, withdrawal), []domain.Finding{domain.ConsentWithdrawn}},
		{"Art. 7(3): the consent was withdrawn afterwards", do(domain.Use), dossier.Known{Instruction: byConsent}, past(3, consent, 13, withdrawal), nil},
		{"Art. 7(3): consent was given anew", do(domain.Use), dossier.Known{Instruction: byConsent}, past(3, consent, 5, withdrawal, 6, consent), nil},

		{"Art. 19: a recipient is told in spite of a restriction", within(give("northprint"), func(a *dossier.Action) { a.Order = "tell-1" }), dossier.Known{Instruction: contract}, past(3, restriction, 4, tell), nil},
		{"Art. 19: one that should not have had it is told, too", within(give("dash-and-drop"), func(a *dossier.Action) { a.Order = "tell-2" }), dossier.Known{Instruction: contract}, past(3, courier), nil},
		{"Art. 28(3)(a): of its own accord a service gives it nothing", give("dash-and-drop"), dossier.Known{Instruction: contract}, past(3, courier), []domain.Finding{domain.RecipientNotInstructed}},
		{"Art. 18(2): of its own accord a service gives nothing then", give("northprint"), dossier.Known{Instruction: contract}, past(3, restriction, 4, tell), []domain.Finding{domain.Restricted}},
		{"Art. 19: another recipient is not told", within(give("county-court"), func(a *dossier.Action) { a.Order = "tell-1" }), dossier.Known{Instruction: toCourt}, past(3, restriction, 4, tell), []domain.Finding{domain.Restricted}},
		{"Art. 19: a recipient is told in spite of a consent that is gone", within(give("northprint"), func(a *dossier.Action) { a.Order = "tell-1" }), dossier.Known{Instruction: byConsent}, past(3, consent, 4, withdrawal, 5, tell), nil},
		{"Art. 21(1): an objection stands", do(domain.Use), dossier.Known{Instruction: interest}, past(3, objection), []domain.Finding{domain.Objected}},
		{"Art. 21(1): the objection came later", do(domain.Use), dossier.Known{Instruction: interest}, past(13, objection), nil},
		{"Art. 21(1): a contract cannot be objected to", do(domain.Use), dossier.Known{Instruction: contract}, past(3, objection), nil},
		{"Art. 21(1): compelling grounds override", do(domain.Use), dossier.Known{Instruction: interest}, past(3, objection, 4, dossier.ObjectionResolved{Of: ada, Objection: "o", Overridden: true}), nil},
		{"Art. 21(1): until they are shown it stands", do(domain.Use), dossier.Known{Instruction: interest}, past(3, objection, 13, dossier.ObjectionResolved{Of: ada, Objection: "o", Overridden: true}), []domain.Finding{domain.Objected}},
		{"Art. 21(1): an objection that is upheld stands", do(domain.Use), dossier.Known{Instruction: interest}, past(3, objection, 4, dossier.ObjectionResolved{Of: ada, Objection: "o"}), []domain.Finding{domain.Objected}},
		{"Art. 21: an objection that the person took back ends", do(domain.Use), dossier.Known{Instruction: interest}, past(3, objection, 4, dossier.ObjectionResolved{Of: ada, Objection: "o", Void: true}), nil},
		{"Art. 21: until it is taken back it stands", do(domain.Use), dossier.Known{Instruction: interest}, past(3, objection, 13, dossier.ObjectionResolved{Of: ada, Objection: "o", Void: true}), []domain.Finding{domain.Objected}},
		{"Art. 21(3): an objection to marketing meets marketing", do(domain.Use), dossier.Known{Instruction: marketing}, past(3, dossier.ObjectionRaised{Of: ada, Objection: "m", Marketing: true}), []domain.Finding{domain.Objected}},
		{"Art. 21(3): and nothing else", do(domain.Use), dossier.Known{Instruction: interest}, past(3, dossier.ObjectionRaised{Of: ada, Objection: "m", Marketing: true}), nil},
		{"Art. 21(1): an objection to one instruction meets it", do(domain.Use), dossier.Known{Instruction: interest}, past(3, toOrders), []domain.Finding{domain.Objected}},
		{"Art. 21(1): to an instruction that rests on a contract it stops nothing", do(domain.Use), dossier.Known{Instruction: contract}, past(3, toOrders), nil},
		{"Art. 21(1): nor to one that rests on consent", do(domain.Use), dossier.Known{Instruction: byConsent}, past(2, consent, 3, toOrders), nil},
		{"Art. 21(2): to one that serves direct marketing it does, whatever the basis", do(domain.Use), dossier.Known{Instruction: byMail}, past(3, toOrders), []domain.Finding{domain.Objected}},
		{"an objection to another instruction", do(domain.Use), dossier.Known{Instruction: interest}, past(3, dossier.ObjectionRaised{Of: ada, Objection: "x", Instruction: "quotes"}), nil},

		{"Art. 18(2): a restriction stands", do(domain.Disclose), dossier.Known{Instruction: toCourt}, past(3, restriction), []domain.Finding{domain.RecipientNotInstructed, domain.Restricted}},
		{"Art. 18(2): storing stays allowed", do(domain.Store), dossier.Known{Instruction: contract}, past(3, restriction), nil},
		{"Art. 18(2): what it allows is allowed", do(domain.Use), dossier.Known{Instruction: contract}, past(3, restriction), nil},
		{"Art. 18(2): what it prohibits is not, even beneath what it allows", do(domain.Consult), dossier.Known{Instruction: contract}, past(3, restriction), []domain.Finding{domain.Restricted}},
		{"Art. 18(3): the restriction was lifted", do(domain.Consult), dossier.Known{Instruction: contract}, past(3, restriction, 5, dossier.RestrictionLifted{Of: ada, Restriction: "r"}), nil},

		{"Art. 17(3): a hold forbids removing", do(domain.Erase), dossier.Known{Instruction: contract}, past(3, hold), []domain.Finding{domain.OnHold}},
		{"a hold forbids nothing else", do(domain.Use), dossier.Known{Instruction: contract}, past(3, hold), nil},
		{"a hold is for its categories", within(do(domain.Erase), func(a *dossier.Action) { a.Categories = []domain.Category{"pd:Health"} }), dossier.Known{Instruction: contract}, past(3, hold), nil},
		{"a hold is for its systems", within(do(domain.Erase), func(a *dossier.Action) { a.System = "mailbox" }), dossier.Known{Instruction: contract}, past(3, hold), nil},
		{"a removal of everything meets every hold", within(do(domain.Delete), func(a *dossier.Action) { a.Categories, a.System = nil, "" }), dossier.Known{Instruction: contract}, past(3, hold), []domain.Finding{domain.OnHold}},
		{"a hold ends with its day", within(do(domain.Erase), func(a *dossier.Action) { a.Time = at(28, 0) }), dossier.Known{Instruction: contract}, past(3, hold), nil},
		{"a hold was released", do(domain.Erase), dossier.Known{Instruction: contract}, past(3, hold, 4, dossier.HoldReleased{Of: ada, Hold: "h"}), nil},

		{"use after erasure cannot be", do(domain.Use), dossier.Known{Instruction: contract}, past(3, erasedFrom("crm", domain.Erase)), []domain.Finding{domain.Erased}},
		{"use in another system can", do(domain.Use), dossier.Known{Instruction: contract}, past(3, erasedFrom("mailbox", domain.Erase)), nil},
		{"use before the erasure can", within(do(domain.Use), func(a *dossier.Action) { a.Time = at(2, 0) }), dossier.Known{Instruction: contract}, past(3, erasedFrom("crm", domain.Erase)), nil},
		{"collecting begins anew", do(domain.Collect), dossier.Known{Instruction: contract}, past(3, erasedFrom("crm", domain.Erase)), nil},
		{"and what was collected can be used", do(domain.Use), dossier.Known{Instruction: contract}, past(3, erasedFrom("crm", domain.Erase), 4, erasedFrom("crm", domain.Collect)), nil},
		{"deleting retrievably leaves data that can be used", do(domain.Use), dossier.Known{Instruction: contract}, past(3, erasedFrom("crm", domain.Delete)), nil},
		{"moved away is gone from where it was", do(domain.Use), dossier.Known{Instruction: contract}, past(3, dossier.ActionRecorded{Operation: domain.Move, From: "crm", System: "archive", Categories: []domain.Category{"pd:Name"}}), []domain.Finding{domain.Erased}},
		{"and can be used where it is", within(do(domain.Use), func(a *dossier.Action) { a.System = "archive" }), dossier.Known{Instruction: contract}, past(3, dossier.ActionRecorded{Operation: domain.Move, From: "crm", System: "archive"}), nil},
		{"a copy cannot come from where nothing is", within(do(domain.Copy), func(a *dossier.Action) { a.From, a.System = "crm", "archive" }), dossier.Known{Instruction: contract}, past(3, erasedFrom("crm", domain.Erase)), []domain.Finding{domain.Erased}},

		{"Art. 17: erased without naming a system is gone from the service itself", within(do(domain.Use), func(a *dossier.Action) { a.System = "" }), dossier.Known{Instruction: contract}, past(3, ownErased("webshop")), []domain.Finding{domain.Erased}},
		{"Art. 17: but from no system", do(domain.Use), dossier.Known{Instruction: contract}, past(3, ownErased("webshop")), nil},
		{"Art. 17: nor from another service", within(do(domain.Use), func(a *dossier.Action) { a.System = "" }), dossier.Known{Instruction: contract}, past(3, ownErased("mailer")), nil},
		{"Art. 17(3): where is not said, a hold is met", within(do(domain.Erase), func(a *dossier.Action) { a.System = "" }), dossier.Known{Instruction: contract}, past(3, hold), []domain.Finding{domain.OnHold}},

		{"Art. 5(1)(e): used past its retention", do(domain.Use), dossier.Known{Instruction: contract}, past(10, order), []domain.Finding{domain.PastRetention}},
		{"Art. 5(1)(e): used while it lasted, though reported afterwards", within(do(domain.Use), func(a *dossier.Action) { a.Time = at(9, 0) }), dossier.Known{Instruction: contract}, past(10, order), nil},
		{"Art. 5(1)(e): removed, as it should be", within(do(domain.Erase), func(a *dossier.Action) { a.Order = "ord-1" }), dossier.Known{Instruction: contract}, past(10, order), nil},
		{"an order that was answered is closed", do(domain.Collect), dossier.Known{Instruction: contract}, past(10, order, 11, dossier.ActionRecorded{Operation: domain.Erase, Order: "ord-1", Categories: []domain.Category{"pd:Name"}}), nil},
		{"Art. 17: an order to erase is not answered by anything else", do(domain.Collect), dossier.Known{Instruction: contract}, past(10, order, 11, dossier.ActionRecorded{Operation: domain.Export, Order: "ord-1", Categories: []domain.Category{"pd:Name"}}), []domain.Finding{domain.PastRetention}},
		{"Art. 17(1): the instruction does not count it as erasure", within(do(domain.Delete), func(a *dossier.Action) { a.Order = "ord-1" }), dossier.Known{Instruction: contract}, past(10, order), []domain.Finding{domain.RemovalNotErasure}},
		{"Art. 17(1): nor this, of another instruction", within(do(domain.Erase), func(a *dossier.Action) { a.Order = "ord-1" }), dossier.Known{Instruction: strictly}, past(10, order), []domain.Finding{domain.RemovalNotErasure}},
		{"Art. 17(1): one instruction counts deleting", within(do(domain.Delete), func(a *dossier.Action) { a.Order = "ord-1" }), dossier.Known{Instruction: loosely}, past(10, order), nil},

		{"Art. 44: data outside the territory", within(do(domain.Store), func(a *dossier.Action) { a.Location = "US" }), dossier.Known{Instruction: wide, Territory: territory}, none, []domain.Finding{domain.TransferWithoutSafeguard}},
		{"Art. 44: erasing outside the territory is no transfer", within(do(domain.Erase), func(a *dossier.Action) { a.Location = "US" }), dossier.Known{Instruction: wide, Territory: territory}, none, nil},
		{"Art. 44: nor is deleting what a recipient outside has", within(do(domain.Delete), func(a *dossier.Action) { a.Recipient = "northprint" }), dossier.Known{Instruction: contract, Territory: territory, Recipient: american}, none, nil},
		{"Art. 46: under a safeguard of the instruction", within(do(domain.Store), func(a *dossier.Action) { a.Location = "US" }), dossier.Known{Instruction: safeguarded, Territory: territory}, none, nil},
		{"Art. 48: a third country's court, without an agreement between states", within(give("county-court"), func(a *dossier.Action) { a.Order = "court-1" }), dossier.Known{Instruction: contract, Territory: territory, Recipient: foreign, CourtOrder: &told}, none, []domain.Finding{domain.TransferWithoutSafeguard}},
		{"Art. 48: under an agreement between states", within(give("county-court"), func(a *dossier.Action) { a.Order = "court-1" }), dossier.Known{Instruction: contract, Territory: territory, Recipient: foreign, CourtOrder: &agreed}, none, nil},
		{"Art. 44: inside the EEA", within(do(domain.Store), func(a *dossier.Action) { a.Location = "NO" }), dossier.Known{Instruction: contract, Territory: territory}, none, nil},
		{"Art. 44: a recipient outside", give("northprint"), dossier.Known{Instruction: contract, Territory: territory, Recipient: american}, none, []domain.Finding{domain.TransferWithoutSafeguard}},
		{"Art. 45: a recipient under an adequacy decision", give("northprint"), dossier.Known{Instruction: contract, Territory: territory, Recipient: adequate}, none, nil},

		{"Art. 28(2): the time to object runs", give("northprint"), dossier.Known{Instruction: contract, Recipient: printer, Authorisation: &register.AuthorisationDeclared{Mode: register.General, ObjectWithin: domain.Period{Days: 30}}}, none, []domain.Finding{domain.SubProcessorNotAuthorised}},
		{"Art. 28(2): the time to object is over", give("northprint"), dossier.Known{Instruction: contract, Recipient: printer, Authorisation: &register.AuthorisationDeclared{Mode: register.General, ObjectWithin: domain.Period{Days: 3}}}, none, nil},
		{"Art. 28(2): the controller objected", give("northprint"), dossier.Known{Instruction: contract, Recipient: printer, Authorisation: &register.AuthorisationDeclared{Mode: register.General, Refused: []domain.RecipientID{"northprint"}}}, none, []domain.Finding{domain.SubProcessorNotAuthorised}},
		{"Art. 28(2): not among those authorised one by one", give("northprint"), dossier.Known{Instruction: contract, Recipient: printer, Authorisation: &register.AuthorisationDeclared{Mode: register.Specific}}, none, []domain.Finding{domain.SubProcessorNotAuthorised}},
		{"Art. 28(2): authorised by name", give("northprint"), dossier.Known{Instruction: contract, Recipient: printer, Authorisation: &register.AuthorisationDeclared{Mode: register.Specific, Authorised: []domain.RecipientID{"northprint"}}}, none, nil},

		{"Art. 6(1)(c): to an authority without an order", give("county-court"), dossier.Known{Instruction: contract, Recipient: authority}, none, []domain.Finding{domain.RecipientNotInstructed, domain.CourtOrderMissing}},
		{"Art. 28(3)(a): to an authority that the instruction names", give("county-court"), dossier.Known{Instruction: toCourt, Recipient: authority}, none, nil},
		{"Art. 6(1)(c): under an order, the controller told", give("county-court"), dossier.Known{Instruction: contract, Recipient: authority, CourtOrder: &told}, none, nil},
		{"Art. 28(3)(a): under an order, the controller not told", give("county-court"), dossier.Known{Instruction: contract, Recipient: authority, CourtOrder: &court}, none, []domain.Finding{domain.ControllerNotInformed}},
		{"Art. 28(3)(a): telling was forbidden", give("county-court"), dossier.Known{Instruction: contract, Recipient: authority, CourtOrder: &secret}, none, nil},
		{"Art. 28(3)(a): telling was forbidden no more", within(give("county-court"), func(a *dossier.Action) { a.Time = at(20, 0) }), dossier.Known{Instruction: contract, Recipient: authority, CourtOrder: &secret}, none, []domain.Finding{domain.ControllerNotInformed}},
		{"Art. 5(1)(c): more than the order asks for", within(give("county-court"), func(a *dossier.Action) { a.Categories = []domain.Category{"pd:Name", "pd:Health"} }), dossier.Known{Instruction: contract, Recipient: authority, CourtOrder: &told}, none, []domain.Finding{domain.BeyondCourtOrder}},
		{"Art. 5(1)(c): to somebody else than the order names", give("northprint"), dossier.Known{Instruction: contract, CourtOrder: &told}, none, []domain.Finding{domain.BeyondCourtOrder}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			got := dossier.Judge(row.a, row.k).Of(row.a, row.s).List()
			if !slices.Equal(got, row.finds) {
				t.Errorf("found %v, want %v", codes(got), codes(row.finds))
			}
		})
		for _, f := range row.finds {
			covered[f] = true
		}
	}
	for _, f := range domain.FindingSet(1<<32 - 1).List() {
		if f > domain.ReportedLate && !covered[f] {
			t.Errorf("no row finds %s", f.Code())
		}
	}
}

func TestAStandingSurvivesBeingKept(t *testing.T) {
	if got := past(3, dossier.HoldPlaced{Of: ada, Hold: "h"}, 4, dossier.HoldReleased{Of: ada, Hold: "h"}); !got.IsZero() {
		t.Errorf("a released hold leaves %+v", got)
	}
	joined := past(3, dossier.ConsentGiven{Of: ada, Instruction: "a"}).Join(past(4, dossier.ConsentGiven{Of: ada, Instruction: "b"}))
	if len(joined.Consents) != 2 {
		t.Errorf("joined consents: %+v", joined.Consents)
	}
}
