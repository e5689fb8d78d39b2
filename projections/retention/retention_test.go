package retention_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/retention"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	mail   domain.Category     = "pd:EmailAddress"
	name   domain.Category     = "pd:Name"
)

var of = dossier.Of{Controller: cycles, Subject: 1}

func given(id domain.InstructionID, version int, basis domain.Basis, rules ...domain.Retention) instruction.Given {
	return instruction.Given{Controller: cycles, Instruction: id, Version: version, Terms: domain.Terms{
		Title: "Terms", Purpose: "Orders", Basis: basis, Operations: []domain.Operation{domain.Store},
		Categories: []domain.Category{name}, Territory: []domain.Territory{"GB"}, Retention: rules,
	}, Warrant: domain.Warrant{By: "anna", On: projectiontest.Start, How: domain.BySigned}}
}

func rule(after domain.Trigger, keep string) domain.Retention {
	p, err := domain.ParsePeriod(keep)
	if err != nil {
		panic(err)
	}
	return domain.Retention{After: after, Keep: p}
}

// rules are the instructions of most tests.
func rules() []domain.Fact {
	erase := given("mailing", 1, domain.LegitimateInterests, rule(domain.WhenRecorded, "P1M"))
	erase.Terms.Erasure = []domain.Operation{domain.Destruct, domain.Delete}
	return []domain.Fact{
		given("logs", 1, domain.LegitimateInterests, rule(domain.WhenRecorded, "P30D")),
		given("orders", 1, domain.Contract, rule(domain.WhenOrderClosed, "P1Y")),
		given("enquiries", 1, domain.Contract, rule(domain.WhenEnquiryAnswered, "P0D")),
		given("quotes", 1, domain.Contract, rule(domain.WhenQuoteDeclined, "P0D"), rule(domain.WhenRecorded, "P6M")),
		given("newsletter", 1, domain.Consent),
		given("support", 1, domain.Contract),
		erase,
		given("campaign", 1, domain.Contract, domain.Retention{After: domain.WhenDate, On: projectiontest.Start.Add(10 * day)}),
		given("visits", 1, domain.Contract, rule(domain.WhenRecorded, "P20D"), only(rule(domain.WhenRecorded, "P5D"), mail),
			only(rule(domain.WhenRecorded, "P100D"), "pd:Invoice"), only(rule(domain.WhenContractEnded, "P10D"), "pd:Invoice"),
			only(rule(domain.WhenInstructionWithdrawn, "P7D"), "pd:Invoice")),
	}
}

func only(r domain.Retention, categories ...domain.Category) domain.Retention {
	r.Categories = categories
	return r
}

func revoked(id domain.InstructionID, after time.Duration) instruction.Withdrawn {
	return instruction.Withdrawn{Controller: cycles, Instruction: id, Version: 1, Warrant: domain.Warrant{By: "anna", On: projectiontest.Start.Add(after), How: domain.BySigned}}
}

func by(service domain.ServiceID, a dossier.ActionRecorded) dossier.ActionRecorded {
	a.Service = service
	return a
}

func of2(a dossier.ActionRecorded) dossier.ActionRecorded {
	a.Subject = 2
	return a
}

// event is a fact that happened some time after the start.
type event struct {
	after time.Duration
	fact  domain.Fact
}

const day = 24 * time.Hour

func act(op domain.Operation, id domain.InstructionID, system string, categories ...domain.Category) dossier.ActionRecorded {
	return dossier.ActionRecorded{
		Controller: cycles, Service: "webshop", Subject: 1, Identifier: "email", Operation: op, Instruction: id, Version: 1,
		Categories: categories, System: system,
	}
}

func from(system string, a dossier.ActionRecorded) dossier.ActionRecorded {
	a.From = system
	return a
}

func answer(order string, a dossier.ActionRecorded, findings ...domain.Finding) dossier.ActionRecorded {
	a.Order = order
	for _, f := range findings {
		a.Findings = a.Findings.With(f)
	}
	return a
}

func happened(o domain.Trigger, id domain.InstructionID) dossier.OccasionRecorded {
	return dossier.OccasionRecorded{Of: of, Instruction: id, Occasion: o}
}

