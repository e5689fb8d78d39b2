package domain

import (
	"strings"

	"github.com/cockroachdb/errors"
)

// Category is a category of personal data: a term of DPV's pd extension such as pd:EmailAddress, or a term under another
// prefix that a controller uses.
type Category string

// MaxCategoryBytes bounds a category's name.
const MaxCategoryBytes = 64

// ParseCategory reads prefix:Term, each of letters, digits and hyphens. It returns ErrInvalid.
func ParseCategory(s string) (Category, error) {
	prefix, term, ok := strings.Cut(s, ":")
	if !ok || !validName(prefix) || term == "" || len(s) > MaxCategoryBytes || strings.ContainsFunc(term, notTerm) {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "category"),
			"Write a category as DPV does, for example pd:EmailAddress or pd:Name.")
	}
	return Category(s), nil
}

func notTerm(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
}

// Term gives the category's name without its prefix, with its words apart: "Email Address".
func (c Category) Term() string {
	_, term, _ := strings.Cut(string(c), ":")
	var b strings.Builder
	for i, r := range term {
		if i > 0 && r >= 'A' && r <= 'Z' && term[i-1] >= 'a' && term[i-1] <= 'z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Special says that the category is, or reveals, one of the special categories of Article 9(1).
func (c Category) Special() bool { return special[c] }

// The terms of DPV 2.3's pd extension that name what Article 9(1) lists.
var special = map[Category]bool{
	"pd:SpecialCategory": true, "pd:Biometric": true, "pd:FacialPrint": true, "pd:Fingerprint": true, "pd:Retina": true,
	"pd:Genetic": true, "pd:DNACode": true, "pd:BloodType": true,
	"pd:Health": true, "pd:HealthHistory": true, "pd:HealthRecord": true, "pd:IndividualHealthHistory": true,
	"pd:FamilyHealth": true, "pd:FamilyHealthHistory": true, "pd:MedicalHealth": true, "pd:MentalHealth": true,
	"pd:PhysicalHealth": true, "pd:Prescription": true, "pd:DrugTestResult": true, "pd:Disability": true,
	"pd:Ethnicity": true, "pd:EthnicOrigin": true, "pd:Race": true,
	"pd:PoliticalAffiliation": true, "pd:PoliticalOpinion": true, "pd:Religion": true, "pd:ReligiousBelief": true,
	"pd:PhilosophicalBelief": true, "pd:TradeUnionMembership": true,
	"pd:Sexual": true, "pd:SexualHistory": true, "pd:SexualPreference": true, "pd:SexualOrientation": true, "pd:Fetish": true,
}
