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

// RightsFor lists the rights that a person has by default where processing rests on the basis, in the order of the articles. It is
// a default to begin from, not a decision: the controller decides each case.
func RightsFor(b domain.Basis) []Right {
	names := rightsByBasis[b]
	list := make([]Right, 0, len(names))
	for _, n := range names {
		list = append(list, rights[n])
	}
	return list
}

// Usual says whether a case of the kind is among the default rights for the basis and, where it is not, which provision usually
// stands against it. Whatever the basis, a person may object to direct marketing (Art. 21(2)).
func Usual(b domain.Basis, k Kind) (usual bool, against string) {
	if slices.ContainsFunc(RightsFor(b), func(r Right) bool { return r.Kind == k }) {
		return true, ""
	}
	switch k {
	case Erasure:
		return false, "Art. 17(3)(b)"
	case Portability:
		return false, "Art. 20(1)(a)"
	case Objection:
		return false, "Art. 21(1); direct marketing apart, Art. 21(2)"
	case AutomatedDecision:
		return false, "Art. 22(2)(b)"
	default:
		return false, ""
	}
}
