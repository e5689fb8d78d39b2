package wire

import "time"

// Article30 is the processor's record of processing activities (Art. 30(2)), made of what is declared and of what was seen to be done.
type Article30 struct {
	// AsOf is the day as of which it is the record, and Position the end of the ledger that it rests on.
	AsOf     string `json:"asOf"`
	Position uint64 `json:"position"`
	// On is the time on which it was instructed so, where one was asked for; of a day its end.
	On *time.Time `json:"on,omitempty"`
	// Processor is absent where it was not declared.
	Processor *Article30Processor `json:"processor,omitempty"`
	// Recipients are those declared, whom the records name.
	Recipients []Recipient       `json:"recipients"`
	Records    []Article30Record `json:"records"`
}

// Article30Processor is who keeps the record (Art. 30(2)(a), (d)).
type Article30Processor struct {
	Name         string             `json:"name"`
	Registration string             `json:"registration,omitempty"`
	Regime       string             `json:"regime"`
	Territory    []string           `json:"territory"`
	Measures     []string           `json:"measures"`
	Contacts     []Article30Contact `json:"contacts"`
}

// Article30Contact is somebody who acts for the processor or a controller. Names are there only where they were asked for.
type Article30Contact struct {
	ContactView
	// Representative and Officer say what the role is in law (Art. 27, 37).
	Representative bool `json:"representative,omitempty"`
	Officer        bool `json:"officer,omitempty"`
}

// Article30Record is the record for one controller.
type Article30Record struct {
	Controller string              `json:"controller"`
	Name       string              `json:"name"`
	Regime     string              `json:"regime"`
	Country    string              `json:"country"`
	Contacts   []Article30Contact  `json:"contacts"`
	Activities []Article30Activity `json:"activities"`
	Transfers  []Article30Transfer `json:"transfers"`
	Drift      []Article30Drift    `json:"drift"`
}

// Article30Activity is what is done under one instruction: a category of processing (Art. 30(2)(b)).
type Article30Activity struct {
	// Instruction is empty where actions named none.
	Instruction string `json:"instruction"`
	// Version is the newest that was given, 0 where there was none.
	Version   int         `json:"version"`
	Title     string      `json:"title,omitempty"`
	Purpose   string      `json:"purpose,omitempty"`
	Basis     string      `json:"basis,omitempty"`
	Article   string      `json:"article,omitempty"`
	Interest  string      `json:"interest,omitempty"`
	Condition string      `json:"condition,omitempty"`
	Safeguard string      `json:"safeguard,omitempty"`
	Retention []Retention `json:"retention,omitempty"`
	Given     *Warrant    `json:"given,omitempty"`
	Withdrawn *Warrant    `json:"withdrawn,omitempty"`
	// Lines are what is declared in the newest version and what was seen under any.
	Lines []Article30Line `json:"lines"`
}

// Article30Line is one operation, category, recipient or country of an activity.
type Article30Line struct {
	// Dimension is operation, category, recipient or country.
	Dimension string `json:"dimension"`
	Value     string `json:"value"`
	// Words names the value as people do.
	Words string `json:"words"`
	// Declared says that the newest version permits it.
	Declared bool `json:"declared"`
	Article30Seen
}

// Article30Seen is when something was seen to be done; absent where it never was.
type Article30Seen struct {
	First         *time.Time `json:"first,omitempty"`
	FirstPosition *uint64    `json:"firstPosition,omitempty"`
	Last          *time.Time `json:"last,omitempty"`
}

// Article30Transfer is data that went outside the processor's territory (Art. 30(2)(c)).
type Article30Transfer struct {
	Instruction string `json:"instruction,omitempty"`
	Country     string `json:"country"`
	// Recipient is absent where the data stayed with the processor.
	Recipient     string `json:"recipient,omitempty"`
	RecipientName string `json:"recipientName,omitempty"`
	// Safeguard is absent where none of Articles 45 to 49 is named.
	Safeguard string `json:"safeguard,omitempty"`
	Order     string `json:"order,omitempty"`
	Article30Seen
}

// The kinds of drift.
const (
	DriftUndeclared = "undeclared" // done, and not permitted by the version then in force
	DriftUnused     = "unused"     // declared, and not done for a while
)

// Article30Drift is where what is declared and what is done part.
type Article30Drift struct {
	Kind        string `json:"kind"`
	Instruction string `json:"instruction"`
	Version     int    `json:"version"`
	Dimension   string `json:"dimension"`
	Value       string `json:"value"`
	Article30Seen
	Sentence string `json:"sentence"`
}
