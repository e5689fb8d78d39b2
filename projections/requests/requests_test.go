package requests_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/requests"
)

const cycles domain.ControllerID = "fenland-cycles"

func of(id request.ID, month time.Month, d int) request.Of {
	return request.Of{Controller: cycles, Case: id, On: calendar.NewDate(2026, month, d)}
}

// received opens a case under a promise of ten days.
func received(id request.ID, kind request.Kind, month time.Month, d int) request.Received {
	r := request.Received{
		Of: of(id, month, d), Kind: kind, Subjects: []domain.SubjectKey{1, 2}, Owner: "petra", Channel: request.ByEmail,
		Regime: domain.UK, Calendar: calendar.EnglandAndWales, Promise: calendar.Promise{Days: 10},
	}
	if kind == request.Objection {
		r.Grounds = []request.Ground{request.OwnSituation}
	}
	return r
}

func ids(list requests.List) []request.ID {
	var ids []request.ID
	for _, c := range list.Cases {
		ids = append(ids, c.Key.Case)
	}
	return ids
}

func on(d calendar.Date) func(calendar.Calendar) calendar.Date {
	return func(calendar.Calendar) calendar.Date { return d }
}

// history is six cases: "a" and "b" run, "c" waits for proof of identity, "d" is answered and closed, "e" was withdrawn, "f" was
// answered late.
func history() []domain.Fact {
	other := received("a", request.Access, 9, 2)
	other.Controller = "harbour-hotel"
	complaint := received("b", request.Complaint, 9, 1)
	complaint.Owner = "paul"
	decided := request.Decided{Of: of("d", 9, 10), Outcome: request.Refused,
		Refusals: []request.Cited{{Ground: request.ManifestlyUnfounded}}, Warrant: domain.Warrant{By: "anna", On: projectiontest.Start, How: domain.ByEmail}}
	late := decided
	late.Of = of("f", 11, 20)
	unpromised := received("f", request.Erasure, 9, 1)
	unpromised.Promise = calendar.Promise{}
	return []domain.Fact{
		other, complaint, received("c", request.Access, 9, 3), received("d", request.Erasure, 9, 4), received("e", request.Rectification, 9, 5), unpromised,
		request.Asked{Of: of("c", 9, 4), For: request.Identity},
		decided, request.Answered{Of: of("d", 9, 11), Remedies: true}, request.Closed{Of: of("d", 9, 11), Outcome: request.Refused},
		request.Withdrawn{Of: of("e", 9, 6)},
		late, request.Answered{Of: of("f", 11, 21), Remedies: true},
	}
}

func TestListsOfCases(t *testing.T) {
	view := requests.New(projectiontest.Given(t, requests.Projection(), history()...))
	before, after := calendar.NewDate(2026, 9, 11), calendar.NewDate(2026, 9, 12)
	for rule, row := range map[string]struct {
		query requests.Query
		want  []request.ID
	}{
		"open ones, the soonest limit first, those without one last": {requests.Query{}, []request.ID{"b", "a", "c", "f"}},
		"those that are over come last":                              {requests.Query{Ended: true}, []request.ID{"b", "a", "c", "f", "d", "e"}},
		"of one controller":                                          {requests.Query{Controller: "harbour-hotel"}, []request.ID{"a"}},
		"of one kind":                                                {requests.Query{Kind: request.Access}, []request.ID{"a", "c"}},
		"of one owner":                                               {requests.Query{Owner: "paul"}, []request.ID{"b"}},
		"what is due by a day":                                       {requests.Query{DueBy: before}, []request.ID{"b"}},
		"what is due by the next day":                                {requests.Query{DueBy: after}, []request.ID{"b", "a"}},
		"on the last day nothing is late but what was answered late": {requests.Query{Late: true, Today: on(before)}, []request.ID{"f"}},
		"a promise that has passed is late":                          {requests.Query{Late: true, Today: on(after)}, []request.ID{"b", "f"}},
		"what ended in time is not late":                             {requests.Query{Late: true, Ended: true, Kind: request.Rectification, Today: on(after)}, nil},
	} {
		row.query.Limit = 100
		list, err := view.List(t.Context(), row.query)
		if err != nil || !slices.Equal(ids(list), row.want) || list.More || list.Position != 13 {
			t.Errorf("%s: got %v at %s, more %t: %+v", rule, ids(list), list.Position, list.More, err)
		}
	}
}

