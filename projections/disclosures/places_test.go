package disclosures_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// shown writes a place as kind name, then each category with the position of the event that closed it, a tilde where a removal did not
// count, or a plus where it is open.
func shown(p disclosures.Place) string {
	parts := []string{string(p.Kind) + " " + p.Name}
	for _, i := range p.Items {
		_, term, _ := strings.Cut(string(i.Category), ":")
		switch {
		case i.Closed != nil:
			term += fmt.Sprintf("-%s", i.Closed.Position)
		case i.Removal != nil:
			term += "~" + i.Removal.Position.String()
		default:
			term += "+"
		}
		parts = append(parts, term)
	}
	if p.Told != nil {
		parts = append(parts, "told@"+p.Told.Position.String())
	}
	return strings.Join(parts, " ")
}

func notice(id string) dossier.OrderSent {
	return dossier.OrderSent{Of: dossier.Of{Controller: cycles, Subject: 1}, Order: id, Kind: dossier.TaskTell, Service: "webshop", Recipient: "northprint"}
}

func TestWhereCopiesAre(t *testing.T) {
	strict := instruction.Given{Controller: cycles, Instruction: "orders", Version: 1, Terms: domain.Terms{Erasure: []domain.Operation{domain.Destruct}}}
	lenient := instruction.Given{Controller: cycles, Instruction: "orders", Version: 1, Terms: domain.Terms{Erasure: []domain.Operation{domain.Delete}}}
	for rule, c := range map[string]struct {
		given []domain.Fact
		want  []string
	}{
		"what was collected is there":               {[]domain.Fact{act(domain.Collect, in("crm"), what(mail))}, []string{"system crm EmailAddress+"}},
		"without a system it is with the service":   {[]domain.Fact{act(domain.Store, what(mail))}, []string{"service webshop EmailAddress+"}},
		"using it makes no copy":                    {[]domain.Fact{act(domain.Use, in("crm"), what(mail))}, nil},
		"a copy is a second place":                  {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Copy, from("crm"), in("backup"), what(mail))}, []string{"system backup EmailAddress+", "system crm EmailAddress+"}},
		"a move empties where it came from":         {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Move, from("crm"), in("archive"))}, []string{"system archive +", "system crm EmailAddress-1"}},
		"a transfer to a system is a place":         {[]domain.Fact{act(domain.Transfer, in("branch"), what(name))}, []string{"system branch Name+"}},
		"derived data is a place":                   {[]domain.Fact{act(domain.Derive, in("scores"), from("crm"))}, []string{"system scores +"}},
		"a recipient is a place":                    {[]domain.Fact{act(domain.Disclose, in("crm"), to("northprint"), what(name))}, []string{"recipient northprint Name+"}},
		"storing at a recipient is both":            {[]domain.Fact{act(domain.Store, in("mail"), to("skyhigh"), what(name))}, []string{"system mail Name+", "recipient skyhigh Name+"}},
		"an erasure closes a place":                 {[]domain.Fact{act(domain.Store, in("crm"), what(mail, name)), act(domain.Erase, in("crm"))}, []string{"system crm EmailAddress-1 Name-1"}},
		"an erasure of a category closes that":      {[]domain.Fact{act(domain.Store, in("crm"), what(mail, name)), act(domain.Erase, in("crm"), what(name))}, []string{"system crm EmailAddress+ Name-1"}},
		"an erasure elsewhere closes nothing":       {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Erase, in("shop"))}, []string{"system crm EmailAddress+"}},
		"an erasure at a recipient closes it":       {[]domain.Fact{act(domain.Disclose, to("northprint"), what(name)), act(domain.Erase, to("northprint"))}, []string{"recipient northprint Name-1"}},
		"an erasure here leaves the recipient open": {[]domain.Fact{act(domain.Disclose, to("northprint"), what(name)), act(domain.Erase)}, []string{"recipient northprint Name+"}},
		"what comes again is open again":            {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Erase, in("crm")), act(domain.Collect, in("crm"), what(mail))}, []string{"system crm EmailAddress+"}},
		"deleting retrievably closes nothing":       {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Delete, in("crm"))}, []string{"system crm EmailAddress~1"}},
		"unless the controller counts it":           {[]domain.Fact{lenient, act(domain.Store, in("crm"), what(mail)), act(domain.Delete, in("crm"))}, []string{"system crm EmailAddress-2"}},
		"what the controller does not count":        {[]domain.Fact{strict, act(domain.Store, in("crm"), what(mail)), act(domain.Erase, in("crm"))}, []string{"system crm EmailAddress~2"}},
		"the first removal that counts closes it":   {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Delete, in("crm")), act(domain.Erase, in("crm")), act(domain.Erase, in("crm"))}, []string{"system crm EmailAddress-2"}},
		"each dossier of a person stands for itself": {[]domain.Fact{act(domain.Store, in("crm"), what(mail)), act(domain.Store, in("crm"), what(mail), of(2)), act(domain.Erase, in("crm"), of(2))},
			[]string{"system crm EmailAddress+ EmailAddress-2"}},
		"Art. 19: a recipient that is told is given nothing": {[]domain.Fact{act(domain.Disclose, to("northprint"), what(name)), act(domain.Erase, to("northprint")), notice("tell-1"), act(domain.Disclose, to("northprint"), order("tell-1"))},
			[]string{"recipient northprint Name-1 told@3"}},
		"Art. 19: and what it has is there still": {[]domain.Fact{notice("tell-1"), act(domain.Disclose, to("northprint"), what(name)), act(domain.Disclose, to("northprint"), order("tell-1"))},
			[]string{"recipient northprint Name+ told@2"}},
		"another controller's notice is none": {[]domain.Fact{func() domain.Fact { n := notice("tell-1"); n.Controller = hotel; return n }(), act(domain.Disclose, to("northprint"), what(name), order("tell-1"))},
			[]string{"recipient northprint Name+"}},
		"other people's are not here": {[]domain.Fact{act(domain.Store, in("crm"), what(mail), of(3))}, nil},
		"other controllers' are not":  {[]domain.Fact{act(domain.Store, in("crm"), what(mail), by(hotel))}, nil},
	} {
		ledger := projectiontest.Given(t, disclosures.Projection(), c.given...)
		places, position, err := disclosures.New(ledger).Places(t.Context(), cycles, []domain.SubjectKey{1, 2}, projections.Sight{})
		if err != nil || int(position) != len(c.given) {
			t.Fatalf("%s: at %s: %+v", rule, position, err)
		}
		var got []string
		for _, p := range places {
			got = append(got, shown(p))
			if p.Open != strings.ContainsAny(shown(p), "+~") {
				t.Errorf("%s: %s: open is %v", rule, shown(p), p.Open)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", rule, got, c.want)
		}
	}
}

