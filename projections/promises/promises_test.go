package promises_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/promises"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	hotel  domain.ControllerID = "harbour-hotel"
	mail                       = domain.Category("pd:EmailAddress")
)

type change func(*dossier.ActionRecorded)

func act(op domain.Operation, changes ...change) dossier.ActionRecorded {
	a := dossier.ActionRecorded{
		Controller: cycles, Service: "webshop", Subject: 1, Identifier: "email", Operation: op, Instruction: "orders", Version: 1, Basis: domain.Contract,
	}
	for _, c := range changes {
		c(&a)
	}
	return a
}

func wrong(list ...domain.Finding) change {
	return func(a *dossier.ActionRecorded) {
		for _, f := range list {
			a.Findings = a.Findings.With(f)
		}
	}
}
func what(c ...domain.Category) change  { return func(a *dossier.ActionRecorded) { a.Categories = c } }
func to(r domain.RecipientID) change    { return func(a *dossier.ActionRecorded) { a.Recipient = r } }
func at(l domain.Location) change       { return func(a *dossier.ActionRecorded) { a.Location = l } }
func on(b domain.Basis) change          { return func(a *dossier.ActionRecorded) { a.Basis = b } }
func order(name string) change          { return func(a *dossier.ActionRecorded) { a.Order = name } }
func by(c domain.ControllerID) change   { return func(a *dossier.ActionRecorded) { a.Controller = c } }
func visitor(a *dossier.ActionRecorded) { a.Identifier, a.Instruction = "ip", "logs" }

var (
	us = register.ProcessorDeclared{
		Name: "Aldgate", Registration: "ZA000001", Regime: domain.UK, Territory: []domain.Territory{"GB", domain.EEA}, Measures: []string{"Disks are encrypted.", "Passkeys."},
	}
	bare    = register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB"}}
	manager = register.ContactDeclared{Controller: register.Itself, Contact: "pam", Role: "Privacy manager", Subject: 8, Details: domain.Sealed{1}}
	printer = register.RecipientDeclared{Recipient: "northprint", Name: "Northprint Ltd", Kind: register.SubProcessor, Country: "GB"}
	cloud   = register.RecipientDeclared{Recipient: "skyhigh", Name: "Sky High Inc", Kind: register.SubProcessor, Country: "US", Safeguard: "A46-2-c"}
	court   = disclosure.Received{Controller: cycles, Order: "court-1", Authority: "police"}
	ada     = dossier.Of{Controller: cycles, Subject: 1}
)

func logs(rules ...domain.Retention) instruction.Given {
	return instruction.Given{Controller: cycles, Instruction: "logs", Version: 1, Terms: domain.Terms{Retention: rules}}
}

func occasion(what domain.Trigger) dossier.OccasionRecorded {
	return dossier.OccasionRecorded{Of: ada, Instruction: "orders", Occasion: what}
}

func sent(kind dossier.TaskKind, reason string) dossier.OrderSent {
	return dossier.OrderSent{Of: ada, Order: "ord-1", Kind: kind, Service: "webshop", Instruction: "orders", Reason: reason}
}

func day(d int) request.Of {
	return request.Of{Controller: cycles, Case: "C-1", On: calendar.NewDate(2026, 9, d)}
}

func received(kind request.Kind, regime domain.Regime) request.Received {
	r := request.Received{Of: day(3), Kind: kind, Subjects: []domain.SubjectKey{1}, Owner: "pam", Channel: request.ByEmail, Regime: regime, Calendar: calendar.EnglandAndWales}
	if regime == domain.EU {
		r.Calendar = "DE"
	}
	return r
}

// answered gives a case of a kind that was answered on a day of September 2026, 33 being the third of October.
func answered(kind request.Kind, on int) []domain.Fact {
	return []domain.Fact{received(kind, domain.UK), request.Reviewed{Of: day(4)}, request.Answered{Of: day(on)}}
}

var crm = request.Place{Kind: request.System, Name: "crm"}

// found leaves a place open in an accepted case.
var found = []domain.Fact{
	received(request.Erasure, domain.UK), request.Found{Of: day(4), Places: []request.Place{crm}},
	request.Decided{Of: day(5), Outcome: request.Accepted}, request.Answered{Of: day(6)},
}

const month = 30 * 24 * time.Hour

