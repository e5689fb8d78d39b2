package article30_test

import (
	"fmt"
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
	"github.com/jigowatt/daybook/projections/article30"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	hotel  domain.ControllerID = "harbour-hotel"
	mail                       = domain.Category("pd:EmailAddress")
	name                       = domain.Category("pd:Name")
)

var (
	us = register.ProcessorDeclared{
		Name: "Aldgate", Registration: "ZA000001", Regime: domain.UK, Territory: []domain.Territory{"GB", domain.EEA}, Measures: []string{"encryption at rest"},
	}
	client  = register.ControllerDeclared{Controller: cycles, Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"}
	other   = register.ControllerDeclared{Controller: hotel, Name: "Harbour Hotel", Regime: domain.UK, Country: "GB"}
	cloud   = register.RecipientDeclared{Recipient: "skyhigh", Name: "Sky High Inc", Kind: register.SubProcessor, Country: "US", Safeguard: "A46-2-c"}
	officer = register.ContactDeclared{Controller: register.Itself, Contact: "dora", Role: "Data protection officer", Subject: 8, Details: domain.Sealed{1}}
	agent   = register.ContactDeclared{Controller: cycles, Contact: "rita", Role: "EU representative", Subject: 9, Details: domain.Sealed{2}}
)

func orders(version int, change func(*domain.Terms)) instruction.Given {
	t := domain.Terms{
		Title: "Orders", Purpose: "ServiceProvision", Basis: domain.Contract, Operations: []domain.Operation{domain.Store, domain.Use},
		Categories: []domain.Category{mail, name}, Recipients: []domain.RecipientID{"courier"}, Territory: []domain.Territory{"GB"},
	}
	if change != nil {
		change(&t)
	}
	return instruction.Given{
		Controller: cycles, Instruction: "orders", Version: version, Terms: t,
		Warrant: domain.Warrant{By: "anna", On: projectiontest.Start, How: domain.BySigned},
	}
}

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

func what(c ...domain.Category) change { return func(a *dossier.ActionRecorded) { a.Categories = c } }
func to(r domain.RecipientID) change   { return func(a *dossier.ActionRecorded) { a.Recipient = r } }
func at(l domain.Location) change      { return func(a *dossier.ActionRecorded) { a.Location = l } }
func version(v int) change             { return func(a *dossier.ActionRecorded) { a.Version = v } }
func compelled(order string) change    { return func(a *dossier.ActionRecorded) { a.Order = order } }
func under(i domain.InstructionID, v int) change {
	return func(a *dossier.ActionRecorded) { a.Instruction, a.Version = i, v }
}

// dated is a fact with the day on which it is recorded, counted from the first.
type dated struct {
	day  int
	fact domain.Fact
}

func ledger(t *testing.T, facts ...dated) *article30.Article30 {
	t.Helper()
	return article30.New(projectiontest.GivenEvents(t, article30.Projection(), events(facts...)...))
}

func events(facts ...dated) []domain.Event {
	list := make([]domain.Event, 0, len(facts))
	for i, d := range facts {
		e := projectiontest.Events(domain.Position(i), d.fact)[0]
		e.Recorded, e.Time = e.Recorded.AddDate(0, 0, d.day), e.Time.AddDate(0, 0, d.day)
		list = append(list, e)
	}
	return list
}

// shown writes drift as kind dimension value@version.
func shown(list []article30.Drift) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, fmt.Sprintf("%s %s %s@%d", d.Kind, d.Dimension, d.Value, d.Version))
	}
	return out
}