func TestAPlaceSaysWhenFromWhereByWhomAndHowItEnded(t *testing.T) {
	events := projectiontest.Events(0,
		act(domain.Store, in("backup"), from("crm"), what(mail)), act(domain.Copy, in("backup"), from("shop"), what(mail), at("DE")),
		act(domain.Erase, in("backup"), order("ord-9")))
	ledger := projectiontest.GivenEvents(t, disclosures.Projection(), events...)
	places, _, err := disclosures.New(ledger).Places(t.Context(), cycles, []domain.SubjectKey{1}, projections.Sight{})
	if err != nil || len(places) != 1 {
		t.Fatalf("%+v, %+v", places, err)
	}
	p := places[0]
	if p.Place != (request.Place{Kind: request.System, Name: "backup", Service: "webshop"}) || !slices.Equal(p.From, []string{"crm", "shop"}) ||
		!slices.Equal(p.Locations, []domain.Location{"DE", "GB"}) || p.FirstAt != 0 || p.LastAt != 1 || !p.First.Equal(events[0].Time) || !p.Last.Equal(events[1].Time) {
		t.Errorf("the place: %+v", p)
	}
	i := p.Items[0]
	want := disclosures.Closing{
		Position: 2, Time: events[2].Time, Event: events[2].ID, Source: events[2].Source, Operation: domain.Erase, Order: "ord-9",
	}
	if i.Brought != 1 || i.Instruction != "orders" || i.Version != 1 || i.Subject != 1 || *i.Closed != want {
		t.Errorf("the item: %+v, closed by %+v", i, i.Closed)
	}
}
