package request_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
)

func TestWhereACaseStands(t *testing.T) {
	access, erasure, complaint := received(request.Access), received(request.Erasure), received(request.Complaint)
	reviewed := request.Reviewed{Of: on(9, 9)}
	for _, row := range []struct {
		rule  string
		given []request.Step
		stage request.Stage
		dsr   request.DSRStatus
		exact bool
	}{
		{"received", given(access), request.Finding, request.DSRPending, true},
		{"asked", given(access, request.Asked{Of: on(9, 4), For: request.Identity}), request.Waiting, request.DSRPending, true},
		{"asked for a fee", given(access, request.Asked{Of: on(9, 4), For: request.Fee}), request.Waiting, request.DSRPending, true},
		{"asked what it is about", given(access, request.Asked{Of: on(9, 4), For: request.Clarification}), request.Waiting, request.DSRPending, true},
		{"found", given(access, found(crm)), request.Reviewing, request.DSRInProgress, true},
		{"reviewed", given(access, found(crm), reviewed), request.Deciding, request.DSRInProgress, true},
		{"an erasure needs no review", given(erasure, found(crm)), request.Deciding, request.DSRInProgress, true},
		{"decided", given(access, found(crm), reviewed, accepted()), request.Answering, request.DSRInProgress, true},
		{"an erasure is carried out", given(erasure, found(crm), accepted(request.UnlawfulUse)), request.CarryingOut, request.DSRInProgress, true},
		{"Art. 17: carried out where every place is closed", given(erasure, found(crm), accepted(request.UnlawfulUse), erased(crm)), request.CarriedOut, request.DSRInProgress, true},
		{"answered while a place is open", given(erasure, found(crm), accepted(request.UnlawfulUse), answered(9, 12)), request.CarryingOut, request.DSRInProgress, true},
		{"answered and carried out", given(erasure, found(crm), accepted(request.UnlawfulUse), erased(crm), answered(9, 16)), request.Closing, request.DSRInProgress, true},
		{"closed", given(erasure, found(), accepted(request.UnlawfulUse), answered(9, 16), closed(request.Accepted)), request.IsClosed, request.DSRCompleted, true},
		{"closed in part", given(erasure, found(), partly(request.UnlawfulUse, request.LegalClaims), remedies(9, 16), closed(request.Partly)), request.IsClosed, request.DSRCompleted, false},
		{"refused", given(erasure, refused(request.LegalClaims), remedies(9, 16), closed(request.Refused)), request.IsRefused, request.DSRCancelled, false},
		{"withdrawn while it was carried out", given(erasure, found(crm), accepted(request.UnlawfulUse), request.Withdrawn{Of: on(9, 12)}), request.IsWithdrawn, request.DSRCancelled, true},
		{"withdrawn", given(erasure, request.Withdrawn{Of: on(9, 4)}), request.IsWithdrawn, request.DSRCancelled, true},
		{"handed over", given(erasure, request.Transferred{Of: on(9, 4)}), request.IsTransferred, request.DSRCancelled, false},
		{"a complaint is acknowledged", given(complaint), request.Acknowledging, request.DSRPending, true},
		{"in the EU regime it is decided", given(received(request.Complaint, inEU)), request.Deciding, request.DSRInProgress, true},
		{"acknowledged, it is decided", given(complaint, request.Acknowledged{Of: on(9, 4)}), request.Deciding, request.DSRInProgress, true},
		{"not upheld, it is closed", given(complaint, refused(), answered(9, 16), closed(request.Refused)), request.IsClosed, request.DSRCompleted, false},
	} {
		t.Run(row.rule, func(t *testing.T) {
			s := state(t, row.given)
			if got := s.Stage(); got != row.stage || got.Words() == "" {
				t.Errorf("it stands at %s (%s), want %s", got, got.Words(), row.stage)
			}
			if got, exact := s.DSRStatus(); got != row.dsr || exact != row.exact {
				t.Errorf("OpenDSR says %s, exact %v, want %s, %v", got, exact, row.dsr, row.exact)
			}
		})
	}
}

func TestAPlaceFoundAgainIsOnePlace(t *testing.T) {
	s := state(t, given(received(request.Erasure), found(crm, shop), accepted(request.UnlawfulUse), erased(crm), found(crm, shop, printer)))
	if got := s.Unsettled(); !slices.Equal(got, []request.Place{shop, printer}) || len(s.Places) != 3 {
		t.Errorf("open are %v of %d places", got, len(s.Places))
	}
}

