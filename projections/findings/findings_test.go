package findings_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/findings"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	hotel  domain.ControllerID = "harbour-hotel"
)

func set(list ...domain.Finding) (s domain.FindingSet) {
	for _, f := range list {
		s = s.With(f)
	}
	return s
}

func act(c domain.ControllerID, service domain.ServiceID, i domain.InstructionID, list ...domain.Finding) dossier.ActionRecorded {
	return dossier.ActionRecorded{
		Controller: c, Service: service, Subject: 9, Identifier: "email", Operation: domain.Use, Instruction: i, Version: 1,
		Basis: domain.Contract, Findings: set(list...),
	}
}

// full has every member set.
var full = dossier.ActionRecorded{
	Controller: cycles, Service: "webshop", Subject: 7, Identifier: "email", Operation: domain.Disclose, Instruction: "orders",
	Version: 3, Basis: domain.Contract, Stated: domain.Consent, Categories: []domain.Category{"pd:EmailAddress", "pd:Name"},
	System: "crm", From: "shop", Location: "GB", Recipient: "northprint", Order: "ord-1", Findings: set(domain.BasisMismatch, domain.ReportedLate),
}

func at(p domain.Position) *domain.Position { return &p }

func positions(entries []findings.Entry) []domain.Position {
	list := []domain.Position{}
	for _, e := range entries {
		list = append(list, e.Position)
	}
	return list
}

// history is what the tests of lists and counts look at, position by position, all of one day but the last.
func history() []domain.Event {
	events := projectiontest.Events(0,
		act(cycles, "webshop", "orders", domain.BasisMismatch),                      // 0
		act(cycles, "webshop", "orders"),                                            // 1: nothing wrong
		act(cycles, "mailer", "news", domain.ConsentMissing, domain.ReportedLate),   // 2
		act(hotel, "desk", "stays", domain.BasisMismatch),                           // 3
		act(cycles, "webshop", "", domain.NoInstruction),                            // 4
		act(cycles, "webshop", "orders", domain.ReportedLate, domain.PastRetention), // 5
		act(cycles, "mailer", "news", domain.ConsentWithdrawn),                      // 6: the day after
	)
	last := &events[len(events)-1]
	last.Recorded, last.Time = last.Recorded.AddDate(0, 0, 1), last.Time.AddDate(0, 0, 1)
	return events
}

func TestEveryMemberOfAnActionIsShown(t *testing.T) {
	ledger := projectiontest.Given(t, findings.Projection(), full)
	event := projectiontest.Events(0, full)[0]
	page, err := findings.New(ledger).List(t.Context(), findings.Query{})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	want := []findings.Entry{{
		Position: 0, Recorded: event.Recorded, Time: event.Time, Controller: cycles, Service: full.Service, Instruction: full.Instruction,
		Version: full.Version, Operation: full.Operation, Basis: full.Basis, Stated: full.Stated, Categories: full.Categories,
		System: full.System, From: full.From, Location: full.Location, Recipient: full.Recipient, Order: full.Order, Findings: full.Findings,
	}}
	if !reflect.DeepEqual(page.Entries, want) || page.More || page.Position != 1 {
		t.Errorf("got %+v\nwant %+v", page, want)
	}
}

