package trail_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/trail"
)

const cycles domain.ControllerID = "fenland-cycles"

func action(subject domain.SubjectKey, op domain.Operation) dossier.ActionRecorded {
	return dossier.ActionRecorded{Controller: cycles, Service: "webshop", Subject: subject, Identifier: "email", Operation: op}
}

// full has every member set.
var full = dossier.ActionRecorded{
	Controller: cycles, Service: "webshop", Subject: 7, Identifier: "email", Operation: domain.Disclose, Instruction: "orders",
	Version: 3, Basis: domain.Contract, Stated: domain.Consent, Categories: []domain.Category{"pd:EmailAddress", "pd:Name"},
	System: "crm", From: "shop", Location: "GB", Recipient: "northprint", Order: "ord-1",
	Findings: domain.FindingSet(0).With(domain.BasisMismatch).With(domain.ReportedLate), Details: domain.Sealed{1, 2, 3, 250},
	Action: "0199A0C2-not-canonical",
}

func at(p domain.Position) *domain.Position { return &p }

func positions(entries []trail.Entry) []domain.Position {
	list := []domain.Position{}
	for _, e := range entries {
		list = append(list, e.Position)
	}
	return list
}

func TestEveryMemberOfAnActionIsShown(t *testing.T) {
	event := projectiontest.Events(0, full)[0]
	event.Time = time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	event.Sequence = 1 << 60
	event.ID += "/12"
	ledger := projectiontest.GivenEvents(t, trail.Projection(), event)
	page, err := trail.New(ledger).Of(t.Context(), trail.Query{Controller: cycles, Subjects: []domain.SubjectKey{7}})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	want := trail.Entry{
		Position: 0, Type: full.EventType(), ID: event.ID, Time: event.Time, Recorded: event.Recorded, Sequence: event.Sequence,
		Subject: 7, Controller: cycles, Service: full.Service, Identifier: full.Identifier, Operation: full.Operation,
		Instruction: full.Instruction, Version: full.Version, Basis: full.Basis, Stated: full.Stated, Categories: full.Categories,
		System: full.System, From: full.From, Location: full.Location, Recipient: full.Recipient, Order: full.Order, Findings: full.Findings,
		Details: full.Details, Action: full.Action,
	}
	if len(page.Entries) != 1 || !reflect.DeepEqual(page.Entries[0], want) {
		t.Errorf("got %+v\nwant %+v", page.Entries, want)
	}
	if page.Position != 1 || page.More {
		t.Errorf("the page: %+v", page)
	}
}

