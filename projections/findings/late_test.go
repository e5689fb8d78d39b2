package findings_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/projections/findings"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// told is a fact with the second of the day at which it happened. The ledger learns of them in their order, a second each.
type told struct {
	fact domain.Fact
	at   float64
}

var ada = dossier.Of{Controller: cycles, Subject: 9}

func leaning(basis domain.Basis, i domain.InstructionID, op domain.Operation) dossier.ActionRecorded {
	a := act(cycles, "mailer", i)
	a.Basis, a.Operation = basis, op
	return a
}

func TestActionsThatAWithdrawalOrAnObjectionMetBeforeItWasKnown(t *testing.T) {
	news := leaning(domain.Consent, "news", domain.Use)
	erased := leaning(domain.Consent, "news", domain.Erase)
	other := leaning(domain.Consent, "survey", domain.Use)
	bob := news
	bob.Subject = 5
	logs, offers := leaning(domain.LegitimateInterests, "logs", domain.Use), leaning(domain.Contract, "offers", domain.Use)
	orders := leaning(domain.Contract, "orders", domain.Use)
	marketing := instruction.Given{Controller: cycles, Instruction: "offers", Version: 1, Terms: domain.Terms{Purpose: "DirectMarketing"}}
	withdrawn := dossier.ConsentWithdrawn{Of: ada, Instruction: "news", How: "link"}
	general := dossier.ObjectionRaised{Of: ada, Objection: "o-1"}
	for rule, c := range map[string]struct {
		given []told
		want  []domain.Position
	}{
		"an action after the withdrawal, recorded before it was known": {[]told{{news, 0}, {news, 5}, {withdrawn, 4}}, []domain.Position{1}},
		"an action at the moment of the withdrawal":                    {[]told{{news, 4}, {withdrawn, 4}}, []domain.Position{0}},
		"an action just before it is in order":                         {[]told{{news, 3.999999}, {withdrawn, 4}}, nil},
		"what is recorded later bears a finding instead":               {[]told{{withdrawn, 4}, {news, 5}}, nil},
		"removing is what a withdrawal asks for":                       {[]told{{erased, 5}, {withdrawn, 4}}, nil},
		"another instruction is not met":                               {[]told{{other, 5}, {withdrawn, 4}}, nil},
		"another person is not met":                                    {[]told{{bob, 5}, {withdrawn, 4}}, nil},
		"a new consent ends it": {[]told{
			{news, 5}, {news, 7}, {dossier.ConsentGiven{Of: ada, Instruction: "news", How: "form"}, 6}, {withdrawn, 4},
		}, []domain.Position{0}},
		"a consent of before does not": {[]told{{dossier.ConsentGiven{Of: ada, Instruction: "news", How: "form"}, 1}, {news, 5}, {withdrawn, 4}},
			[]domain.Position{1}},
		"an objection meets what rests on interests": {[]told{{logs, 5}, {orders, 5}, {news, 5}, {general, 4}}, []domain.Position{0}},
		"an objection to one instruction meets that": {[]told{
			{logs, 5}, {leaning(domain.PublicTask, "census", domain.Use), 5}, {dossier.ObjectionRaised{Of: ada, Objection: "o-1", Instruction: "census"}, 4},
		}, []domain.Position{1}},
		"an objection to marketing meets marketing on any basis": {[]told{
			{marketing, 0}, {offers, 5}, {logs, 5}, {orders, 5}, {dossier.ObjectionRaised{Of: ada, Objection: "o-1", Marketing: true}, 4},
		}, []domain.Position{1}},
		"overriding ends an objection": {[]told{
			{logs, 5}, {logs, 8}, {general, 4}, {dossier.ObjectionResolved{Of: ada, Objection: "o-1", Overridden: true, Ground: "claims"}, 7},
		}, []domain.Position{0}},
		"granting it does not": {[]told{{logs, 5}, {logs, 8}, {general, 4}, {dossier.ObjectionResolved{Of: ada, Objection: "o-1"}, 7}},
			[]domain.Position{0, 1}},
		"all dossiers of a person are met": {[]told{
			{bob, 5}, {dossier.IdentifierLinked{Controller: cycles, Subject: 9, Joined: 5, Identifier: "email"}, 0}, {withdrawn, 4},
		}, []domain.Position{0}},
	} {
		facts := make([]domain.Fact, len(c.given))
		for i, g := range c.given {
			facts[i] = g.fact
		}
		events := projectiontest.Events(0, facts...)
		for i, g := range c.given {
			events[i].Time = projectiontest.Start.Add(time.Duration(g.at * float64(time.Second)))
		}
		ledger := projectiontest.GivenEvents(t, findings.Projection(), events...)
		page, err := findings.New(ledger).Late(t.Context(), findings.LateQuery{Controller: cycles})
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		var got []domain.Position
		for _, m := range page.Matters {
			if m.Subject != 9 || m.Controller != cycles || !m.Effect.Equal(projectiontest.Start.Add(4*time.Second)) || m.Count != len(m.Actions) {
				t.Errorf("%s: %+v", rule, m)
			}
			for _, a := range m.Actions {
				got = append(got, a.Position)
			}
		}
		if !slices.Equal(got, c.want) || page.Next != nil {
			t.Errorf("%s: got %v, want %v", rule, got, c.want)
		}
	}
}

func TestLateMattersComeInPages(t *testing.T) {
	var events []domain.Event
	for range 3 {
		pair := projectiontest.Events(domain.Position(len(events)), leaning(domain.Consent, "news", domain.Use),
			dossier.ConsentWithdrawn{Of: ada, Instruction: "news", How: "link"})
		pair[1].Time = pair[0].Time
		events = append(events, pair...)
	}
	f := findings.New(projectiontest.GivenEvents(t, findings.Projection(), events...))
	first, err := f.Late(t.Context(), findings.LateQuery{Limit: 2})
	if err != nil || len(first.Matters) != 2 || first.Matters[0].Position != 5 || first.Next == nil {
		t.Fatalf("the first page: %+v, %v", first, err)
	}
	last, err := f.Late(t.Context(), findings.LateQuery{Limit: 2, Before: first.Next})
	if err != nil || len(last.Matters) != 1 || last.Matters[0].Position != 1 || last.Next != nil {
		t.Errorf("the last page: %+v, %v", last, err)
	}
	known, err := f.Late(t.Context(), findings.LateQuery{At: at(3)})
	if err != nil || len(known.Matters) != 1 || known.Matters[0].Position != 1 || known.Matters[0].Count != 1 {
		t.Errorf("as known at a position: %+v, %v", known, err)
	}
	if other, err := f.Late(t.Context(), findings.LateQuery{Controller: hotel}); err != nil || len(other.Matters) != 0 {
		t.Errorf("of another controller: %+v, %v", other, err)
	}
}
