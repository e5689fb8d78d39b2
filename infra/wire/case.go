package wire

import "time"

// OpenCase opens a case: one exercise of a right under Articles 15 to 22, or one complaint.
type OpenCase struct {
	// Case is its id, kept in the clear for ever; one is given where it is absent.
	Case string `json:"case,omitempty"`
	// People are the identifiers of the person whose case it is, each as kind:value.
	People []Text `json:"people"`
	// Kind is access, rectification, erasure, restriction, portability, objection, automated-decision or complaint.
	Kind string `json:"kind"`
	// Channel is e-mail, post, telephone, in-person, portal, agent or opendsr.
	Channel string `json:"channel"`
	// On is the day of receipt, such as 2026-09-03; today where it is absent.
	On string `json:"on,omitempty"`
	// Owner is the contact who looks after the case.
	Owner string `json:"owner"`
	By    string `json:"by,omitempty"`
	// Note is free text, which rests sealed under the person's key.
	Note Text `json:"note,omitempty"`
	// Grounds are what the person rests the request on: points of Articles 17(1), 18(1) or 21, such as A17-1-b.
	Grounds []string `json:"grounds,omitempty"`
	// Promise is what the processor promised its client.
	Promise *CasePromise `json:"promise,omitempty"`
	// Reached is the day on which the request reached the processor, where that is later.
	Reached string `json:"reached,omitempty"`
	// Calendar counts the days where the register's country does not say which: GB-EAW, GB-SCT, GB-NIR, GB,
	// or a country's code.
	Calendar string `json:"calendar,omitempty"`
	// Reference is the client's own number for the request.
	Reference string `json:"reference,omitempty"`
	// Follows is the case that this one complains of or takes up again.
	Follows string `json:"follows,omitempty"`
}

// CasePromise is a period promised to the client by contract.
type CasePromise struct {
	Days int `json:"days"`
	// Working says that only working days count.
	Working bool `json:"working,omitempty"`
	// By is the processor's own calendar, where the contract counts by that one.
	By string `json:"by,omitempty"`
}

// CaseStep is one step of a case. Which members count depends on the step; others are refused.
type CaseStep struct {
	// Step is assigned, acknowledged, asked, replied, extended, found, reviewed, decided, settled, delivered, answered, corresponded,
	// withdrawn, transferred or closed.
	Step string `json:"step"`
	// On is the day on which it happened; today where it is absent.
	On   string `json:"on,omitempty"`
	By   string `json:"by,omitempty"`
	Note Text   `json:"note,omitempty"`

	Owner    string         `json:"owner,omitempty"`    // assigned
	For      string         `json:"for,omitempty"`      // asked, replied: identity, fee or clarification
	Enough   bool           `json:"enough,omitempty"`   // replied
	Months   int            `json:"months,omitempty"`   // extended: 1 or 2
	Reasons  []string       `json:"reasons,omitempty"`  // extended
	Places   []CasePlace    `json:"places,omitempty"`   // found
	Withheld []CaseWithhold `json:"withheld,omitempty"` // reviewed
	Outcome  string         `json:"outcome,omitempty"`  // decided, closed: accepted, partly or refused
	Grounds  []string       `json:"grounds,omitempty"`  // decided
	Refusals []CaseCite     `json:"refusals,omitempty"` // decided
	Warrant  *Warrant       `json:"warrant,omitempty"`  // decided: who decided for the controller, when and how
	Place    *CasePlace     `json:"place,omitempty"`    // settled
	// How closes a place: action, order, told, exemption or absent.
	How string `json:"how,omitempty"`
	// Event is the id of the recorded action that is the evidence; what it did, the ledger looks up.
	Event     string    `json:"event,omitempty"`     // settled
	Order     string    `json:"order,omitempty"`     // settled
	Exemption *CaseCite `json:"exemption,omitempty"` // settled
	Remedies  bool      `json:"remedies,omitempty"`  // answered: the answer named complaint and judicial remedy (Art. 12(4))
	Authority string    `json:"authority,omitempty"` // corresponded
	Direction string    `json:"direction,omitempty"` // corresponded: in or out
	Reference string    `json:"reference,omitempty"` // corresponded
	To        string    `json:"to,omitempty"`        // transferred
	// Told is the day on which the person was told that the restriction ends with the case (Art. 18(3)).
	Told string `json:"told,omitempty"` // withdrawn, closed: of a restriction
}