func TestPages(t *testing.T) {
	other := action(1, domain.Use)
	other.Controller = "harbour-hotel"
	ledger := projectiontest.Given(t, trail.Projection(),
		action(1, domain.Collect), // 0
		action(2, domain.Collect),
		action(1, domain.Store), // 2
		register.ServiceDeclared{Controller: cycles, Service: "webshop", Name: "Web shop", ReportsWithin: 60},
		dossier.IdentifierLinked{Controller: cycles, Subject: 1, Joined: 2, Identifier: "customer", By: "anna"}, // 4
		other,
		action(2, domain.Use),   // 6
		action(1, domain.Erase), // 7
		dossier.ConsentGiven{Of: dossier.Of{Controller: cycles, Subject: 3}, Instruction: "news", How: "double-opt-in"},
	)
	one, both := []domain.SubjectKey{1}, []domain.SubjectKey{2, 1}
	for rule, c := range map[string]struct {
		query trail.Query
		want  []domain.Position
		more  bool
	}{
		"the oldest come first":                            {trail.Query{Subjects: one}, []domain.Position{0, 2, 4, 7}, false},
		"the newest come first where asked":                {trail.Query{Subjects: one, Newest: true}, []domain.Position{7, 4, 2, 0}, false},
		"linked dossiers are one trail":                    {trail.Query{Subjects: both}, []domain.Position{0, 1, 2, 4, 6, 7}, false},
		"linked dossiers are one trail, newest first":      {trail.Query{Subjects: both, Newest: true}, []domain.Position{7, 6, 4, 2, 1, 0}, false},
		"a page has its limit and says that there is more": {trail.Query{Subjects: both, Limit: 2}, []domain.Position{0, 1}, true},
		"the next page comes after the last entry":         {trail.Query{Subjects: both, Limit: 2, After: at(1)}, []domain.Position{2, 4}, true},
		"the last page says that there is no more":         {trail.Query{Subjects: both, Limit: 2, After: at(4)}, []domain.Position{6, 7}, false},
		"newest first, the next page comes before":         {trail.Query{Subjects: both, Limit: 3, Newest: true, Before: at(6)}, []domain.Position{4, 2, 1}, true},
		"between two positions":                            {trail.Query{Subjects: both, After: at(0), Before: at(4)}, []domain.Position{1, 2}, false},
		"as known at a position":                           {trail.Query{Subjects: one, At: at(7)}, []domain.Position{0, 2, 4}, false},
		"as known at a position, newest first":             {trail.Query{Subjects: one, At: at(4), Newest: true}, []domain.Position{2, 0}, false},
		"as known before anything":                         {trail.Query{Subjects: one, At: at(0)}, []domain.Position{}, false},
		"nobody knows a stranger":                          {trail.Query{Subjects: []domain.SubjectKey{99}}, []domain.Position{}, false},
	} {
		c.query.Controller = cycles
		page, err := trail.New(ledger).Of(t.Context(), c.query)
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		if got := positions(page.Entries); !reflect.DeepEqual(got, c.want) || page.More != c.more || page.Position != 9 {
			t.Errorf("%s: got %v, more %v at %s; want %v, more %v", rule, got, page.More, page.Position, c.want, c.more)
		}
	}
	page, err := trail.New(ledger).Of(t.Context(), trail.Query{Controller: cycles, Subjects: one, After: at(2), Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if link := page.Entries[0]; link.Fact == nil || link.Joined != 2 || link.By != "anna" || link.Identifier != "customer" || link.Operation != "" {
		t.Errorf("the linking of an identifier: %+v", link)
	}
}

func TestWhatIsNoActionIsShownAsItIs(t *testing.T) {
	consent := dossier.ConsentGiven{Of: dossier.Of{Controller: cycles, Subject: 3}, Instruction: "news", How: "double-opt-in"}
	ledger := projectiontest.Given(t, trail.Projection(), consent)
	page, err := trail.New(ledger).Of(t.Context(), trail.Query{Controller: cycles, Subjects: []domain.SubjectKey{3}})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	if len(page.Entries) != 1 || !reflect.DeepEqual(page.Entries[0].Fact, domain.Fact(consent)) || page.Entries[0].Type != consent.EventType() {
		t.Errorf("got %+v", page.Entries)
	}
}

func TestControllersNeverSeeEachOther(t *testing.T) {
	ledger := projectiontest.Given(t, trail.Projection(), action(1, domain.Use))
	page, err := trail.New(ledger).Of(t.Context(), trail.Query{Controller: "harbour-hotel", Subjects: []domain.SubjectKey{1}})
	if err != nil || len(page.Entries) != 0 {
		t.Errorf("another controller sees %v, %v", page.Entries, err)
	}
}

func TestQueriesOutsideTheLimitsAreRefused(t *testing.T) {
	ledger := projectiontest.Given(t, trail.Projection(), action(1, domain.Use))
	one := []domain.SubjectKey{1}
	for rule, c := range map[string]struct {
		query trail.Query
		kind  error
	}{
		"nobody is asked about":      {trail.Query{}, domain.ErrInvalid},
		"too many keys":              {trail.Query{Subjects: make([]domain.SubjectKey, trail.MaxSubjects+1)}, domain.ErrInvalid},
		"too many entries":           {trail.Query{Subjects: one, Limit: trail.MaxLimit + 1}, domain.ErrInvalid},
		"fewer than none":            {trail.Query{Subjects: one, Limit: -1}, domain.ErrInvalid},
		"a position that is to come": {trail.Query{Subjects: one, At: at(2)}, domain.ErrUnavailable},
	} {
		if _, err := trail.New(ledger).Of(t.Context(), c.query); !errors.Is(err, c.kind) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	var facts []domain.Fact
	for i := range 9000 {
		a := full
		a.Subject = domain.SubjectKey(1 + i*i%701)
		a.System = []string{"crm", "shop", "logs"}[i%3]
		a.Version = i % 40
		facts = append(facts, a)
	}
	projectiontest.Equivalent(t, trail.Projection(), projectiontest.Events(0, facts...)...)
}

func TestTheStepsOfACaseStandInTheTrailOfEverybodyWhoseItIs(t *testing.T) {
	of := request.Of{Controller: cycles, Case: "case-1", On: calendar.NewDate(2026, 11, 23)}
	other := of
	other.Case = "case-2"
	facts := []domain.Fact{
		action(1, domain.Collect), // 0
		request.Received{Of: of, Kind: request.Access, Subjects: []domain.SubjectKey{1, 2}}, // 1
		request.Received{Of: other, Kind: request.Access, Subjects: []domain.SubjectKey{3}}, // 2
		request.Acknowledged{Of: of},    // 3
		request.Acknowledged{Of: other}, // 4
		request.Answered{Of: of},        // 5
	}
	ledger := trail.New(projectiontest.Given(t, trail.Projection(), facts...))
	for rule, c := range map[string]struct {
		query trail.Query
		want  []domain.Position
	}{
		"beside what was done":     {trail.Query{Subjects: []domain.SubjectKey{1}}, []domain.Position{0, 1, 3, 5}},
		"of the other dossier too": {trail.Query{Subjects: []domain.SubjectKey{2}}, []domain.Position{1, 3, 5}},
		"once in the joined trail": {trail.Query{Subjects: []domain.SubjectKey{2, 1}}, []domain.Position{0, 1, 3, 5}},
		"not another case's":       {trail.Query{Subjects: []domain.SubjectKey{3}}, []domain.Position{2, 4}},
		"as known at a position":   {trail.Query{Subjects: []domain.SubjectKey{1}, At: at(4)}, []domain.Position{0, 1, 3}},
		"not of another client's":  {trail.Query{Controller: "harbour-hotel", Subjects: []domain.SubjectKey{1}}, []domain.Position{}},
	} {
		if c.query.Controller == "" {
			c.query.Controller = cycles
		}
		page, err := ledger.Of(t.Context(), c.query)
		if err != nil || !reflect.DeepEqual(positions(page.Entries), c.want) {
			t.Errorf("%s: %v, %v", rule, positions(page.Entries), err)
		}
		for _, e := range page.Entries {
			if e.Position > 0 && !reflect.DeepEqual(e.Fact, facts[e.Position]) {
				t.Errorf("%s: entry %s says %#v", rule, e.Position, e.Fact)
			}
		}
	}
	projectiontest.Equivalent(t, trail.Projection(), projectiontest.Events(0, facts...)...)
}
