package wire

import "time"

// The kinds of matters: what can be said about one person beside an action.
const (
	MatterConsentGiven      = "consent-given"
	MatterConsentWithdrawn  = "consent-withdrawn"
	MatterObjection         = "objection"
	MatterObjectionResolved = "objection-resolved"
	MatterRestriction       = "restriction"
	MatterRestrictionLifted = "restriction-lifted"
	MatterHold              = "hold"
	MatterHoldReleased      = "hold-released"
	MatterOccasion          = "occasion"
)

// Matter says something about one person: a consent, an objection, a restriction, a hold, or the end of one. Which members count
// depends on the kind.
type Matter struct {
	Person Text   `json:"person"`
	Kind   string `json:"kind"`
	// ID names an objection, a restriction or a hold; a new one without an id is given one.
	ID string `json:"id,omitempty"`
	// Instruction is the one it is about; empty, where the kind allows it, for all.
	Instruction string `json:"instruction,omitempty"`
	How         string `json:"how,omitempty"`       // consent-given, consent-withdrawn
	Explicit    bool   `json:"explicit,omitempty"`  // consent-given: Art. 9(2)(a)
	Marketing   bool   `json:"marketing,omitempty"` // objection: Art. 21(2)
	Overridden  bool   `json:"overridden,omitempty"`
	// Void says of an objection that it ended without a decision, for the reason in Ground.
	Void bool `json:"void,omitempty"`
	// Ground is that of a restriction (A18-1-a …), of a hold (court-order, legal-claim, A17-3-a …), or of overriding an objection.
	Ground     string     `json:"ground,omitempty"`
	Allowed    []string   `json:"allowed,omitempty"`    // restriction: operations
	Prohibited []string   `json:"prohibited,omitempty"` // restriction: operations
	Categories []string   `json:"categories,omitempty"` // hold
	Systems    []string   `json:"systems,omitempty"`    // hold
	Reference  string     `json:"reference,omitempty"`  // hold
	Until      *time.Time `json:"until,omitempty"`      // hold
	Told       *time.Time `json:"told,omitempty"`       // restriction-lifted: when the person was told (Art. 18(3))
	Occasion   string     `json:"occasion,omitempty"`   // occasion: order-closed, enquiry-answered …
	// At is when it was said, now where it is absent.
	At *time.Time `json:"at,omitempty"`
	// By is the contact who said so; may be empty.
	By string `json:"by,omitempty"`
}

// Settled says where a matter, a step of a case or a court order was recorded.
type Settled struct {
	// ID is that of the objection, restriction or hold.
	ID string `json:"id,omitempty"`
	// Position is that of the entry; Events is 0 where the same stood recorded already.
	Position uint64 `json:"position"`
	Events   int    `json:"events"`
	// Left is what is kept of the person on the strength of a consent that was withdrawn: it is to go, unless another basis covers it
	// (Art. 7(3), 17(1)(b)).
	Left []RetentionItem `json:"left,omitempty"`
	// Notes say what was recorded and does nothing, such as an objection to what cannot be objected to (Art. 21(1)).
	Notes []Note `json:"notes,omitempty"`
}

// StandingQuery asks for what stands about a person.
type StandingQuery struct {
	Person Text `json:"person"`
}

// Standing is what stands about a person beyond the ordinary.
type Standing struct {
	Controller string `json:"controller"`
	// On is the time on which it was so, where one was asked for; of a day its end.
	On           *time.Time            `json:"on,omitempty"`
	Consents     []StandingConsent     `json:"consents"`
	Objections   []StandingObjection   `json:"objections"`
	Restrictions []StandingRestriction `json:"restrictions"`
	Holds        []StandingHold        `json:"holds"`
	Orders       []OpenOrder           `json:"orders"`
}

// StandingConsent is one consent.
type StandingConsent struct {
	Instruction string     `json:"instruction"`
	Given       time.Time  `json:"given"`
	Withdrawn   *time.Time `json:"withdrawn,omitempty"`
}

// StandingObjection is one objection and what became of it.
type StandingObjection struct {
	ID          string     `json:"id"`
	Instruction string     `json:"instruction,omitempty"`
	Marketing   bool       `json:"marketing,omitempty"`
	Raised      time.Time  `json:"raised"`
	Resolved    *time.Time `json:"resolved,omitempty"`
	Overridden  bool       `json:"overridden,omitempty"`
	Void        bool       `json:"void,omitempty"`
}

// StandingRestriction is one restriction.
type StandingRestriction struct {
	ID          string     `json:"id"`
	Ground      string     `json:"ground"`
	Instruction string     `json:"instruction,omitempty"`
	Allowed     []string   `json:"allowed,omitempty"`
	Prohibited  []string   `json:"prohibited,omitempty"`
	Placed      time.Time  `json:"placed"`
	Lifted      *time.Time `json:"lifted,omitempty"`
}

// StandingHold is one hold that stands.
type StandingHold struct {
	ID          string     `json:"id"`
	Ground      string     `json:"ground"`
	Reference   string     `json:"reference"`
	Instruction string     `json:"instruction,omitempty"`
	Categories  []string   `json:"categories,omitempty"`
	Systems     []string   `json:"systems,omitempty"`
	Until       *time.Time `json:"until,omitempty"`
}

// OpenOrder is an order to a service that waits for its answer.
type OpenOrder struct {
	Order       string    `json:"order"`
	Kind        string    `json:"kind"`
	Service     string    `json:"service"`
	Instruction string    `json:"instruction,omitempty"`
	System      string    `json:"system,omitempty"`
	Reason      string    `json:"reason"`
	Due         time.Time `json:"due"`
}

// CourtOrder is an order of a court or an authority to disclose.
type CourtOrder struct {
	Order        string    `json:"order"`
	Authority    string    `json:"authority"`
	Jurisdiction string    `json:"jurisdiction"`
	Reference    string    `json:"reference"`
	Issued       time.Time `json:"issued"`
	Categories   []string  `json:"categories"`
	// Document is the SHA-256 of the order's document in hexadecimal.
	Document  string `json:"document,omitempty"`
	Agreement string `json:"agreement,omitempty"`
	// Basis is what the disclosure rests on, as the controller chose; A6-1-c where none is named.
	Basis string `json:"basis,omitempty"`
	// ForbiddenUntil is the day until which the law forbids telling the controller and the person.
	ForbiddenUntil *time.Time `json:"forbiddenUntil,omitempty"`
	// Informed is when the controller was told; only in answers.
	Informed *time.Time `json:"informed,omitempty"`
}

// CourtOrders lists orders. Secret counts those of which the law forbids telling (Art. 28(3)(a)), where counting or showing them is asked for.
type CourtOrders struct {
	Orders   []CourtOrder `json:"orders"`
	Secret   int          `json:"secret,omitempty"`
	Position uint64       `json:"position"`
}

// InformedRequest says when the controller was told of an order.
type InformedRequest struct {
	On time.Time `json:"on"`
}
