package retention_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/retention"
)

// about gives the fact as one about another person.
func about(key domain.SubjectKey, a dossier.ActionRecorded) dossier.ActionRecorded {
	a.Subject = key
	return a
}

func pages(t *testing.T, r *retention.Retentions, q retention.DueQuery) []retention.Item {
	t.Helper()
	var all []retention.Item
	for {
		page, err := r.DueAt(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		q.After = *page.Next
	}
}

// TestTheListsAgreeWithThePeople holds the due dates and the calendar against what is kept of every person.
func TestTheListsAgreeWithThePeople(t *testing.T) {
	ledger := projectiontest.GivenEvents(t, retention.Projection())
	events := randomEvents(t, 4000)
	if err := ledger.Log.Append(t.Context(), 0, projectiontest.Encode(t, events...)); err != nil {
		t.Fatal(err)
	}
	projectiontest.Await(t, ledger.View, domain.Position(len(events)-1))
	r := retention.New(ledger)
	at := projectiontest.Start.Add(40 * day)
	var due, open []retention.Item
	var want retention.Calendar
	days := map[time.Time]int{}
	seen := map[domain.SubjectKey]bool{}
	for key := domain.SubjectKey(1); key <= 40; key++ {
		items, _, err := r.Of(t.Context(), cycles, []domain.SubjectKey{key}, at)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if len(items) == 0 || seen[items[0].Subject] {
			continue
		}
		seen[items[0].Subject] = true
		for _, i := range items {
			switch {
			case i.State == retention.Done:
				continue
			case !i.Due.IsZero():
				days[i.Due.Truncate(day)]++
			case i.State == retention.Unruled:
				want.Unruled++
			case i.State == retention.Waiting:
				want.Waiting++
			case i.State == retention.Ordered:
				continue // counted below by what is left
			default:
				want.Kept++
			}
			if !i.Due.IsZero() && !i.Due.After(at) {
				if due = append(due, i); i.State != retention.Ordered {
					open = append(open, i)
				}
			}
		}
	}
	order := func(a, b retention.Item) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.NewestAt, b.NewestAt))
	}
	slices.SortFunc(due, order)
	slices.SortFunc(open, order)
	if got := pages(t, r, retention.DueQuery{Controller: cycles, At: at, Ordered: true, Limit: 3}); len(due) == 0 || !reflect.DeepEqual(got, due) {
		t.Errorf("due: got %q\nwant %q", shown(got), shown(due))
	}
	if got := pages(t, r, retention.DueQuery{Controller: cycles, At: at, Limit: 2}); !reflect.DeepEqual(got, open) {
		t.Errorf("due and not ordered: got %q\nwant %q", shown(got), shown(open))
	}
	got, err := r.Calendar(t.Context(), retention.CalendarQuery{Controller: cycles, From: projectiontest.Start.Add(-1000 * day), To: at.Add(1000 * day)})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	counted := map[time.Time]int{}
	for _, c := range got.Counts {
		counted[c.Start] = c.Items
	}
	if len(days) == 0 || !reflect.DeepEqual(counted, days) || got.Before+got.After != 0 || got.Unruled < want.Unruled || got.Kept < want.Kept || got.Waiting < want.Waiting {
		t.Errorf("calendar: got %+v\nwant %v, %+v", got, days, want)
	}
}

