package wire

import "time"

// RecipientSeen is one to whom data of a controller went, as it was recorded (Art. 15(1)(c), 28(2), 30(2)).
type RecipientSeen struct {
	Controller string `json:"controller"`
	// Recipient is empty where the actions named none.
	Recipient string `json:"recipient"`
	// Listed says that the register names the recipient; Name, Kind and Country are what it says now.
	Listed  bool   `json:"listed"`
	Name    string `json:"name,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Country string `json:"country,omitempty"`
	// First and Last are when the ledger recorded the first and the newest, with their positions.
	First         time.Time `json:"first"`
	FirstPosition uint64    `json:"firstPosition"`
	Last          time.Time `json:"last"`
	LastPosition  uint64    `json:"lastPosition"`
	// Entries counts one for each person of an action, People each person once.
	Entries      uint64   `json:"entries"`
	People       uint64   `json:"people"`
	Services     []string `json:"services"`
	Instructions []string `json:"instructions,omitempty"`
	Operations   []string `json:"operations"`
	Categories   []string `json:"categories,omitempty"`
	// Countries are those that the actions named and the recipient's own.
	Countries  []string `json:"countries,omitempty"`
	Safeguards []string `json:"safeguards,omitempty"`
	// Findings are those about recipients and transfers.
	Findings []FindingCount `json:"findings,omitempty"`
	// Orders are those of courts under which data was disclosed.
	Orders []string `json:"orders,omitempty"`
}

// RecipientsSeen lists those to whom data went.
type RecipientsSeen struct {
	Recipients []RecipientSeen `json:"recipients"`
	Position   uint64          `json:"position"`
}

// Transferred is data of a controller that left the processor's territory for a country (Art. 44 to 49, 30(2)(c)).
type Transferred struct {
	Controller  string `json:"controller"`
	Instruction string `json:"instruction,omitempty"`
	// Recipient is absent where the data stayed with the processor.
	Recipient string `json:"recipient,omitempty"`
	Country   string `json:"country"`
	// Safeguard is what the instruction or the recipient named when it was recorded, absent where neither did.
	Safeguard     string    `json:"safeguard,omitempty"`
	First         time.Time `json:"first"`
	FirstPosition uint64    `json:"firstPosition"`
	Last          time.Time `json:"last"`
	LastPosition  uint64    `json:"lastPosition"`
	Entries       uint64    `json:"entries"`
	Operations    []string  `json:"operations"`
	Categories    []string  `json:"categories,omitempty"`
}

// Transfers lists what left the territory.
type Transfers struct {
	// Territory is what the processor declares.
	Territory []string      `json:"territory"`
	Transfers []Transferred `json:"transfers"`
	Position  uint64        `json:"position"`
}

// CompelledDisclosure is an order of a court or an authority with what was disclosed under it.
type CompelledDisclosure struct {
	Controller string `json:"controller"`
	CourtOrder
	// ReceivedPosition is that of the entry that the order was received, and InformedPosition of the one that the controller was told.
	ReceivedPosition uint64  `json:"receivedPosition"`
	InformedPosition *uint64 `json:"informedPosition,omitempty"`
	// Secret says that the law forbids telling of it now.
	Secret bool `json:"secret,omitempty"`
	// Given are the categories that were disclosed, beside Categories, which the order asks for.
	Given []string `json:"given"`
	// Entries is how many there are; Actions are the first 1,000 of them.
	Entries  uint64           `json:"entries"`
	Actions  []CompelledEntry `json:"actions"`
	Sentence string           `json:"sentence"`
}

// CompelledEntry is one disclosure under an order.
type CompelledEntry struct {
	Position   uint64    `json:"position"`
	Time       time.Time `json:"time"`
	Service    string    `json:"service"`
	Recipient  string    `json:"recipient,omitempty"`
	Categories []string  `json:"categories,omitempty"`
	Location   string    `json:"location,omitempty"`
	Findings   []Finding `json:"findings,omitempty"`
}

// WithheldDisclosures counts what must not be told of under one controller.
type WithheldDisclosures struct {
	Controller string `json:"controller"`
	Orders     uint64 `json:"orders"`
	Entries    uint64 `json:"entries"`
}

// Disclosures is the register of disclosures and transfers.
type Disclosures struct {
	Recipients []RecipientSeen       `json:"recipients"`
	Transfers  []Transferred         `json:"transfers"`
	Compelled  []CompelledDisclosure `json:"compelled"`
	// Withheld counts what is left out because the law forbids telling of it.
	Withheld []WithheldDisclosures `json:"withheld,omitempty"`
	Position uint64                `json:"position"`
}

// PlacesQuery asks where copies of one person's data are.
type PlacesQuery struct {
	Person Text `json:"person"`
}

// Places is where copies of one person's data are or were, and to whom they were given (Art. 17(1), 19).
type Places struct {
	Controller string `json:"controller"`
	// On is the time on which it was so, where one was asked for; of a day its end.
	On       *time.Time  `json:"on,omitempty"`
	Places   []DataPlace `json:"places"`
	Position uint64      `json:"position"`
}

// The kinds of places.
const (
	PlaceSystem    = "system"
	PlaceService   = "service"
	PlaceRecipient = "recipient"
)

// DataPlace is one place where copies of a person's data are or were, or a recipient that was given them.
type DataPlace struct {
	// Kind is PlaceSystem, PlaceService or PlaceRecipient, and Name that of the system, the service or the recipient.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Service is the one that brought data there last.
	Service string `json:"service,omitempty"`
	// Open says that any of the items was not ended.
	Open      bool     `json:"open"`
	Locations []string `json:"locations,omitempty"`
	// From are the systems from which copies came.
	From          []string     `json:"from,omitempty"`
	First         time.Time    `json:"first"`
	FirstPosition uint64       `json:"firstPosition"`
	Last          time.Time    `json:"last"`
	LastPosition  uint64       `json:"lastPosition"`
	Items         []PlacedItem `json:"items"`
	// Told is the newest entry by which a recipient was told what became of the data (Art. 19), absent where there is none.
	Told     *PlaceClosing `json:"told,omitempty"`
	Sentence string        `json:"sentence"`
}

// PlacedItem is one category of data in a place.
type PlacedItem struct {
	// Category is empty where an action did not say what it brought.
	Category    string `json:"category"`
	Instruction string `json:"instruction,omitempty"`
	Version     int    `json:"version,omitempty"`
	// Brought is the position of the entry that last brought it.
	Brought uint64 `json:"brought"`
	// Closed is the entry that ended it, absent while it is open.
	Closed *PlaceClosing `json:"closed,omitempty"`
	// Removal is a removal that the instruction does not count as erasure.
	Removal *PlaceClosing `json:"removal,omitempty"`
}

// PlaceClosing is the entry that ended a copy.
type PlaceClosing struct {
	Position  uint64    `json:"position"`
	Time      time.Time `json:"time"`
	Operation string    `json:"operation"`
	Order     string    `json:"order,omitempty"`
}