// CasePlace is where a person's data are, or a recipient that had them.
type CasePlace struct {
	// Kind is system, service or recipient.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Service carries orders out there.
	Service string `json:"service,omitempty"`
}

// CaseCite cites a ground of refusal or an exemption.
type CaseCite struct {
	// Ground is as DPV names it, such as JustificationA17LegalClaims, or its provision, such as A15-4.
	Ground string `json:"ground"`
	// Provision is the law's own place; A23 needs one.
	Provision string `json:"provision,omitempty"`
}

// CaseWithhold counts what is to be left out of a copy on one ground.
type CaseWithhold struct {
	Ground    string `json:"ground"`
	Provision string `json:"provision,omitempty"`
	Items     int    `json:"items"`
}

// CaseCited is a ground, a ground of refusal or an exemption, with what it says.
type CaseCited struct {
	Ground    string `json:"ground"`
	Provision string `json:"provision,omitempty"`
	Article   string `json:"article,omitempty"`
	Words     string `json:"words,omitempty"`
}

// CaseWithheld counts what was left out of a copy on one ground.
type CaseWithheld struct {
	CaseCited
	Items int `json:"items"`
}

// CaseTaken says where a step was recorded and where the case stands now.
type CaseTaken struct {
	Case     string `json:"case"`
	Position uint64 `json:"position"`
	// Events is 0 where the same stood recorded already. What goes with a step, such as a restriction, counts too.
	Events int    `json:"events"`
	Stage  string `json:"stage"`
	// Next says what is to be done now.
	Next string `json:"next"`
	// Notes say what was recorded and does nothing, such as an objection to what cannot be objected to (Art. 21(1)).
	Notes []Note `json:"notes,omitempty"`
}

// CaseSummary is a case in a list.
type CaseSummary struct {
	Case           string `json:"case"`
	Controller     string `json:"controller"`
	ControllerName string `json:"controllerName,omitempty"`
	Kind           string `json:"kind"`
	// Title is the kind in words, with its article.
	Title string `json:"title"`
	Stage string `json:"stage"`
	// Next says what is to be done, or how the case ended.
	Next     string `json:"next"`
	Open     bool   `json:"open"`
	Owner    string `json:"owner"`
	Received string `json:"received"`
	Outcome  string `json:"outcome,omitempty"`
	// Waiting are the questions to the person that are open: identity, fee, clarification.
	Waiting []string `json:"waiting,omitempty"`
	// Places and Unsettled count where the data are and where something is left to do.
	Places    int `json:"places"`
	Unsettled int `json:"unsettled"`
	// Legal is the controller's limit in law, and Promise the processor's own towards its client.
	Legal   CaseClock `json:"legal"`
	Promise CaseClock `json:"promise"`
	// Identifiers of the person, masked.
	Identifiers []Text `json:"identifiers,omitempty"`
}

// CaseClock is one time limit as it stands today.
type CaseClock struct {
	// Due is the last day; absent while the clock is paused or has not started.
	Due string `json:"due,omitempty"`
	// Standing is running, paused, not-started, no-period, met, missed or stopped.
	Standing string `json:"standing"`
	Late     bool   `json:"late"`
	// Left is the days until the limit, today not counted, where it runs.
	Left *int `json:"left,omitempty"`
	// Words say it in a sentence.
	Words string `json:"words"`
	// Working shows how it was counted; not in lists.
	Working []CaseClockStep `json:"working,omitempty"`
}

// CaseClockStep is one line of a clock's working.
type CaseClockStep struct {
	Text      string `json:"text"`
	Provision string `json:"provision,omitempty"`
	Date      string `json:"date,omitempty"`
}

// CaseList is one page of cases.
type CaseList struct {
	Cases []CaseSummary `json:"cases"`
	// Next is what to send as after for the next page.
	Next     string `json:"next,omitempty"`
	Position uint64 `json:"position"`
}

