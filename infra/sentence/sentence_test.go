package sentence_test

import (
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/sentence"
)

var at = time.Date(2026, 3, 12, 14, 5, 59, 0, time.UTC)

func TestAnEntryBecomesASentence(t *testing.T) {
	names := sentence.Names{Controller: "Fenland Cycles Ltd", Recipient: func(id domain.RecipientID) string {
		if id == "northprint" {
			return "Northprint Ltd"
		}
		return ""
	}}
	stored := dossier.ActionRecorded{
		Controller: "fenland-cycles", Service: "webshop", Operation: domain.Store, Instruction: "orders", Version: 3,
		Basis: domain.Contract, Categories: []domain.Category{"pd:EmailAddress", "pd:Name"}, System: "crm", Location: "GB",
	}
	with := func(change func(*dossier.ActionRecorded)) dossier.ActionRecorded {
		a := stored
		change(&a)
		return a
	}
	table := []struct {
		rule, want string
		fact       domain.Fact
	}{
		{
			"stored in a system",
			"12 Mar 2026, 14:05 UTC · Email Address and Name stored in crm (GB) · contract, Art. 6(1)(b) · " +
				"instruction orders v3 of Fenland Cycles Ltd · by webshop · entry 88213", stored,
		},
		{
			"disclosed to a recipient of the register",
			"12 Mar 2026, 14:05 UTC · Name disclosed from crm to Northprint Ltd (GB) · contract, Art. 6(1)(b) · " +
				"instruction orders v3 of Fenland Cycles Ltd · by webshop · entry 88213",
			with(func(a *dossier.ActionRecorded) {
				a.Operation, a.Recipient, a.Categories = domain.Disclose, "northprint", []domain.Category{"pd:Name"}
			}),
		},
		{
			"without an instruction, with findings, to a recipient that nobody declared",
			"12 Mar 2026, 14:05 UTC · Data of no named category exported to someone · no basis · no instruction of Fenland Cycles Ltd · " +
				"by webshop · 2 findings · entry 88213",
			dossier.ActionRecorded{
				Controller: "fenland-cycles", Service: "webshop", Operation: domain.Export, Recipient: "someone",
				Findings: domain.FindingSet(0).With(domain.NoInstruction).With(domain.ReportedLate),
			},
		},
		{
			"under an instruction that was not given, answering an order",
			"12 Mar 2026, 14:05 UTC · Email Address and Name erased from crm (GB) · no basis · " +
				"instruction orders, which Fenland Cycles Ltd had not given · answering order ord-1 · by webshop · 1 finding · entry 88213",
			with(func(a *dossier.ActionRecorded) {
				a.Operation, a.Version, a.Basis, a.Order = domain.Erase, 0, "", "ord-1"
				a.Findings = a.Findings.With(domain.NoInstruction)
			}),
		},
		{
			"moved to a system",
			"12 Mar 2026, 14:05 UTC · A, B and C moved to archive · legal obligation, Art. 6(1)(c) · " +
				"instruction orders v3 of Fenland Cycles Ltd · by webshop · entry 88213",
			with(func(a *dossier.ActionRecorded) {
				a.Operation, a.System, a.Location, a.Basis = domain.Move, "archive", "", domain.LegalObligation
				a.Categories = []domain.Category{"pd:A", "pd:B", "pd:C"}
			}),
		},
		{
			"moved from one system to another", "12 Mar 2026, 14:05 UTC · Name moved from crm to archive (GB) · contract, Art. 6(1)(b) · " +
				"instruction orders v3 of Fenland Cycles Ltd · by webshop · entry 88213",
			with(func(a *dossier.ActionRecorded) {
				a.Operation, a.From, a.System, a.Categories = domain.Move, "crm", "archive", []domain.Category{"pd:Name"}
			}),
		},
		{
			"a second identifier", "12 Mar 2026, 14:05 UTC · An email identifier was found to name this person · said by anna · entry 88213",
			dossier.IdentifierLinked{Identifier: "email", By: "anna"},
		},
		{
			"two records of one person", "12 Mar 2026, 14:05 UTC · Two records were found to be of one person, by a customer identifier · entry 88213",
			dossier.IdentifierLinked{Identifier: "customer", Joined: 2},
		},
	}
	for _, row := range table {
		if got := sentence.Of(sentence.Entry{Position: 88213, Time: at, Fact: row.fact}, names); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.rule, got, row.want)
		}
	}
}

// unspoken is an event that this program has no words for.
type unspoken struct{}

func (unspoken) EventType() string { return "daybook.case.sent-on.v2" }

