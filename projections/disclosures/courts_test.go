package disclosures_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func TestOrdersOfCourts(t *testing.T) {
	until := projectiontest.Start.AddDate(0, 1, 0)
	secret := disclosure.Received{Controller: cycles, Order: "court-1", Authority: "police", Issued: recorded(0), ForbiddenUntil: until}
	open := disclosure.Received{Controller: cycles, Order: "court-2", Authority: "court", Issued: recorded(0)}
	ledger := projectiontest.Given(t, disclosures.Projection(), us,
		act(domain.Disclose, to("police"), order("court-1")), // 1: before the order is on record
		secret, open, // 2, 3
		act(domain.Copy, in("evidence"), order("court-1"), at("US")), // 4: of an order on record, whatever is done
		act(domain.Disclose, to("police"), of(2)),                    // 5
		act(domain.Disclose, to("court"), order("court-2")),          // 6
		disclosure.Informed{Controller: cycles, Order: "court-2", On: recorded(9)},
		act(domain.Erase, in("crm"), order("erase-7")), // 8: an order of another kind
	)
	d := disclosures.New(ledger)
	for rule, c := range map[string]struct {
		sight                               projections.Sight
		orders, police, transfers, own, all int
	}{
		"while the law forbids":  {projections.Sight{Now: until.Add(-time.Second)}, 1, 1, 0, 1, 1},
		"where nobody says when": {projections.Sight{}, 1, 1, 0, 1, 1},
		"afterwards it is told":  {projections.Sight{Now: until}, 2, 2, 1, 2, 3},
		"where it is asked for":  {projections.Sight{Secret: true}, 2, 2, 1, 2, 3},
	} {
		orders, _, err := d.Orders(t.Context(), cycles, c.sight)
		if err != nil || len(orders) != c.orders {
			t.Errorf("%s: orders %+v, %v", rule, orders, err)
		}
		recipients, _, err := d.Recipients(t.Context(), cycles, c.sight)
		if err != nil || len(recipients) != 2 || recipients[1].Recipient != "police" || recipients[1].People != uint64(c.police) ||
			recipients[1].Events != uint64(c.police) {
			t.Errorf("%s: recipients %+v, %v", rule, recipients, err)
		}
		transfers, _, err := d.Transfers(t.Context(), cycles, c.sight)
		if err != nil || len(transfers) != c.transfers {
			t.Errorf("%s: transfers %+v, %v", rule, transfers, err)
		}
		page, err := d.Of(t.Context(), disclosures.PersonQuery{Controller: cycles, Subjects: []domain.SubjectKey{1}, Sight: c.sight})
		if err != nil || len(page.Entries) != c.own {
			t.Errorf("%s: the person's %+v, %v", rule, page.Entries, err)
		}
		places, _, err := d.Places(t.Context(), cycles, []domain.SubjectKey{1}, c.sight)
		if err != nil || len(places) != c.all {
			t.Errorf("%s: places %+v, %v", rule, places, err)
		}
	}
	orders, _, err := d.Orders(t.Context(), "", projections.Sight{Secret: true})
	if err != nil {
		t.Fatal(err)
	}
	first, second := orders[0], orders[1]
	if !first.Received.Equal(secret) || !first.Secret || first.InformedAt != nil || first.Count != 2 || len(first.Actions) != 2 ||
		first.Actions[0].Position != 1 || first.ReceivedAt != 2 {
		t.Errorf("the secret order: %+v", first)
	}
	if !second.Received.Equal(open) || second.Secret || *second.InformedAt != 7 || !second.Informed.Equal(recorded(9)) || second.Count != 1 {
		t.Errorf("the other order: %+v", second)
	}
	withheld, _, err := d.Withheld(t.Context(), until.Add(-time.Second))
	if err != nil || !slices.Equal(withheld, []disclosures.Withheld{{Controller: cycles, Orders: 1, Events: 2}}) {
		t.Errorf("counted for the authority: %+v, %v", withheld, err)
	}
	if withheld, _, err := d.Withheld(t.Context(), until); err != nil || len(withheld) != 0 {
		t.Errorf("counted afterwards: %+v, %v", withheld, err)
	}
	if names, _, err := d.Secrets(t.Context(), projectiontest.Start); err != nil || len(names) != 1 || !names["court-1"] {
		t.Errorf("the names: %v, %v", names, err)
	}
}