func TestAListIsReadPageByPage(t *testing.T) {
	view := requests.New(projectiontest.Given(t, requests.Projection(), history()...))
	var all []request.ID
	q := requests.Query{Ended: true, Limit: 1}
	for {
		list, err := view.List(t.Context(), q)
		if err != nil || len(list.Cases) != 1 {
			t.Fatalf("%v: %+v", ids(list), err)
		}
		all = append(all, ids(list)...)
		if q.After = list.Cases[0].Key; !list.More {
			break
		}
	}
	if want := []request.ID{"b", "a", "c", "f", "d", "e"}; !slices.Equal(all, want) {
		t.Errorf("got %v, want %v", all, want)
	}
	q.After = request.Key{Controller: cycles, Case: "none"}
	if _, err := view.List(t.Context(), q); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("after a case that is not there: %v", err)
	}
	for _, limit := range []int{0, 501} {
		if _, err := view.List(t.Context(), requests.Query{Limit: limit}); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("a limit of %d: %v", limit, err)
		}
	}
}

func TestACaseIsGivenWithItsStepsAndItsClocks(t *testing.T) {
	view := requests.New(projectiontest.Given(t, requests.Projection(), history()...))
	c, steps, at, err := view.One(t.Context(), request.Key{Controller: cycles, Case: "c"})
	if err != nil || at != 13 || len(steps) != 2 || steps[0].Position != 2 || steps[1].Position != 6 {
		t.Fatalf("%+v at %s: %+v", steps, at, err)
	}
	if c.State.Stage() != request.Waiting || c.Legal.Now != calendar.NotStarted || c.Promised.Due != calendar.NewDate(2026, 9, 13) {
		t.Errorf("the stage %s, the clocks %+v and %+v", c.State.Stage(), c.Legal, c.Promised)
	}
	if _, _, _, err := view.One(t.Context(), request.Key{Controller: cycles, Case: "a"}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("another controller's case: %v", err)
	}
}

func TestTheCasesOfAPerson(t *testing.T) {
	view := requests.New(projectiontest.Given(t, requests.Projection(), history()...))
	list, _, err := view.OfPerson(t.Context(), []domain.SubjectKey{2, 1})
	if err != nil || len(list) != 6 {
		t.Errorf("%d cases: %+v", len(list), err)
	}
	if list, _, err = view.OfPerson(t.Context(), []domain.SubjectKey{3}); err != nil || len(list) != 0 {
		t.Errorf("of somebody else: %v, %v", list, err)
	}
	if _, _, err = view.OfPerson(t.Context(), nil); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestRebuildEquivalence(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	kinds := request.Kinds()
	states := map[request.Key]request.State{}
	var facts []domain.Fact
	for range 400 {
		id := request.ID(fmt.Sprintf("case-%d", r.IntN(40)))
		key := request.Key{Controller: cycles, Case: id}
		var step request.Step = received(id, kinds[r.IntN(len(kinds))], 9, 1)
		if states[key].Exists() {
			step = anyStep(r, id)
		}
		decided, err := request.Record{Step: step}.Decide(states[key])
		if err != nil {
			continue // What the case does not allow is not recorded.
		}
		for _, fact := range decided {
			facts = append(facts, fact)
			states[key] = states[key].Evolve(domain.Event{Fact: fact})
		}
	}
	if len(facts) < 100 {
		t.Fatalf("only %d events", len(facts))
	}
	projectiontest.Equivalent(t, requests.Projection(), projectiontest.Events(0, facts...)...)
}

func anyStep(r *rand.Rand, id request.ID) request.Step {
	o := of(id, 9, 2+r.IntN(60))
	place := request.Place{Kind: request.System, Name: fmt.Sprintf("system-%d", r.IntN(3))}
	warrant := domain.Warrant{By: "anna", On: projectiontest.Start, How: domain.ByEmail}
	return []request.Step{
		request.Assigned{Of: o, Owner: domain.ContactID(fmt.Sprintf("owner-%d", r.IntN(3)))},
		request.Acknowledged{Of: o}, request.Asked{Of: o, For: request.Identity}, request.Replied{Of: o, For: request.Identity, Enough: true},
		request.Extended{Of: o, Months: 1, Reasons: []request.Reason{request.Complexity}}, request.Found{Of: o, Places: []request.Place{place}},
		request.Reviewed{Of: o}, request.Decided{Of: o, Outcome: request.Refused, Refusals: []request.Cited{{Ground: request.ManifestlyExcessive}}, Warrant: warrant},
		request.Decided{Of: o, Outcome: request.Accepted, Warrant: warrant}, request.Settled{Of: o, Place: place, How: request.ByAbsence},
		request.Answered{Of: o, Remedies: true}, request.Closed{Of: o, Outcome: request.Refused}, request.Withdrawn{Of: o},
	}[r.IntN(13)]
}