var (
	yes, no     = true, false
	soon, later = projectiontest.Start, projectiontest.Start.Add(month)
	inSeptember = time.Date(2026, 9, 20, 0, 0, 0, 0, time.UTC)
)

type counts struct{ keeps, breaks, open int }

// rules are the promises with what speaks for each and against it.
var rules = map[string]struct {
	promise int
	given   []domain.Fact
	now     time.Time
	linked  *bool
	want    counts
	verdict promises.Verdict
}{
	"1: an instructed action":                {1, []domain.Fact{act(domain.Use)}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"1: an action without instruction":       {1, []domain.Fact{act(domain.Use), act(domain.Use, wrong(domain.NoInstruction))}, soon, nil, counts{1, 1, 0}, promises.Broken},
	"1: a country outside of it":             {1, []domain.Fact{act(domain.Use, wrong(domain.LocationNotInstructed))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"1: removing what should not be there":   {1, []domain.Fact{act(domain.Erase, wrong(domain.CategoryNotInstructed))}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"1: what a law compels":                  {1, []domain.Fact{act(domain.Disclose, order("court-1"))}, soon, nil, counts{}, promises.NotShown},
	"2: a basis that the client chose":       {2, []domain.Fact{act(domain.Use)}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"2: no basis":                            {2, []domain.Fact{act(domain.Use, on(""))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"2: another basis than the client's":     {2, []domain.Fact{act(domain.Use, wrong(domain.BasisMismatch))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"3: what is brought is named":            {3, []domain.Fact{act(domain.Store, what(mail)), act(domain.Use)}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"3: what is brought is not named":        {3, []domain.Fact{act(domain.Store)}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"3: what is brought is not instructed":   {3, []domain.Fact{act(domain.Store, what(mail), wrong(domain.CategoryNotInstructed))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"4: a log that is kept for a time":       {4, []domain.Fact{logs(domain.Retention{After: domain.WhenRecorded}), act(domain.Collect, visitor), act(domain.Use)}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"4: a log that is kept for ever":         {4, []domain.Fact{logs(), act(domain.Collect, visitor)}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"4: a log that is kept too long":         {4, []domain.Fact{logs(domain.Retention{After: domain.WhenRecorded}), act(domain.Use, visitor, wrong(domain.PastRetention))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"5: before the check":                    {5, []domain.Fact{act(domain.Use)}, soon, nil, counts{}, promises.NotShown},
	"5: the check holds":                     {5, []domain.Fact{act(domain.Use)}, soon, &yes, counts{1, 0, 0}, promises.Kept},
	"5: the check does not hold":             {5, []domain.Fact{act(domain.Use)}, soon, &no, counts{0, 1, 0}, promises.Broken},
	"6: an enquiry answered, data removed":   {6, []domain.Fact{occasion(domain.WhenEnquiryAnswered), act(domain.Erase)}, later, nil, counts{1, 0, 0}, promises.Kept},
	"6: a quote declined, data removed":      {6, []domain.Fact{occasion(domain.WhenQuoteDeclined), act(domain.Destruct)}, later, nil, counts{1, 0, 0}, promises.Kept},
	"6: removed under another instruction":   {6, []domain.Fact{occasion(domain.WhenEnquiryAnswered), act(domain.Erase, visitor)}, later, nil, counts{0, 1, 0}, promises.Broken},
	"6: deleted, retrievably":                {6, []domain.Fact{occasion(domain.WhenEnquiryAnswered), act(domain.Delete)}, later, nil, counts{0, 1, 0}, promises.Broken},
	"6: just answered":                       {6, []domain.Fact{occasion(domain.WhenEnquiryAnswered)}, soon, nil, counts{0, 0, 1}, promises.NotShown},
	"6: answered twice is answered once":     {6, []domain.Fact{occasion(domain.WhenEnquiryAnswered), occasion(domain.WhenQuoteDeclined), act(domain.Erase)}, later, nil, counts{1, 0, 0}, promises.Kept},
	"6: another occasion":                    {6, []domain.Fact{occasion(domain.WhenOrderClosed)}, later, nil, counts{}, promises.NotShown},
	"7: an order without payment data":       {7, []domain.Fact{act(domain.Use, what(mail)), act(domain.Use, on(domain.Consent))}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"7: payment data":                        {7, []domain.Fact{act(domain.Store, what(mail, "pd:PaymentCardNumber"))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"7: payment data removed":                {7, []domain.Fact{act(domain.Erase, what("pd:PaymentCardNumber"))}, soon, nil, counts{}, promises.NotShown},
	"8: inside the territory":                {8, []domain.Fact{us, act(domain.Store, at("DE")), act(domain.Use)}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"8: outside the territory":               {8, []domain.Fact{us, act(domain.Store, at("US"))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"8: to a recipient outside":              {8, []domain.Fact{us, cloud, act(domain.Disclose, to("skyhigh"))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"8: before a territory was declared":     {8, []domain.Fact{act(domain.Store, at("US"))}, soon, nil, counts{}, promises.NotShown},
	"8: removing outside":                    {8, []domain.Fact{us, act(domain.Erase, at("US"))}, soon, nil, counts{}, promises.NotShown},
	"8: a territory that was narrowed since": {8, []domain.Fact{us, act(domain.Store, at("DE")), bare, act(domain.Store, at("DE"))}, soon, nil, counts{1, 1, 0}, promises.Broken},
	"9: access in time":                      {9, answered(request.Access, 20), later, nil, counts{1, 0, 0}, promises.Kept},
	"9: access late":                         {9, answered(request.Access, 50), later, nil, counts{0, 1, 0}, promises.Broken},
	"9: access to come":                      {9, answered(request.Access, 20)[:2], inSeptember, nil, counts{0, 0, 1}, promises.NotShown},
	"9: access overdue":                      {9, answered(request.Access, 20)[:2], later, nil, counts{0, 1, 0}, promises.Broken},
	"9: a copy that nobody went through":     {9, []domain.Fact{received(request.Access, domain.UK), request.Answered{Of: day(9)}}, later, nil, counts{0, 1, 0}, promises.Broken},
	"9: a refusal needs no going through": {9, []domain.Fact{received(request.Access, domain.UK), request.Decided{Of: day(8), Outcome: request.Refused}, request.Answered{Of: day(9)}},
		later, nil, counts{1, 0, 0}, promises.Kept},
	"9: a request withdrawn":             {9, []domain.Fact{received(request.Access, domain.UK), request.Withdrawn{Of: day(9)}}, later, nil, counts{}, promises.NotShown},
	"10: rectified in time":              {10, answered(request.Rectification, 20), later, nil, counts{1, 0, 0}, promises.Kept},
	"10: rectified late":                 {10, answered(request.Rectification, 50), later, nil, counts{0, 1, 0}, promises.Broken},
	"11: a place that is still open":     {11, found, later, nil, counts{0, 0, 1}, promises.NotShown},
	"11: every place is closed":          {11, append(slices.Clone(found), request.Settled{Of: day(7), Place: crm, How: request.ByAbsence}), later, nil, counts{1, 0, 0}, promises.Kept},
	"11: an order to erase, carried out": {11, []domain.Fact{sent(dossier.TaskErase, "consent-withdrawn"), act(domain.Erase, order("ord-1")), act(domain.Erase, order("ord-1"))}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"11: a removal that is no erasure":   {11, []domain.Fact{sent(dossier.TaskErase, "case"), act(domain.Delete, order("ord-1"), wrong(domain.RemovalNotErasure))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"11: an order that nobody answered":  {11, []domain.Fact{sent(dossier.TaskErase, "case"), dossier.OrderEscalated{Of: ada, Order: "ord-1"}, act(domain.Erase, order("ord-1"))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"11: used after it was erased":       {11, []domain.Fact{act(domain.Use, wrong(domain.Erased))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"12: an objection taken up":          {12, []domain.Fact{dossier.ObjectionRaised{Of: ada, Objection: "o-1"}}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"12: used in spite of it":            {12, []domain.Fact{dossier.ObjectionRaised{Of: ada, Objection: "o-1"}, act(domain.Use, wrong(domain.Objected))}, soon, nil, counts{1, 1, 0}, promises.Broken},
	"13: a restriction placed":           {13, []domain.Fact{dossier.RestrictionPlaced{Of: ada, Restriction: "r-1"}}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"13: used in spite of it":            {13, []domain.Fact{act(domain.Use, wrong(domain.Restricted))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"14: any right in time":              {14, answered(request.AutomatedDecision, 20), later, nil, counts{1, 0, 0}, promises.Kept},
	"14: any right late":                 {14, answered(request.Objection, 50), later, nil, counts{0, 1, 0}, promises.Broken},
	"14: a complaint is none":            {14, answered(request.Complaint, 20), later, nil, counts{}, promises.NotShown},
	"15: a complaint acknowledged":       {15, []domain.Fact{received(request.Complaint, domain.UK), request.Acknowledged{Of: day(20)}}, later, nil, counts{1, 0, 0}, promises.Kept},
	"15: a complaint passed over":        {15, []domain.Fact{received(request.Complaint, domain.UK)}, later, nil, counts{0, 1, 0}, promises.Broken},
	"15: where no period is set":         {15, []domain.Fact{received(request.Complaint, domain.EU)}, later, nil, counts{0, 0, 1}, promises.NotShown},
	"15: where none is, answered":        {15, []domain.Fact{received(request.Complaint, domain.EU), request.Answered{Of: day(20)}}, later, nil, counts{1, 0, 0}, promises.Kept},
	"16: a known third party":            {16, []domain.Fact{printer, act(domain.Disclose, to("northprint")), act(domain.Use)}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"16: an unknown one":                 {16, []domain.Fact{act(domain.Disclose, to("northprint"))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"16: one that was not authorised":    {16, []domain.Fact{printer, act(domain.Store, to("northprint"), wrong(domain.SubProcessorNotAuthorised))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"16: nobody is named":                {16, []domain.Fact{act(domain.Disclose)}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"17: disclosed under an order":       {17, []domain.Fact{court, act(domain.Disclose, to("police"), order("court-1"))}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"17: beyond its scope":               {17, []domain.Fact{court, act(domain.Disclose, order("court-1"), wrong(domain.BeyondCourtOrder))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"17: without an order":               {17, []domain.Fact{act(domain.Disclose, to("police"), wrong(domain.CourtOrderMissing))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"18: retention carried out":          {18, []domain.Fact{sent(dossier.TaskErase, "retention"), act(domain.Erase, order("ord-1"))}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"18: retention that nobody answered": {18, []domain.Fact{sent(dossier.TaskErase, "retention"), dossier.OrderEscalated{Of: ada, Order: "ord-1"}}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"18: kept too long":                  {18, []domain.Fact{act(domain.Use, wrong(domain.PastRetention))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"18: removed in spite of a hold":     {18, []domain.Fact{act(domain.Erase, wrong(domain.OnHold))}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"18: an order of another kind":       {18, []domain.Fact{sent(dossier.TaskStop, "retention"), act(domain.Use, order("ord-1"))}, soon, nil, counts{}, promises.NotShown},
	"19: measures declared":              {19, []domain.Fact{us}, soon, nil, counts{2, 0, 0}, promises.Kept},
	"19: no measures":                    {19, []domain.Fact{bare}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"19: measures added":                 {19, []domain.Fact{bare, us}, soon, nil, counts{2, 0, 0}, promises.Kept},
	"20: registered, with a contact":     {20, []domain.Fact{us, manager}, soon, nil, counts{1, 0, 0}, promises.Kept},
	"20: nobody to ask":                  {20, []domain.Fact{us}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"20: not registered":                 {20, []domain.Fact{bare, manager}, soon, nil, counts{0, 1, 0}, promises.Broken},
	"20: nothing declared":               {20, []domain.Fact{act(domain.Use)}, soon, nil, counts{}, promises.NotShown},
}

func TestEachPromiseByItsEvidence(t *testing.T) {
	for rule, c := range rules {
		ledger := projectiontest.Given(t, promises.Projection(), c.given...)
		page, err := promises.New(ledger).All(t.Context(), promises.Query{Controller: cycles, Unlinked: c.linked, Sight: projections.Sight{Now: c.now}})
		if err != nil || len(page.Promises) != 20 || int(page.Position) != len(c.given) {
			t.Fatalf("%s: %+v, %+v", rule, page, err)
		}
		p := page.Promises[c.promise-1]
		got := counts{int(p.For.Count), int(p.Against.Count), int(p.Open)}
		if p.Number != c.promise || got != c.want || p.Verdict != c.verdict || p.Text == "" || p.Article == "" || p.Rests == "" {
			t.Errorf("%s: got %+v, want %+v and %s", rule, p, c.want, c.verdict)
		}
	}
}
