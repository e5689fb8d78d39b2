package domain

import (
	"math/bits"

	"github.com/cockroachdb/errors"
)

// Finding is one thing that is wrong with a recorded action, or that stands against an action asked about.
// The numbers are kept on disk: the list only grows.
type Finding uint8

// The findings: first those that instruction and basis decide, then those of the rest of the law.
const (
	NoInstruction Finding = iota
	InstructionWithdrawn
	OperationNotInstructed
	CategoryNotInstructed
	RecipientNotInstructed
	LocationNotInstructed
	BasisMismatch
	SpecialCategoryWithoutCondition
	ReportedLate
	SubProcessorNotAuthorised
	ConsentMissing
	ConsentWithdrawn
	Objected
	Restricted
	OnHold
	Erased
	PastRetention
	TransferWithoutSafeguard
	CourtOrderMissing
	BeyondCourtOrder
	ControllerNotInformed
	RemovalNotErasure
	findingCount
)

type findingText struct{ code, article, message, remedy string }

var findingTexts = [findingCount]findingText{
	NoInstruction: {
		"no-instruction", "Art. 28(3)(a), 29",
		"The action names no instruction that the controller had given by then.",
		"Ask the controller for an instruction that covers this, or name the right one.",
	},
	InstructionWithdrawn: {
		"instruction-withdrawn", "Art. 28(3)(a)",
		"The controller had withdrawn the instruction by then.",
		"Stop, and ask the controller whether a new instruction is to replace it.",
	},
	OperationNotInstructed: {
		"operation-not-instructed", "Art. 28(3)(a), 29",
		"The instruction does not permit this operation.",
		"Ask the controller to permit the operation, or do only what the instruction permits.",
	},
	CategoryNotInstructed: {
		"category-not-instructed", "Art. 28(3), 5(1)(c)",
		"The action touches a category of data that the instruction does not permit.",
		"Leave the category out, or ask the controller to add it to the instruction.",
	},
	RecipientNotInstructed: {
		"recipient-not-instructed", "Art. 28(3)(a), 28(2)",
		"The data went to a recipient that the instruction does not name, or the recipient is not named.",
		"Name the recipient, or ask the controller to add it to the instruction.",
	},
	LocationNotInstructed: {
		"location-not-instructed", "Art. 28(3)(a), 44",
		"The data went to a place outside the territory of the instruction.",
		"Keep the data inside the territory, or ask the controller to widen it.",
	},
	BasisMismatch: {
		"basis-mismatch", "Art. 6(1), 28(3)(a)",
		"The service relied on another basis than the one the controller chose.",
		"Rely on the basis of the instruction; only the controller can choose another.",
	},
	SpecialCategoryWithoutCondition: {
		"special-category-without-condition", "Art. 9(1), 9(2)",
		"The action touches a special category of data, and the instruction names no condition of Article 9(2).",
		"Ask the controller to name the condition of Article 9(2), or leave the category out.",
	},
	ReportedLate: {
		"reported-late", "Art. 5(2), 28(3)(h)",
		"The action was reported later than the service is bound to report.",
		"Report actions as they happen; find out what held this one up.",
	},
	SubProcessorNotAuthorised: {
		"sub-processor-not-authorised", "Art. 28(2), 28(4)",
		"The data went to a sub-processor that the controller has not authorised.",
		"Have the controller authorise the sub-processor, or wait until its time to object is over.",
	},
	ConsentMissing: {
		"consent-missing", "Art. 6(1)(a), 7(1)",
		"The basis is consent, and no consent of the person is on record for that time.",
		"Record the consent if it was given; otherwise stop and remove the data.",
	},
	ConsentWithdrawn: {
		"consent-withdrawn", "Art. 7(3)",
		"The basis is consent, and the person had withdrawn it by then.",
		"Stop; erase the data unless another basis of the controller covers it (Art. 17(1)(b)).",
	},
	Objected: {
		"objected", "Art. 21",
		"The person had objected to this processing, and the objection had not been overridden.",
		"Stop until the controller has decided; an objection to direct marketing is final.",
	},
	Restricted: {
		"restricted", "Art. 18(2)",
		"The person's data was restricted, and the restriction does not allow this operation.",
		"Only store the data, or do what the restriction allows, until it is lifted.",
	},
	OnHold: {
		"on-hold", "Art. 17(3), 18(2)",
		"The data was removed although a hold forbids it.",
		"Keep the data until the hold is released; restore it from a copy if there is one.",
	},
	Erased: {
		"erased", "Art. 5(1)(e), 17(1)",
		"The action touches data that had been erased or moved away, so it cannot be right.",
		"Find the copy that was used and erase it, or correct the report.",
	},
	PastRetention: {
		"past-retention", "Art. 5(1)(e)",
		"The data was used after its retention period had ended.",
		"Remove the data, as the order to do so says.",
	},
	TransferWithoutSafeguard: {
		"transfer-without-safeguard", "Art. 44, 46",
		"The data went outside the permitted territory, and no safeguard is named.",
		"Name the safeguard of Articles 45 to 49 in the instruction or with the recipient, or keep the data inside.",
	},
	CourtOrderMissing: {
		"court-order-missing", "Art. 6(1)(c), 48",
		"The data went to an authority without an order that is on record.",
		"Record the order under which the data was disclosed.",
	},
	BeyondCourtOrder: {
		"beyond-court-order", "Art. 5(1)(c), 6(1)(c)",
		"The disclosure went beyond what the order asks for, or to somebody else than it names.",
		"Disclose only what the order asks for, to whom it names.",
	},
	ControllerNotInformed: {
		"controller-not-informed", "Art. 28(3)(a)",
		"The data was disclosed under an order before the controller was told, and no law forbade telling.",
		"Tell the controller before disclosing, unless the law forbids it; record that it was told.",
	},
	RemovalNotErasure: {
		"removal-not-erasure", "Art. 17(1), 28(3)(g)",
		"The order asks for erasure, and the instruction does not count this kind of removal as that.",
		"Remove the data in a way that the instruction counts as erasure.",
	},
}

// Code gives the finding's name in messages: "no-instruction".
func (f Finding) Code() string { return findingTexts[f].code }

// Article gives the provisions that the finding rests on.
func (f Finding) Article() string { return findingTexts[f].article }

// Message says in one sentence what is wrong.
func (f Finding) Message() string { return findingTexts[f].message }

// Remedy says in one sentence what would make it right.
func (f Finding) Remedy() string { return findingTexts[f].remedy }

// ParseFinding reads a finding's code. It returns ErrInvalid.
func ParseFinding(code string) (Finding, error) {
	for f := range findingCount {
		if findingTexts[f].code == code {
			return f, nil
		}
	}
	return 0, errors.Wrap(ErrInvalid, "finding code")
}

// FindingSet is a set of findings, one bit each.
type FindingSet uint32

// With gives the set with f in it.
func (s FindingSet) With(f Finding) FindingSet { return s | 1<<f }

// Without takes findings out of the set.
func (s FindingSet) Without(list ...Finding) FindingSet {
	for _, f := range list {
		s &^= 1 << f
	}
	return s
}

// Has says that f is in the set.
func (s FindingSet) Has(f Finding) bool { return s&(1<<f) != 0 }

// List gives the findings in their order.
func (s FindingSet) List() []Finding {
	list := make([]Finding, 0, bits.OnesCount32(uint32(s)))
	for f := range findingCount {
		if s.Has(f) {
			list = append(list, f)
		}
	}
	return list
}