func TestTheCalendarByMonth(t *testing.T) {
	r := folded(t, event{0, act(domain.Store, "logs", "crm", mail)}, event{day, about(2, act(domain.Store, "logs", "crm", mail))},
		event{20 * day, about(3, act(domain.Store, "logs", "crm", mail))}, event{0, about(4, act(domain.Store, "orders", "crm", mail))},
		event{-40 * day, about(5, act(domain.Store, "logs", "crm", mail))}, event{900 * day, about(6, act(domain.Store, "logs", "crm", mail))},
		event{0, about(7, act(domain.Store, "support", "crm", mail))}, event{0, about(8, act(domain.Store, "logs", "crm", mail))},
		event{1, about(8, act(domain.Erase, "logs", "crm"))})
	got, err := r.Calendar(t.Context(), retention.CalendarQuery{
		Controller: cycles, From: projectiontest.Start, To: projectiontest.Start.AddDate(1, 0, 0), Monthly: true,
	})
	month := func(m time.Month, y int) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	want := retention.Calendar{
		Counts: []retention.Count{{Start: month(12, 2026), Items: 2}, {Start: month(1, 2027), Items: 1}},
		Before: 1, After: 1, Waiting: 1, Unruled: 1, Position: 18,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if list, err := r.Controllers(t.Context()); err != nil || !slices.Equal(list, []domain.ControllerID{cycles}) {
		t.Errorf("controllers %v, %v", list, err)
	}
}

func TestHoldsAndWhatTheyProtect(t *testing.T) {
	first, second := hold("h1"), hold("h2", mail)
	second.Until = projectiontest.Start.Add(60 * day)
	second.Subject = 2
	r := folded(t, event{0, act(domain.Store, "logs", "crm", mail)}, event{0, act(domain.Store, "orders", "crm", mail)},
		event{0, about(2, act(domain.Store, "logs", "crm", mail))}, event{0, about(2, act(domain.Store, "orders", "crm", name))},
		event{day, first}, event{day, second})
	at := projectiontest.Start.Add(40 * day)
	list, end, err := r.Holds(t.Context(), cycles, at, nil, 0)
	if err != nil || end != 15 || len(list) != 2 || list[0].Hold != "h1" || len(list[0].Items) != 2 || !list[0].Placed.Equal(projectiontest.Start.Add(day)) ||
		!slices.Equal(shown(list[1].Items), []string{"logs/crm blocked 30 !h2"}) {
		t.Errorf("holds %+v at %s, %v", list, end, err)
	}
	if list, _, err = r.Holds(t.Context(), cycles, at, &list[0].Position, 1); err != nil || len(list) != 1 || list[0].Hold != "h2" {
		t.Errorf("after the first: %+v, %v", list, err)
	}
	if list, _, err = r.Holds(t.Context(), cycles, projectiontest.Start.Add(60*day), nil, 0); err != nil || len(list) != 1 {
		t.Errorf("after the second has ended by itself: %+v, %v", list, err)
	}
	if _, _, err = r.Holds(t.Context(), cycles, at, nil, 1001); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("too many asked for: %v", err)
	}
	if _, err = r.DueAt(t.Context(), retention.DueQuery{Limit: -1}); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("fewer than none asked for: %v", err)
	}
}

func TestLinkedDossiersAreOnePersons(t *testing.T) {
	link := dossier.IdentifierLinked{Controller: cycles, Subject: 1, Joined: 2, Identifier: "email"}
	closed := happened(domain.WhenOrderClosed, "orders")
	closed.Subject = 2
	h := hold("h1")
	h.Subject = 2
	r := folded(t, event{0, act(domain.Store, "orders", "crm", mail)}, event{day, about(2, act(domain.Store, "orders", "crm", name))}, event{0, h},
		event{0, link}, event{2 * day, closed})
	for _, keys := range [][]domain.SubjectKey{{1}, {2}, {1, 2}} {
		items, _, err := r.Of(context.Background(), cycles, keys, projectiontest.Start.AddDate(2, 0, 0))
		if got := shown(items); err != nil || !slices.Equal(got, []string{"orders/crm blocked 367 !h1"}) || len(items[0].Categories) != 2 || items[0].Subject != 1 {
			t.Errorf("%q, %v", got, err)
		}
	}
	due := pages(t, r, retention.DueQuery{Controller: cycles, At: projectiontest.Start.AddDate(2, 0, 0)})
	if len(due) != 1 || due[0].Subject != 1 {
		t.Errorf("due: %q", shown(due))
	}
}

func TestWhatWasDoneFirstIsForgottenWhereThereIsMuch(t *testing.T) {
	var events []event
	for n := range 200 {
		system := fmt.Sprintf("session-%03d", n)
		events = append(events, event{0, act(domain.Store, "logs", system, mail)}, event{1, act(domain.Erase, "logs", system)})
	}
	items, _, err := folded(t, append(events, event{2, act(domain.Store, "logs", "crm", mail)})...).Of(t.Context(), cycles, []domain.SubjectKey{1}, projectiontest.Start)
	if err != nil || len(items) != 65 || items[0].State != retention.Running || items[1].System != "session-136" {
		t.Errorf("%d items: %q, %v", len(items), shown(items), err)
	}
}
