package wire

// Announcement says what the service is about to do. The action itself names the announcement's id in Announced; one that no
// action names was not carried out or not reported, which shows.
type Announcement struct {
	// Operation is a verb of Article 4(2) or DPV 2.3, such as Erase.
	Operation string `json:"operation"`
	// Subjects names the people whose data it is, each as kind:value; 1 to MaxSubjects.
	Subjects []string `json:"subjects"`
	// Instruction names the controller's instruction under which it is to be done.
	Instruction string `json:"instruction,omitempty"`
	// Categories are the categories of data; at most MaxCategories.
	Categories []string `json:"categories,omitempty"`
	// System is where the data is.
	System string `json:"system,omitempty"`
	// Recipient names who is to receive the data.
	Recipient string `json:"recipient,omitempty"`
}

// The values of Consent.Consent.
const (
	Given     = "given"
	Withdrawn = "withdrawn"
)

// Consent says that people gave or withdrew their consent to the processing under an instruction (Art. 6(1)(a), 7). The event's
// time is when.
type Consent struct {
	// Consent is Given or Withdrawn.
	Consent string `json:"consent"`
	// Subjects names the people, each as kind:value; 1 to MaxSubjects.
	Subjects []string `json:"subjects"`
	// Instruction is the one whose purpose they consented to.
	Instruction string `json:"instruction"`
	// How says in a word how it was given or withdrawn, such as double-opt-in: it can be shown later (Art. 7(1)).
	How string `json:"how"`
	// Explicit says that the consent was an explicit one (Art. 9(2)(a)).
	Explicit bool `json:"explicit,omitempty"`
}

// Objection says that people objected (Art. 21): to the processing under one instruction, to direct marketing, or to everything
// that rests on a public task or legitimate interests. The event's id is the objection's, and its time when they objected.
type Objection struct {
	// Subjects names the people, each as kind:value; 1 to MaxSubjects.
	Subjects []string `json:"subjects"`
	// Instruction is the one objected to, empty for all.
	Instruction string `json:"instruction,omitempty"`
	// Marketing says that the objection is one to direct marketing, which is final (Art. 21(2), (3)).
	Marketing bool `json:"marketing,omitempty"`
}

// The values of Occasion.Occasion.
const (
	OrderClosed     = "order-closed"
	EnquiryAnswered = "enquiry-answered"
	QuoteDeclined   = "quote-declined"
	ContractEnded   = "contract-ended"
)

// Occasion says that something happened which a retention period runs from (Art. 5(1)(e)). The event's time is when.
type Occasion struct {
	// Occasion is what happened, such as OrderClosed.
	Occasion string `json:"occasion"`
	// Subjects names the people whose data is kept, each as kind:value; 1 to MaxSubjects.
	Subjects []string `json:"subjects"`
	// Instruction is the one under which it is kept.
	Instruction string `json:"instruction"`
}

// Count says of how many people a service holds data of a category in a system, so that what was never reported shows. The
// event's time is when it counted.
type Count struct {
	System   string `json:"system"`
	Category string `json:"category"`
	People   uint64 `json:"people"`
}
