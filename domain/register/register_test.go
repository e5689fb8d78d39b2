package register_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/register"
)

type (
	processor  = register.ProcessorDeclared
	controller = register.ControllerDeclared
	service    = register.ServiceDeclared
	recipient  = register.RecipientDeclared
	contact    = register.ContactDeclared
)

var (
	aldgate = processor{Name: "Aldgate", Registration: "ZA1", Regime: domain.UK, Territory: []domain.Territory{"GB"}, Measures: []string{"Encryption"}}
	fenland = controller{Controller: "fenland", Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"}
	webshop = service{Controller: "fenland", Service: "webshop", Name: "Web shop", ReportsWithin: 3600}
	printer = recipient{Recipient: "northprint", Name: "Northprint", Kind: register.SubProcessor, Country: "GB", Safeguard: "A45-3", Contract: "C-1"}
	anna    = contact{Controller: "fenland", Contact: "anna", Role: "Managing director", Subject: 9, Details: domain.Sealed{7}}
)

func given(facts ...domain.Fact) register.State {
	var s register.State
	for i, f := range facts {
		s = s.Evolve(domain.Event{ID: string(rune('a' + i)), Fact: f})
	}
	return s
}

type declaration interface {
	domain.Fact
	Decide(register.State) ([]domain.Fact, error)
}

func changed[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

// Art. 28, 30(2): who is who is recorded where it changed, and only then.
func TestWhatMayBeDeclared(t *testing.T) {
	long := strings.Repeat("x", 201)
	tenYears := int64(register.MaxReportsWithin / time.Second)
	for _, row := range []struct {
		rule    string
		given   register.State
		when    declaration
		records bool
		fails   error
	}{
		{"a processor says who it is", given(), aldgate, true, nil},
		{"the same processor again is nothing", given(aldgate), aldgate, false, nil},
		{"a processor that changed is recorded", given(aldgate), changed(aldgate, func(c *processor) { c.Measures = []string{"Pseudonymisation"} }), true, nil},
		{
			"no measures and an empty list of them are one", given(changed(aldgate, func(c *processor) { c.Measures = nil })),
			changed(aldgate, func(c *processor) { c.Measures = []string{} }), false, nil,
		},
		{"a processor has a name", given(), changed(aldgate, func(c *processor) { c.Name = "" }), false, domain.ErrInvalid},
		{"a processor's registration may be missing", given(), changed(aldgate, func(c *processor) { c.Registration = "" }), true, nil},
		{"a registration is a line of text", given(), changed(aldgate, func(c *processor) { c.Registration = long }), false, domain.ErrInvalid},
		{"a processor is somewhere", given(), changed(aldgate, func(c *processor) { c.Territory = nil }), false, domain.ErrInvalid},
		{"64 measures are taken", given(), changed(aldgate, func(c *processor) { c.Measures = strings.Fields(strings.Repeat("x ", 64)) }), true, nil},
		{"65 measures are not", given(), changed(aldgate, func(c *processor) { c.Measures = strings.Fields(strings.Repeat("x ", 65)) }), false, domain.ErrInvalid},
		{"a measure is a line of text", given(), changed(aldgate, func(c *processor) { c.Measures = []string{"ask ada@example.org"} }), false, domain.ErrInvalid},

		{"a controller becomes a client", given(), fenland, true, nil},
		{"the same controller again is nothing", given(fenland), fenland, false, nil},
		{"a controller that changed is recorded", given(fenland), changed(fenland, func(c *controller) { c.Country = "DE" }), true, nil},
		{"the processor's own name is not a controller's", given(), changed(fenland, func(c *controller) { c.Controller = register.Itself }), false, domain.ErrInvalid},
		{"a controller is of a nation of the United Kingdom", given(), changed(fenland, func(c *controller) { c.Nation = domain.Scotland }), true, nil},
		{"a controller that moved to another nation is recorded", given(fenland), changed(fenland, func(c *controller) { c.Nation = domain.Scotland }), true, nil},
		{"a controller elsewhere is of none", given(), changed(fenland, func(c *controller) { c.Country, c.Nation = "IE", domain.NorthernIreland }), false, domain.ErrInvalid},
		{"a controller has a name", given(), changed(fenland, func(c *controller) { c.Name = " " }), false, domain.ErrInvalid},

		{"a service is set up for a controller", given(fenland), webshop, true, nil},
		{"the same service again is nothing", given(fenland, webshop), webshop, false, nil},
		{"a service that changed is recorded", given(fenland, webshop), changed(webshop, func(c *service) { c.ReportsWithin = 60 }), true, nil},
		{"a service of nobody is not found", given(), webshop, false, domain.ErrNotFound},
		{"two controllers' services may bear one name", given(fenland, changed(fenland, func(c *controller) { c.Controller = "other" }), webshop), changed(webshop, func(c *service) { c.Controller = "other" }), true, nil},
		{"a service has a name", given(fenland), changed(webshop, func(c *service) { c.Name = "" }), false, domain.ErrInvalid},
		{"a service reports within a second", given(fenland), changed(webshop, func(c *service) { c.ReportsWithin = 1 }), true, nil},
		{"not within nothing", given(fenland), changed(webshop, func(c *service) { c.ReportsWithin = 0 }), false, domain.ErrInvalid},
		{"within ten years", given(fenland), changed(webshop, func(c *service) { c.ReportsWithin = tenYears }), true, nil},
		{"not later", given(fenland), changed(webshop, func(c *service) { c.ReportsWithin = tenYears + 1 }), false, domain.ErrInvalid},

		{"Art. 4(9): a recipient is registered", given(), printer, true, nil},
		{"the same recipient again is nothing", given(printer), printer, false, nil},
		{"a recipient that changed is recorded", given(printer), changed(printer, func(c *recipient) { c.Contract = "C-2" }), true, nil},
		{"Art. 4(8)-(10): a recipient is of a kind", given(), changed(printer, func(c *recipient) { c.Kind = "friend" }), false, domain.ErrInvalid},
		{"an authority is a kind", given(), changed(printer, func(c *recipient) { c.Kind = register.Authority }), true, nil},
		{"another controller is a kind", given(), changed(printer, func(c *recipient) { c.Kind = register.OtherController }), true, nil},
		{"a third party is a kind", given(), changed(printer, func(c *recipient) { c.Kind = register.ThirdParty }), true, nil},
		{"Art. 45-49: a safeguard goes by its DPV name", given(), changed(printer, func(c *recipient) { c.Safeguard = "a contract" }), false, domain.ErrInvalid},
		{"a safeguard may be missing", given(), changed(printer, func(c *recipient) { c.Safeguard = "" }), true, nil},
		{"a contract's reference is a line of text", given(), changed(printer, func(c *recipient) { c.Contract = long }), false, domain.ErrInvalid},
		{"a recipient has a name", given(), changed(printer, func(c *recipient) { c.Name = "" }), false, domain.ErrInvalid},

		{"a contact is declared", given(fenland), anna, true, nil},
		{"the same contact again is nothing", given(fenland, anna), anna, false, nil},
		{"a contact whose details were sealed anew is recorded", given(fenland, anna), changed(anna, func(c *contact) { c.Details = domain.Sealed{8} }), true, nil},
		{"a contact has a role", given(fenland), changed(anna, func(c *contact) { c.Role = "" }), false, domain.ErrInvalid},
		{"a role is not an address", given(fenland), changed(anna, func(c *contact) { c.Role = "ada@example.org" }), false, domain.ErrInvalid},
	} {
		t.Run(row.rule, func(t *testing.T) {
			facts, err := row.when.Decide(row.given)
			if !errors.Is(err, row.fails) {
				t.Fatalf("decided %v with %v, want %v", facts, err, row.fails)
			}
			var want []domain.Fact
			if row.records {
				want = []domain.Fact{row.when}
			}
			if !reflect.DeepEqual(facts, want) {
				t.Errorf("recorded %v, want %v", facts, want)
			}
			if row.records {
				stored(t, row.when)
			}
		})
	}
}

// stored checks that whatever may be declared can be written down, and that the register does not take what was read back for
// a change.
func stored(t *testing.T, fact declaration) {
	t.Helper()
	now := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	b, err := catalog.Encode(domain.Event{ID: "e", Source: domain.LedgerSource, Time: now, Recorded: now, Fact: fact})
	if err != nil {
		t.Fatalf("it cannot be written: %v", err)
	}
	read, err := catalog.Decode(b)
	if err != nil {
		t.Fatalf("it cannot be read: %v", err)
	}
	other := changed(fenland, func(c *controller) { c.Controller = "other" })
	again, err := fact.Decide(given(fenland, other).Evolve(read))
	if err != nil || len(again) != 0 {
		t.Errorf("declared again after it was read back, it records %v, %v", again, err)
	}
}

func TestTheRegisterIsNeverChangedInPlace(t *testing.T) {
	old := given(aldgate, fenland, webshop, printer, anna)
	before := given(aldgate, fenland, webshop, printer, anna)
	old.Evolve(domain.Event{Fact: changed(aldgate, func(c *processor) { c.Name = "x" })})
	old.Evolve(domain.Event{Fact: changed(fenland, func(c *controller) { c.Name = "x" })})
	old.Evolve(domain.Event{Fact: changed(webshop, func(c *service) { c.Name = "x" })})
	old.Evolve(domain.Event{Fact: changed(printer, func(c *recipient) { c.Name = "x" })})
	old.Evolve(domain.Event{Fact: changed(anna, func(c *contact) { c.Role = "x" })})
	if !reflect.DeepEqual(old, before) {
		t.Errorf("the register became %v", old)
	}
	if got := old.Contacts[register.ContactKey{Controller: "fenland", Contact: "anna"}].Event; got != "e" {
		t.Errorf("the contact's details were sealed by event %q, want e", got)
	}
}

func TestADraftLeavesWhatItBeganFromAsItWas(t *testing.T) {
	old, before := given(aldgate, fenland, webshop, printer, anna), given(aldgate, fenland, webshop, printer, anna)
	d := register.Draft{State: old}
	for i, fact := range []domain.Fact{
		changed(aldgate, func(c *processor) { c.Name = "x" }), changed(fenland, func(c *controller) { c.Controller = "new" }),
		changed(webshop, func(c *service) { c.Service = "new" }), changed(printer, func(c *recipient) { c.Recipient = "new" }),
		changed(printer, func(c *recipient) { c.Recipient = "newer" }), changed(anna, func(c *contact) { c.Contact = "new" }),
		register.AuthorisationDeclared{Controller: "fenland", Mode: register.Specific},
	} {
		e := domain.Event{ID: string(rune('k' + i)), Fact: fact}
		d.Evolve(e)
		before = before.Evolve(e)
	}
	if !reflect.DeepEqual(d.State, before) {
		t.Errorf("drafted %v\nstep by step %v", d.State, before)
	}
	if again := given(aldgate, fenland, webshop, printer, anna); !reflect.DeepEqual(old, again) {
		t.Errorf("the register became %v", old)
	}
}

func TestAServiceReportsWithinADayWhereItDeclaresNothing(t *testing.T) {
	s := given(fenland, webshop)
	for name, want := range map[domain.ServiceID]time.Duration{"webshop": time.Hour, "crm": 24 * time.Hour} {
		if got := s.ReportsWithin("fenland", name); got != want {
			t.Errorf("%s reports within %s, want %s", name, got, want)
		}
	}
	if got := s.ReportsWithin("other", "webshop"); got != register.DefaultReportsWithin {
		t.Errorf("another controller's service reports within %s", got)
	}
}

// Art. 32(1)(a): what is sent about a person goes over TLS or stays on this machine, to an address that holds nothing about anybody.
func TestWhereStatusMayBeSent(t *testing.T) {
	many := make([]string, register.MaxCallbacks+1)
	for i := range many {
		many[i] = "https://client.example.org/callback"
	}
	for rule, row := range map[string]struct {
		callbacks []string
		fails     bool
	}{
		"over TLS":                      {[]string{"https://client.example.org/callback"}, false},
		"to this machine":               {[]string{"http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost:8080/x"}, false},
		"not in the clear":              {[]string{"http://client.example.org/callback"}, true},
		"not to a neighbour":            {[]string{"http://192.0.2.1/callback"}, true},
		"not to what a cloud tells":     {[]string{"http://169.254.169.254/"}, true},
		"not by another way":            {[]string{"file:///etc/passwd"}, true},
		"not with somebody's name":      {[]string{"https://ada@client.example.org/"}, true},
		"not with a query":              {[]string{"https://client.example.org/?person=ada"}, true},
		"not with a fragment":           {[]string{"https://client.example.org/#ada"}, true},
		"not to a host without a name":  {[]string{"https:///callback"}, true},
		"not to more than eight places": {many, true},
	} {
		c := register.ControllerDeclared{Controller: "fenland", Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB", Callbacks: row.callbacks}
		facts, err := c.Decide(register.State{})
		if (err != nil) != row.fails || row.fails && !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v, %v", rule, facts, err)
		}
	}
	c := register.ControllerDeclared{Controller: "fenland", Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB", Callbacks: []string{"https://a.example.org/"}}
	known := register.State{Controllers: map[domain.ControllerID]register.ControllerDeclared{"fenland": c}}
	if facts, err := c.Decide(known); err != nil || len(facts) != 0 {
		t.Errorf("declared again: %v, %v", facts, err)
	}
	c.Callbacks = nil
	if facts, err := c.Decide(known); err != nil || len(facts) != 1 {
		t.Errorf("declared without: %v, %v", facts, err)
	}
}
