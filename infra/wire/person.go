package wire

import (
	"encoding/json"
	"time"
)

// Orders of a trail.
const (
	NewestFirst = "newest"
	OldestFirst = "oldest"
)

// Limits of a page.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// TrailQuery asks for what was done with one person's data under one controller. Identifiers travel in bodies only, so that no
// address book gathers in logs of URLs.
type TrailQuery struct {
	// Person is one identifier as kind:value, such as email:ada@example.org.
	Person Text `json:"person"`
	// Order is NewestFirst, the default, or OldestFirst.
	Order string `json:"order,omitempty"`
	// After is the position of the last entry of the page before, as Trail.Next gave it.
	After *uint64 `json:"after,omitempty"`
	// Limit is the most entries to give: 1 to MaxPage, DefaultPage by default.
	Limit int `json:"limit,omitempty"`
	// At asks for the trail as it was known when the ledger ended at this position.
	At *uint64 `json:"at,omitempty"`
	// Details asks for the sealed details to be opened.
	Details bool `json:"details,omitempty"`
	// Secret asks also for what was disclosed under orders of which the law forbids telling: for the processor and the regulator,
	// never for the controller or the person (Art. 28(3)(a)).
	Secret bool `json:"secret,omitempty"`
}

// HoldingsQuery asks for what is held of one person under one controller.
type HoldingsQuery struct {
	Person Text `json:"person"`
}

// LinkRequest says that a second identifier names a person whom the ledger knows already.
type LinkRequest struct {
	Known Text `json:"known"`
	Also  Text `json:"also"`
	// By is the id of the contact who said so; may be empty.
	By string `json:"by,omitempty"`
}

// ForgetRequest says that a person is to be forgotten: their keys are destroyed, for ever.
type ForgetRequest struct {
	Person Text `json:"person"`
	// By is the id of the contact who said so, and Case the case for which it is done; both may be empty.
	By   string `json:"by,omitempty"`
	Case string `json:"case,omitempty"`
}

// Linked says where a link was recorded.
type Linked struct {
	Position uint64 `json:"position"`
	// Joined says that the second identifier had a dossier of its own, and that both are now one person's.
	Joined bool `json:"joined"`
}

// Trail is one page of what was done with one person's data.
type Trail struct {
	Controller string `json:"controller"`
	// On is the time on which it was so, where one was asked for; of a day its end.
	On      *time.Time   `json:"on,omitempty"`
	Order   string       `json:"order"`
	Entries []TrailEntry `json:"entries"`
	// Next is the cursor of the next page, absent where this is the last.
	Next *uint64 `json:"next,omitempty"`
	// Position is the end of the ledger that the answer rests on.
	Position uint64 `json:"position"`
}

// TrailEntry is one entry of the ledger about the person.
type TrailEntry struct {
	Position uint64 `json:"position"`
	// Type is the type of the event; that of an action is daybook.action.recorded.v1.
	Type string `json:"type"`
	// ID is the event's id and Action the id under which the service sent the action.
	ID     string `json:"id,omitempty"`
	Action string `json:"action,omitempty"`
	// Time is when it happened, by the service's clock; Recorded when the ledger wrote it.
	Time     time.Time `json:"time"`
	Recorded time.Time `json:"recorded"`
	// Late says that it was recorded only after the time on which the trail is asked for.
	Late    bool   `json:"late,omitempty"`
	Service string `json:"service,omitempty"`
	// Identifier is the kind of identifier by which the service named the person.
	Identifier  string   `json:"identifier,omitempty"`
	Operation   string   `json:"operation,omitempty"`
	Instruction string   `json:"instruction,omitempty"`
	Version     int      `json:"version,omitempty"`
	Basis       string   `json:"basis,omitempty"`
	Stated      string   `json:"stated,omitempty"`
	Categories  []string `json:"categories,omitempty"`
	System      string   `json:"system,omitempty"`
	// From is the system that a copy or a move came from.
	From      string `json:"from,omitempty"`
	Location  string `json:"location,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Order     string `json:"order,omitempty"`
	// Sentence says it all in plain English.
	Sentence string    `json:"sentence"`
	Findings []Finding `json:"findings,omitempty"`
	// Sealed says that the entry has details. They are in Details where they were asked for and can be opened.
	Sealed bool `json:"sealed,omitempty"`
	// Details are what the service sent, a JSON object.
	Details Details `json:"details,omitempty"`
	// Forgotten says that the details can never be opened again: the key was destroyed.
	Forgotten bool `json:"forgotten,omitempty"`
}

// Details is a JSON object that may be personal. It goes over the wire as it is and refuses to be printed or logged.
type Details json.RawMessage

// Holdings is what is held of one person under one controller.
type Holdings struct {
	Controller string `json:"controller"`
	// On is the time on which it was so, where one was asked for; of a day its end.
	On       *time.Time `json:"on,omitempty"`
	Holdings []Holding  `json:"holdings"`
	Position uint64     `json:"position"`
}

// Holding is one category of the person's data in one system.
type Holding struct {
	// Category is empty where a service brought data without saying what.
	Category string `json:"category"`
	System   string `json:"system,omitempty"`
	Location string `json:"location,omitempty"`
	// Since is when it first came there, and Position the entry that says so; Newest and NewestPosition are those of the last time.
	Since          time.Time `json:"since"`
	Position       uint64    `json:"position"`
	Newest         time.Time `json:"newest"`
	NewestPosition uint64    `json:"newestPosition"`
	Service        string    `json:"service,omitempty"`
	// Instruction, Version and Basis are those under which it is held.
	Instruction string `json:"instruction,omitempty"`
	Version     int    `json:"version,omitempty"`
	Basis       string `json:"basis,omitempty"`
	// Withdrawn says that it was deleted but can be had back, so it is still held.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Retention are the instruction's rules of retention for the category.
	Retention []Retention `json:"retention,omitempty"`
	// Until is when it is due to be removed: when the first of them ends, unless another instruction needs it longer. It is absent where
	// nothing has begun that ends.
	Until *time.Time `json:"until,omitempty"`
	// Sentence says it all in plain English.
	Sentence string `json:"sentence"`
}

// Person is all that the ledger knows of one person under one controller, in one answer.
type Person struct {
	Controller     string `json:"controller"`
	ControllerName string `json:"controllerName,omitempty"`
	// On is the time on which it was so, where one was asked for; of a day its end.
	On *time.Time `json:"on,omitempty"`
	// Identifiers shows the identifiers by which services named the person, masked: enough for somebody who knows them.
	Identifiers []Text `json:"identifiers,omitempty"`
	// Forgotten says that the person's keys were destroyed.
	Forgotten bool      `json:"forgotten,omitempty"`
	Holdings  []Holding `json:"holdings,omitzero"`
	Trail     Trail     `json:"trail"`
	// Looks are the newest looks at the record before this one, five at most; absent where the answer is of the past.
	Looks    []Look `json:"looks,omitzero"`
	Position uint64 `json:"position"`
}