func withdrawn() dossier.ConsentWithdrawn {
	return dossier.ConsentWithdrawn{Of: of, Instruction: "newsletter", How: "by phone"}
}

func consented() dossier.ConsentGiven {
	return dossier.ConsentGiven{Of: of, Instruction: "newsletter", How: "form"}
}

func hold(id string, categories ...domain.Category) dossier.HoldPlaced {
	return dossier.HoldPlaced{Of: of, Hold: id, Ground: "legal-claim", Reference: "K 1", Categories: categories}
}

func order(id string, of dossier.Of, instruction domain.InstructionID) dossier.OrderSent {
	return dossier.OrderSent{Of: of, Order: id, Kind: dossier.TaskErase, Service: "webshop", Instruction: instruction, System: "crm", Reason: "retention"}
}

// folded gives a view of events that happened and were recorded at their times.
func folded(t *testing.T, events ...event) *retention.Retentions {
	t.Helper()
	return retention.New(projectiontest.GivenEvents(t, retention.Projection(), timed(events)...))
}

func timed(events []event) []domain.Event {
	facts := rules()
	for _, e := range events {
		facts = append(facts, e.fact)
	}
	list := projectiontest.Events(0, facts...)
	for i, e := range events {
		at := &list[len(list)-len(events)+i]
		at.Time = projectiontest.Start.Add(e.after)
	}
	return list
}

// shown writes items as instruction/system state due-in-days [categories to erase].
func shown(items []retention.Item) []string {
	list := []string{}
	for _, i := range items {
		s := fmt.Sprintf("%s/%s %s", i.Instruction, i.System, i.State)
		if !i.Due.IsZero() {
			s += fmt.Sprintf(" %g", i.Due.Sub(projectiontest.Start).Hours()/24)
		}
		for n, c := range i.Erase {
			s += []string{" ", ","}[min(n, 1)] + strings.TrimPrefix(string(c), "pd:")
		}
		if i.Whole {
			s += " whole"
		}
		for _, h := range i.Holds {
			s += " !" + h
		}
		list = append(list, s)
	}
	return list
}

