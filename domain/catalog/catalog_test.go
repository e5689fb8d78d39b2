package catalog_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/domain/source"
)

var golden = flag.Bool("golden", false, "write golden files that do not exist yet; existing ones are frozen")

var (
	happened = time.Date(2026, 11, 23, 10, 0, 0, 123456789, time.UTC)
	recorded = time.Date(2026, 11, 23, 10, 0, 1, 250_000_000, time.UTC)
	warrant  = domain.Warrant{By: "anna", On: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), How: domain.BySigned, Reference: "DPA 2026/01"}
	keepFor  = domain.Period{Years: 7}
)

var (
	caseDay = calendar.Date{Year: 2026, Month: 11, Day: 23}
	inCase  = request.Of{Controller: "fenland-cycles", Case: "case-1", On: caseDay, By: "petra", Note: domain.Sealed{4, 5}}
	cited   = request.Cited{Ground: "JustificationA17LegalClaims", Provision: "DPA 2018 Sch. 2"}
)

var (
	looker  = oversight.By{Actor: "petra", Known: oversight.Claimed, Reason: oversight.ForRequest, Case: "case-1"}
	damaged = uint64(7)
)

var ada = dossier.Of{Controller: "fenland-cycles", Subject: 0x1122334455667788}

// facts holds one event of every newest version, each member set, so that a golden file covers them all.
var facts = []domain.Fact{
	dossier.ActionRecorded{
		Controller: "fenland-cycles", Service: "webshop", Subject: 0x1122334455667788, Identifier: "email",
		Operation: domain.Disclose, Instruction: "orders", Version: 3, Basis: domain.Contract, Stated: domain.Consent,
		Categories: []domain.Category{"pd:EmailAddress", "pd:Name"}, System: "crm", Location: "GB", Recipient: "northprint",
		Order: "ord-1", Findings: domain.FindingSet(0).With(domain.BasisMismatch).With(domain.ReportedLate),
		Details: domain.Sealed{1, 2, 3, 250}, Action: "0199a0c2-0000-7000-8000-000000000001",
	},
	dossier.IdentifierLinked{Controller: "fenland-cycles", Subject: 1, Joined: 2, Identifier: "customer", By: "anna"},
	instruction.Given{Controller: "fenland-cycles", Instruction: "orders", Version: 2, Warrant: warrant, Terms: domain.Terms{
		Title: "Orders", Purpose: "FulfilmentOfContractualObligation", Basis: domain.Contract, Interest: "none", Condition: "A9-2-a",
		Operations: []domain.Operation{domain.Store}, Categories: []domain.Category{"pd:Name"}, Recipients: []domain.RecipientID{"northprint"},
		Territory: []domain.Territory{"GB", domain.EEA}, Retention: []domain.Retention{{After: domain.WhenOrderClosed, Keep: keepFor}},
	}},
	instruction.Withdrawn{Controller: "fenland-cycles", Instruction: "orders", Version: 2, Warrant: warrant},
	register.ProcessorDeclared{Name: "Aldgate", Registration: "ZA000001", Regime: domain.UK, Territory: []domain.Territory{"GB"}, Measures: []string{"Encryption"}},
	register.ControllerDeclared{Controller: "fenland-cycles", Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"},
	register.ServiceDeclared{Controller: "fenland-cycles", Service: "webshop", Name: "Web shop", ReportsWithin: 3600},
	register.RecipientDeclared{Recipient: "northprint", Name: "Northprint Ltd", Kind: register.SubProcessor, Country: "GB", Safeguard: "A45-3", Contract: "C-1"},
	register.AuthorisationDeclared{Controller: "fenland-cycles", Mode: register.General, ObjectWithin: domain.Period{Days: 30},
		Authorised: []domain.RecipientID{"northprint"}, Refused: []domain.RecipientID{"lettermill"}},
	dossier.ConsentGiven{Of: ada, Instruction: "newsletter", How: "double opt-in", Explicit: true},
	dossier.ConsentWithdrawn{Of: ada, Instruction: "newsletter", How: "link in a letter"},
	dossier.ObjectionRaised{Of: ada, Objection: "obj-1", Instruction: "trade-mailing", Marketing: true},
	dossier.ObjectionResolved{Of: ada, Objection: "obj-1", Overridden: true, Ground: "compelling"},
	dossier.RestrictionPlaced{Of: ada, Restriction: "res-1", Ground: "A18-1-a", Instruction: "orders",
		Allowed: []domain.Operation{domain.Use}, Prohibited: []domain.Operation{domain.Consult}},
	dossier.RestrictionLifted{Of: ada, Restriction: "res-1", Told: warrant.On},
	dossier.HoldPlaced{Of: ada, Hold: "hold-1", Ground: "court-order", Reference: "QB-2026-1", Instruction: "orders",
		Categories: []domain.Category{"pd:Name"}, Systems: []string{"crm"}, Until: warrant.On},
	dossier.HoldReleased{Of: ada, Hold: "hold-1"},
	dossier.ActionAnnounced{Of: ada, Operation: domain.Erase, Instruction: "enquiries", Categories: []domain.Category{"pd:Name"}, System: "crm", Recipient: "northprint"},
	dossier.AnswerRecorded{
		Of: ada, Service: "webshop", Operation: domain.Copy, Instruction: "orders", Version: 3, Basis: domain.Contract, Stated: domain.Consent,
		Categories: []domain.Category{"pd:Name"}, System: "crm", From: "shop", Location: "GB", Recipient: "northprint", Order: "order-7",
		Reasons: []string{"objected", "on-hold"},
	},
	dossier.OrderRecalled{Of: ada, Order: "ord-1", Hold: "hold-1"},
	source.HeartbeatRecorded{Controller: "fenland-cycles", Service: "webshop", Sequence: 4711},
	source.CountReported{Controller: "fenland-cycles", Service: "webshop", System: "crm", Category: "pd:Name", People: 12},
	dossier.OccasionRecorded{Of: ada, Instruction: "enquiries", Occasion: domain.WhenEnquiryAnswered},
	dossier.OrderSent{Of: ada, Order: "ord-1", Kind: dossier.TaskErase, Service: "crm", Instruction: "enquiries", System: "crm",
		Categories: []domain.Category{"pd:Name"}, Reason: "retention", Case: "case-1", Due: warrant.On},
	dossier.OrderEscalated{Of: ada, Order: "ord-1"},
	disclosure.Received{Controller: "fenland-cycles", Order: "court-1", Authority: "county-court", Jurisdiction: "GB", Reference: "QB-2026-1",
		Issued: warrant.On, Categories: []domain.Category{"pd:Name"}, Document: "00ff", Agreement: "treaty", ForbiddenUntil: warrant.On},
	disclosure.Informed{Controller: "fenland-cycles", Order: "court-1", On: warrant.On},
	request.Received{
		Of: inCase, Kind: request.Erasure, Subjects: []domain.SubjectKey{1, 2}, Owner: "petra", Channel: request.ByEmail, Regime: domain.UK,
		Calendar: calendar.EnglandAndWales, Reached: caseDay, Promise: calendar.Promise{Days: 5, Working: true, By: calendar.EnglandAndWales},
		Grounds: []request.Ground{request.ConsentWithdrawn}, Reference: "REQ-7", Follows: "case-0",
	},
	request.Assigned{Of: inCase, Owner: "petra"},
	request.Acknowledged{Of: inCase},
	request.Asked{Of: inCase, For: request.Identity},
	request.Replied{Of: inCase, For: request.Identity, Enough: true},
	request.Extended{Of: inCase, Months: 2, Reasons: []request.Reason{request.Complexity}},
	request.Found{Of: inCase, Places: []request.Place{{Kind: request.System, Name: "crm", Service: "crm"}}},
	request.Reviewed{Of: inCase, Withheld: []request.Withheld{{Cited: cited, Items: 3}}},
	request.Decided{Of: inCase, Outcome: request.Partly, Grounds: []request.Ground{request.ConsentWithdrawn}, Refusals: []request.Cited{cited}, Warrant: warrant},
	request.Ordered{Of: inCase, Order: "ord-1", Place: request.Place{Kind: request.Service, Name: "crm"}, Task: request.Erase},
	request.Settled{
		Of: inCase, Place: request.Place{Kind: request.Recipient, Name: "northprint"}, How: request.ByAction, Event: "m-1", Source: "/fenland-cycles/crm",
		Order: "ord-1", Operation: domain.Erase, Erases: true, Exemption: &cited,
	},
	request.Delivered{Of: inCase},
	request.Answered{Of: inCase, Remedies: true},
	request.Corresponded{Of: inCase, Authority: "ico", Direction: request.Outgoing, Reference: "IC-1"},
	request.Withdrawn{Of: inCase},
	request.Transferred{Of: inCase, To: "wharf-physio"},
	request.Closed{Of: inCase, Outcome: request.Accepted},
	request.Notified{Of: inCase, Callback: "https://fenland-cycles.example.org/callback", Status: request.DSRCompleted, Delivered: true},
	oversight.RecordViewed{By: looker, Controller: "fenland-cycles", Subjects: []domain.SubjectKey{1, 2}, View: oversight.Trail, At: 12},
	oversight.DetailsRevealed{By: looker, Controller: "fenland-cycles", Subjects: []domain.SubjectKey{1}, View: oversight.Details, At: 12},
	oversight.ExportMade{
		By: looker, Controller: "fenland-cycles", Subjects: []domain.SubjectKey{1}, What: "trail", Format: "csv", Until: 12, Rows: 3, Bytes: 400,
		SHA256: strings.Repeat("0f", 32), Revealed: true,
	},
	oversight.VerificationMade{By: looker, From: 1, Until: 12, Root: strings.Repeat("0a", 32), Bad: &damaged},
	custody.PersonForgotten{Controller: "fenland-cycles", Subjects: []domain.SubjectKey{1, 2}, By: "petra", Case: "case-1"},
	custody.Restored{Size: 12, Made: happened, Checkpoint: "daybook/ledger\n12\n", Forgotten: 2, Lost: 1},
	custody.Forked{From: "daybook/ledger", To: "daybook/ledger-fork-00ff", At: 12, Checkpoint: "daybook/ledger\n12\n", Seen: "daybook/ledger\n14\n"},
	register.ContactDeclared{Controller: "fenland-cycles", Contact: "anna", Role: "Managing director", Subject: 9, Details: domain.Sealed{7, 8}},
}

func event(f domain.Fact) domain.Event {
	source := domain.LedgerSource
	switch a := f.(type) {
	case dossier.ActionRecorded:
		source = domain.ServiceSource(a.Controller, a.Service)
	case oversight.RecordViewed, oversight.DetailsRevealed, oversight.ExportMade, oversight.VerificationMade:
		source = oversight.Source
	}
	return domain.Event{ID: "0199a0c2-0000-7000-8000-000000000001", Source: source, Time: happened, Recorded: recorded, Sequence: 4711, Fact: f}
}

func TestEveryTypeHasAFrozenGoldenFile(t *testing.T) {
	covered := map[string]bool{}
	for _, f := range facts {
		covered[f.EventType()] = true
		path := filepath.Join("testdata", f.EventType()+".json")
		written, err := catalog.Encode(event(f))
		if err != nil {
			t.Fatal(err)
		}
		frozen, err := os.ReadFile(path)
		if os.IsNotExist(err) && *golden {
			frozen = written
			err = os.WriteFile(path, written, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if string(frozen) != string(written) {
			t.Errorf("%s is written differently than it was published:\n got %s\nwant %s", f.EventType(), written, frozen)
		}
		got, err := catalog.Decode(frozen)
		if err != nil {
			t.Fatalf("%s: %+v", f.EventType(), err)
		}
		if !reflect.DeepEqual(got, event(f)) {
			t.Errorf("%s is read differently:\n got %#v\nwant %#v", f.EventType(), got, event(f))
		}
	}
	for _, kind := range catalog.Types() {
		if _, err := os.Stat(filepath.Join("testdata", kind+".json")); err != nil {
			t.Errorf("%s lacks its golden file", kind)
		}
	}
	if len(covered) != len(catalog.Types()) {
		t.Errorf("%d types are covered here, the catalog has %d", len(covered), len(catalog.Types()))
	}
}

// Members that came later are left out where they are not set, so that what was published before them stays as it is.
func TestMembersThatCameLater(t *testing.T) {
	later := facts[0].(dossier.ActionRecorded)
	later.From, later.Announced = "mailbox", "0199a0c2-0000-7000-8000-000000000000"
	stored, err := catalog.Encode(event(later))
	if err != nil {
		t.Fatal(err)
	}
	short, ok := catalog.Canonical(stored)
	general, err := catalog.General(stored)
	if err != nil || !ok || !reflect.DeepEqual(short, general) || !reflect.DeepEqual(general, event(later)) {
		t.Errorf("read %#v, %#v (%v, %v)", short, general, ok, err)
	}
	for _, f := range []domain.Fact{
		dossier.ObjectionResolved{Of: ada, Objection: "obj-1", Void: true, Ground: "the person took it back"},
		register.ControllerDeclared{Controller: "fenland-cycles", Name: "F", Regime: domain.UK, Country: "GB", Callbacks: []string{"https://a.example.org/"}},
		request.Received{Of: inCase, Kind: request.Access, Subjects: []domain.SubjectKey{1}, Callbacks: []string{"https://a.example.org/"}},
		request.Withdrawn{Of: inCase, Told: caseDay}, request.Closed{Of: inCase, Outcome: request.Accepted, Told: caseDay},
	} {
		stored, err := catalog.Encode(event(f))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := catalog.Decode(stored); err != nil || !reflect.DeepEqual(got, event(f)) {
			t.Errorf("%s is read as %#v (%v)", f.EventType(), got, err)
		}
	}
}

func TestWhatNoVersionWroteIsNotRead(t *testing.T) {
	good, err := catalog.Encode(event(facts[1]))
	if err != nil {
		t.Fatal(err)
	}
	for rule, change := range map[string][2]string{
		"an unknown type stops the reader":     {"identifier.linked.v1", "identifier.linked.v9"},
		"an unknown member stops the reader":   {`"identifier":`, `"identifire":`},
		"a missing id stops the reader":        {`"id":"0199a0c2-0000-7000-8000-000000000001",`, ""},
		"another specversion stops the reader": {`"1.0"`, `"2.0"`},
		"a broken time stops the reader":       {"2026-11-23", "2026-13-23"},
		"a broken subject stops the reader":    {`"subject":"`, `"subject":"!`},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%s: the case changes nothing", rule)
		}
		if _, err := catalog.Decode([]byte(bad)); err == nil {
			t.Errorf("%s: it was read", rule)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, fact := range facts {
		b, err := catalog.Encode(event(fact))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// Whatever the short way reads, the general way reads alike.
		short, shortOK := catalog.Canonical(b)
		general, err := catalog.General(b)
		if shortOK && (err != nil || !reflect.DeepEqual(short, general)) {
			t.Fatalf("the two ways differ:\n%#v\n%#v (%v)", short, general, err)
		}
		if err != nil {
			return
		}
		again, err := catalog.Encode(general)
		if err != nil {
			return
		}
		if read, err := catalog.Decode(again); err != nil || !reflect.DeepEqual(read, general) {
			t.Fatalf("not stable: %v\n%#v\n%#v", err, read, general)
		}
	})
}

func BenchmarkEncodeAction(b *testing.B) {
	e, buf := event(facts[0]), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = catalog.Append(buf[:0], e)
	}
}

func BenchmarkDecodeAction(b *testing.B) {
	stored, _ := catalog.Encode(event(facts[0]))
	b.Run("canonical", func(b *testing.B) {
		var d catalog.Decoder
		b.ReportAllocs()
		for b.Loop() {
			_, _ = d.Decode(stored)
		}
	})
	b.Run("general", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = catalog.General(stored)
		}
	})
}
