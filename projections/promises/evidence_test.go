package promises_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/promises"
)

func TestDataOfAnEnquiryThatIsRemovedLateBreaksThePromise(t *testing.T) {
	for rule, c := range map[string]struct {
		after         time.Duration
		keeps, breaks uint64
	}{
		"within a day": {24 * time.Hour, 1, 0},
		"later":        {24*time.Hour + time.Millisecond, 0, 1},
	} {
		events := projectiontest.Events(0, occasion(domain.WhenEnquiryAnswered), act(domain.Erase))
		events[1].Time = events[0].Time.Add(c.after)
		page, err := promises.New(projectiontest.GivenEvents(t, promises.Projection(), events...)).All(t.Context(), promises.Query{})
		if err != nil || page.Promises[5].For.Count != c.keeps || page.Promises[5].Against.Count != c.breaks {
			t.Errorf("%s: %+v, %v", rule, page.Promises[5], err)
		}
	}
}

func TestEvidenceHasExamples(t *testing.T) {
	var facts []domain.Fact
	for i := range 8 {
		facts = append(facts, act(domain.Use), act(domain.Use, wrong(domain.BasisMismatch)))
		if i == 0 {
			facts = append(facts, act(domain.Use, wrong(domain.BasisMismatch), by(hotel)))
		}
	}
	ledger := projectiontest.Given(t, promises.Projection(), facts...)
	events := projectiontest.Events(0, facts...)
	for rule, c := range map[string]struct {
		controller domain.ControllerID
		against    promises.Evidence
	}{
		"the newest five":    {cycles, promises.Evidence{Count: 8, Last: events[16].Recorded, Examples: []domain.Position{8, 10, 12, 14, 16}}},
		"of one":             {hotel, promises.Evidence{Count: 1, Last: events[2].Recorded, Examples: []domain.Position{2}}},
		"of all together":    {"", promises.Evidence{Count: 9, Last: events[16].Recorded, Examples: []domain.Position{8, 10, 12, 14, 16}}},
		"of somebody else's": {"moorland-dairy", promises.Evidence{}},
	} {
		page, err := promises.New(ledger).All(t.Context(), promises.Query{Controller: c.controller})
		if err != nil {
			t.Fatalf("%+v", err)
		}
		got := page.Promises[1].Against
		if len(got.Examples) == 0 {
			got.Examples = nil
		}
		if !reflect.DeepEqual(got, c.against) {
			t.Errorf("%s: got %+v, want %+v", rule, got, c.against)
		}
	}
}

func TestTransfersUnderASafeguardAreCountedBeside(t *testing.T) {
	ledger := projectiontest.Given(t, promises.Projection(), us, cloud, act(domain.Disclose, to("skyhigh")), act(domain.Store, at("US")))
	page, err := promises.New(ledger).All(t.Context(), promises.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if p := page.Promises[7]; p.Against.Count != 2 || p.Beside != 1 || p.BesideWords == "" {
		t.Errorf("got %+v", p)
	}
}

func TestWhatTheLawForbidsTellingIsLeftOut(t *testing.T) {
	until := projectiontest.Start.AddDate(0, 1, 0)
	secret := court
	secret.ForbiddenUntil = until
	ledger := projectiontest.Given(t, promises.Projection(), us,
		act(domain.Disclose, to("police"), order("court-1"), at("US"), wrong(domain.BeyondCourtOrder)), secret)
	for rule, c := range map[string]struct {
		sight projections.Sight
		want  uint64
	}{
		"while it forbids":       {projections.Sight{Now: until.Add(-time.Second)}, 0},
		"where nobody says when": {projections.Sight{}, 0},
		"afterwards it is told":  {projections.Sight{Now: until}, 1},
		"where it is asked for":  {projections.Sight{Secret: true}, 1},
	} {
		page, err := promises.New(ledger).All(t.Context(), promises.Query{Controller: cycles, Sight: c.sight})
		if err != nil || page.Promises[16].Against.Count != c.want || page.Promises[7].Against.Count != c.want {
			t.Errorf("%s: %+v, %v", rule, page.Promises, err)
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	facts := []domain.Fact{us, manager, printer, cloud, logs(), court}
	for i := range 3000 {
		a := act(domain.Operations()[i%len(domain.Operations())], at([]domain.Location{"GB", "US", ""}[i%3]), to([]domain.RecipientID{"", "skyhigh", "x"}[i%3]),
			what([][]domain.Category{nil, {mail}, {"pd:BankAccount"}}[i%3]...), by([]domain.ControllerID{cycles, hotel}[i%2]))
		a.Subject, a.Findings = domain.SubjectKey(1+i%50), domain.FindingSet(i*i%(1<<22))
		facts = append(facts, a)
		of := dossier.Of{Controller: a.Controller, Subject: a.Subject}
		id := request.ID(projectiontest.Events(domain.Position(i), a)[0].ID)
		switch i % 100 {
		case 3:
			facts = append(facts, dossier.OccasionRecorded{Of: of, Instruction: "orders", Occasion: domain.WhenEnquiryAnswered})
		case 30:
			facts = append(facts, dossier.OrderSent{Of: of, Order: string(id), Kind: dossier.TaskErase, Reason: "retention"}, dossier.OrderEscalated{Of: of, Order: string(id)})
		case 40:
			r := received(request.Access, domain.UK)
			r.Case = id
			done := request.Answered{Of: r.Of}
			facts = append(facts, r, act(domain.Use), done)
		case 50:
			facts = append(facts, bare, us)
		case 60:
			facts = append(facts, dossier.ObjectionRaised{Of: of, Objection: string(id)})
		}
	}
	projectiontest.Equivalent(t, promises.Projection(), projectiontest.Events(0, facts...)...)
}
