package wire

import "time"

// The verdicts on a promise.
const (
	PromiseKept     = "kept"
	PromiseBroken   = "broken"
	PromiseNotShown = "not-yet-shown"
)

// PromiseEvidence is what speaks for a promise, or against it.
type PromiseEvidence struct {
	Count uint64 `json:"count"`
	// Last is when the newest of it was recorded, absent where there is none.
	Last *time.Time `json:"last,omitempty"`
	// Examples are the positions of the newest entries, at most five, oldest first.
	Examples []uint64 `json:"examples"`
}

// Promise is one promise of the privacy notice with its evidence.
type Promise struct {
	Number  int    `json:"number"`
	Text    string `json:"text"`
	Article string `json:"article"`
	// Rests says on which data the evidence rests.
	Rests string `json:"rests"`
	// Verdict is PromiseKept, PromiseBroken or PromiseNotShown.
	Verdict string          `json:"verdict"`
	For     PromiseEvidence `json:"for"`
	Against PromiseEvidence `json:"against"`
	// Beside counts what BesideWords say.
	Beside      uint64 `json:"beside,omitempty"`
	BesideWords string `json:"besideWords,omitempty"`
	// Open counts what is not decided yet.
	Open uint64 `json:"open,omitempty"`
}

// Promises is the privacy notice with its evidence.
type Promises struct {
	// Controller is absent where all are counted together.
	Controller string    `json:"controller,omitempty"`
	Promises   []Promise `json:"promises"`
	Position   uint64    `json:"position"`
}

// Statistic is how much of one operation was done on one day. Nobody stands in it.
type Statistic struct {
	Controller  string `json:"controller"`
	Day         string `json:"day"`
	Instruction string `json:"instruction,omitempty"`
	// Kind is the kind of identifier: ip for visitors in a server's log.
	Kind      string `json:"kind"`
	Operation string `json:"operation"`
	// Entries counts one for each person of an action; where they are few it is 0, and Few is set.
	Entries uint64 `json:"entries"`
	Few     bool   `json:"few,omitempty"`
}

// Statistics is what was done on each day, without anybody whose data it was (Art. 4(1), 5(1)(c)).
type Statistics struct {
	Statistics []Statistic `json:"statistics"`
	// Entries is the sum of what is shown, and Hidden how many numbers are too small to be shown.
	Entries  uint64 `json:"entries"`
	Hidden   uint64 `json:"hidden"`
	Position uint64 `json:"position"`
}

// StatisticsProof is what a check of the statistics found: that nothing in them leads to a person, or what does.
type StatisticsProof struct {
	Holds bool `json:"holds"`
	// Columns is how many columns were found, Keys how many subject keys were looked for, and Bytes in how many bytes.
	Columns int   `json:"columns"`
	Keys    int   `json:"keys"`
	Bytes   int64 `json:"bytes"`
	// Faults says what speaks against it, empty where nothing does.
	Faults   []string `json:"faults"`
	Position uint64   `json:"position"`
}
