package orders_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

const cycles domain.ControllerID = "fenland-cycles"

func order(id string, subject domain.SubjectKey) dossier.OrderSent {
	return dossier.OrderSent{
		Of: dossier.Of{Controller: cycles, Subject: subject}, Order: id, Kind: dossier.TaskErase, Service: "webshop", Instruction: "orders",
		System: "crm", Categories: []domain.Category{"pd:Name", "pd:EmailAddress"}, Reason: "retention", Due: projectiontest.Start,
	}
}

func act(op domain.Operation, id string, subject domain.SubjectKey, findings ...domain.Finding) dossier.ActionRecorded {
	a := dossier.ActionRecorded{Controller: cycles, Service: "webshop", Subject: subject, Identifier: "email", Operation: op, Order: id}
	for _, f := range findings {
		a.Findings = a.Findings.With(f)
	}
	return a
}

func escalated(id string, subject domain.SubjectKey) dossier.OrderEscalated {
	return dossier.OrderEscalated{Of: dossier.Of{Controller: cycles, Subject: subject}, Order: id}
}

func recalled(id string, subject domain.SubjectKey) dossier.OrderRecalled {
	return dossier.OrderRecalled{Of: dossier.Of{Controller: cycles, Subject: subject}, Order: id, Hold: "h1"}
}

func when(position int) time.Time {
	return projectiontest.Start.Add(time.Duration(position) * time.Second)
}

func TestRules(t *testing.T) {
	elsewhere := act(domain.Erase, "o1", 1)
	elsewhere.Controller = "harbour-hotel"
	for rule, c := range map[string]struct {
		then []domain.Fact
		want string // state, position of the answer, operation, late
	}{
		"an order waits for its answer":             {nil, "open"},
		"an action with its id answers it":          {[]domain.Fact{act(domain.Erase, "o1", 1)}, "answered 1 Erase"},
		"another order's id does not":               {[]domain.Fact{act(domain.Erase, "o2", 1)}, "open"},
		"nor an action without one":                 {[]domain.Fact{act(domain.Erase, "", 1)}, "open"},
		"nor one on another person":                 {[]domain.Fact{act(domain.Erase, "o1", 2)}, "open"},
		"nor one under another controller":          {[]domain.Fact{elsewhere}, "open"},
		"Art. 17: nor a removal that is no erasure": {[]domain.Fact{act(domain.Delete, "o1", 1, domain.RemovalNotErasure)}, "open"},
		"the first answer counts":                   {[]domain.Fact{act(domain.Erase, "o1", 1), act(domain.Destruct, "o1", 1)}, "answered 1 Erase"},
		"nobody answers, and a person is told":      {[]domain.Fact{escalated("o1", 1)}, "escalated 1"},
		"the first telling counts":                  {[]domain.Fact{escalated("o1", 1), escalated("o1", 1)}, "escalated 1"},
		"Art. 17: nor anything else than a removal": {[]domain.Fact{act(domain.Use, "o1", 1)}, "open"},
		"Art. 17(3): a hold takes it back":          {[]domain.Fact{recalled("o1", 1)}, "recalled h1"},
		"also after a person was told":              {[]domain.Fact{escalated("o1", 1), recalled("o1", 1)}, "recalled h1"},
		"whoever erases all the same has answered":  {[]domain.Fact{recalled("o1", 1), act(domain.Erase, "o1", 1)}, "answered 2 Erase"},
		"an answered order is not taken back":       {[]domain.Fact{act(domain.Erase, "o1", 1), recalled("o1", 1)}, "answered 1 Erase"},
		"an answer after that is late":              {[]domain.Fact{escalated("o1", 1), act(domain.Erase, "o1", 1)}, "answered 2 Erase late"},
		"after an answer there is nothing to tell":  {[]domain.Fact{act(domain.Erase, "o1", 1), escalated("o1", 1)}, "answered 1 Erase"},
		"a dossier found to be the same person's answers it": {[]domain.Fact{
			dossier.IdentifierLinked{Controller: cycles, Subject: 2, Joined: 1, Identifier: "email"},
			dossier.IdentifierLinked{Controller: cycles, Subject: 3, Joined: 2, Identifier: "email"}, act(domain.Erase, "o1", 3),
		}, "answered 3 Erase"},
	} {
		ledger := projectiontest.Given(t, orders.Projection(), append([]domain.Fact{order("o1", 1)}, c.then...)...)
		o, at, err := orders.New(ledger).ByID(t.Context(), cycles, "o1")
		if err != nil || int(at) != 1+len(c.then) {
			t.Fatalf("%s: %+v at %s", rule, err, at)
		}
		if got := shown(o); got != c.want {
			t.Errorf("%s: got %s, want %s", rule, got, c.want)
		}
	}
}