func TestRules(t *testing.T) {
	const collect, store, use, erase, del = domain.Collect, domain.Store, domain.Use, domain.Erase, domain.Delete
	for _, c := range []struct {
		rule  string
		given []event
		at    time.Duration
		want  []string
	}{
		{"Art. 5(1)(e): from when it was recorded", []event{{0, act(store, "logs", "crm", mail)}}, day, []string{"logs/crm running 30"}},
		{"on the day it is due", []event{{0, act(store, "logs", "crm", mail)}}, 30 * day, []string{"logs/crm due 30 EmailAddress"}},
		{"a day later it is overdue", []event{{0, act(store, "logs", "crm", mail)}}, 31*day + 1, []string{"logs/crm overdue 30 EmailAddress"}},
		{"newer data moves the date", []event{{0, act(store, "logs", "crm", mail)}, {5 * day, act(collect, "logs", "crm", mail)}}, day, []string{"logs/crm running 35"}},
		{"a late report does not move it back", []event{{5 * day, act(store, "logs", "crm", mail)}, {0, act(collect, "logs", "crm", mail)}}, day, []string{"logs/crm running 35"}},
		{"use does not move the date", []event{{0, act(store, "logs", "crm", mail)}, {5 * day, act(use, "logs", "crm", mail)}}, day, []string{"logs/crm running 30"}},
		{"a copy is as old as what it was made from", []event{{0, act(store, "logs", "crm", mail)}, {5 * day, from("crm", act(domain.Copy, "logs", "attic", mail))}}, day, []string{"logs/attic running 30", "logs/crm running 30"}},
		{"a move leaves nothing behind", []event{{0, act(store, "logs", "crm", mail)}, {5 * day, from("crm", act(domain.Move, "logs", "attic", mail))}}, day, []string{"logs/attic running 30", "logs/crm done"}},
		{"no rule, no end", []event{{0, act(store, "support", "crm", mail)}}, day, []string{"support/crm unruled"}},
		{"what no instruction covers is not kept count of", []event{{0, act(store, "", "crm", mail)}}, day, []string{}},

		{"waiting for the order to be closed", []event{{0, act(store, "orders", "crm", mail)}}, 900 * day, []string{"orders/crm waiting"}},
		{"from when the order was closed", []event{{0, act(store, "orders", "crm", mail)}, {2 * day, happened(domain.WhenOrderClosed, "orders")}}, day, []string{"orders/crm running 367"}},
		{"another occasion starts nothing", []event{{0, act(store, "orders", "crm", mail)}, {2 * day, happened(domain.WhenContractEnded, "orders")}}, day, []string{"orders/crm waiting"}},
		{"an occasion of another instruction starts nothing", []event{{0, act(store, "orders", "crm", mail)}, {2 * day, happened(domain.WhenOrderClosed, "quotes")}}, day, []string{"orders/crm waiting"}},
		{"a new order waits anew", []event{{0, act(store, "orders", "crm", mail)}, {day, happened(domain.WhenOrderClosed, "orders")}, {2 * day, act(collect, "orders", "shop", mail)}}, day, []string{"orders/crm waiting", "orders/shop waiting"}},
		{"a copy after the closing does not", []event{{0, act(store, "orders", "crm", mail)}, {day, happened(domain.WhenOrderClosed, "orders")}, {2 * day, from("crm", act(domain.Copy, "orders", "shop", mail))}}, day, []string{"orders/crm running 366", "orders/shop running 366"}},
		{"the newest closing counts", []event{{0, act(store, "orders", "crm", mail)}, {3 * day, happened(domain.WhenOrderClosed, "orders")}, {2 * day, happened(domain.WhenOrderClosed, "orders")}}, day, []string{"orders/crm running 368"}},
		{"notice 6: an answered enquiry is due at once", []event{{0, act(collect, "enquiries", "crm", mail)}, {day, happened(domain.WhenEnquiryAnswered, "enquiries")}}, day, []string{"enquiries/crm due 1 EmailAddress"}},
		{"notice 6: a declined quote is due at once", []event{{0, act(store, "quotes", "crm", mail)}, {day, happened(domain.WhenQuoteDeclined, "quotes")}}, day, []string{"quotes/crm due 1 EmailAddress"}},
		{"a quote that nobody declined is due at its other limit", []event{{0, act(store, "quotes", "crm", mail)}}, day, []string{"quotes/crm running 181"}},

		{"a removal closes it", []event{{0, act(store, "logs", "crm", mail)}, {day, act(erase, "logs", "crm")}}, 40 * day, []string{"logs/crm done"}},
		{"a removal in another system does not", []event{{0, act(store, "logs", "crm", mail)}, {day, act(erase, "logs", "shop")}}, day, []string{"logs/crm running 30"}},
		{"a removal that names no system does not", []event{{0, act(store, "logs", "crm", mail)}, {day, act(erase, "logs", "")}}, day, []string{"logs/crm running 30"}},
		{"a removal that names no system is of what the service itself holds", []event{{0, act(store, "logs", "", mail)}, {day, act(erase, "logs", "")}}, day, []string{"logs/ done"}},
		{"and of nothing that another service holds", []event{{0, act(store, "logs", "", mail)}, {day, by("mailer", act(erase, "logs", ""))}}, day, []string{"logs/ running 30"}},
		{"a removal takes the categories that it names", []event{{0, act(store, "logs", "crm", mail, name)}, {day, act(erase, "logs", "crm", mail)}}, 30 * day, []string{"logs/crm due 30 Name"}},
		{"Art. 17: deletion that can be undone is no erasure", []event{{0, act(store, "logs", "crm", mail)}, {day, act(del, "logs", "crm")}}, 30 * day, []string{"logs/crm due 30 EmailAddress"}},
		{"Art. 28(3)(g): unless the instruction says so", []event{{0, act(store, "mailing", "crm", mail)}, {day, act(del, "mailing", "crm")}}, 30 * day, []string{"mailing/crm done"}},
		{"nor is erasure where it says otherwise", []event{{0, act(store, "mailing", "crm", mail)}, {day, act(erase, "mailing", "crm")}}, 31 * day, []string{"mailing/crm due 30 EmailAddress"}},
		{"a removal before the data came took other data", []event{{2 * day, act(store, "logs", "crm", mail)}, {day, act(erase, "logs", "crm")}}, day, []string{"logs/crm running 32"}},
		{"after a removal it is kept anew", []event{{0, act(store, "logs", "crm", mail)}, {day, act(erase, "logs", "crm")}, {2 * day, act(store, "logs", "crm", name)}}, 32 * day, []string{"logs/crm due 32 Name"}},
		{"data brought without a category is due as a whole", []event{{0, act(store, "logs", "crm")}}, 30 * day, []string{"logs/crm due 30 whole"}},

		{"Art. 17(1)(b): a withdrawn consent leaves data due at once", []event{{0, act(store, "newsletter", "crm", mail)}, {day, withdrawn()}}, day, []string{"newsletter/crm due 1 EmailAddress"}},
		{"while it stands it waits", []event{{0, consented()}, {1, act(store, "newsletter", "crm", mail)}}, day, []string{"newsletter/crm waiting"}},
		{"a consent given again ends that", []event{{0, act(store, "newsletter", "crm", mail)}, {day, withdrawn()}, {2 * day, consented()}}, 3 * day, []string{"newsletter/crm waiting"}},
		{"data brought without consent is due", []event{{day, withdrawn()}, {2 * day, act(store, "newsletter", "crm", mail)}}, 2 * day, []string{"newsletter/crm due 1 EmailAddress"}},
		{"Art. 17(1)(b): not where there is another ground", []event{{0, act(store, "newsletter", "crm", mail)}, {0, act(store, "orders", "crm", mail)}, {day, withdrawn()}}, 2 * day, []string{"newsletter/crm kept", "orders/crm waiting"}},
		{"another ground covers its own categories", []event{{0, act(store, "newsletter", "crm", mail, name)}, {0, act(store, "orders", "crm", mail)}, {day, withdrawn()}}, 2 * day, []string{"newsletter/crm due 1 Name", "orders/crm waiting"}},
		{"and its own system", []event{{0, act(store, "newsletter", "crm", mail)}, {0, act(store, "orders", "shop", mail)}, {day, withdrawn()}}, day, []string{"newsletter/crm due 1 EmailAddress", "orders/shop waiting"}},
		{"until that one ends too", []event{{0, act(store, "newsletter", "crm", mail)}, {0, act(store, "logs", "crm", mail)}, {day, withdrawn()}}, 2 * day, []string{"logs/crm running 30", "newsletter/crm kept 30"}},

		{"Art. 5(1)(e): a day that the rule names", []event{{0, act(store, "campaign", "crm", mail)}}, day, []string{"campaign/crm running 10"}},
		{"newer data does not move that day", []event{{0, act(store, "campaign", "crm", mail)}, {12 * day, act(store, "campaign", "crm", mail)}}, 12 * day, []string{"campaign/crm overdue 10 EmailAddress"}},
		{"Art. 5(1)(e): categories are kept for different times", []event{{0, act(store, "visits", "crm", mail, name)}}, day, []string{"visits/crm running 5"}},
		{"the one whose time is over is due", []event{{0, act(store, "visits", "crm", mail, name)}}, 5 * day, []string{"visits/crm due 5 EmailAddress"}},
		{"the others when theirs is", []event{{0, act(store, "visits", "crm", mail, name)}, {5 * day, act(erase, "visits", "crm", mail)}}, 6 * day, []string{"visits/crm running 20"}},
		{"a category that a rule names is under no rule that names none", []event{{0, act(store, "visits", "crm", "pd:Invoice")}}, 30 * day, []string{"visits/crm running 100"}},
		{"of several rules for a category the one that ends first counts", []event{{0, act(store, "visits", "crm", "pd:Invoice")}, {day, happened(domain.WhenContractEnded, "visits")}}, 2 * day, []string{"visits/crm running 11"}},
		{"what was brought without a category goes with all else", []event{{0, act(store, "visits", "crm")}, {0, act(store, "visits", "crm", "pd:Invoice")}}, 20 * day, []string{"visits/crm kept 20"}},
		{"and then as a whole", []event{{0, act(store, "visits", "crm")}, {0, act(store, "visits", "crm", "pd:Invoice")}}, 100 * day, []string{"visits/crm overdue 20 whole"}},

		{"Art. 28(3)(g): a withdrawn instruction leaves its data due", []event{{0, act(store, "orders", "crm", mail)}, {0, revoked("orders", 3*day)}}, 3 * day, []string{"orders/crm due 3 EmailAddress"}},
		{"Art. 28(3)(g): data that comes after it too", []event{{0, revoked("orders", 3*day)}, {4 * day, act(store, "orders", "crm", mail)}}, 4 * day, []string{"orders/crm due 3 EmailAddress"}},
		{"a sooner limit stays", []event{{0, act(store, "logs", "crm", mail)}, {0, revoked("logs", 40*day)}}, day, []string{"logs/crm running 30"}},
		{"a rule says how long after the end it is kept", []event{{0, act(store, "visits", "crm", name)}, {0, revoked("visits", day)}}, 2 * day, []string{"visits/crm due 1 Name"}},
		{"where it is for the category", []event{{0, act(store, "visits", "crm", "pd:Invoice")}, {0, revoked("visits", day)}}, 2 * day, []string{"visits/crm running 8"}},
		{"an instruction that is given again stands", []event{{0, act(store, "orders", "crm", mail)}, {0, revoked("orders", day)}, {0, given("orders", 2, domain.Contract)}}, 2 * day, []string{"orders/crm waiting"}},
		{"Art. 17(1)(a): data that a live instruction needs is kept", []event{{0, act(store, "orders", "crm", mail, name)}, {0, act(store, "logs", "crm", mail)}, {0, revoked("orders", day)}}, 2 * day, []string{"logs/crm running 30", "orders/crm due 1 Name"}},
		{"other people's data is due as well", []event{{0, of2(act(store, "orders", "crm", mail))}, {0, act(store, "logs", "crm", mail)}, {0, revoked("orders", day)}}, 2 * day, []string{"logs/crm running 30"}},

		{"Art. 17(3): a hold blocks", []event{{0, act(store, "logs", "crm", mail)}, {day, hold("h1")}}, 40 * day, []string{"logs/crm blocked 30 !h1"}},
		{"its release leaves the date as it was", []event{{0, act(store, "logs", "crm", mail)}, {day, hold("h1")}, {50 * day, dossier.HoldReleased{Of: of, Hold: "h1"}}}, 50 * day, []string{"logs/crm overdue 30 EmailAddress"}},
		{"a hold blocks what it names", []event{{0, act(store, "logs", "crm", mail, name)}, {day, hold("h1", mail)}}, 30 * day, []string{"logs/crm due 30 Name !h1"}},
		{"before it is due a hold changes nothing", []event{{0, act(store, "logs", "crm", mail)}, {day, hold("h1")}}, 2 * day, []string{"logs/crm running 30 !h1"}},

		{"an order was sent", []event{{0, act(store, "logs", "crm", mail)}, {30 * day, order("o1", of, "logs")}}, 30 * day, []string{"logs/crm ordered 30 EmailAddress"}},
		{"an answer that erased closes it", []event{{0, act(store, "logs", "crm", mail)}, {30 * day, order("o1", of, "logs")}, {31 * day, answer("o1", act(erase, "logs", "crm", mail))}}, 31 * day, []string{"logs/crm done"}},
		{"Art. 17: an answer that erases nothing is none", []event{{0, act(store, "logs", "crm", mail)}, {30 * day, order("o1", of, "logs")}, {31 * day, answer("o1", act(use, "logs", "crm", mail))}}, 31 * day, []string{"logs/crm ordered 30 EmailAddress"}},
		{"one that erases a part leaves the rest due", []event{{0, act(store, "logs", "crm", mail, name)}, {30 * day, order("o1", of, "logs")}, {30 * day, answer("o1", act(erase, "logs", "crm", mail))}}, 30 * day, []string{"logs/crm due 30 Name"}},
		{"an order is for the system that it names", []event{{0, act(store, "logs", "shop", mail)}, {30 * day, order("o1", of, "logs")}}, 30 * day, []string{"logs/shop due 30 EmailAddress"}},
		{"what is no erasure answers nothing", []event{{0, act(store, "logs", "crm", mail)}, {30 * day, order("o1", of, "logs")}, {31 * day, answer("o1", act(del, "logs", "crm"), domain.RemovalNotErasure)}}, 31 * day, []string{"logs/crm ordered 30 EmailAddress"}},
	} {
		items, _, err := folded(t, c.given...).Of(t.Context(), cycles, []domain.SubjectKey{1}, projectiontest.Start.Add(c.at))
		if err != nil {
			t.Fatalf("%s: %+v", c.rule, err)
		}
		if got := shown(items); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.rule, got, c.want)
		}
	}
}

