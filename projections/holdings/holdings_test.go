package holdings_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

const cycles domain.ControllerID = "fenland-cycles"

func act(op domain.Operation, system string, categories ...domain.Category) dossier.ActionRecorded {
	return dossier.ActionRecorded{
		Controller: cycles, Service: "webshop", Subject: 1, Identifier: "email", Operation: op, Instruction: "orders", Version: 1,
		Basis: domain.Contract, Categories: categories, System: system, Location: "GB",
	}
}

func by(service domain.ServiceID, a dossier.ActionRecorded) dossier.ActionRecorded {
	a.Service = service
	return a
}

func move(from, to string, categories ...domain.Category) dossier.ActionRecorded {
	a := act(domain.Move, to, categories...)
	a.From = from
	return a
}

// shown writes an item as system/category@position of the first and newest event, with a tilde where it was withdrawn.
func shown(items []holdings.Item) []string {
	list := []string{}
	for _, i := range items {
		s := fmt.Sprintf("%s/%s@%s-%s", i.System, i.Category, i.SinceAt, i.NewestAt)
		if i.Withdrawn {
			s += "~"
		}
		list = append(list, s)
	}
	return list
}

func TestRules(t *testing.T) {
	const mail, name = domain.Category("pd:EmailAddress"), domain.Category("pd:Name")
	for rule, c := range map[string]struct {
		given []domain.Fact
		want  []string
	}{
		"what was collected is held":                          {[]domain.Fact{act(domain.Collect, "crm", mail)}, []string{"crm/pd:EmailAddress@0-0"}},
		"each category is held by itself":                     {[]domain.Fact{act(domain.Store, "crm", mail, name)}, []string{"crm/pd:EmailAddress@0-0", "crm/pd:Name@0-0"}},
		"each system holds by itself":                         {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Copy, "shop", mail)}, []string{"crm/pd:EmailAddress@0-0", "shop/pd:EmailAddress@1-1"}},
		"what is brought again is held since the first":       {[]domain.Fact{act(domain.Collect, "crm", mail), act(domain.Store, "crm", mail)}, []string{"crm/pd:EmailAddress@0-1"}},
		"use brings nothing":                                  {[]domain.Fact{act(domain.Use, "crm", mail)}, []string{}},
		"erasure takes the category it names":                 {[]domain.Fact{act(domain.Store, "crm", mail, name), act(domain.Erase, "crm", mail)}, []string{"crm/pd:Name@0-0"}},
		"erasure without a category takes all of the system":  {[]domain.Fact{act(domain.Store, "crm", mail, name), act(domain.Store, "shop", name), act(domain.Erase, "crm")}, []string{"shop/pd:Name@1-1"}},
		"erasure elsewhere takes nothing here":                {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Destruct, "shop", mail)}, []string{"crm/pd:EmailAddress@0-0"}},
		"erasure that names no system proves nothing":         {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Erase, "")}, []string{"crm/pd:EmailAddress@0-0"}},
		"data of another service is not erased so":            {[]domain.Fact{by("mailer", act(domain.Store, "", mail)), act(domain.Erase, "")}, []string{"/pd:EmailAddress@0-0"}},
		"two services hold apart what they name no system of": {[]domain.Fact{by("mailer", act(domain.Store, "", mail)), act(domain.Store, "", mail)}, []string{"/pd:EmailAddress@0-0", "/pd:EmailAddress@1-1"}},
		"data without a system is erased without one":         {[]domain.Fact{act(domain.Store, "", mail), act(domain.Erase, "")}, []string{}},
		"after erasure it is held anew":                       {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Anonymise, "crm"), act(domain.Store, "crm", mail)}, []string{"crm/pd:EmailAddress@2-2"}},
		"deletion leaves it held, and withdrawn":              {[]domain.Fact{act(domain.Store, "crm", mail, name), act(domain.Delete, "crm", mail)}, []string{"crm/pd:EmailAddress@0-0~", "crm/pd:Name@0-0"}},
		"deletion without a category withdraws all":           {[]domain.Fact{act(domain.Store, "crm", mail, name), act(domain.Delete, "crm")}, []string{"crm/pd:EmailAddress@0-0~", "crm/pd:Name@0-0~"}},
		"what is brought again is withdrawn no longer":        {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Delete, "crm"), act(domain.Store, "crm", mail)}, []string{"crm/pd:EmailAddress@0-2"}},
		"deletion of what is not held brings nothing":         {[]domain.Fact{act(domain.Delete, "crm", mail)}, []string{}},
		"a move takes the original away":                      {[]domain.Fact{act(domain.Store, "crm", mail, name), move("crm", "archive", mail)}, []string{"archive/pd:EmailAddress@1-1", "crm/pd:Name@0-0"}},
		"a move of everything leaves nothing behind":          {[]domain.Fact{act(domain.Store, "crm", mail, name), move("crm", "archive")}, []string{"archive/@1-1"}},
		"a move that does not say from where takes nothing":   {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Move, "archive", mail)}, []string{"archive/pd:EmailAddress@1-1", "crm/pd:EmailAddress@0-0"}},
		"a copy leaves the original":                          {[]domain.Fact{act(domain.Store, "crm", mail), act(domain.Copy, "archive", mail)}, []string{"archive/pd:EmailAddress@1-1", "crm/pd:EmailAddress@0-0"}},
		"what is brought without a category is held":          {[]domain.Fact{act(domain.Collect, "logs")}, []string{"logs/@0-0"}},
	} {
		ledger := projectiontest.Given(t, holdings.Projection(), c.given...)
		p, err := holdings.New(ledger).Of(t.Context(), cycles, []domain.SubjectKey{1})
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		if got := shown(p.Items); !reflect.DeepEqual(got, c.want) || int(p.Position) != len(c.given) {
			t.Errorf("%s: got %v at %s, want %v", rule, got, p.Position, c.want)
		}
	}
}

