package commands_test

import (
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
)

// What a case brings about for its people begins and ends with it, whoever records the step.
func TestWhatACaseBringsAboutEndsWithIt(t *testing.T) {
	at := func(d int) request.Of { return caseOf("a", d) }
	decided := func(d int, o request.Outcome, ground request.Ground, refusals ...request.Refusal) request.Decided {
		e := request.Decided{Of: at(d), Outcome: o, Warrant: domain.Warrant{By: "anna", On: day(d), How: domain.ByEmail}}
		if ground != "" {
			e.Grounds = []request.Ground{ground}
		}
		for _, r := range refusals {
			e.Refusals = append(e.Refusals, request.Cited{Ground: r})
		}
		return e
	}
	unknown := request.Asked{Of: at(3), For: request.Identity}
	look := request.Found{Of: at(3)}
	const open, forGood, overridden, void = "open", "for good", "overridden", "void"
	const placed, lifted = "placed", "lifted"
	for _, row := range []struct {
		rule   string
		kind   request.Kind
		ground request.Ground
		steps  []request.Step
		want   string
		fails  error
	}{
		{"Art. 21(1): an objection stops processing with its case", request.Objection, request.OwnSituation, nil, open, nil},
		{"Art. 21(1): accepted, it stands for good", request.Objection, request.OwnSituation, []request.Step{look, decided(4, request.Accepted, request.OwnSituation)}, forGood, nil},
		{"Art. 21(1): compelling grounds override it", request.Objection, request.OwnSituation, []request.Step{look, decided(4, request.Refused, "", request.Compelling)}, overridden, nil},
		{"Art. 21: the person takes it back", request.Objection, request.OwnSituation, []request.Step{request.Withdrawn{Of: at(4)}}, void, nil},
		{"Art. 21(2): the person takes back one to marketing", request.Objection, request.DirectMarketing, []request.Step{request.Withdrawn{Of: at(4)}}, void, nil},
		{"Art. 21: the person takes it back after it was accepted", request.Objection, request.OwnSituation,
			[]request.Step{look, decided(4, request.Accepted, request.OwnSituation), request.Withdrawn{Of: at(5)}}, void, nil},
		{"Art. 21(1): what was overridden stays so when it is taken back", request.Objection, request.OwnSituation,
			[]request.Step{look, decided(4, request.Refused, "", request.Compelling), request.Withdrawn{Of: at(5)}}, overridden, nil},
		{"Art. 12(6): it was not shown to be the person's", request.Objection, request.OwnSituation, []request.Step{unknown, decided(4, request.Refused, "", request.IdentityFailure)}, void, nil},
		{"Art. 12(6): one to marketing was not shown to be the person's", request.Objection, request.DirectMarketing,
			[]request.Step{unknown, decided(4, request.Refused, "", request.IdentityFailure)}, void, nil},
		{"Art. 21: it was meant for another controller", request.Objection, request.OwnSituation, []request.Step{request.Transferred{Of: at(4)}}, void, nil},
		{"Art. 18(1): accepted, a restriction is placed", request.Restriction, "", []request.Step{look, decided(4, request.Accepted, request.AccuracyContested)}, placed, nil},
		{"Art. 18(1): refused, none is", request.Restriction, "", []request.Step{look, decided(4, request.Refused, "", request.NoGround18)}, "", nil},
		{"Art. 18(3): the person was told and the request withdrawn", request.Restriction, "",
			[]request.Step{look, decided(4, request.Accepted, request.AccuracyContested), request.Withdrawn{Of: at(6), Told: at(5).On}}, lifted, nil},
		{"Art. 18(3): the person was not told", request.Restriction, "",
			[]request.Step{look, decided(4, request.Accepted, request.AccuracyContested), request.Withdrawn{Of: at(6)}}, placed, domain.ErrConflict},
		{"Art. 18(3): a closed case lifts nothing by itself", request.Restriction, "",
			[]request.Step{look, decided(4, request.Accepted, request.AccuracyContested), request.Answered{Of: at(5)}, request.Closed{Of: at(6), Outcome: request.Accepted}}, placed, nil},
		{"Art. 18(3): closed when the person was told that it ends", request.Restriction, "",
			[]request.Step{look, decided(4, request.Accepted, request.AccuracyContested), request.Answered{Of: at(5)}, request.Closed{Of: at(8), Outcome: request.Accepted, Told: at(7).On}}, lifted, nil},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := declared(t)
			r := erasure("a")
			r.Kind = row.kind
			if row.ground != "" {
				r.Grounds = []request.Ground{row.ground}
			}
			if _, err := w.ledger.Open(t.Context(), r, []domain.Identifier{person("email:ada@example.org")}, commands.Stepped{}); err != nil {
				t.Fatalf("%+v", err)
			}
			for i, step := range row.steps {
				_, err := w.ledger.TakeStep(t.Context(), commands.Stepped{Step: step})
				if last := i == len(row.steps)-1; last && row.fails != nil {
					if !errors.Is(err, row.fails) {
						t.Errorf("%s: %v", step.EventType(), err)
					}
				} else if err != nil {
					t.Fatalf("%s: %+v", step.EventType(), err)
				}
			}
			key := must(w.ledger.Case(request.Key{Controller: "fenland", Case: "a"})).Received.Subjects[0]
			w.reopen()
			if got := stands(w.ledger.Standing(key)); got != row.want {
				t.Errorf("it is %q, want %q", got, row.want)
			}
		})
	}
}

// stands says in a word how what is on record about a person stands.
func stands(s dossier.Standing) string {
	switch {
	case len(s.Objections) == 0 && len(s.Restrictions) == 0:
		return ""
	case len(s.Objections) == 0 && s.Restrictions[0].Lifted.IsZero():
		return "placed"
	case len(s.Objections) == 0:
		return "lifted"
	case s.Objections[0].Void:
		return "void"
	case s.Objections[0].Overridden:
		return "overridden"
	case s.Objections[0].Resolved.IsZero():
		return "open"
	default:
		return "for good"
	}
}