func TestDatesByTheCalendar(t *testing.T) {
	date := func(y, m, d, h int) time.Time { return time.Date(y, time.Month(m), d, h, 0, 0, 0, time.UTC) }
	for rule, c := range map[string]struct {
		keep      string
		from, due time.Time
	}{
		"Reg. 1182/71 Art. 3(2)(c): a month without the day ends on its last": {"P1M", date(2026, 1, 31, 9), date(2026, 2, 28, 9)},
		"29 February has no day in most years":                                {"P1Y", date(2028, 2, 29, 9), date(2029, 2, 28, 9)},
		"six months from the last of August":                                  {"P6M", date(2026, 8, 31, 9), date(2027, 2, 28, 9)},
		"summer time does not shift it":                                       {"P30D", date(2026, 3, 15, 1), date(2026, 4, 14, 1)},
		"nor does its end":                                                    {"P7D", date(2026, 10, 20, 1), date(2026, 10, 27, 1)},
		"seven years":                                                         {"P7Y", date(2026, 11, 23, 10), date(2033, 11, 23, 10)},
	} {
		events := projectiontest.Events(0, given("logs", 1, domain.Contract, domain.Retention{After: domain.WhenRecorded, Keep: parse(t, c.keep)}),
			act(domain.Store, "logs", "crm", mail))
		events[1].Time = c.from
		r := retention.New(projectiontest.GivenEvents(t, retention.Projection(), events...))
		items, _, err := r.Of(t.Context(), cycles, []domain.SubjectKey{1}, c.from)
		if err != nil || len(items) != 1 || !items[0].Due.Equal(c.due) {
			t.Errorf("%s: %+v, %v, want %s", rule, items, err, c.due)
		}
	}
}

