package wire

import "time"

// The states of a sent order.
const (
	OrderOpen      = "open"
	OrderEscalated = "escalated" // not answered in time; a person was told
	OrderAnswered  = "answered"
	OrderRecalled  = "recalled" // taken back, because a hold forbids it
)

// SentOrder is an order that the ledger sent to a service, and what came of it (Art. 17, 19, 28(3)(a), (g)).
type SentOrder struct {
	// Order is its id, and Position that of the entry that it was sent.
	Order      string `json:"order"`
	Position   uint64 `json:"position"`
	Controller string `json:"controller"`
	Service    string `json:"service"`
	// Person shows the identifiers of the person, masked: enough for somebody who knows them.
	Person []Text `json:"person,omitempty"`
	// Forgotten says that the person's keys were destroyed.
	Forgotten bool `json:"forgotten,omitempty"`
	// Kind is erase, restrict, rectify, stop or tell, and Recipient who is to be told.
	Kind        string   `json:"kind"`
	Recipient   string   `json:"recipient,omitempty"`
	Instruction string   `json:"instruction,omitempty"`
	System      string   `json:"system,omitempty"`
	Categories  []string `json:"categories,omitempty"`
	// Reason is retention, consent-withdrawn, instruction-withdrawn, objection, restriction or case, and Case the id of the case.
	Reason string `json:"reason"`
	Case   string `json:"case,omitempty"`
	// Return says that the data is handed back to the controller before it is erased (Art. 28(3)(g)).
	Return bool `json:"return,omitempty"`
	// Due is when it was due, which a hold does not move; Sent when the ledger sent it.
	Due  time.Time `json:"due"`
	Sent time.Time `json:"sent"`
	// Recalled is when it was taken back, absent where it was not, and Hold the id of the hold that forbids it.
	Recalled *time.Time `json:"recalled,omitempty"`
	Hold     string     `json:"hold,omitempty"`
	// State is OrderOpen, OrderEscalated, OrderAnswered or OrderRecalled.
	State string `json:"state"`
	// Escalated is when a person was told that it was not answered, absent where nobody was.
	Escalated *time.Time `json:"escalated,omitempty"`
	// Answer is the action that answered it, absent where none did.
	Answer   *OrderAnswer `json:"answer,omitempty"`
	Sentence string       `json:"sentence"`
}

// OrderAnswer is the action that answered an order.
type OrderAnswer struct {
	Position  uint64    `json:"position"`
	Time      time.Time `json:"time"`
	Recorded  time.Time `json:"recorded"`
	Operation string    `json:"operation"`
	// Late says that it came after a person was told that there was none.
	Late bool `json:"late,omitempty"`
}

// SentOrders is one page of orders, newest first.
type SentOrders struct {
	Orders   []SentOrder `json:"orders"`
	Next     *uint64     `json:"next,omitempty"`
	Position uint64      `json:"position"`
}
