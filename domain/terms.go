package domain

import (
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
)

// Limits of what an instruction may list.
const (
	MaxListed    = 64
	MaxTextBytes = 200
)

// Terms are what a controller instructs (Art. 28(3)): why, on which basis, and what is permitted to whom, where and how long.
type Terms struct {
	Title   string `json:"title"`
	Purpose string `json:"purpose"` // DPV name
	Basis   Basis  `json:"basis"`
	// Interest names the legitimate interest (Art. 6(1)(f)) or the condition of the recognised one (UK, Art. 6(1)(ea)).
	Interest   string        `json:"interest,omitempty"`
	Condition  Condition     `json:"condition,omitempty"` // Art. 9(2), where special categories are permitted
	Operations []Operation   `json:"operations"`
	Categories []Category    `json:"categories"`
	Recipients []RecipientID `json:"recipients,omitempty"`
	Territory  []Territory   `json:"territory"`
	Retention  []Retention   `json:"retention,omitempty"`
	// Safeguard names, as DPV does, the safeguard of Articles 45 to 49 for what leaves the processor's territory.
	Safeguard string `json:"safeguard,omitempty"`
	// Erasure lists the removals that count as erasure; empty means Erase, Destruct and Anonymise.
	Erasure []Operation `json:"erasure,omitempty"`
}

// Marketing says that the purpose is direct marketing (Art. 21(2)): DPV's Marketing and what stands beneath it.
func (t Terms) Marketing() bool {
	return strings.HasSuffix(t.Purpose, "Marketing") || t.Purpose == "Advertising"
}

// Erases says that a removal counts as erasure under the terms (Art. 17, 28(3)(g)).
func (t Terms) Erases(op Operation) bool {
	if len(t.Erasure) == 0 {
		return op.Effect() == Removes
	}
	return slices.Contains(t.Erasure, op)
}

// Equal says that two terms permit the same, list for list and in the same order.
func (t Terms) Equal(o Terms) bool {
	return t.Title == o.Title && t.Purpose == o.Purpose && t.Basis == o.Basis && t.Interest == o.Interest &&
		t.Condition == o.Condition && slices.Equal(t.Operations, o.Operations) && slices.Equal(t.Categories, o.Categories) &&
		slices.Equal(t.Recipients, o.Recipients) && slices.Equal(t.Territory, o.Territory) &&
		slices.EqualFunc(t.Retention, o.Retention, Retention.Equal) && t.Safeguard == o.Safeguard && slices.Equal(t.Erasure, o.Erasure)
}

// Permits says that the terms allow the operation.
func (t Terms) Permits(op Operation) bool {
	return slices.ContainsFunc(t.Operations, op.Within)
}

// Reaches says that the territory of the terms holds the country.
func (t Terms) Reaches(l Location) bool {
	return slices.ContainsFunc(t.Territory, func(in Territory) bool { return in.Holds(l) })
}

// Valid checks that terms are whole and within limits, for a controller of the regime. It returns ErrInvalid with a hint that
// names what to change.
func (t Terms) Valid(regime Regime) error {
	switch {
	case !validText(t.Title):
		return invalid("instruction title", "Give the instruction a title of 1 to 200 bytes, without people's names.")
	case t.Purpose == "" || len(t.Purpose) > MaxCategoryBytes || strings.ContainsFunc(t.Purpose, notTerm):
		return invalid("instruction purpose", "Article 5(1)(b): name the purpose as DPV does, for example CustomerCare.")
	case t.Basis.Article() == "":
		return invalid("instruction without a basis", "Article 6(1): name the basis that the controller chose, A6-1-a to A6-1-f.")
	case len(t.Operations) == 0 || len(t.Operations) > MaxListed:
		return invalid("instruction operations", "Article 28(3): list the permitted operations, 1 to 64.")
	case len(t.Categories) == 0 || len(t.Categories) > MaxListed:
		return invalid("instruction categories", "Article 28(3): list the categories of data, 1 to 64.")
	case len(t.Territory) == 0 || len(t.Territory) > MaxListed:
		return invalid("instruction territory", "Article 28(3)(a): list the countries the data may be in, or EEA.")
	case len(t.Recipients) > MaxListed || len(t.Retention) > MaxListed:
		return invalid("instruction lists", "List at most 64 recipients and 64 retention rules.")
	case t.Basis == RecognisedLegitimateInterest && regime != UK:
		return invalid("instruction basis of another regime", "A6-1-ea exists in the UK regime only.")
	case t.Basis == RecognisedLegitimateInterest && !validText(t.Interest):
		return invalid("instruction interest", "UK GDPR Article 6(1)(ea): name the recognised condition in interest.")
	case t.Safeguard != "" && !ValidSafeguard(t.Safeguard):
		return invalid("instruction safeguard", "Articles 45-49: name the safeguard as DPV does, for example A45-3 or A46-2-c.")
	case slices.ContainsFunc(t.Erasure, func(op Operation) bool { return op.Effect() != Removes && op.Effect() != Withdraws }):
		return invalid("instruction erasure", "Article 17: what counts as erasure is Erase, Destruct, Anonymise or Delete.")
	case t.Interest != "" && !validText(t.Interest):
		return invalid("instruction interest text", "Name the interest in 1 to 200 bytes.")
	}
	for _, r := range t.Retention {
		if err := r.valid(t.Categories); err != nil {
			return err
		}
	}
	return nil
}