func parse(t *testing.T, s string) domain.Period {
	t.Helper()
	p, err := domain.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAnItemInFull(t *testing.T) {
	r := folded(t, event{0, act(domain.Store, "quotes", "crm", mail)}, event{day, act(domain.Use, "quotes", "crm", mail)},
		event{2 * day, act(domain.Erase, "quotes", "crm")})
	items, at, err := r.Of(t.Context(), cycles, []domain.SubjectKey{1, 1}, projectiontest.Start)
	if err != nil || len(items) != 1 || at != 12 {
		t.Fatalf("%+v at %s, %v", items, at, err)
	}
	first := projectiontest.Start
	want := retention.Item{
		Controller: cycles, Subject: 1, Instruction: "quotes", Version: 1, Basis: domain.Contract, System: "crm", Service: "webshop",
		First: first, Newest: first, FirstAt: 9, NewestAt: 9, Clock: first, State: retention.Done,
		Rules: []retention.Rule{{Retention: rule(domain.WhenQuoteDeclined, "P0D")},
			{Retention: rule(domain.WhenRecorded, "P6M"), Began: first, Ends: first.AddDate(0, 6, 0)}},
		Removed: &retention.Removal{Time: first.Add(2 * day), Position: 11, Operation: domain.Erase},
	}
	if !reflect.DeepEqual(items[0], want) {
		t.Errorf("got %+v\nwant %+v", items[0], want)
	}
	if _, _, err := r.Of(t.Context(), cycles, nil, first); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("nobody is asked about: %v", err)
	}
	if items, _, err := r.Of(t.Context(), "harbour-hotel", []domain.SubjectKey{1}, first); err != nil || len(items) != 0 {
		t.Errorf("another controller sees %+v, %v", items, err)
	}
}