func TestLists(t *testing.T) {
	ledger := projectiontest.GivenEvents(t, findings.Projection(), history()...)
	start := projectiontest.Start
	for rule, c := range map[string]struct {
		query findings.Query
		want  []domain.Position
		more  bool
	}{
		"the newest come first":                   {findings.Query{}, []domain.Position{6, 5, 4, 3, 2, 0}, false},
		"of one controller":                       {findings.Query{Controller: cycles}, []domain.Position{6, 5, 4, 2, 0}, false},
		"of one service":                          {findings.Query{Service: "webshop"}, []domain.Position{5, 4, 0}, false},
		"of one instruction":                      {findings.Query{Instruction: "news"}, []domain.Position{6, 2}, false},
		"with a finding":                          {findings.Query{Codes: []domain.Finding{domain.BasisMismatch}}, []domain.Position{3, 0}, false},
		"with any of several, each once":          {findings.Query{Codes: []domain.Finding{domain.ReportedLate, domain.PastRetention}}, []domain.Position{5, 2}, false},
		"a page has its limit and says so":        {findings.Query{Limit: 2}, []domain.Position{6, 5}, true},
		"the next page comes before":              {findings.Query{Limit: 2, Before: at(5)}, []domain.Position{4, 3}, true},
		"the last page says that it is":           {findings.Query{Limit: 2, Before: at(3)}, []domain.Position{2, 0}, false},
		"as known at a position":                  {findings.Query{At: at(4)}, []domain.Position{3, 2, 0}, false},
		"recorded from a time on":                 {findings.Query{From: start.Add(4 * time.Second)}, []domain.Position{6, 5, 4}, false},
		"recorded before a time":                  {findings.Query{Until: start.Add(4 * time.Second)}, []domain.Position{3, 2, 0}, false},
		"recorded in between, of one controller":  {findings.Query{Controller: cycles, From: start.Add(time.Second), Until: start.Add(time.Hour)}, []domain.Position{5, 4, 2}, false},
		"recorded after all":                      {findings.Query{From: start.AddDate(1, 0, 0)}, []domain.Position{}, false},
		"of a controller that has nothing amiss":  {findings.Query{Controller: "moorland-dairy"}, []domain.Position{}, false},
		"with a finding that was not made":        {findings.Query{Codes: []domain.Finding{domain.OnHold}}, []domain.Position{}, false},
		"of one service, with one finding, early": {findings.Query{Service: "webshop", Codes: []domain.Finding{domain.ReportedLate}, At: at(5)}, []domain.Position{}, false},
	} {
		page, err := findings.New(ledger).List(t.Context(), c.query)
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		if got := positions(page.Entries); !slices.Equal(got, c.want) || page.More != c.more || page.Position != 7 {
			t.Errorf("%s: got %v, more %v at %s; want %v, more %v", rule, got, page.More, page.Position, c.want, c.more)
		}
	}
}

func TestCounts(t *testing.T) {
	ledger := projectiontest.GivenEvents(t, findings.Projection(), history()...)
	f, monday := findings.New(ledger), projectiontest.Start.Truncate(24*time.Hour)
	tuesday := monday.AddDate(0, 0, 1)
	first := findings.Tally{Controller: cycles, Day: monday, Events: 4, Findings: []findings.Count{
		{Finding: domain.NoInstruction, Events: 1}, {Finding: domain.BasisMismatch, Events: 1}, {Finding: domain.ReportedLate, Events: 2},
		{Finding: domain.ConsentMissing, Events: 1}, {Finding: domain.PastRetention, Events: 1},
	}}
	second := findings.Tally{Controller: cycles, Day: tuesday, Events: 1, Findings: []findings.Count{{Finding: domain.ConsentWithdrawn, Events: 1}}}
	early := findings.Tally{Controller: cycles, Day: monday, Events: 2, Findings: []findings.Count{
		{Finding: domain.BasisMismatch, Events: 1}, {Finding: domain.ReportedLate, Events: 1}, {Finding: domain.ConsentMissing, Events: 1},
	}}
	for rule, c := range map[string]struct {
		query findings.CountQuery
		want  []findings.Tally
	}{
		"each day for itself":               {findings.CountQuery{Controller: cycles, From: monday, Until: tuesday}, []findings.Tally{first, second}},
		"one day":                           {findings.CountQuery{Controller: cycles, From: tuesday, Until: tuesday}, []findings.Tally{second}},
		"as known at a position":            {findings.CountQuery{Controller: cycles, From: monday, Until: tuesday, At: at(4)}, []findings.Tally{early}},
		"as known at the end of a day":      {findings.CountQuery{Controller: cycles, From: monday, Until: tuesday, At: at(6)}, []findings.Tally{first}},
		"as known at the end":               {findings.CountQuery{Controller: cycles, From: monday, Until: tuesday, At: at(7)}, []findings.Tally{first, second}},
		"as known before anything":          {findings.CountQuery{From: monday, Until: tuesday, At: at(0)}, []findings.Tally{}},
		"a day that was not over is no day": {findings.CountQuery{Controller: cycles, From: tuesday, Until: tuesday, At: at(6)}, []findings.Tally{}},
	} {
		got, position, err := f.Days(t.Context(), c.query)
		if err != nil || position != 7 {
			t.Fatalf("%s: at %s: %+v", rule, position, err)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", rule, got, c.want)
		}
	}
	totals, _, err := f.Totals(t.Context(), findings.CountQuery{})
	if err != nil || len(totals) != 2 || totals[0].Events != 5 || len(totals[0].Findings) != 6 || !totals[0].Day.IsZero() || totals[1].Events != 1 {
		t.Errorf("totals: %+v, %v", totals, err)
	}
}