func book(t *testing.T, a *article30.Article30, q article30.Query) article30.Book {
	t.Helper()
	b, err := a.Book(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return b
}

func TestTheRecordSaysWhatArticle30Asks(t *testing.T) {
	a := ledger(t, dated{0, us}, dated{0, client}, dated{0, other}, dated{0, cloud}, dated{0, officer}, dated{0, agent}, dated{0, orders(1, nil)},
		dated{1, act(domain.Store, what(mail))}, dated{2, act(domain.Consult)}, dated{3, act(domain.Store, to("skyhigh"))},
		dated{4, act(domain.Store, to("skyhigh"))}, dated{4, act(domain.Erase, at("US"))})
	b := book(t, a, article30.Query{Controller: cycles, Day: day(4)})
	if !reflect.DeepEqual(b.Processor, &us) || len(b.Contacts) != 1 || !b.Contacts[0].Officer || b.Contacts[0].Representative ||
		!slices.Equal(b.Contacts[0].Details, domain.Sealed{1}) || b.Position != 12 || !b.AsOf.Equal(day(4).Truncate(24*time.Hour)) {
		t.Errorf("the processor: %+v", b)
	}
	if len(b.Records) != 1 {
		t.Fatalf("records: %+v", b.Records)
	}
	r := b.Records[0]
	if !reflect.DeepEqual(r.Controller, client) || len(r.Contacts) != 1 || !r.Contacts[0].Representative || r.Contacts[0].Event == "" {
		t.Errorf("the controller: %+v", r)
	}
	if len(r.Activities) != 1 || r.Activities[0].Version != 1 || r.Activities[0].Terms.Title != "Orders" || r.Activities[0].Withdrawn != nil {
		t.Fatalf("activities: %+v", r.Activities)
	}
	var got []string
	for _, l := range r.Activities[0].Lines {
		got = append(got, fmt.Sprintf("%s %s declared=%v first=%v", l.Dimension, l.Value, l.Declared, l.Seen.FirstAt))
		if l.Seen.IsZero() {
			got[len(got)-1] += " never"
		}
	}
	want := []string{
		"operation Consult declared=true first=8", "operation Erase declared=false first=11", "operation Store declared=true first=7",
		"operation Use declared=true first=8", "category pd:EmailAddress declared=true first=7", "category pd:Name declared=true first=0 never",
		"recipient courier declared=true first=0 never", "recipient skyhigh declared=false first=9", "country GB declared=true first=7",
	}
	if !slices.Equal(got, want) {
		t.Errorf("lines:\n got %q\nwant %q", got, want)
	}
	transfer := article30.Transfer{Instruction: "orders", Country: "US", Recipient: "skyhigh", Safeguard: "A46-2-c"}
	if len(r.Transfers) != 1 || r.Transfers[0].Seen.FirstAt != 9 || r.Transfers[0].Seen.Last.Day() != projectiontest.Start.AddDate(0, 0, 4).Day() {
		t.Errorf("transfers: %+v", r.Transfers)
	} else if transfer.Seen = r.Transfers[0].Seen; r.Transfers[0] != transfer {
		t.Errorf("transfer: %+v", r.Transfers[0])
	}
	if all := book(t, a, article30.Query{}); len(all.Records) != 2 || !reflect.DeepEqual(all.Records[1].Controller, other) || len(all.Records[1].Activities) != 0 {
		t.Errorf("of all: %+v", all.Records)
	}
}

func TestDrift(t *testing.T) {
	base := []dated{{0, us}, {0, client}, {0, orders(1, nil)}}
	wider := orders(2, func(t *domain.Terms) { t.Categories = append(t.Categories, "pd:Age") })
	narrower := orders(2, func(t *domain.Terms) { t.Operations = []domain.Operation{domain.Store} })
	eea := orders(2, func(t *domain.Terms) { t.Territory = []domain.Territory{domain.EEA} })
	withdrawn := instruction.Withdrawn{Controller: cycles, Instruction: "orders", Version: 1, Warrant: domain.Warrant{By: "anna", On: projectiontest.Start, How: domain.BySigned}}
	all := []dated{{1, act(domain.Store, what(mail, name))}, {1, act(domain.Use, to("courier"))}}
	for rule, c := range map[string]struct {
		given []dated
		query article30.Query
		want  []string
	}{
		"what is declared and done is no drift":   {all, article30.Query{}, []string{}},
		"an operation that is not declared":       {append(all, dated{1, act(domain.Combine)}), article30.Query{}, []string{"undeclared operation Combine@1"}},
		"an operation within a declared one":      {append(all, dated{1, act(domain.Consult)}), article30.Query{}, []string{}},
		"a category that is not declared":         {append(all, dated{1, act(domain.Use, what("pd:Age"))}), article30.Query{}, []string{"undeclared category pd:Age@1"}},
		"a recipient that is not declared":        {append(all, dated{1, act(domain.Use, to("elsewhere"))}), article30.Query{}, []string{"undeclared recipient elsewhere@1"}},
		"a country that is not declared":          {append(all, dated{1, act(domain.Use, at("DE"))}), article30.Query{}, []string{"undeclared country DE@1"}},
		"a country of a declared territory":       {append(all, dated{1, eea}, dated{1, act(domain.Use, at("DE"), version(2))}), article30.Query{}, []string{}},
		"what was done once counts once":          {append(all, dated{1, act(domain.Combine)}, dated{2, act(domain.Combine, what(mail))}), article30.Query{}, []string{"undeclared operation Combine@1"}},
		"without an instruction nothing is":       {append(all, dated{1, act(domain.Use, under("", 0))}), article30.Query{}, []string{"undeclared operation Use@0", "undeclared country GB@0"}},
		"what a court orders needs no declaring":  {append(all, dated{1, act(domain.Disclose, to("police"), compelled("court-1"))}), article30.Query{}, []string{}},
		"a version of then declares what it does": {append(all, dated{2, narrower}), article30.Query{}, []string{}},
		"a version of now does not permit it":     {append(all, dated{2, narrower}, dated{3, act(domain.Use, version(2))}), article30.Query{}, []string{"undeclared operation Use@2"}},
		"what was never done":                     {[]dated{all[0], {91, act(domain.Store, what(mail, name))}}, article30.Query{}, []string{"unused operation Use@1", "unused recipient courier@1"}},
		"what was not done for long":              {append(all, dated{92, act(domain.Store, what(mail, name))}), article30.Query{}, []string{"unused operation Use@1", "unused recipient courier@1"}},
		"a shorter while":                         {append(all, dated{9, act(domain.Store, what(mail, name))}), article30.Query{Unused: 7}, []string{"unused operation Use@1", "unused recipient courier@1"}},
		"just in time is in time":                 {append(all, dated{91, act(domain.Store, what(mail, name))}), article30.Query{}, []string{}},
		"by the day of the question":              {all, article30.Query{Sight: projections.Sight{Now: projectiontest.Start.AddDate(0, 0, 92)}, Unused: 90}, []string{"unused operation Store@1", "unused operation Use@1", "unused category pd:EmailAddress@1", "unused category pd:Name@1", "unused recipient courier@1", "unused country GB@1"}},
		"what is newly declared has time":         {append(all, dated{80, wider}, dated{91, act(domain.Use, what(mail, name), to("courier"), version(2))}, dated{91, act(domain.Store, version(2))}), article30.Query{}, []string{}},
		"what is withdrawn is not awaited":        {append(all, dated{2, withdrawn}, dated{99, client}), article30.Query{}, []string{}},
	} {
		c.query.Controller = cycles
		if c.query.Now.IsZero() {
			c.query.Day = day(c.given[len(c.given)-1].day)
		}
		b := book(t, ledger(t, append(slices.Clone(base), c.given...)...), c.query)
		if got := shown(b.Records[0].Drift); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", rule, got, c.want)
		}
	}
}

