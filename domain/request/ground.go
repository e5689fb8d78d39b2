package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
)

// Ground is what a person rests a request on, and what the controller accepts it on: a point of Article 17(1), 18(1) or 21.
type Ground string

// The grounds, closed lists. Three of them are those that privacy notices promise: consent withdrawn, no longer necessary,
// unlawful.
const (
	NoLongerNecessary Ground = "A17-1-a"
	ConsentWithdrawn  Ground = "A17-1-b"
	Objected          Ground = "A17-1-c"
	UnlawfulUse       Ground = "A17-1-d"
	LegalErasure      Ground = "A17-1-e"
	ChildsData        Ground = "A17-1-f"

	AccuracyContested Ground = "A18-1-a"
	UnlawfulButKept   Ground = "A18-1-b"
	NeededForClaims   Ground = "A18-1-c"
	ObjectionPending  Ground = "A18-1-d"

	OwnSituation    Ground = "A21-1"
	DirectMarketing Ground = "A21-2"
	Research        Ground = "A21-6"
)

type groundTerms struct {
	kind    Kind
	article string
	words   string
	dpv     string // DPV's name for the justification, where it has one
}

var grounds = map[Ground]groundTerms{
	NoLongerNecessary: {Erasure, "Art. 17(1)(a)", "the data are no longer necessary for their purpose", "JustificationA17NonNecessity"},
	ConsentWithdrawn:  {Erasure, "Art. 17(1)(b)", "consent was withdrawn and there is no other basis", "JustificationA17NoLegalBasis"},
	Objected:          {Erasure, "Art. 17(1)(c)", "the person objected and nothing overrides that", "JustificationA17ObjectA21"},
	UnlawfulUse:       {Erasure, "Art. 17(1)(d)", "the data were processed unlawfully", "JustificationA17UnlawfulProcessing"},
	LegalErasure:      {Erasure, "Art. 17(1)(e)", "the law demands erasure", "JustificationA17LegalErasure"},
	ChildsData:        {Erasure, "Art. 17(1)(f)", "the data were collected from a child online", "JustificationA17ChildData"},

	AccuracyContested: {Restriction, "Art. 18(1)(a)", "the person contests the accuracy of the data", ""},
	UnlawfulButKept:   {Restriction, "Art. 18(1)(b)", "the processing is unlawful and the person wants no erasure", ""},
	NeededForClaims:   {Restriction, "Art. 18(1)(c)", "the person needs the data for legal claims", ""},
	ObjectionPending:  {Restriction, "Art. 18(1)(d)", "the person objected and it is being verified what overrides", ""},

	OwnSituation:    {Objection, "Art. 21(1)", "grounds relating to the person's particular situation", ""},
	DirectMarketing: {Objection, "Art. 21(2)", "direct marketing", ""},
	Research:        {Objection, "Art. 21(6)", "research or statistics", ""},
}

// ParseGround reads a ground's code. It returns ErrInvalid.
func ParseGround(s string) (Ground, error) {
	if _, known := grounds[Ground(s)]; !known {
		return "", wrong(domain.ErrInvalid, "ground of a request",
			"Name a point of the law: A17-1-a to A17-1-f for erasure, A18-1-a to A18-1-d for restriction, A21-1, A21-2 or A21-6 for an objection.")
	}
	return Ground(s), nil
}

// Grounds lists the grounds on which a case of the kind can rest, in the order of the law.
func Grounds(k Kind) []Ground {
	var list []Ground
	for g, t := range grounds {
		if t.kind == k {
			list = append(list, g)
		}
	}
	slices.Sort(list)
	return list
}

// Article gives the ground's place in the law.
func (g Ground) Article() string { return grounds[g].article }

// Words gives the ground in plain words.
func (g Ground) Words() string { return grounds[g].words }

// DPV gives the name that DPV 2.3 has for it under eu-gdpr, empty where it has none.
func (g Ground) DPV() string { return grounds[g].dpv }

// Reason is why an answer takes longer than a month: the two that the law knows, under their DPV names.
type Reason string

// The reasons of Article 12(3).
const (
	Complexity Reason = "JustificationA12Complexity"
	HighVolume Reason = "JustificationA12HighVolume"
)

// Words gives the reason in plain words.
func (r Reason) Words() string {
	switch r {
	case Complexity:
		return "the complexity of the requests"
	case HighVolume:
		return "the number of the requests"
	default:
		return ""
	}
}