// The closed lists are those of the law.
func TestTheListsOfTheLaw(t *testing.T) {
	for kind, want := range map[request.Kind]string{
		request.Erasure:     "Art. 17(1)(a) Art. 17(1)(b) Art. 17(1)(c) Art. 17(1)(d) Art. 17(1)(e) Art. 17(1)(f)",
		request.Restriction: "Art. 18(1)(a) Art. 18(1)(b) Art. 18(1)(c) Art. 18(1)(d)",
		request.Objection:   "Art. 21(1) Art. 21(2) Art. 21(6)",
		request.Access:      "", request.Rectification: "", request.Portability: "", request.AutomatedDecision: "", request.Complaint: "",
	} {
		var articles []string
		for _, g := range request.Grounds(kind) {
			articles = append(articles, g.Article())
			if parsed, err := request.ParseGround(string(g)); err != nil || parsed != g || g.Words() == "" || (kind == request.Erasure) != (g.DPV() != "") {
				t.Errorf("%s is read as %s (%s, %s), %v", g, parsed, g.Words(), g.DPV(), err)
			}
		}
		if got := strings.Join(articles, " "); got != want {
			t.Errorf("%s rests on %s, want %s", kind, got, want)
		}
	}
	points := map[string]bool{}
	for _, r := range request.Exemptions(request.Erasure, request.System) {
		points[r.Article()] = true
		if parsed, err := request.ParseRefusal(string(r)); err != nil || parsed != r || r.Words() == "" {
			t.Errorf("%s is read as %s, %v", r, parsed, err)
		}
	}
	for _, want := range []string{"Art. 17(3)(a)", "Art. 17(3)(b)", "Art. 17(3)(c)", "Art. 17(3)(d)", "Art. 17(3)(e)"} {
		if !points[want] {
			t.Errorf("%s lets nothing stay", want)
		}
	}
	if slices.Contains(request.Exemptions(request.Erasure, request.System), request.TellingTooFar) || !slices.Contains(request.Exemptions(request.Erasure, request.Recipient), request.TellingTooFar) {
		t.Error("Article 19 is for recipients and for nothing else")
	}
	if got := request.Withholdings(request.Access); !slices.Equal(got, []request.Refusal{request.OthersRights, request.ByLaw}) {
		t.Errorf("withheld from a copy: %v", got)
	}
	if len(request.Refusals(request.Complaint)) != 0 {
		t.Errorf("a complaint is refused on %v", request.Refusals(request.Complaint))
	}
	for _, k := range request.Kinds() {
		if parsed, err := request.ParseKind(string(k)); err != nil || parsed != k || k.Words() == "" || k.Article(domain.UK) == "" {
			t.Errorf("%s is read as %s, %v", k, parsed, err)
		}
		if k != request.Complaint && !slices.Contains(request.Refusals(k), request.ManifestlyUnfounded) {
			t.Errorf("Art. 12(5) is not for %s", k)
		}
	}
	for _, err := range []error{third(request.ParseKind("x")), third(request.ParseGround("A17-1-g")), third(request.ParseRefusal("x")), third(request.ParseChannel("x"))} {
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("it is read: %v", err)
		}
	}
}

func third[T any](_ T, err error) error { return err }

func TestEveryWayToCloseAPlaceHasWords(t *testing.T) {
	for _, h := range []request.How{request.ByAction, request.ByOrder, request.ByTelling, request.ByExemption, request.ByAbsence} {
		if h.Words() == "" {
			t.Errorf("%s has no words", h)
		}
	}
	if words := request.How("trust").Words() + request.Reason("x").Words(); words != "" {
		t.Errorf("what is none is called %q", words)
	}
}