func TestTheVersionInForceWhenItWasLastBroughtCounts(t *testing.T) {
	second := act(domain.Store, "logs", "crm", mail)
	second.Version = 2
	r := folded(t, event{0, act(domain.Store, "logs", "crm", mail)},
		event{0, given("logs", 2, domain.Contract, rule(domain.WhenRecorded, "P10D"))}, event{1, act(domain.Use, "logs", "crm")})
	items, _, err := r.Of(t.Context(), cycles, []domain.SubjectKey{1}, projectiontest.Start)
	if got := shown(items); err != nil || !slices.Equal(got, []string{"logs/crm running 30"}) {
		t.Errorf("a new version alone: %q, %v", got, err)
	}
	r = folded(t, event{0, act(domain.Store, "logs", "crm", mail)},
		event{0, given("logs", 2, domain.Contract, rule(domain.WhenRecorded, "P10D"))}, event{day, second})
	items, _, err = r.Of(t.Context(), cycles, []domain.SubjectKey{1}, projectiontest.Start)
	if got := shown(items); err != nil || !slices.Equal(got, []string{"logs/crm running 11"}) {
		t.Errorf("data brought under a new version: %q, %v", got, err)
	}
}

// random makes an event of few people, instructions and systems, so that everything meets everything.
func random(r *rand.Rand) domain.Fact {
	of := dossier.Of{Controller: cycles, Subject: domain.SubjectKey(1 + r.IntN(40))}
	id := []domain.InstructionID{"logs", "orders", "quotes", "newsletter", "mailing", "support", "visits", "unknown"}[r.IntN(8)]
	number := fmt.Sprint(r.IntN(40))
	switch r.IntN(12) {
	case 7:
		if r.IntN(20) > 0 {
			break
		}
		if id = []domain.InstructionID{"logs", "visits"}[r.IntN(2)]; r.IntN(2) == 0 {
			return revoked(id, time.Duration(r.IntN(200))*time.Hour)
		}
		return given(id, 2+r.IntN(3), domain.Contract, only(rule(domain.WhenRecorded, "P9D"), name))
	case 0:
		return dossier.OccasionRecorded{Of: of, Instruction: id, Occasion: []domain.Trigger{domain.WhenOrderClosed, domain.WhenQuoteDeclined}[r.IntN(2)]}
	case 1:
		return dossier.ConsentWithdrawn{Of: of, Instruction: "newsletter", How: "x"}
	case 2:
		return dossier.ConsentGiven{Of: of, Instruction: "newsletter", How: "x"}
	case 3:
		return order(number, of, id)
	case 4:
		return dossier.HoldPlaced{Of: of, Hold: number, Ground: "court-order", Reference: "K"}
	case 5:
		return dossier.HoldReleased{Of: of, Hold: number}
	case 6:
		if r.IntN(60) == 0 {
			return dossier.IdentifierLinked{Controller: cycles, Subject: of.Subject, Joined: domain.SubjectKey(1 + r.IntN(40)), Identifier: "email"}
		}
	}
	ops := []domain.Operation{domain.Store, domain.Collect, domain.Use, domain.Delete, domain.Erase, domain.Move, domain.Copy, domain.Destruct}
	a := act(ops[r.IntN(len(ops))], id, []string{"crm", "shop", ""}[r.IntN(3)])
	a.Subject, a.Service = of.Subject, []domain.ServiceID{"webshop", "mailer"}[r.IntN(2)]
	a.From = []string{"crm", "shop", ""}[r.IntN(3)]
	if r.IntN(3) == 0 {
		a.Order = number
	}
	for _, c := range []domain.Category{"pd:Name", "pd:Age", mail} {
		if r.IntN(3) == 0 {
			a.Categories = append(a.Categories, c)
		}
	}
	return a
}

func randomEvents(t *testing.T, n int) []domain.Event {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	facts := rules()
	for range n {
		facts = append(facts, random(r))
	}
	events := projectiontest.Events(0, facts...)
	for i := range events {
		events[i].Time = events[i].Time.Add(time.Duration(r.IntN(100)) * time.Hour)
	}
	return events
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	projectiontest.Equivalent(t, retention.Projection(), randomEvents(t, 5000)...)
}