func TestWhatStandsAboutAPersonBecomesASentence(t *testing.T) {
	table := []struct {
		fact domain.Fact
		want string
	}{
		{dossier.ConsentGiven{Instruction: "news", How: "double-opt-in", Explicit: true}, "The person explicitly consented to instruction news (double-opt-in), Art. 7(1)"},
		{dossier.ConsentWithdrawn{Instruction: "news", How: "link"}, "The person withdrew the consent to instruction news (link), Art. 7(3)"},
		{dossier.ObjectionRaised{Marketing: true}, "The person objected to direct marketing, Art. 21(2)"},
		{dossier.ObjectionRaised{Instruction: "ads"}, "The person objected to instruction ads, Art. 21(1)"},
		{dossier.ObjectionResolved{Overridden: true}, "The controller showed compelling legitimate grounds against the objection, Art. 21(1)"},
		{dossier.ObjectionResolved{}, "The objection was upheld, Art. 21(1)"},
		{dossier.ObjectionResolved{Void: true, Ground: "the person took it back"}, "The objection ended without a decision: the person took it back, Art. 21"},
		{request.Received{Of: request.Of{Case: "c-1"}, Kind: request.Access, Channel: request.ByEmail}, "Case c-1: received (e-mail): access and a copy, Art. 15"},
		{request.Answered{Of: request.Of{Case: "c-1"}}, "Case c-1: the person was answered"},
		{request.Withdrawn{Of: request.Of{Case: "c-1"}, Told: calendar.NewDate(2026, 3, 12)},
			"Case c-1: the person withdrew it; the restriction ended with it, of which the person was told on 12 March 2026 (Art. 18(3))"},
		{dossier.RestrictionPlaced{Ground: "A18-1-a"}, "Use was restricted for all data, Art. 18(1)(a)"},
		{dossier.RestrictionLifted{Told: at}, "The restriction was lifted; the person was told on 12 March 2026, Art. 18(3)"},
		{dossier.HoldPlaced{Ground: "court-order", Instruction: "orders"}, "Removal was put on hold for instruction orders: court order"},
		{dossier.HoldPlaced{Ground: "A17-3-e"}, "Removal was put on hold for all data: Art. 17(3)(e)"},
		{dossier.HoldReleased{}, "A hold on removal ended"},
		{dossier.AnswerRecorded{Service: "webshop", Operation: domain.Use, Categories: []domain.Category{"pd:Name"}, Instruction: "orders"},
			"webshop asked whether Name may be used, under instruction orders: permitted"},
		{dossier.AnswerRecorded{Service: "webshop", Operation: domain.Copy, System: "crm", Recipient: "northprint", Reasons: []string{"no-instruction"}},
			"webshop asked whether data of no named category may be copied in crm, with northprint as recipient: refused; the action names no instruction that the controller had given by then, Art. 28(3)(a), 29"},
		{dossier.ActionAnnounced{Operation: domain.Erase, Categories: []domain.Category{"pd:Name"}}, "A service announced that Name will be erased"},
		{dossier.OccasionRecorded{Occasion: domain.WhenOrderClosed, Instruction: "orders"}, "Order closed under instruction orders"},
		{dossier.OrderSent{Service: "crm", Kind: dossier.TaskErase, Due: at, Categories: []domain.Category{"pd:Name"}}, "The ledger told crm to erase Name by 12 March 2026"},
		{dossier.OrderSent{Service: "crm", Kind: dossier.TaskTell, Recipient: "northprint", Due: at}, "The ledger told crm to tell northprint what becomes of the data by 12 March 2026, Art. 19"},
		{dossier.OrderRecalled{Order: "ord-1", Hold: "h1"}, "Order ord-1 was taken back: hold h1 forbids it, Art. 17(3)"},
		{dossier.OrderRecalled{Order: "ord-1"}, "Order ord-1 was taken back: the person withdrew the request"},
		{dossier.OrderEscalated{Order: "ord-1"}, "Order ord-1 was not answered in time"},
		{unspoken{}, "Case sent on"},
	}
	for _, row := range table {
		want := "12 Mar 2026, 14:05 UTC · " + row.want + " · entry 7"
		if got := sentence.Of(sentence.Entry{Position: 7, Time: at, Fact: row.fact}, sentence.Names{}); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestAChangeOfTheRegisterBecomesASentence(t *testing.T) {
	warrant := domain.Warrant{By: "anna", On: at, How: domain.BySigned}
	table := []struct {
		fact  domain.Fact
		isNew bool
		want  string
	}{
		{register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK}, true, "The processor Aldgate (UK) is declared."},
		{register.ControllerDeclared{Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"}, false, "The controller Fenland Cycles Ltd (UK, GB) is changed."},
		{register.ServiceDeclared{Name: "Web shop", ReportsWithin: 86400}, true, "The service Web shop, which reports within 24 hours, is declared."},
		{register.ServiceDeclared{Name: "Web shop", ReportsWithin: 2 * 86400}, true, "The service Web shop, which reports within 2 days, is declared."},
		{register.ServiceDeclared{Name: "Web shop", ReportsWithin: 60}, true, "The service Web shop, which reports within 1 minute, is declared."},
		{register.RecipientDeclared{Name: "Northprint Ltd", Kind: register.SubProcessor, Country: "GB"}, true, "The sub-processor Northprint Ltd (GB) is declared as a recipient."},
		{register.ContactDeclared{Role: "Managing director"}, true, "The contact in the role of Managing director is declared."},
		{instruction.Given{Version: 2, Terms: domain.Terms{Title: "Orders", Basis: domain.Contract}, Warrant: warrant}, false,
			"Orders, version 2, on the basis of contract, Art. 6(1)(b); given by anna on 12 March 2026 (signed-document)."},
		{instruction.Withdrawn{Version: 2, Warrant: warrant}, false, "Version 2 is withdrawn by anna on 12 March 2026 (signed-document)."},
	}
	for _, row := range table {
		if got := sentence.Change(row.fact, row.isNew); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}
