package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

// Art. 21(1) covers what rests on (e) or (f); of anything else an objection is recorded, and the answer says that it stops nothing and
// what right there is instead.
func TestAnObjectionSaysWhatItDoesNotStop(t *testing.T) {
	l := start(t)
	doc := document()
	orders := doc.Controllers[0].Instructions[0]
	for id, with := range map[string]struct{ basis, purpose string }{
		"news": {"A6-1-a", "ServiceProvision"}, "tax": {"A6-1-c", "LegalCompliance"}, "life": {"A6-1-d", "ServiceProvision"},
		"security": {"A6-1-f", "EnforceSecurity"}, "mailing": {"A6-1-a", "DirectMarketing"},
	} {
		more := orders
		more.ID, more.Basis, more.Purpose = id, with.basis, with.purpose
		if more.Interest = ""; with.basis == "A6-1-f" {
			more.Interest = "security"
		}
		doc.Controllers[0].Instructions = append(doc.Controllers[0].Instructions, more)
	}
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	l.record("first", action("Store", string(ada)))
	for _, row := range []struct {
		rule, instruction string
		marketing         bool
		article, says     string
	}{
		{"a contract", "orders", false, "Art. 21(1)", "rests on contract, Art. 6(1)(b). The objection is recorded and stops nothing, direct marketing apart (Art. 21(2)). They can have the data erased when"},
		{"a consent", "news", false, "Art. 21(1)", "withdraw the consent at any time (Art. 7(3))"},
		{"a legal obligation", "tax", false, "Art. 21(1)", "Art. 6(1)(e), (ea) or (f) only"},
		{"vital interests", "life", false, "Art. 21(1)", "rests on vital interests"},
		{"a legitimate interest can be objected to", "security", false, "", ""},
		{"direct marketing, whatever the basis", "mailing", false, "Art. 21(2), 21(3)", "the objection is final"},
		{"marketing where there is none", "tax", true, "Art. 21(2)", "serves no direct marketing"},
		{"an instruction that nobody gave", "nonsense", false, "Art. 28(3)(a)", "Check its name"},
		{"all that can be objected to", "", false, "", ""},
		{"all direct marketing", "", true, "", ""},
	} {
		s := as[wire.Settled](t, l.post(people+"matters", wire.Matter{Person: ada, Kind: wire.MatterObjection, Instruction: row.instruction, Marketing: row.marketing}))
		switch {
		case s.Events != 1:
			t.Errorf("%s: not recorded: %+v", row.rule, s)
		case row.says == "" && s.Notes != nil:
			t.Errorf("%s: %+v", row.rule, s.Notes)
		case row.says != "" && (len(s.Notes) != 1 || s.Notes[0].Article != row.article || !strings.Contains(s.Notes[0].Message, row.says)):
			t.Errorf("%s: %+v", row.rule, s.Notes)
		}
	}
	// Whoever named the instruction and not the marketing has objected to it all the same (Art. 21(3)).
	final := as[wire.Settled](t, l.post(people+"matters", wire.Matter{Person: ada, Kind: wire.MatterObjection, Instruction: "mailing"}))
	over := wire.Matter{Person: ada, Kind: wire.MatterObjectionResolved, ID: final.ID, Overridden: true, Ground: "we like to"}
	if a := l.post(people+"matters", over); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "Article 21(3)") {
		t.Errorf("direct marketing overridden: %d %s", a.status, a.body)
	}
	// A service that reports an objection is told the same with its receipt.
	said := event("said", map[string]any{"subjects": []string{string(ada)}, "instruction": "tax"})
	said["type"] = wire.TypeObjection
	for _, duplicate := range []bool{false, true} {
		r := as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, said)))
		if r.Duplicate != duplicate || len(r.Notes) != 1 || r.Notes[0].Article != "Art. 21(1)" {
			t.Errorf("the receipt of a service, duplicate %t: %+v", duplicate, r)
		}
	}
}

// A controller nothing of which can be objected to: the objection of a case counts for what is to come.
func TestAnObjectionThatMeetsNothingSaysSo(t *testing.T) {
	l := caseLedger(t)
	l.record("first", action("Store", string(ada)))
	open := wire.OpenCase{Case: "o", People: []wire.Text{ada}, Kind: "objection", Channel: "e-mail", On: "2026-11-02", Owner: "petra", Grounds: []string{"A21-1"}}
	taken := as[wire.CaseTaken](t, l.post(cases, open))
	if len(taken.Notes) != 1 || !strings.Contains(taken.Notes[0].Message, "it counts for those to come") {
		t.Errorf("%+v", taken)
	}
}
