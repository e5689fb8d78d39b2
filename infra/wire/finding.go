package wire

import "time"

// Found is one recorded action with findings. Nobody stands in it: the entry at the position says whose data it was.
type Found struct {
	Position uint64 `json:"position"`
	// Time is when it happened, by the service's clock; Recorded when the ledger wrote it.
	Time        time.Time `json:"time"`
	Recorded    time.Time `json:"recorded"`
	Controller  string    `json:"controller"`
	Service     string    `json:"service"`
	Operation   string    `json:"operation"`
	Instruction string    `json:"instruction,omitempty"`
	Version     int       `json:"version,omitempty"`
	Basis       string    `json:"basis,omitempty"`
	Stated      string    `json:"stated,omitempty"`
	Categories  []string  `json:"categories,omitempty"`
	System      string    `json:"system,omitempty"`
	From        string    `json:"from,omitempty"`
	Location    string    `json:"location,omitempty"`
	Recipient   string    `json:"recipient,omitempty"`
	Order       string    `json:"order,omitempty"`
	Findings    []Finding `json:"findings"`
	// Sentence says it all in plain English.
	Sentence string `json:"sentence"`
}

// Findings is one page of recorded actions with findings, newest first.
type Findings struct {
	Entries []Found `json:"entries"`
	// Next is the cursor of the next page, absent where this is the last.
	Next *uint64 `json:"next,omitempty"`
	// Position is the end of the ledger that the answer rests on.
	Position uint64 `json:"position"`
}

// FindingCount says how often something was found.
type FindingCount struct {
	Code    string `json:"code"`
	Article string `json:"article"`
	Message string `json:"message"`
	Entries uint64 `json:"entries"`
}

// FindingTally counts the findings of one controller.
type FindingTally struct {
	Controller string `json:"controller"`
	// Day is the day in UTC on which the ledger recorded them, absent where all days are counted together.
	Day string `json:"day,omitempty"`
	// Entries counts recorded actions with any finding, one for each person of an action.
	Entries  uint64         `json:"entries"`
	Findings []FindingCount `json:"findings"`
}

// FindingCounts counts findings by controller, or by controller and day.
type FindingCounts struct {
	Counts   []FindingTally `json:"counts"`
	Position uint64         `json:"position"`
}

// The kinds of what reached the ledger late.
const (
	LateWithdrawal = "consent-withdrawn"
	LateObjection  = "objection"
)

// Retroactive is a withdrawal of consent or an objection that took effect before the ledger knew of it, with the actions that had
// relied meanwhile on what it took away (Art. 7(3), 21).
type Retroactive struct {
	// Position is that of the entry that says so.
	Position   uint64 `json:"position"`
	Controller string `json:"controller"`
	// Kind is LateWithdrawal or LateObjection.
	Kind string `json:"kind"`
	// Person shows the identifiers of the person, masked: enough for somebody who knows them.
	Person []Text `json:"person,omitempty"`
	// Forgotten says that the person's keys were destroyed.
	Forgotten bool `json:"forgotten,omitempty"`
	// Instruction is absent where an objection meets more than one.
	Instruction string `json:"instruction,omitempty"`
	Objection   string `json:"objection,omitempty"`
	Marketing   bool   `json:"marketing,omitempty"`
	// Effect is since when the actions lacked their basis, and Known when the ledger recorded it.
	Effect time.Time `json:"effect"`
	Known  time.Time `json:"known"`
	// Count is how many actions it met; Actions are the first 1,000 of them, oldest first.
	Count    int          `json:"count"`
	Actions  []LateRelied `json:"actions"`
	Sentence string       `json:"sentence"`
}

// LateRelied is one recorded action that relied on a basis which had ended already.
type LateRelied struct {
	Position    uint64    `json:"position"`
	Time        time.Time `json:"time"`
	Instruction string    `json:"instruction"`
	Version     int       `json:"version"`
	Basis       string    `json:"basis"`
}

// RetroactiveList is one page of what reached the ledger late, newest first. A page may be empty and still lead on.
type RetroactiveList struct {
	Matters  []Retroactive `json:"matters"`
	Next     *uint64       `json:"next,omitempty"`
	Position uint64        `json:"position"`
}