func shown(o orders.Order) string {
	s := string(o.State)
	if o.Escalation != nil && o.State == orders.Escalated {
		s += fmt.Sprintf(" %s", o.Escalation.Position)
	}
	if o.State == orders.Recalled {
		s += " " + o.Hold
	}
	if a := o.Answer; a != nil {
		s += fmt.Sprintf(" %s %s", a.Position, a.Operation)
		if a.Late {
			s += " late"
		}
	}
	return s
}

func TestAnOrderInFull(t *testing.T) {
	sent := order("o1", 1)
	sent.Case = "case-1"
	ledger := projectiontest.Given(t, orders.Projection(), sent, escalated("o1", 1), act(domain.Erase, "o1", 1))
	got, _, err := orders.New(ledger).ByID(t.Context(), cycles, "o1")
	want := orders.Order{
		OrderSent: sent, Position: 0, Sent: when(0), State: orders.Answered, Escalation: &orders.Entry{Position: 1, Recorded: when(1)},
		Answer: &orders.Answer{Entry: orders.Entry{Position: 2, Recorded: when(2)}, Time: when(1), Operation: domain.Erase, Late: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for _, id := range []string{"o2", ""} {
		if _, _, err := orders.New(ledger).ByID(t.Context(), cycles, id); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("order %q: %v", id, err)
		}
	}
	if _, _, err := orders.New(ledger).ByID(t.Context(), "harbour-hotel", "o1"); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("another controller sees it: %v", err)
	}
}

func TestAnIdIsGivenAgainAfterAnAnswer(t *testing.T) {
	ledger := projectiontest.Given(t, orders.Projection(), order("o1", 1), act(domain.Use, "o1", 1), order("o1", 1))
	if o, _, err := orders.New(ledger).ByID(t.Context(), cycles, "o1"); err != nil || o.Position != 2 || o.State != orders.Open {
		t.Errorf("the newest is %+v, %v", o, err)
	}
}

func TestLists(t *testing.T) {
	mailer, ofCase, elsewhere := order("o2", 2), order("o3", 3), order("o5", 4)
	mailer.Service, ofCase.Case, elsewhere.Controller = "mailer", "case-1", "harbour-hotel"
	ledger := projectiontest.Given(t, orders.Projection(), order("o1", 1), mailer, ofCase, act(domain.Erase, "o2", 2), order("o4", 4),
		elsewhere, escalated("o1", 1))
	o := orders.New(ledger)
	two := domain.Position(2)
	for rule, c := range map[string]struct {
		query orders.Query
		want  string
		more  bool
	}{
		"all, in the order in which they were sent": {orders.Query{}, "o1 o2 o3 o4 o5 ", false},
		"a page":                            {orders.Query{Limit: 2}, "o1 o2 ", true},
		"the next page":                     {orders.Query{Limit: 2, After: &two}, "o4 o5 ", false},
		"the newest first":                  {orders.Query{Limit: 2, Newest: true}, "o5 o4 ", true},
		"and on from there":                 {orders.Query{Newest: true, After: &two}, "o2 o1 ", false},
		"those that wait, after a position": {orders.Query{Unanswered: true, After: &two}, "o4 o5 ", false},
		"those that wait":                   {orders.Query{Unanswered: true}, "o1 o3 o4 o5 ", false},
		"in one state":                      {orders.Query{State: orders.Open}, "o3 o4 o5 ", false},
		"those that nobody was told of":     {orders.Query{Quiet: true, SentBefore: when(5)}, "o3 o4 ", false},
		"of a controller":                   {orders.Query{Controller: "harbour-hotel"}, "o5 ", false},
		"of a service":                      {orders.Query{Controller: cycles, Service: "mailer"}, "o2 ", false},
		"of a case":                         {orders.Query{Controller: cycles, Case: "case-1"}, "o3 ", false},
	} {
		page, err := o.List(t.Context(), c.query)
		got := ""
		for _, o := range page.Orders {
			got += o.Order + " "
		}
		if err != nil || got != c.want || page.More != c.more || page.Position != 7 {
			t.Errorf("%s: got %s, %v, %+v; want %s", rule, got, page.More, err, c.want)
		}
	}
	for rule, q := range map[string]orders.Query{
		"too many": {Limit: 1001}, "fewer than none": {Limit: -1}, "a service of whom?": {Service: "webshop"}, "a case of whom?": {Case: "case-1"},
	} {
		if _, err := o.List(t.Context(), q); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var facts []domain.Fact
	for range 3000 {
		id, subject := fmt.Sprint(r.IntN(200)), domain.SubjectKey(1+r.IntN(5))
		switch r.IntN(8) {
		case 0, 1, 2:
			facts = append(facts, order(id, subject))
		case 3:
			facts = append(facts, escalated(id, subject))
		case 4:
			if r.IntN(50) == 0 {
				facts = append(facts, dossier.IdentifierLinked{Controller: cycles, Subject: subject, Joined: domain.SubjectKey(1 + r.IntN(5)), Identifier: "email"})
			}
		default:
			facts = append(facts, act(domain.Erase, id, subject))
		}
	}
	projectiontest.Equivalent(t, orders.Projection(), projectiontest.Events(0, facts...)...)
}