func invalid(what, hint string) error {
	return errors.WithHint(errors.Wrapf(ErrInvalid, "%s", errors.Safe(what)), hint)
}

// validText bounds a text of the register, which rests in the clear: an at sign is taken for somebody's address.
func validText(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= MaxTextBytes && !strings.ContainsAny(s, "@\x00\n\r")
}

// ValidText checks a text of the register, such as a company's name. It returns ErrInvalid.
func ValidText(s string) error {
	if !validText(s) {
		return invalid("text", "Write 1 to 200 bytes on one line, without an e-mail address: register texts are kept for ever.")
	}
	return nil
}

// Warrant says who gave or withdrew an instruction, when and how: the documentation that Article 28(3)(a) asks for.
type Warrant struct {
	By        ContactID `json:"by"`
	On        time.Time `json:"on"`
	How       Manner    `json:"how"`
	Reference string    `json:"reference,omitempty"` // of the document, in the processor's files
	// Then is what the controller chose for the data, where an instruction is withdrawn (Art. 28(3)(g)). Empty means ThenDelete.
	Then Afterwards `json:"then,omitempty"`
}

// Afterwards is what becomes of data when the instruction under which it is held ends.
type Afterwards string

// What a controller can choose (Art. 28(3)(g)). What is returned is deleted after that.
const (
	ThenDelete Afterwards = "delete"
	ThenReturn Afterwards = "return"
)

// Manner is how an instruction reached the processor.
type Manner string

// The manners.
const (
	ByContract Manner = "contract"
	BySigned   Manner = "signed-document"
	ByEmail    Manner = "e-mail"
	ByPortal   Manner = "portal"
)

// Equal says that two warrants are one.
func (w Warrant) Equal(o Warrant) bool {
	return w.By == o.By && w.On.Equal(o.On) && w.How == o.How && w.Reference == o.Reference && w.Then == o.Then
}

// Valid checks a warrant. It returns ErrInvalid.
func (w Warrant) Valid() error {
	if !validName(string(w.By)) {
		return invalid("warrant giver", "Article 28(3)(a): name the controller's contact who gave the instruction.")
	}
	if w.On.IsZero() {
		return invalid("warrant date", "Article 28(3)(a): say on which day the instruction was given.")
	}
	switch w.How {
	case ByContract, BySigned, ByEmail, ByPortal:
	default:
		return invalid("warrant manner", "Article 28(3)(a): say how it was given: contract, signed-document, e-mail or portal.")
	}
	switch w.Then {
	case "", ThenDelete, ThenReturn:
	default:
		return invalid("warrant choice", "Article 28(3)(g): the controller chooses to delete or to return.")
	}
	if w.Reference != "" && !validText(w.Reference) {
		return invalid("warrant reference", "Give the document's reference in 1 to 200 bytes.")
	}
	return nil
}

// ValidSafeguard says that a name can be that of a safeguard or derogation of Articles 45 to 49, as DPV writes them: A45-3,
// A46-2-c, A49-1-e.
func ValidSafeguard(s string) bool {
	return len(s) >= 4 && len(s) <= 10 && s[:2] == "A4" && s[2] >= '5' && s[2] <= '9' && s[3] == '-' &&
		!strings.ContainsFunc(s[3:], func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
}
