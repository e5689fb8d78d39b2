package sources_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/sources"
)

const cycles domain.ControllerID = "fenland-cycles"

func action(service domain.ServiceID, findings ...domain.Finding) dossier.ActionRecorded {
	a := dossier.ActionRecorded{Controller: cycles, Service: service, Subject: 1, Identifier: "email", Operation: domain.Use}
	for _, f := range findings {
		a.Findings = a.Findings.With(f)
	}
	return a
}

func TestASourceIsCounted(t *testing.T) {
	second := action("webshop", domain.NoInstruction, domain.ReportedLate)
	second.Action = "an-action"
	other := action("mailer")
	other.Controller = "harbour-hotel"
	events := projectiontest.Events(0, other, action("webshop"), second, action("webshop", domain.ReportedLate))
	events[2].Time = events[2].Time.Add(-time.Hour)
	ledger := projectiontest.GivenEvents(t, sources.Projection(), events...)
	got, at, err := sources.New(ledger).All(t.Context(), cycles)
	if err != nil || at != 4 {
		t.Fatalf("at %s: %+v", at, err)
	}
	want := []sources.Source{{
		Controller: cycles, Service: "webshop", Events: 3, Actions: 2, WithFindings: 2,
		Findings:      []sources.Count{{Finding: domain.NoInstruction, Events: 1}, {Finding: domain.ReportedLate, Events: 2}},
		FirstPosition: 1, LastPosition: 3, FirstRecorded: events[1].Recorded, LastRecorded: events[3].Recorded,
		Earliest: events[2].Time, Latest: events[3].Time,
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if all, _, err := sources.New(ledger).All(t.Context(), ""); err != nil || len(all) != 2 || all[1].Controller != "harbour-hotel" {
		t.Errorf("the sources of all controllers: %+v, %v", all, err)
	}
}

func TestGapsInAServicesOwnCount(t *testing.T) {
	many := []uint64{1}
	for i := range uint64(70) {
		many = append(many, 3+2*i)
	}
	for rule, c := range map[string]struct {
		sequences       []uint64
		newest, missing uint64
		gaps            []sources.Gap
	}{
		"no count, no gaps": {[]uint64{0, 0}, 0, 0, nil},
		"in order":          {[]uint64{7, 8, 9}, 9, 0, nil},
		"the people of one action bear one number": {[]uint64{7, 7, 8}, 8, 0, nil},
		"what was left out is missing":             {[]uint64{1, 5}, 5, 3, []sources.Gap{{From: 2, To: 4}}},
		"what comes late is missing no more":       {[]uint64{1, 3, 2}, 3, 0, nil},
		"a gap is filled from its beginning":       {[]uint64{1, 5, 2}, 5, 2, []sources.Gap{{From: 3, To: 4}}},
		"a gap is filled from its end":             {[]uint64{1, 5, 4}, 5, 2, []sources.Gap{{From: 2, To: 3}}},
		"a gap is filled in its middle":            {[]uint64{1, 5, 3}, 5, 2, []sources.Gap{{From: 2, To: 2}, {From: 4, To: 4}}},
		"the newest gaps are kept":                 {many, 141, 70, gaps(14, 64)},
	} {
		facts := make([]domain.Fact, len(c.sequences))
		for i := range facts {
			facts[i] = action("webshop")
		}
		events := projectiontest.Events(0, facts...)
		for i := range events {
			events[i].Sequence = c.sequences[i]
		}
		ledger := projectiontest.GivenEvents(t, sources.Projection(), events...)
		list, _, err := sources.New(ledger).All(t.Context(), cycles)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %+v, %v", rule, list, err)
		}
		if s := list[0]; s.Sequence != c.newest || s.Missing != c.missing || !reflect.DeepEqual(s.Gaps, c.gaps) {
			t.Errorf("%s: got %d, %d missing, %v", rule, s.Sequence, s.Missing, s.Gaps)
		}
	}
}

func gaps(from uint64, n int) []sources.Gap {
	list := make([]sources.Gap, n)
	for i := range list {
		list[i] = sources.Gap{From: from + 2*uint64(i), To: from + 2*uint64(i)}
	}
	return list
}

func TestTheLastHours(t *testing.T) {
	events := projectiontest.Events(0, action("webshop", domain.Restricted), action("webshop"), action("webshop"), action("webshop"))
	for i, after := range []time.Duration{0, time.Hour, time.Hour, 73 * time.Hour} {
		events[i].Recorded = projectiontest.Start.Add(after)
	}
	hour := func(h int) time.Time { return projectiontest.Start.Add(time.Duration(h) * time.Hour) }
	ledger := projectiontest.GivenEvents(t, sources.Projection(), events[:3]...)
	for _, c := range []struct {
		rule string
		want []sources.Hour
	}{
		{"each hour by itself", []sources.Hour{{Start: hour(0), Events: 1, Actions: 1, WithFindings: 1}, {Start: hour(1), Events: 2, Actions: 2}}},
		{"hours that are long past are forgotten", []sources.Hour{{Start: hour(73), Events: 1, Actions: 1}}},
	} {
		got, _, err := sources.New(ledger).Hours(t.Context(), cycles, "webshop")
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, %v", c.rule, got, err)
		}
		ledger.Append(events[3])
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var facts []domain.Fact
	for range 3000 {
		facts = append(facts, action([]domain.ServiceID{"webshop", "mailer"}[r.IntN(2)], domain.Finding(r.IntN(9))))
	}
	events := projectiontest.Events(0, facts...)
	for i := range events {
		events[i].Sequence = uint64(1 + i + r.IntN(5))
		events[i].Recorded = projectiontest.Start.Add(time.Duration(i) * 10 * time.Minute)
	}
	projectiontest.Equivalent(t, sources.Projection(), events...)
}
