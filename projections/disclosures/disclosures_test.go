package disclosures_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	hotel  domain.ControllerID = "harbour-hotel"
)

type change func(*dossier.ActionRecorded)

func act(op domain.Operation, changes ...change) dossier.ActionRecorded {
	a := dossier.ActionRecorded{
		Controller: cycles, Service: "webshop", Subject: 1, Identifier: "email", Operation: op, Instruction: "orders", Version: 1,
		Basis: domain.Contract, Location: "GB",
	}
	for _, c := range changes {
		c(&a)
	}
	return a
}

func to(r domain.RecipientID) change { return func(a *dossier.ActionRecorded) { a.Recipient = r } }
func in(system string) change        { return func(a *dossier.ActionRecorded) { a.System = system } }
func from(system string) change      { return func(a *dossier.ActionRecorded) { a.From = system } }
func of(k domain.SubjectKey) change  { return func(a *dossier.ActionRecorded) { a.Subject = k } }
func at(l domain.Location) change    { return func(a *dossier.ActionRecorded) { a.Location = l } }
func order(name string) change       { return func(a *dossier.ActionRecorded) { a.Order = name } }
func under(i domain.InstructionID) change {
	return func(a *dossier.ActionRecorded) { a.Instruction = i }
}
func what(c ...domain.Category) change { return func(a *dossier.ActionRecorded) { a.Categories = c } }
func by(c domain.ControllerID) change  { return func(a *dossier.ActionRecorded) { a.Controller = c } }
func wrong(f domain.Finding) change {
	return func(a *dossier.ActionRecorded) { a.Findings = a.Findings.With(f) }
}

const mail, name = domain.Category("pd:EmailAddress"), domain.Category("pd:Name")

var (
	us      = register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB", domain.EEA}}
	printer = register.RecipientDeclared{Recipient: "northprint", Name: "Northprint Ltd", Kind: register.SubProcessor, Country: "GB"}
	cloud   = register.RecipientDeclared{Recipient: "skyhigh", Name: "Sky High Inc", Kind: register.SubProcessor, Country: "US", Safeguard: "A46-2-c"}
	abroad  = instruction.Given{Controller: cycles, Instruction: "exports", Version: 1, Terms: domain.Terms{Safeguard: "A49-1-b"}}
)

func recorded(p domain.Position) time.Time {
	return projectiontest.Start.Add(time.Duration(p) * time.Second)
}

// happened gives when the event at a position happened, a second before it was recorded.
func happened(p domain.Position) time.Time {
	return recorded(p).Add(-time.Second)
}

func TestFirstAndLastAreWhenItHappenedAndNotWhenItWasReported(t *testing.T) {
	events := projectiontest.Events(0, us, printer,
		act(domain.Disclose, to("northprint"), what(name)),               // 2
		act(domain.Disclose, to("northprint"), what(name)),               // 3: happened before, reported after
		act(domain.Export, to("northprint"), what(name)),                 // 4: happened last
		act(domain.Disclose, to("northprint"), what(name), by(hotel)),    // 5: of another
		act(domain.Disclose, to("northprint"), what(name), in("ledger"))) // 6: between them
	early, late := projectiontest.Start.AddDate(0, 0, -9), projectiontest.Start.AddDate(0, 0, 9)
	events[3].Time, events[4].Time = early, late
	d := disclosures.New(projectiontest.GivenEvents(t, disclosures.Projection(), events...))
	got, _, err := d.Recipients(t.Context(), cycles, projections.Sight{})
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v: %+v", got, err)
	}
	if want := (disclosures.Seen{First: early, FirstAt: 3, Last: late, LastAt: 4, Events: 4}); got[0].Seen != want {
		t.Errorf("got %+v\nwant %+v", got[0].Seen, want)
	}
	projectiontest.Equivalent(t, disclosures.Projection(), events...)
}

