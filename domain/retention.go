package domain

import (
	"slices"
	"time"

	"github.com/cockroachdb/errors"
)

// Trigger is what a retention period runs from.
type Trigger string

// The triggers.
const (
	WhenRecorded         Trigger = "recorded"
	WhenOrderClosed      Trigger = "order-closed"
	WhenEnquiryAnswered  Trigger = "enquiry-answered"
	WhenQuoteDeclined    Trigger = "quote-declined"
	WhenContractEnded    Trigger = "contract-ended"
	WhenConsentWithdrawn Trigger = "consent-withdrawn"
	// WhenDate is a day that the rule itself names.
	WhenDate Trigger = "date"
	// WhenInstructionWithdrawn is the end of what the controller had instructed (Art. 28(3)(g)).
	WhenInstructionWithdrawn Trigger = "instruction-withdrawn"
)

// ParseTrigger reads a trigger's name. It returns ErrInvalid.
func ParseTrigger(s string) (Trigger, error) {
	switch t := Trigger(s); t {
	case WhenRecorded, WhenOrderClosed, WhenEnquiryAnswered, WhenQuoteDeclined, WhenContractEnded, WhenConsentWithdrawn, WhenDate,
		WhenInstructionWithdrawn:
		return t, nil
	default:
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "retention trigger"),
			"Article 5(1)(e): retention runs from recorded, order-closed, enquiry-answered, quote-declined, contract-ended, consent-withdrawn, date or instruction-withdrawn.")
	}
}

// Occasion says that the trigger is something which happens to one person, so that a service can say it did. The others follow from
// what was recorded or instructed.
func (t Trigger) Occasion() bool {
	switch t {
	case WhenOrderClosed, WhenEnquiryAnswered, WhenQuoteDeclined, WhenContractEnded:
		return true
	case WhenRecorded, WhenConsentWithdrawn, WhenDate, WhenInstructionWithdrawn:
		return false
	}
	return false
}

// Retention says how long data is kept after what (Art. 5(1)(e)).
type Retention struct {
	After Trigger `json:"after"`
	Keep  Period  `json:"keep"`
	// On is the day that WhenDate runs from, zero for every other trigger.
	On time.Time `json:"on,omitzero"`
	// Categories are those that the rule is for. None means all that no rule of the instruction names.
	Categories []Category `json:"categories,omitempty"`
}

// Equal says that two rules are one.
func (r Retention) Equal(o Retention) bool {
	return r.After == o.After && r.Keep == o.Keep && r.On.Equal(o.On) && slices.Equal(r.Categories, o.Categories)
}

// valid checks a rule of an instruction that permits the categories.
func (r Retention) valid(permitted []Category) error {
	switch {
	case r.After == WhenDate && r.On.IsZero():
		return invalid("retention date", "Article 5(1)(e): a rule that runs from a date names the day in on.")
	case r.After != WhenDate && !r.On.IsZero():
		return invalid("retention day", "Only a rule that runs from a date names a day in on.")
	case len(r.Categories) > MaxListed:
		return invalid("retention categories", "List at most 64 categories for a rule of retention.")
	case slices.ContainsFunc(r.Categories, func(c Category) bool { return !slices.Contains(permitted, c) }):
		return invalid("retention of another category", "Article 5(1)(e): a rule of retention names categories that the instruction permits.")
	}
	return nil
}

// RetentionOf gives those of an instruction's rules that are for a category: the rules that name it, or where none does, the rules that
// name none.
func RetentionOf(rules []Retention, c Category) []Retention {
	named := named(rules, c)
	return slices.DeleteFunc(slices.Clone(rules), func(r Retention) bool { return !r.isFor(c, named) })
}

func named(rules []Retention, c Category) bool {
	return slices.ContainsFunc(rules, func(r Retention) bool { return slices.Contains(r.Categories, c) })
}

func (r Retention) isFor(c Category, named bool) bool {
	if named {
		return slices.Contains(r.Categories, c)
	}
	return len(r.Categories) == 0
}

// Ending is when data has to go.
type Ending struct {
	// At is when the first of its periods ends, zero where none has begun.
	At time.Time
	// Because is what that period ran from.
	Because Trigger
	// Unruled says that nothing limits how long the data may be kept (Art. 5(1)(e)).
	Unruled bool
}

// Ends gives when data of a category has to go that is held on a basis under rules of retention; began says when what a trigger waits for
// happened. It is the one place that says so.
//
// Of several rules for a category the one that ends first counts, for each is a limit. Beside the rules, data held on consent ends with
// the consent (Art. 17(1)(b)). Data held under an instruction that was withdrawn ends with the instruction (Art. 28(3)(g)), unless a rule
// for it says how long after that it is kept.
func Ends(basis Basis, rules []Retention, c Category, began func(Trigger) (time.Time, bool)) Ending {
	named, ruled, ends := named(rules, c), basis == Consent, false
	var e Ending
	for _, r := range rules {
		if r.isFor(c, named) {
			e = e.within(r, began)
			ruled, ends = true, ends || r.After == WhenInstructionWithdrawn
		}
	}
	if basis == Consent {
		e = e.within(Retention{After: WhenConsentWithdrawn}, began)
	}
	if !ends {
		e = e.within(Retention{After: WhenInstructionWithdrawn}, began)
	}
	e.Unruled = !ruled && e.At.IsZero()
	return e
}

// within gives the ending where a rule limits it further.
func (e Ending) within(r Retention, began func(Trigger) (time.Time, bool)) Ending {
	from, ok := r.On, r.After == WhenDate
	if !ok {
		from, ok = began(r.After)
	}
	if !ok {
		return e
	}
	if end := r.Keep.After(from); e.At.IsZero() || end.Before(e.At) {
		e.At, e.Because = end, r.After
	}
	return e
}
