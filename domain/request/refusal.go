package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
)

// Refusal is a ground on which the controller refuses a request, withholds something from a copy, or leaves a place as it is.
// Where DPV 2.3 has a name it is that; elsewhere it is the provision, written alike.
type Refusal string

// The grounds of refusal, a closed list.
const (
	IdentityFailure     Refusal = "JustificationA12IdentityFailure"
	ManifestlyUnfounded Refusal = "JustificationA12ManifestlyUnfounded"
	ManifestlyExcessive Refusal = "JustificationA12ManifestlyExcessive"

	OthersRights  Refusal = "A15-4"
	Accurate      Refusal = "A16-accurate"
	NoGround17    Refusal = "A17-1-none"
	NoGround18    Refusal = "A18-1-none"
	TellingTooFar Refusal = "A19-impossible"
	NotPortable   Refusal = "A20-1-none"
	OthersPorted  Refusal = "A20-4"
	NotObjectable Refusal = "A21-1-none"
	Compelling    Refusal = "A21-1-compelling"
	ClaimsBeyond  Refusal = "A21-1-claims"
	PublicStudy   Refusal = "A21-6-public-interest"
	DecisionMay   Refusal = "A22-2"
	ByLaw         Refusal = "A23"

	FreedomOfExpression Refusal = "JustificationA17FreedomOfExpression"
	LegallyRequired     Refusal = "JustificationA17LegallyRequired"
	PublicInterest      Refusal = "JustificationA17PublicInterest"
	OfficialAuthority   Refusal = "JustificationA17OfficialAuthority"
	PublicHealth        Refusal = "JustificationA17PublicHealth"
	Archiving           Refusal = "JustificationA17Archiving"
	LegalClaims         Refusal = "JustificationA17LegalClaims"
)

// use says what a refusal may be cited for.
type use uint8

const (
	forRequest   use = 1 << iota // refusing a request, in whole or in part
	forCopy                      // withholding something from a copy
	forPlace                     // leaving a place as it is
	forRecipient                 // not telling a recipient
)

type refusalTerms struct {
	kinds   []Kind // nil for every right
	uses    use
	article string
	words   string
}

var erasureOnly = []Kind{Erasure}

