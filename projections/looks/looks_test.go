package looks_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/projections/looks"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

const cycles domain.ControllerID = "fenland-cycles"

func by(actor domain.ContactID, reason oversight.Reason) oversight.By {
	if actor == "" {
		return oversight.By{Known: oversight.Unnamed, Reason: reason}
	}
	return oversight.By{Actor: actor, Known: oversight.Claimed, Reason: reason}
}

func viewed(actor domain.ContactID, subjects ...domain.SubjectKey) oversight.RecordViewed {
	return oversight.RecordViewed{By: by(actor, oversight.ForRequest), Controller: cycles, Subjects: subjects, View: oversight.Trail}
}

func TestLists(t *testing.T) {
	elsewhere := viewed("sam", 9)
	elsewhere.Controller, elsewhere.Case = "harbour-hotel", "case-1"
	ledger := projectiontest.Given(t, looks.Projection(),
		viewed("petra", 1, 2), // 0
		dossier.ActionRecorded{Controller: cycles, Service: "webshop", Subject: 1, Identifier: "email", Operation: domain.Use},                     // 1
		oversight.DetailsRevealed{By: by("sam", oversight.Support), Controller: cycles, Subjects: []domain.SubjectKey{1}, View: oversight.Details}, // 2
		oversight.ExportMade{By: by("petra", oversight.Audit), What: "log", Format: "jsonl", Until: 3},                                             // 3
		oversight.VerificationMade{By: by("", oversight.Unstated), Until: 4, Intact: true},                                                         // 4
		elsewhere, // 5
	)
	four := domain.Position(4)
	for rule, c := range map[string]struct {
		query looks.Query
		want  string
		more  bool
	}{
		"all looks, the newest first, and nothing else": {looks.Query{}, "5 4 3 2 0 ", false},
		"a page":                                {looks.Query{Limit: 2}, "5 4 ", true},
		"the next page":                         {looks.Query{Limit: 2, Before: &four}, "3 2 ", true},
		"at a person's record":                  {looks.Query{Subjects: []domain.SubjectKey{1}}, "2 0 ", false},
		"by any of their keys, each once":       {looks.Query{Subjects: []domain.SubjectKey{1, 2}}, "2 0 ", false},
		"at somebody whom nobody looked at":     {looks.Query{Subjects: []domain.SubjectKey{7}}, "", false},
		"of a controller":                       {looks.Query{Controller: "harbour-hotel"}, "5 ", false},
		"of somebody":                           {looks.Query{Actor: "petra"}, "3 0 ", false},
		"of those who did not say who they are": {looks.Query{Unnamed: true}, "4 ", false},
		"of a kind":                             {looks.Query{Kind: looks.Exported}, "3 ", false},
		"for a reason":                          {looks.Query{Reason: oversight.Support}, "2 ", false},
		"for a case":                            {looks.Query{Case: "case-1"}, "5 ", false},
		"from a time on":                        {looks.Query{From: when(4)}, "5 4 ", false},
		"before a time":                         {looks.Query{To: when(2)}, "0 ", false},
	} {
		page, err := looks.New(ledger).List(t.Context(), c.query)
		got := ""
		for _, l := range page.Looks {
			got += fmt.Sprint(l.Position, " ")
		}
		if err != nil || got != c.want || page.More != c.more || page.Position != 6 {
			t.Errorf("%s: got %s, %v, %+v; want %s", rule, got, page.More, err, c.want)
		}
	}
	for _, limit := range []int{-1, looks.MaxLimit + 1} {
		if _, err := looks.New(ledger).List(t.Context(), looks.Query{Limit: limit}); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

// when gives the time by the publisher's clock, a second before it is recorded.
func when(position int) time.Time {
	return projectiontest.Start.Add(time.Duration(position-1) * time.Second)
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var facts []domain.Fact
	for range 1000 {
		facts = append(facts, viewed([]domain.ContactID{"", "petra", "sam"}[r.IntN(3)], domain.SubjectKey(1+r.IntN(5)), domain.SubjectKey(1+r.IntN(5))))
	}
	projectiontest.Equivalent(t, looks.Projection(), projectiontest.Events(0, facts...)...)
}
