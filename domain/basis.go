package domain

import "github.com/cockroachdb/errors"

// Basis is a lawful basis of Article 6(1), under its DPV name. The controller chooses it in an instruction; the processor
// never does.
type Basis string

// The bases of Article 6(1), and the recognised legitimate interest that UK law has had since 5 February 2026.
const (
	Consent                      Basis = "A6-1-a"
	Contract                     Basis = "A6-1-b"
	LegalObligation              Basis = "A6-1-c"
	VitalInterests               Basis = "A6-1-d"
	PublicTask                   Basis = "A6-1-e"
	LegitimateInterests          Basis = "A6-1-f"
	RecognisedLegitimateInterest Basis = "A6-1-ea"
)

var basisWords = map[Basis]string{
	Consent:                      "consent",
	Contract:                     "contract",
	LegalObligation:              "legal obligation",
	VitalInterests:               "vital interests",
	PublicTask:                   "public task",
	LegitimateInterests:          "legitimate interests",
	RecognisedLegitimateInterest: "recognised legitimate interest",
}

// Bases lists the bases in the order of the article.
func Bases() []Basis {
	return []Basis{Consent, Contract, LegalObligation, VitalInterests, PublicTask, RecognisedLegitimateInterest, LegitimateInterests}
}

// Words gives the basis in plain words.
func (b Basis) Words() string { return basisWords[b] }

// Article gives the place in the law, for example "Art. 6(1)(b)".
func (b Basis) Article() string {
	if _, known := basisWords[b]; !known {
		return ""
	}
	return "Art. 6(1)(" + string(b[len("A6-1-"):]) + ")"
}

// ParseBasis reads a basis by its DPV name. It returns ErrInvalid.
func ParseBasis(s string) (Basis, error) {
	b := Basis(s)
	if _, known := basisWords[b]; !known {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "basis"),
			"Article 6(1): name A6-1-a, A6-1-b, A6-1-c, A6-1-d, A6-1-e or A6-1-f; in the UK regime also A6-1-ea.")
	}
	return b, nil
}

// Regime is the law that binds a controller.
type Regime string

// The two regimes.
const (
	UK Regime = "UK" // UK GDPR and Data Protection Act 2018
	EU Regime = "EU" // Regulation (EU) 2016/679
)

// ParseRegime reads "UK" or "EU". It returns ErrInvalid.
func ParseRegime(s string) (Regime, error) {
	switch r := Regime(s); r {
	case UK, EU:
		return r, nil
	default:
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "regime"), "A controller's regime is UK or EU.")
	}
}

// Condition is a condition of Article 9(2) under which special categories may be processed, under its DPV name.
type Condition string

// ParseCondition reads A9-2-a to A9-2-j. It returns ErrInvalid.
func ParseCondition(s string) (Condition, error) {
	const prefix = "A9-2-"
	if len(s) != len(prefix)+1 || s[:len(prefix)] != prefix || s[len(prefix)] < 'a' || s[len(prefix)] > 'j' {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "special category condition"), "Article 9(2): name A9-2-a to A9-2-j.")
	}
	return Condition(s), nil
}