// Case is one case with everything about it.
type Case struct {
	CaseSummary
	Channel   string        `json:"channel"`
	Regime    string        `json:"regime"`
	Calendar  string        `json:"calendar"`
	Reached   string        `json:"reached,omitempty"`
	Reference string        `json:"reference,omitempty"`
	Follows   string        `json:"follows,omitempty"`
	Grounds   []CaseCited   `json:"grounds,omitempty"`
	Decision  *CaseDecision `json:"decision,omitempty"`
	// FirstMonth is the limit for telling of an extension or a refusal (Art. 12(3), (4)); not for complaints.
	FirstMonth *CaseClock       `json:"firstMonth,omitempty"`
	PlaceList  []CasePlaceState `json:"placeList"`
	Withheld   []CaseWithheld   `json:"withheld,omitempty"`
	Steps      []CaseEntry      `json:"steps"`
	NextSteps  []CaseNext       `json:"nextSteps"`
	// Forgotten says that the person's key was destroyed, so that no note opens any more.
	Forgotten bool   `json:"forgotten,omitempty"`
	Position  uint64 `json:"position"`
}

// CaseDecision is what the controller decided.
type CaseDecision struct {
	On       string      `json:"on"`
	Outcome  string      `json:"outcome"`
	Grounds  []CaseCited `json:"grounds,omitempty"`
	Refusals []CaseCited `json:"refusals,omitempty"`
	Warrant  Warrant     `json:"warrant"`
}

// CasePlaceState is a place and what became of it.
type CasePlaceState struct {
	CasePlace
	Settled bool     `json:"settled"`
	Orders  []string `json:"orders,omitempty"`
	// Sentence says what closed the place, or that it is open.
	Sentence string `json:"sentence"`
}

// CaseEntry is one recorded step.
type CaseEntry struct {
	Position uint64    `json:"position"`
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	On       string    `json:"on"`
	Recorded time.Time `json:"recorded"`
	By       string    `json:"by,omitempty"`
	Sentence string    `json:"sentence"`
	// Sealed says that there is a note; Note is there only where it was asked for and can be opened.
	Sealed bool `json:"sealed,omitempty"`
	Note   Text `json:"note,omitempty"`
}

// CaseNext is a step that can be taken now.
type CaseNext struct {
	Step  string `json:"step"`
	Words string `json:"words"`
}

// CaseAction asks for something that the ledger does on a case: finding, ordering, settling.
type CaseAction struct {
	On string `json:"on,omitempty"`
	By string `json:"by,omitempty"`
}

// CaseFound says where a person's data were found.
type CaseFound struct {
	CaseTaken
	Places []CasePlace `json:"places"`
}

// CaseOrders says which orders were sent for a case.
type CaseOrders struct {
	Orders []CaseOrder `json:"orders"`
	// Blocked are places for which no order was sent, with the reason.
	Blocked  []CaseBlocked `json:"blocked,omitempty"`
	Stage    string        `json:"stage"`
	Next     string        `json:"next"`
	Position uint64        `json:"position"`
}

// CaseOrder is one order to a service.
type CaseOrder struct {
	Order       string    `json:"order"`
	Task        string    `json:"task"`
	Place       CasePlace `json:"place"`
	Service     string    `json:"service"`
	Instruction string    `json:"instruction,omitempty"`
	Categories  []string  `json:"categories,omitempty"`
	Due         time.Time `json:"due"`
	// New says that it was sent just now.
	New bool `json:"new"`
}

// CaseBlocked is a place where something stands in the way.
type CaseBlocked struct {
	Place CasePlace `json:"place"`
	// Hold is the hold that forbids it, where one does (Art. 17(3)).
	Hold string `json:"hold,omitempty"`
	Why  string `json:"why"`
}

// CaseSettled says which places the recorded actions close.
type CaseSettled struct {
	Settled  []CasePlaceState `json:"settled"`
	Open     []CaseBlocked    `json:"open"`
	Stage    string           `json:"stage"`
	Next     string           `json:"next"`
	Position uint64           `json:"position"`
}