func TestWhatTheLawForbidsTellingIsLeftOut(t *testing.T) {
	until := projectiontest.Start.AddDate(0, 1, 0)
	given := act(cycles, "files", "", domain.BeyondCourtOrder)
	given.Operation, given.Order = domain.Disclose, "court-1"
	copied := act(cycles, "files", "", domain.BeyondCourtOrder)
	copied.Operation, copied.Order = domain.Copy, "court-1"
	ledger := projectiontest.Given(t, findings.Projection(),
		given, // before the order was recorded
		disclosure.Received{Controller: cycles, Order: "court-1", Authority: "police", ForbiddenUntil: until},
		copied, act(cycles, "webshop", "orders", domain.ReportedLate))
	f := findings.New(ledger)
	for rule, c := range map[string]struct {
		sight projections.Sight
		want  []domain.Position
	}{
		"while it forbids":       {projections.Sight{Now: until.Add(-time.Second)}, []domain.Position{3}},
		"where nobody says when": {projections.Sight{}, []domain.Position{3}},
		"afterwards it is told":  {projections.Sight{Now: until}, []domain.Position{3, 2, 0}},
		"where it is asked for":  {projections.Sight{Secret: true}, []domain.Position{3, 2, 0}},
	} {
		page, err := f.List(t.Context(), findings.Query{Controller: cycles, Sight: c.sight})
		if err != nil || !slices.Equal(positions(page.Entries), c.want) {
			t.Errorf("%s: got %v, %v; want %v", rule, positions(page.Entries), err, c.want)
		}
		for _, known := range []*domain.Position{nil, at(4)} {
			totals, _, err := f.Totals(t.Context(), findings.CountQuery{At: known, Sight: c.sight})
			if err != nil || len(totals) != 1 || totals[0].Events != uint64(len(c.want)) {
				t.Errorf("%s: counted %+v, %v", rule, totals, err)
			}
		}
	}
}

func TestQueriesOutsideTheLimitsAreRefused(t *testing.T) {
	f := findings.New(projectiontest.GivenEvents(t, findings.Projection(), history()...))
	now := projectiontest.Start
	for rule, c := range map[string]struct {
		ask  func() error
		kind error
	}{
		"too many entries":           {func() error { _, err := f.List(t.Context(), findings.Query{Limit: findings.MaxLimit + 1}); return err }, domain.ErrInvalid},
		"a position that is to come": {func() error { _, err := f.List(t.Context(), findings.Query{At: at(8)}); return err }, domain.ErrUnavailable},
		"counts that are to come":    {func() error { _, _, err := f.Totals(t.Context(), findings.CountQuery{At: at(8)}); return err }, domain.ErrUnavailable},
		"days without bounds":        {func() error { _, _, err := f.Days(t.Context(), findings.CountQuery{}); return err }, domain.ErrInvalid},
		"too many days": {func() error {
			_, _, err := f.Days(t.Context(), findings.CountQuery{From: now, Until: now.AddDate(0, 0, findings.MaxDays)})
			return err
		}, domain.ErrInvalid},
		"too many late ones": {func() error { _, err := f.Late(t.Context(), findings.LateQuery{Limit: -1}); return err }, domain.ErrInvalid},
	} {
		if err := c.ask(); !errors.Is(err, c.kind) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	var facts []domain.Fact
	for i := range 5000 {
		a := full
		a.Subject, a.Version, a.Basis = domain.SubjectKey(1+i*i%701), i%5, []domain.Basis{domain.Consent, domain.Contract, domain.LegitimateInterests}[i%3]
		a.Findings = domain.FindingSet(i % 7)
		facts = append(facts, a)
		of := dossier.Of{Controller: cycles, Subject: a.Subject}
		switch i % 500 {
		case 1:
			facts = append(facts, dossier.ConsentWithdrawn{Of: of, Instruction: "orders", How: "link"})
		case 2:
			facts = append(facts, dossier.ConsentGiven{Of: of, Instruction: "orders", How: "form"})
		case 3:
			facts = append(facts, disclosure.Received{Controller: cycles, Order: "ord-1"})
		case 4:
			facts = append(facts, dossier.IdentifierLinked{Controller: cycles, Subject: a.Subject, Joined: 3, Identifier: "email"})
		case 5:
			facts = append(facts, instruction.Given{Controller: cycles, Instruction: "orders", Version: i % 5, Terms: domain.Terms{Purpose: "DirectMarketing"}})
		}
	}
	projectiontest.Equivalent(t, findings.Projection(), projectiontest.Events(0, facts...)...)
}
