package wire

import "time"

// BasisOn says which basis an instruction gave at a time, as known at a position (Art. 5(2), 6(1), 28(3)(a)).
type BasisOn struct {
	Controller  string `json:"controller"`
	Instruction string `json:"instruction"`
	// On is the time that is asked about; of a day its end.
	On time.Time `json:"on"`
	// Position is the end of the ledger as of which it was known.
	Position uint64 `json:"position"`
	BasisAnswer
	// Now is what is known now, where that is something else.
	Now *BasisAnswer `json:"now,omitempty"`
}

// BasisAnswer is one answer: the version that the controller had given by then, by the dates on which it gave and withdrew.
type BasisAnswer struct {
	// InForce says that an instruction was in force.
	InForce bool `json:"inForce"`
	// Version is that of the newest version given by then, 0 where none was, and Basis the one it gives while in force.
	Version int    `json:"version"`
	Basis   string `json:"basis,omitempty"`
	Article string `json:"article,omitempty"`
	Title   string `json:"title,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	// Given says who gave the version, when and how; GivenPosition is that of the entry that says so.
	Given         *Warrant `json:"given,omitempty"`
	GivenPosition *uint64  `json:"givenPosition,omitempty"`
	// Withdrawn says who had withdrawn it by then.
	Withdrawn         *Warrant `json:"withdrawn,omitempty"`
	WithdrawnPosition *uint64  `json:"withdrawnPosition,omitempty"`
	Sentence          string   `json:"sentence"`
}