func TestAnItemInFull(t *testing.T) {
	stored := projectiontest.Events(0, act(domain.Store, "crm", "pd:Name"))[0]
	ledger := projectiontest.Given(t, holdings.Projection(), act(domain.Store, "crm", "pd:Name"), act(domain.Consult, "crm"))
	p, err := holdings.New(ledger).Of(t.Context(), cycles, []domain.SubjectKey{1})
	want := holdings.Item{
		Subject: 1, System: "crm", Category: "pd:Name", Since: stored.Time, Newest: stored.Time, Touched: stored.Time.Add(time.Second),
		Service: "webshop", Location: "GB", Instruction: "orders", Version: 1, Basis: domain.Contract,
	}
	if err != nil || len(p.Items) != 1 || p.Items[0] != want {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestLinkedDossiersAndControllers(t *testing.T) {
	other := act(domain.Store, "logs", "pd:IPAddress")
	other.Subject = 2
	ledger := projectiontest.Given(t, holdings.Projection(), other, act(domain.Store, "crm", "pd:Name"))
	h := holdings.New(ledger)
	p, err := h.Of(t.Context(), cycles, []domain.SubjectKey{2, 1})
	if err != nil || !slices.Equal(shown(p.Items), []string{"crm/pd:Name@1-1", "logs/pd:IPAddress@0-0"}) || p.Items[1].Subject != 2 {
		t.Errorf("two dossiers of one person: %+v, %v", p.Items, err)
	}
	if p, err := h.Of(t.Context(), "harbour-hotel", []domain.SubjectKey{1, 2}); err != nil || len(p.Items) != 0 {
		t.Errorf("another controller sees %+v, %v", p.Items, err)
	}
	if _, err := h.Of(t.Context(), cycles, nil); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("nobody is asked about: %v", err)
	}
}

func TestTalliesCountEvents(t *testing.T) {
	ledger := projectiontest.Given(t, holdings.Projection(), act(domain.Store, "crm", "pd:Name", "pd:Age"), act(domain.Use, "crm", "pd:Name"),
		act(domain.Delete, "crm", "pd:Name"), move("crm", "attic", "pd:Age"), act(domain.Erase, "crm"))
	got, at, err := holdings.New(ledger).Tallies(t.Context(), cycles)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	when := func(i int) time.Time { return projectiontest.Start.Add(time.Duration(i) * time.Second) }
	want := []holdings.Tally{
		{System: "attic", Category: "pd:Age", Brought: 1, First: when(3), Last: when(3)},
		{System: "crm", Removed: 1, First: when(4), Last: when(4)},
		{System: "crm", Category: "pd:Age", Brought: 1, Removed: 1, First: when(0), Last: when(3)},
		{System: "crm", Category: "pd:Name", Brought: 1, Used: 1, Withdrawn: 1, First: when(0), Last: when(2)},
	}
	if !reflect.DeepEqual(got, want) || at != 5 {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
