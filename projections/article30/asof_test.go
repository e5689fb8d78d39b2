package article30_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/projections/article30"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func TestTheRecordAsOfThen(t *testing.T) {
	a := ledger(t,
		dated{0, us}, dated{0, client}, dated{0, orders(1, nil)}, // 0-2
		dated{1, act(domain.Combine)},                                                  // 3
		dated{40, act(domain.Use, what(mail, name), to("courier"))},                    // 4
		dated{41, act(domain.Store)},                                                   // 5
		dated{41, orders(2, func(t *domain.Terms) { t.Title = "Orders and returns" })}, // 6
		dated{100, act(domain.Combine)},                                                // 7
		dated{100, act(domain.Alter)},                                                  // 8
		dated{100, act(domain.Combine)},                                                // 9
	)
	day := func(n int) time.Time { return projectiontest.Start.AddDate(0, 0, n) }
	for rule, c := range map[string]struct {
		query   article30.Query
		version int
		want    []string
		last    int // the day on which combining was last seen
	}{
		"before anything was done":           {article30.Query{At: position(3)}, 1, []string{}, -1},
		"as known at a position":             {article30.Query{At: position(6)}, 1, []string{"undeclared operation Combine@1"}, 1},
		"with the version of then":           {article30.Query{At: position(7)}, 2, []string{"undeclared operation Combine@1"}, 1},
		"within a day, to the day":           {article30.Query{At: position(8), Unused: 3660}, 2, []string{"undeclared operation Combine@1"}, 100},
		"as known at a time":                 {article30.Query{Time: day(41)}, 1, []string{"undeclared operation Combine@1"}, 1},
		"as known at a time when less was":   {article30.Query{Time: day(40)}, 1, []string{"undeclared operation Combine@1"}, 1},
		"as known at a time before anything": {article30.Query{Time: day(0).Add(time.Minute)}, 1, []string{}, -1},
		"drift by the day of then":           {article30.Query{At: position(6), Unused: 0}, 1, []string{"undeclared operation Combine@1"}, 1},
		"now":                                {article30.Query{Unused: 3660}, 2, []string{"undeclared operation Alter@1", "undeclared operation Combine@1"}, 100},
	} {
		b := book(t, a, withController(c.query))
		r := b.Records[0]
		if got := shown(r.Drift); !slices.Equal(got, c.want) || r.Activities[0].Version != c.version {
			t.Errorf("%s: version %d, got %q, want %q", rule, r.Activities[0].Version, got, c.want)
		}
		last := -1
		for _, l := range r.Activities[0].Lines {
			if l.Value == "Combine" {
				last = int(l.Seen.Last.Sub(day(0).Truncate(24*time.Hour)) / (24 * time.Hour))
			}
		}
		if last != c.last {
			t.Errorf("%s: last seen on day %d, want %d", rule, last, c.last)
		}
	}
}

func TestWhatTheLawForbidsTellingIsLeftOut(t *testing.T) {
	until := projectiontest.Start.AddDate(0, 1, 0)
	a := ledger(t, dated{0, us}, dated{0, client}, dated{0, orders(1, nil)},
		dated{0, disclosure.Received{Controller: cycles, Order: "court-1", ForbiddenUntil: until}},
		dated{0, act(domain.Disclose, to("police"), at("US"), compelled("court-1"))})
	for rule, c := range map[string]struct {
		sight article30.Sight
		want  int
	}{
		"while it forbids":       {article30.Sight{Now: until.Add(-time.Second)}, 0},
		"where nobody says when": {article30.Sight{}, 0},
		"afterwards it is told":  {article30.Sight{Now: until}, 1},
		"where it is asked for":  {article30.Sight{Secret: true}, 1},
	} {
		r := book(t, a, article30.Query{Controller: cycles, Sight: c.sight}).Records[0]
		if len(r.Transfers) != c.want || c.want > 0 && (r.Transfers[0].Order != "court-1" || r.Transfers[0].Country != "US") {
			t.Errorf("%s: %+v", rule, r.Transfers)
		}
		for _, l := range r.Activities[0].Lines {
			if l.Value == "police" || l.Value == "US" {
				t.Errorf("%s: the instruction shows %+v", rule, l)
			}
		}
	}
}

func TestTheRecordOnADateIsWhatWasInstructedThen(t *testing.T) {
	day := func(n int) time.Time { return projectiontest.Start.AddDate(0, 0, n) }
	on := func(n int) domain.Warrant {
		return domain.Warrant{By: "anna", On: day(n), How: domain.BySigned}
	}
	second := orders(2, func(t *domain.Terms) { t.Title = "Orders and returns" })
	second.Warrant = on(20)
	a := ledger(t,
		dated{0, us}, dated{0, client}, dated{0, orders(1, nil)},
		dated{5, act(domain.Combine)},
		dated{40, second}, // told late: given on day 20
		dated{41, act(domain.Alter)},
		dated{60, instruction.Withdrawn{Controller: cycles, Instruction: "orders", Version: 2, Warrant: on(50)}}, // told late, too
	)
	for rule, c := range map[string]struct {
		query     article30.Query
		version   int
		withdrawn bool
		want      []string
	}{
		"a version that was told late was given on its date":  {article30.Query{On: day(20)}, 2, false, []string{"undeclared operation Combine@1"}},
		"before its date the one before was in force":         {article30.Query{On: day(20).Add(-time.Second)}, 1, false, []string{"undeclared operation Combine@1"}},
		"a withdrawal that was told late was on its date":     {article30.Query{On: day(50), Unused: 3660}, 2, true, []string{"undeclared operation Alter@1", "undeclared operation Combine@1"}},
		"what was recorded later was not seen":                {article30.Query{On: day(4)}, 1, false, []string{}},
		"on a date, as far as it was known at a position":     {article30.Query{On: day(50), At: position(5), Unused: 3660}, 2, false, []string{"undeclared operation Combine@1"}},
		"on a date, as far as it was known at an earlier one": {article30.Query{On: day(50), At: position(4), Unused: 3660}, 1, false, []string{"undeclared operation Combine@1"}},
	} {
		b := book(t, a, withController(c.query))
		activity := b.Records[0].Activities[0]
		if got := shown(b.Records[0].Drift); !slices.Equal(got, c.want) || activity.Version != c.version || (activity.Withdrawn != nil) != c.withdrawn {
			t.Errorf("%s: version %d, withdrawn %v, got %q, want %q", rule, activity.Version, activity.Withdrawn, got, c.want)
		}
		if want := c.query.On.Truncate(24 * time.Hour); !b.AsOf.Equal(want) {
			t.Errorf("%s: as of %s", rule, b.AsOf)
		}
	}
}