func TestTheRegisterOfRecipients(t *testing.T) {
	ledger := projectiontest.Given(t, disclosures.Projection(),
		us, printer, cloud, // 0-2
		act(domain.Disclose, to("northprint"), what(name)),                                          // 3
		act(domain.Store, in("crm"), what(mail)),                                                    // 4: nobody was given anything
		act(domain.Disclose, to("northprint"), what(mail, name), of(2)),                             // 5
		act(domain.Export, to("northprint"), what(name)),                                            // 6
		act(domain.Disclose, to("elsewhere"), wrong(domain.RecipientNotInstructed)),                 // 7
		act(domain.MakeAvailable, wrong(domain.RecipientNotInstructed), wrong(domain.ReportedLate)), // 8
		act(domain.Store, to("skyhigh"), in("mail"), under("news")),                                 // 9
		act(domain.Disclose, to("northprint"), by(hotel), of(3)),                                    // 10
		act(domain.Erase, to("northprint")),                                                         // 11: no disclosure
	)
	d := disclosures.New(ledger)
	got, position, err := d.Recipients(t.Context(), cycles, projections.Sight{})
	if err != nil || position != 12 {
		t.Fatalf("at %s: %+v", position, err)
	}
	seen := func(events uint64, first, last domain.Position) disclosures.Seen {
		return disclosures.Seen{FirstAt: first, LastAt: last, First: happened(first), Last: happened(last), Events: events}
	}
	notInstructed := []disclosures.Count{{Finding: domain.RecipientNotInstructed, Events: 1}}
	shop, orders, gb := []domain.ServiceID{"webshop"}, []domain.InstructionID{"orders"}, []domain.Location{"GB"}
	want := []disclosures.Recipient{
		{Controller: cycles, Seen: seen(1, 8, 8), People: 1, Services: shop, Instructions: orders, Operations: []domain.Operation{domain.MakeAvailable},
			Countries: gb, Findings: notInstructed},
		{Controller: cycles, Recipient: "elsewhere", Seen: seen(1, 7, 7), People: 1, Services: shop, Instructions: orders,
			Operations: []domain.Operation{domain.Disclose}, Countries: gb, Findings: notInstructed},
		{Controller: cycles, Recipient: "northprint", Declared: &printer, Seen: seen(3, 3, 6), People: 2, Services: shop, Instructions: orders,
			Operations: []domain.Operation{domain.Disclose, domain.Export}, Categories: []domain.Category{mail, name}, Countries: gb},
		{Controller: cycles, Recipient: "skyhigh", Declared: &cloud, Seen: seen(1, 9, 9), People: 1, Services: shop, Instructions: []domain.InstructionID{"news"},
			Operations: []domain.Operation{domain.Store}, Countries: []domain.Location{"GB", "US"}, Safeguards: []string{"A46-2-c"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if all, _, err := d.Recipients(t.Context(), "", projections.Sight{}); err != nil || len(all) != 5 {
		t.Errorf("of all controllers: %+v, %v", all, err)
	}
}

func TestPeopleAreCountedOnceHoweverManyTheyAre(t *testing.T) {
	var facts []domain.Fact
	for i := range 5000 {
		facts = append(facts, act(domain.Disclose, to("northprint"), of(domain.SubjectKey(1+i*7919%2503))))
	}
	ledger := projectiontest.Given(t, disclosures.Projection(), facts...)
	got, _, err := disclosures.New(ledger).Recipients(t.Context(), cycles, projections.Sight{})
	if err != nil || len(got) != 1 || got[0].People != 2503 || got[0].Events != 5000 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTransfers(t *testing.T) {
	ledger := projectiontest.Given(t, disclosures.Projection(),
		act(domain.Move, at("US"), in("early")), // 0: before a territory was declared
		us, printer, cloud, abroad,              // 1-4
		act(domain.Store, at("DE"), in("crm")),                                                                    // 5: inside
		act(domain.Store, at("US"), in("crm"), what(name), wrong(domain.TransferWithoutSafeguard)),                // 6
		act(domain.Copy, at("IN"), in("files"), under("exports")),                                                 // 7: the instruction's safeguard
		act(domain.Disclose, at("GB"), to("skyhigh")),                                                             // 8: the recipient's country and safeguard
		act(domain.Disclose, at("CA"), to("skyhigh")),                                                             // 9: two countries
		act(domain.Erase, at("US"), in("crm")),                                                                    // 10: removing takes nothing out
		act(domain.Disclose, at("US"), to("skyhigh")),                                                             // 11: one country, named twice
		register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB", "US"}}, // 12
		act(domain.Store, at("US"), in("crm")),                                                                    // 13: inside by now
	)
	got, position, err := disclosures.New(ledger).Transfers(t.Context(), cycles, projections.Sight{})
	if err != nil || position != 14 {
		t.Fatalf("at %s: %+v", position, err)
	}
	type line struct {
		instruction domain.InstructionID
		recipient   domain.RecipientID
		country     domain.Location
		safeguard   string
		events      uint64
		first, last domain.Position
	}
	var lines []line
	for _, g := range got {
		lines = append(lines, line{g.Instruction, g.Recipient, g.Country, g.Safeguard, g.Events, g.FirstAt, g.LastAt})
	}
	want := []line{
		{"exports", "", "IN", "A49-1-b", 1, 7, 7}, {"orders", "", "US", "", 1, 6, 6},
		{"orders", "skyhigh", "CA", "A46-2-c", 1, 9, 9}, {"orders", "skyhigh", "US", "A46-2-c", 3, 8, 11},
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %+v\nwant %+v", lines, want)
	}
	if other, _, err := disclosures.New(ledger).Transfers(t.Context(), hotel, projections.Sight{}); err != nil || len(other) != 0 {
		t.Errorf("of another controller: %+v, %v", other, err)
	}
}

func TestTheDisclosuresOfOnePerson(t *testing.T) {
	ledger := projectiontest.Given(t, disclosures.Projection(), us, cloud,
		act(domain.Disclose, to("skyhigh"), what(name), in("crm")), // 2
		act(domain.Store, in("crm")),
		act(domain.Export, to("northprint"), of(2)), // 4
		act(domain.Disclose, to("northprint")),      // 5
		act(domain.Disclose, to("northprint"), by(hotel)),
		act(domain.Disclose, to("northprint"), of(3)),
	)
	d := disclosures.New(ledger)
	after := func(p domain.Position) *domain.Position { return &p }
	one, both := []domain.SubjectKey{1}, []domain.SubjectKey{2, 1}
	for rule, c := range map[string]struct {
		query disclosures.PersonQuery
		want  []domain.Position
		more  bool
	}{
		"oldest first":              {disclosures.PersonQuery{Subjects: one}, []domain.Position{2, 5}, false},
		"linked dossiers are one":   {disclosures.PersonQuery{Subjects: both}, []domain.Position{2, 4, 5}, false},
		"a page has its limit":      {disclosures.PersonQuery{Subjects: both, Limit: 2}, []domain.Position{2, 4}, true},
		"the next page comes after": {disclosures.PersonQuery{Subjects: both, Limit: 2, After: after(4)}, []domain.Position{5}, false},
		"nobody knows a stranger":   {disclosures.PersonQuery{Subjects: []domain.SubjectKey{99}}, nil, false},
	} {
		c.query.Controller = cycles
		page, err := d.Of(t.Context(), c.query)
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		var got []domain.Position
		for _, e := range page.Entries {
			got = append(got, e.Position)
		}
		if !slices.Equal(got, c.want) || page.More != c.more || page.Position != 8 {
			t.Errorf("%s: got %v, more %v; want %v", rule, got, page.More, c.want)
		}
	}
	page, err := d.Of(t.Context(), disclosures.PersonQuery{Controller: cycles, Subjects: one, Limit: 1})
	want := disclosures.Disclosure{
		Position: 2, Time: recorded(1), Subject: 1, Service: "webshop", Operation: domain.Disclose, Recipient: "skyhigh", Instruction: "orders",
		Version: 1, Basis: domain.Contract, Categories: []domain.Category{name}, System: "crm", Location: "GB",
		Abroad: []domain.Location{"US"}, Safeguard: "A46-2-c",
	}
	if err != nil || !reflect.DeepEqual(page.Entries, []disclosures.Disclosure{want}) {
		t.Errorf("got %+v, %v\nwant %+v", page.Entries, err, want)
	}
}

func TestQueriesOutsideTheLimitsAreRefused(t *testing.T) {
	d := disclosures.New(projectiontest.Given(t, disclosures.Projection(), us))
	for rule, ask := range map[string]func() error{
		"nobody is asked about": func() error { _, err := d.Of(t.Context(), disclosures.PersonQuery{}); return err },
		"too many entries": func() error {
			_, err := d.Of(t.Context(), disclosures.PersonQuery{Subjects: []domain.SubjectKey{1}, Limit: disclosures.MaxLimit + 1})
			return err
		},
		"too many keys": func() error {
			_, _, err := d.Places(t.Context(), cycles, make([]domain.SubjectKey, disclosures.MaxSubjects+1), projections.Sight{})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, domain.ErrInvalid) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	facts := []domain.Fact{us, printer, cloud, abroad, disclosure.Received{Controller: cycles, Order: "court-1", ForbiddenUntil: recorded(9)}}
	for i := range 5000 {
		a := act([]domain.Operation{domain.Store, domain.Disclose, domain.Erase, domain.Use, domain.Move}[i%5],
			of(domain.SubjectKey(1+i*i%701)), at([]domain.Location{"GB", "US", ""}[i%3]), to([]domain.RecipientID{"", "northprint", "skyhigh", "x"}[i%4]))
		if i%300 == 0 {
			a.Order = "court-1"
		}
		facts = append(facts, a)
		switch i {
		case 3000:
			facts = append(facts, register.ProcessorDeclared{Territory: []domain.Territory{"US"}})
		case 4000:
			facts = append(facts, disclosure.Informed{Controller: cycles, Order: "court-1", On: recorded(9)})
		}
	}
	projectiontest.Equivalent(t, disclosures.Projection(), projectiontest.Events(0, facts...)...)
}
