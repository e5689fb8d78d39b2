package register_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections/projectiontest"
	view "github.com/jigowatt/daybook/projections/register"
)

const cycles domain.ControllerID = "fenland-cycles"

func warrant(day int) domain.Warrant {
	return domain.Warrant{By: "anna", On: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), How: domain.BySigned}
}

func orders(version int, title string) instruction.Given {
	return instruction.Given{Controller: cycles, Instruction: "orders", Version: version, Warrant: warrant(version), Terms: domain.Terms{
		Title: title, Purpose: "Orders", Basis: domain.Contract, Operations: []domain.Operation{domain.Store},
		Categories: []domain.Category{"pd:Name"}, Territory: []domain.Territory{"GB"},
	}}
}

var (
	us      = register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB"}}
	client  = register.ControllerDeclared{Controller: cycles, Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"}
	renamed = register.ControllerDeclared{Controller: cycles, Name: "Fenland Bicycles plc", Regime: domain.UK, Country: "GB"}
	shop    = register.ServiceDeclared{Controller: cycles, Service: "webshop", Name: "Web shop", ReportsWithin: 60}
	printer = register.RecipientDeclared{Recipient: "northprint", Name: "Northprint Ltd", Kind: register.SubProcessor, Country: "GB"}
	general = register.AuthorisationDeclared{Controller: cycles, Mode: register.General, ObjectWithin: domain.Period{Days: 30}}
	anna    = register.ContactDeclared{Controller: cycles, Contact: "anna", Role: "Managing director", Subject: 9, Details: domain.Sealed{7, 8}}
)

// history is what the tests look at: position by position.
var history = []domain.Fact{
	us, client, shop, printer, anna, // 0-4
	orders(1, "Orders"), orders(2, "Orders and returns"), // 5, 6
	renamed, general, // 7, 8
	instruction.Withdrawn{Controller: cycles, Instruction: "orders", Version: 2, Warrant: warrant(9)}, // 9
}

func at(p domain.Position) *domain.Position { return &p }

func TestTheRegisterAsKnownAtAPosition(t *testing.T) {
	ledger := projectiontest.Given(t, view.Projection(), history...)
	for position := range domain.Position(len(history) + 1) {
		want := register.State{}
		for _, e := range projectiontest.Events(0, history[:position]...) {
			want = want.Evolve(e)
		}
		got, err := view.New(ledger).All(t.Context(), &position)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if got.Position != position || !reflect.DeepEqual(got.Processor, want.Processor) || !same(got.Controllers, want.Controllers) ||
			!same(got.Services, want.Services) || !same(got.Recipients, want.Recipients) || !same(got.Contacts, want.Contacts) ||
			!same(got.Authorisations, want.Authorisations) {
			t.Errorf("at %s: got %+v\nwant %+v", position, got.State, want)
		}
	}
	now, err := view.New(ledger).All(t.Context(), nil)
	if err != nil || now.Position != domain.Position(len(history)) {
		t.Errorf("now: %s, %v", now.Position, err)
	}
}

func same[K comparable, V any](a, b map[K]V) bool {
	return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b))
}

func TestInstructionsKeepAllTheirVersions(t *testing.T) {
	ledger := projectiontest.Given(t, view.Projection(), history...)
	key := view.InstructionKey{Controller: cycles, Instruction: "orders"}
	versions, position, err := view.New(ledger).Instruction(t.Context(), key, nil)
	if err != nil || position != domain.Position(len(history)) || len(versions) != 2 {
		t.Fatalf("%+v at %s, %v", versions, position, err)
	}
	if versions[0].GivenAt != 5 || versions[0].Withdrawn != nil || versions[0].Terms.Title != "Orders" || versions[0].Given.By != "anna" {
		t.Errorf("the first version: %+v", versions[0])
	}
	if v := versions[1]; v.GivenAt != 6 || v.Number != 2 || v.Withdrawn == nil || *v.WithdrawnAt != 9 || !v.Withdrawn.Equal(warrant(9)) {
		t.Errorf("the second version: %+v", v)
	}
	if versions, _, err := view.New(ledger).Instruction(t.Context(), key, at(9)); err != nil || versions[1].Withdrawn != nil {
		t.Errorf("before it was withdrawn: %+v, %v", versions, err)
	}
	if _, _, err := view.New(ledger).Instruction(t.Context(), key, at(5)); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("before it was given: %v", err)
	}
	if _, err := view.New(ledger).All(t.Context(), at(11)); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a position that is to come: %v", err)
	}
}

func TestSearch(t *testing.T) {
	ledger := projectiontest.Given(t, view.Projection(), history...)
	for rule, c := range map[string]struct {
		text string
		want []string
	}{
		"by a part of the name, capitals or not": {"LTD", []string{"recipient northprint"}},
		"by the newest name":                     {"bicycles", []string{"controller fenland-cycles"}},
		"not by an old name":                     {"cycles ltd", []string{}},
		"by id":                                  {"webshop", []string{"service webshop"}},
		"an instruction by its title":            {"returns", []string{"instruction orders"}},
		"a contact by role, not by name":         {"director", []string{"contact anna"}},
		"nothing like it":                        {"%", []string{}},
	} {
		hits, _, err := view.New(ledger).Search(t.Context(), c.text)
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		got := []string{}
		for _, h := range hits {
			got = append(got, string(h.Kind)+" "+h.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", rule, got, c.want)
		}
	}
	if _, _, err := view.New(ledger).Search(t.Context(), " "); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("a search for nothing: %v", err)
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	var facts []domain.Fact
	for range 20 {
		facts = append(facts, history...)
	}
	projectiontest.Equivalent(t, view.Projection(), projectiontest.Events(0, facts...)...)
}