var refusals = map[Refusal]refusalTerms{
	IdentityFailure:     {nil, forRequest, "Art. 12(2), 12(6)", "the person could not be identified"},
	ManifestlyUnfounded: {nil, forRequest, "Art. 12(5)", "the request is manifestly unfounded"},
	ManifestlyExcessive: {nil, forRequest, "Art. 12(5)", "the request is manifestly excessive"},

	OthersRights:  {[]Kind{Access}, forRequest | forCopy, "Art. 15(4)", "the rights and freedoms of others"},
	Accurate:      {[]Kind{Rectification}, forRequest | forPlace, "Art. 16", "the data are accurate and complete"},
	NoGround17:    {erasureOnly, forRequest, "Art. 17(1)", "no ground of Article 17(1) applies"},
	NoGround18:    {[]Kind{Restriction}, forRequest, "Art. 18(1)", "no ground of Article 18(1) applies"},
	TellingTooFar: {[]Kind{Rectification, Erasure, Restriction}, forRecipient, "Art. 19", "telling the recipient is impossible or takes disproportionate effort"},
	NotPortable:   {[]Kind{Portability}, forRequest, "Art. 20(1), 20(3)", "the data do not rest on consent or contract, or are not processed by automated means"},
	OthersPorted:  {[]Kind{Portability}, forRequest | forCopy, "Art. 20(4)", "the rights and freedoms of others"},
	NotObjectable: {[]Kind{Objection}, forRequest, "Art. 21(1)", "the processing rests on a basis against which there is no objection"},
	Compelling:    {[]Kind{Objection}, forRequest | forPlace, "Art. 21(1)", "compelling legitimate grounds override"},
	ClaimsBeyond:  {[]Kind{Objection}, forRequest | forPlace, "Art. 21(1)", "the data are needed for legal claims"},
	PublicStudy:   {[]Kind{Objection}, forRequest | forPlace, "Art. 21(6)", "the research is a task in the public interest"},
	DecisionMay:   {[]Kind{AutomatedDecision}, forRequest, "Art. 22(2); UK GDPR Art. 22A to 22D", "the law permits the decision, with its safeguards"},
	ByLaw:         {nil, forRequest | forCopy | forPlace | forRecipient, "Art. 23; UK DPA 2018 Sch. 2 to 4", "another law restricts the right"},

	FreedomOfExpression: {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(a)", "freedom of expression and information"},
	LegallyRequired:     {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(b)", "a legal obligation to keep the data"},
	PublicInterest:      {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(b)", "a task in the public interest"},
	OfficialAuthority:   {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(b)", "the exercise of official authority"},
	PublicHealth:        {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(c)", "public health"},
	Archiving:           {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(d)", "archiving, research or statistics that erasure would seriously impair"},
	LegalClaims:         {erasureOnly, forRequest | forPlace | forRecipient, "Art. 17(3)(e)", "the establishment, exercise or defence of legal claims"},
}

// ParseRefusal reads a ground of refusal by its code. It returns ErrInvalid.
func ParseRefusal(s string) (Refusal, error) {
	if _, known := refusals[Refusal(s)]; !known {
		return "", wrong(domain.ErrInvalid, "ground of refusal",
			"Article 12(4): name the ground as DPV does, for example JustificationA12ManifestlyUnfounded or JustificationA17LegalClaims, or by its provision, for example A15-4 or A23.")
	}
	return Refusal(s), nil
}

// Refusals lists the grounds on which a request of the kind can be refused.
func Refusals(k Kind) []Refusal { return citable(k, forRequest) }

// Withholdings lists the grounds on which something may be left out of a copy.
func Withholdings(k Kind) []Refusal { return citable(k, forCopy) }

// Exemptions lists the grounds on which a place may be left as it is or, for a recipient, not told.
func Exemptions(k Kind, p PlaceKind) []Refusal {
	if p == Recipient {
		return citable(k, forRecipient)
	}
	return citable(k, forPlace)
}

func citable(k Kind, u use) []Refusal {
	var list []Refusal
	for r := range refusals {
		if r.serves(k, u) {
			list = append(list, r)
		}
	}
	slices.Sort(list)
	return list
}

func (r Refusal) serves(k Kind, u use) bool {
	t, known := refusals[r]
	return known && k != Complaint && t.uses&u != 0 && (t.kinds == nil || slices.Contains(t.kinds, k))
}

// Article gives the refusal's place in the law.
func (r Refusal) Article() string { return refusals[r].article }

// Words gives the refusal in plain words.
func (r Refusal) Words() string { return refusals[r].words }

// Cited is a ground of refusal as it is cited. A23 names the law that restricts the right.
type Cited struct {
	Ground Refusal `json:"ground"`
	// Provision is the law's own place, a text of the register: required for A23, for example "DPA 2018 Sch. 2 para. 19".
	Provision string `json:"provision,omitempty"`
}

// check says whether the citation serves for the use in a case of the kind.
func (c Cited) check(k Kind, u use) error {
	if !c.Ground.serves(k, u) {
		return wrong(domain.ErrInvalid, "ground of refusal for this right",
			"Article 12(4): cite a ground that the law has for this right and this use: Article 17(3) for erasure, 15(4) and 20(4) for what is left out of a copy, 12(5) for the whole request.")
	}
	if c.Ground == ByLaw && c.Provision == "" {
		return wrong(domain.ErrInvalid, "restricting law",
			"Article 23: name the law that restricts the right, for example DPA 2018 Sch. 2 para. 19.")
	}
	if c.Provision != "" && domain.ValidText(c.Provision) != nil {
		return wrong(domain.ErrInvalid, "provision of a refusal", "Name the provision in 1 to 200 bytes on one line.")
	}
	return nil
}