// day gives a day, counted from that of the first event.
func day(n int) time.Time { return projectiontest.Start.AddDate(0, 0, n) }

func TestWhatWasSeenIsOfTheDayOnWhichItHappened(t *testing.T) {
	reported := events(dated{0, us}, dated{0, client}, dated{0, orders(1, nil)},
		dated{9, act(domain.Use)}, dated{40, act(domain.Use)}, dated{41, act(domain.Use)}, dated{42, act(domain.Store)})
	reported[4].Time = day(2)  // reported late
	reported[5].Time = day(30) // and late again, between the others
	a := article30.New(projectiontest.GivenEvents(t, article30.Projection(), reported...))
	for _, line := range book(t, a, article30.Query{Controller: cycles, Day: day(42)}).Records[0].Activities[0].Lines {
		if line.Value == "Use" && (line.Seen.FirstAt != 4 || !line.Seen.First.Equal(day(2)) || !line.Seen.Last.Equal(day(30))) {
			t.Errorf("used from %s, entry %s, to %s", line.Seen.First, line.Seen.FirstAt, line.Seen.Last)
		}
	}
	drift := book(t, a, article30.Query{Controller: cycles, Day: day(42), Unused: 11}).Records[0].Drift
	if got := shown(drift); !slices.Contains(got, "unused operation Use@1") || slices.Contains(got, "unused operation Store@1") {
		t.Errorf("drift by the days of reporting: %q", got)
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	a := ledger(t, dated{0, us}, dated{0, client})
	for rule, c := range map[string]struct {
		query article30.Query
		kind  error
	}{
		"fewer days than none": {article30.Query{Unused: -1}, domain.ErrInvalid},
		"more than ten years":  {article30.Query{Unused: 3661}, domain.ErrInvalid},
		"a stranger":           {article30.Query{Controller: hotel}, domain.ErrNotFound},
	} {
		if _, err := a.Book(t.Context(), c.query); !errors.Is(err, c.kind) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	facts := []dated{{0, us}, {0, client}, {0, cloud}, {0, orders(1, nil)}, {0, disclosure.Received{Controller: cycles, Order: "court-1"}}}
	operations := domain.Operations()
	for i := range 6000 {
		facts = append(facts, dated{i / 50, act(operations[i*i%len(operations)], what(mail, domain.Category(fmt.Sprintf("x:%d", i*i%31))),
			at([]domain.Location{"GB", "US", ""}[i%3]), to([]domain.RecipientID{"", "skyhigh"}[i%2]), version(i%4))})
	}
	projectiontest.Equivalent(t, article30.Projection(), events(facts...)...)
}
