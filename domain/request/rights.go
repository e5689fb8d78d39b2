package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
)

// Right is a right of the person under its DPV name.
type Right struct {
	Name    string `json:"name"`    // A17
	Article string `json:"article"` // Art. 17
	Words   string `json:"words"`
	Kind    Kind   `json:"kind,omitempty"` // of the case that exercises it, where one does
}

var rights = map[string]Right{
	"A7-3": {"A7-3", "Art. 7(3)", "withdraw consent", ""},
	"A13":  {"A13", "Art. 13", "be informed when data are collected from the person", ""},
	"A14":  {"A14", "Art. 14", "be informed when data come from elsewhere", ""},
	"A15":  {"A15", "Art. 15", "access and a copy", Access},
	"A16":  {"A16", "Art. 16", "rectification", Rectification},
	"A17":  {"A17", "Art. 17", "erasure", Erasure},
	"A18":  {"A18", "Art. 18", "restriction of processing", Restriction},
	"A20":  {"A20", "Art. 20", "data portability", Portability},
	"A21":  {"A21", "Art. 21", "object", Objection},
	"A22":  {"A22", "Art. 22", "not be subject to a solely automated decision", AutomatedDecision},
	"A77":  {"A77", "Art. 77", "complain to the supervisory authority", Complaint},
}

// rightsByBasis is a default and not the law: DPV 2.3's legal_basis_rights_mapping, which is a community group's reading. It leaves
// erasure out where Article 17(3)(b) usually stands against it, and never says that a right cannot apply in a given case. DPV has
// no term for the recognised legitimate interest of UK law; it is given what legitimate interests have.
var rightsByBasis = map[domain.Basis][]string{
	domain.Consent:                      {"A7-3", "A13", "A14", "A15", "A16", "A17", "A18", "A20", "A22", "A77"},
	domain.Contract:                     {"A13", "A14", "A15", "A16", "A17", "A18", "A20", "A22", "A77"},
	domain.LegalObligation:              {"A13", "A15", "A16", "A18", "A77"},
	domain.VitalInterests:               {"A13", "A14", "A15", "A16", "A17", "A18", "A22", "A77"},
	domain.PublicTask:                   {"A13", "A14", "A15", "A16", "A18", "A21", "A22", "A77"},
	domain.LegitimateInterests:          {"A13", "A14", "A15", "A16", "A17", "A18", "A21", "A22", "A77"},
	domain.RecognisedLegitimateInterest: {"A13", "A14", "A15", "A16", "A17", "A18", "A21", "A22", "A77"},
}

// order is that of the articles.
var order = []string{"A7-3", "A13", "A14", "A15", "A16", "A17", "A18", "A20", "A21", "A22", "A77"}

// ofUK are the rights that UK law has put in another place since the Data (Use and Access) Act 2025: section 80 replaces Article 22 from
// 5 February 2026, section 103 omits Article 77 from 19 June 2026.
var ofUK = map[string]Right{
	"A22": {"A22", "Art. 22A to 22D", "the safeguards of a significant decision that is solely automated", AutomatedDecision},
	"A77": {"A77", "DPA 2018 s.164A, s.165", "complain to the controller, and to the Information Commissioner", Complaint},
}

// Entitled is a right as it stands where processing rests on one basis.
type Entitled struct {
	Right
	// Usual says that the right usually goes with the basis.
	Usual bool
	// Against is what usually stands against it otherwise. It may still be owed in a given case.
	Against string
}

// RightsUnder lists all rights of a regime with how each usually stands where processing rests on the basis, in the order of the
// articles; none for a basis that the regime does not have. It is a default to begin from, not a decision: the controller decides each
// case.
func RightsUnder(r domain.Regime, b domain.Basis) []Entitled {
	names := rightsByBasis[b]
	if len(names) == 0 || b == domain.RecognisedLegitimateInterest && r != domain.UK {
		return nil
	}
	list := make([]Entitled, 0, len(order))
	for _, n := range order {
		e := Entitled{Right: rights[n], Usual: slices.Contains(names, n)}
		if own, is := ofUK[n]; is && r == domain.UK {
			e.Right = own
			// The safeguards of Article 22C are owed whatever the decision rests on.
			e.Usual = true
		}
		if !e.Usual {
			e.Against = against[n]
		}
		list = append(list, e)
	}
	return list
}

// against are the provisions that usually stand against a right where it does not go with the basis. Whatever the basis, a person may
// object to direct marketing.
var against = map[string]string{
	"A7-3": "Art. 7(3): consent alone is withdrawn",
	"A14":  "Art. 14(5)(c): where law lays the obtaining down",
	"A17":  "Art. 17(3)(b)",
	"A20":  "Art. 20(1)(a): consent and contract only",
	"A21":  "Art. 21(1); direct marketing apart, Art. 21(2)",
	"A22":  "Art. 22(2)(b)",
}

// RightsFor lists those rights that usually go with the basis.
func RightsFor(r domain.Regime, b domain.Basis) []Right {
	var list []Right
	for _, e := range RightsUnder(r, b) {
		if e.Usual {
			list = append(list, e.Right)
		}
	}
	return list
}
