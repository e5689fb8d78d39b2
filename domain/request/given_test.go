package request_test

import (
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// on gives the head of a step of the one case in these tests, in September to December 2026: on(9, 3).
func on(month, d int) request.Of {
	return request.Of{Controller: "fenland", Case: "C-1", On: calendar.NewDate(2026, 8, 31).AddMonths(month - 9).AddDays(d)}
}

// The head's arithmetic above is plain: the last day of the month before, and d days.
func TestTheTestsCountDaysRight(t *testing.T) {
	for _, c := range []struct {
		got  request.Of
		want string
	}{{on(9, 3), "2026-09-03"}, {on(10, 5), "2026-10-05"}, {on(11, 1), "2026-11-01"}, {on(12, 31), "2026-12-31"}} {
		if c.got.On != day(c.want) {
			t.Errorf("%s, want %s", c.got.On, c.want)
		}
	}
}

var (
	crm     = request.Place{Kind: request.System, Name: "crm", Service: "webshop"}
	shop    = request.Place{Kind: request.Service, Name: "webshop"}
	printer = request.Place{Kind: request.Recipient, Name: "northprint"}
)

func received(kind request.Kind, change ...func(*request.Received)) request.Received {
	r := request.Received{
		Of: on(9, 3), Kind: kind, Subjects: []domain.SubjectKey{7}, Owner: "privacy", Channel: request.ByEmail,
		Regime: domain.UK, Calendar: calendar.EnglandAndWales, Promise: calendar.Promise{Days: 10, Working: true},
	}
	if kind == request.Objection {
		r.Grounds = []request.Ground{request.OwnSituation}
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func inEU(r *request.Received) { r.Regime, r.Calendar = domain.EU, "DE" }

func marketing(r *request.Received) { r.Grounds = []request.Ground{request.DirectMarketing} }

func warrant(of request.Of) domain.Warrant {
	return domain.Warrant{By: "anna", On: of.On.Time(), How: domain.ByEmail}
}

func found(places ...request.Place) request.Found { return request.Found{Of: on(9, 8), Places: places} }

func accepted(grounds ...request.Ground) request.Decided {
	return request.Decided{Of: on(9, 10), Outcome: request.Accepted, Grounds: grounds, Warrant: warrant(on(9, 10))}
}

func refused(grounds ...request.Refusal) request.Decided {
	d := request.Decided{Of: on(9, 10), Outcome: request.Refused, Warrant: warrant(on(9, 10))}
	for _, g := range grounds {
		d.Refusals = append(d.Refusals, request.Cited{Ground: g})
	}
	return d
}

func partly(g request.Ground, r request.Refusal) request.Decided {
	d := refused(r)
	d.Outcome = request.Partly
	if g != "" {
		d.Grounds = []request.Ground{g}
	}
	return d
}

func ordered(p request.Place, task request.Task) request.Ordered {
	return request.Ordered{Of: on(9, 11), Order: "ord-" + p.Name, Place: p, Task: task}
}

func erased(p request.Place) request.Settled {
	return request.Settled{Of: on(9, 14), Place: p, How: request.ByAction, Event: "evt-1", Source: "/fenland/webshop", Operation: domain.Erase, Erases: true}
}

func told(p request.Place) request.Settled {
	return request.Settled{Of: on(9, 15), Place: p, How: request.ByTelling, Event: "evt-2"}
}

func exempt(p request.Place, r request.Refusal) request.Settled {
	return request.Settled{Of: on(9, 15), Place: p, How: request.ByExemption, Exemption: &request.Cited{Ground: r}}
}

func answered(month, d int) request.Answered { return request.Answered{Of: on(month, d)} }

func remedies(month, d int) request.Answered {
	return request.Answered{Of: on(month, d), Remedies: true}
}

func closed(outcome request.Outcome) request.Closed {
	return request.Closed{Of: on(12, 1), Outcome: outcome}
}

func given(steps ...request.Step) []request.Step { return steps }

// state folds the steps, each of which must be allowed: what is given has to be possible.
func state(t *testing.T, steps []request.Step) request.State {
	t.Helper()
	var s request.State
	for _, step := range steps {
		facts, err := request.Record{Step: step}.Decide(s)
		if err != nil || len(facts) != 1 {
			t.Fatalf("what is given cannot be: %s records %v, %v %s", step.EventType(), facts, err, errors.FlattenHints(err))
		}
		s = s.Evolve(domain.Event{Fact: facts[0]})
	}
	return s
}

// row is one rule: given a case, when a step is recorded, then it is, or it is nothing new, or it fails with a hint that names
// what says so.
type row struct {
	rule  string
	given []request.Step
	when  request.Step
	then  outcome
}

type outcome struct {
	again bool
	fails error
	hint  string
}

var (
	recorded = outcome{}
	nothing  = outcome{again: true}
)

func fails(kind error, hint string) outcome { return outcome{fails: kind, hint: hint} }

func check(t *testing.T, rows []row) {
	t.Helper()
	names := map[string]bool{}
	for _, r := range rows {
		if names[r.rule] {
			t.Errorf("two rules are named %q", r.rule)
		}
		names[r.rule] = true
		t.Run(r.rule, func(t *testing.T) {
			s := state(t, r.given)
			facts, err := request.Record{Step: r.when, Today: day("2026-12-31")}.Decide(s)
			hints := errors.FlattenHints(err)
			switch {
			case !errors.Is(err, r.then.fails) || (err == nil) != (r.then.fails == nil):
				t.Fatalf("decided %v with %v (%s), want %v", facts, err, hints, r.then.fails)
			case err != nil && (!contains(hints, r.then.hint) || r.then.hint == ""):
				t.Errorf("the hint %q does not name %q", hints, r.then.hint)
			case err == nil && r.then.again != (len(facts) == 0):
				t.Errorf("decided %v", facts)
			case err == nil && len(facts) == 1:
				stored(t, facts[0], s)
			}
		})
	}
}