// DPV 2.3, legal_basis_rights_mapping: the default rights by basis; and what UK law has put in another place.
func TestWhichRightsAreUsualOnWhichBasis(t *testing.T) {
	for basis, want := range map[domain.Basis]string{
		domain.Consent:                      "A7-3 A13 A14 A15 A16 A17 A18 A20 A22 A77",
		domain.Contract:                     "A13 A14 A15 A16 A17 A18 A20 A22 A77",
		domain.LegalObligation:              "A13 A15 A16 A18 A77",
		domain.VitalInterests:               "A13 A14 A15 A16 A17 A18 A22 A77",
		domain.PublicTask:                   "A13 A14 A15 A16 A18 A21 A22 A77",
		domain.LegitimateInterests:          "A13 A14 A15 A16 A17 A18 A21 A22 A77",
		domain.RecognisedLegitimateInterest: "",
		"":                                  "",
	} {
		var names []string
		for _, r := range request.RightsFor(domain.EU, basis) {
			names = append(names, r.Name)
			if r.Article == "" || r.Words == "" {
				t.Errorf("%s has no words", r.Name)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s gives %s, want %s", basis, got, want)
		}
	}
	for _, row := range []struct {
		rule    string
		regime  domain.Regime
		basis   domain.Basis
		right   string
		usual   bool
		article string
		against string
	}{
		{"a consent can be withdrawn", domain.EU, domain.Consent, "A7-3", true, "Art. 7(3)", ""},
		{"nothing else can", domain.EU, domain.Contract, "A7-3", false, "Art. 7(3)", "consent alone"},
		{"what rests on consent can be erased", domain.EU, domain.Consent, "A17", true, "Art. 17", ""},
		{"what the law demands stays", domain.EU, domain.LegalObligation, "A17", false, "Art. 17", "Art. 17(3)(b)"},
		{"a contract's data can be taken along", domain.UK, domain.Contract, "A20", true, "Art. 20", ""},
		{"an interest's cannot", domain.UK, domain.LegitimateInterests, "A20", false, "Art. 20", "Art. 20(1)(a)"},
		{"an interest can be objected to", domain.EU, domain.LegitimateInterests, "A21", true, "Art. 21", ""},
		{"a recognised one too", domain.UK, domain.RecognisedLegitimateInterest, "A21", true, "Art. 21", ""},
		{"a contract cannot, but for marketing", domain.UK, domain.Contract, "A21", false, "Art. 21", "Art. 21(1); direct marketing apart, Art. 21(2)"},
		{"in the Union the law may allow an automated decision", domain.EU, domain.LegalObligation, "A22", false, "Art. 22", "Art. 22(2)(b)"},
		{"in the UK its safeguards are owed all the same", domain.UK, domain.LegalObligation, "A22", true, "Art. 22A to 22D", ""},
		{"in the Union a complaint goes to the authority", domain.EU, domain.LegalObligation, "A77", true, "Art. 77", ""},
		{"in the UK to the controller, too", domain.UK, domain.LegalObligation, "A77", true, "DPA 2018 s.164A, s.165", ""},
	} {
		list := request.RightsUnder(row.regime, row.basis)
		at := slices.IndexFunc(list, func(e request.Entitled) bool { return e.Name == row.right })
		if at < 0 || list[at].Usual != row.usual || list[at].Article != row.article || !strings.Contains(list[at].Against, row.against) ||
			(list[at].Against == "") != (row.against == "") {
			t.Errorf("%s: %+v", row.rule, list)
		}
	}
	if list := request.RightsUnder(domain.EU, domain.RecognisedLegitimateInterest); list != nil {
		t.Errorf("the Union has a basis of the UK: %+v", list)
	}
}

func TestWhatOpenDSRKnows(t *testing.T) {
	for _, k := range request.Kinds() {
		name, known := k.DSR()
		back, err := request.KindFromDSR(string(k))
		want := k == request.Access || k == request.Portability || k == request.Erasure
		if known != want || (err == nil) != want || want && (back != k || name != string(k)) {
			t.Errorf("%s: %s, %v, %v", k, name, known, err)
		}
	}
	if r, err := request.RegimeFromDSR("gdpr", domain.UK); r != domain.UK || err != nil {
		t.Errorf("gdpr is %s, %v", r, err)
	}
	if _, err := request.RegimeFromDSR("ccpa", domain.UK); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("ccpa is taken: %v", err)
	}
}

// The types are names kept as data, each once.
func TestEveryStepHasItsType(t *testing.T) {
	seen := map[string]bool{}
	for _, step := range []request.Step{
		request.Received{}, request.Assigned{}, request.Acknowledged{}, request.Asked{}, request.Replied{}, request.Extended{}, request.Found{},
		request.Reviewed{}, request.Decided{}, request.Ordered{}, request.Settled{}, request.Delivered{}, request.Answered{}, request.Corresponded{},
		request.Withdrawn{}, request.Transferred{}, request.Closed{},
	} {
		kind := step.EventType()
		want := "daybook.case." + strings.ToLower(reflect.TypeOf(step).Name()) + ".v1"
		if kind != want || seen[kind] {
			t.Errorf("%T is called %s, want %s", step, kind, want)
		}
		seen[kind] = true
	}
}

// Each regime's own law is cited: a case in the Union never names an Act of the United Kingdom.
func TestAKindIsCitedByTheLawOfItsRegime(t *testing.T) {
	for _, row := range []struct {
		kind   request.Kind
		regime domain.Regime
		want   string
	}{
		{request.Complaint, domain.UK, "DPA 2018 s.164A, s.165"},
		{request.AutomatedDecision, domain.UK, "Art. 22A to 22D"},
		{request.AutomatedDecision, domain.EU, "Art. 22"},
		{request.Complaint, domain.EU, "Art. 77"},
		{request.Access, domain.UK, "Art. 15"},
		{request.Access, domain.EU, "Art. 15"},
	} {
		if got := row.kind.Article(row.regime); got != row.want {
			t.Errorf("%s in the regime %s: %q, want %q", row.kind, row.regime, got, row.want)
		}
	}
}
