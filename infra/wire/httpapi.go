package wire

import (
	"encoding/json"
	"time"
)

// Headers of the HTTP API.
const (
	// HeaderPosition says, on what was read, up to which end of the ledger it is known.
	HeaderPosition = "Daybook-Position"
	// HeaderMinPosition asks a read to wait, a few seconds at most, until the answer rests on at least this end of the ledger:
	// read your own writes by sending a receipt's position and events added.
	HeaderMinPosition = "Daybook-Min-Position"
	// HeaderBuilding says, where an answer as of an earlier position has to be waited for, how far it is: 1200/5000.
	HeaderBuilding = "Daybook-Building"
	// ContentLines is a body of JSON values, one a line.
	ContentLines = "application/x-ndjson"
)

// RegisterView is the register as it is recorded.
type RegisterView struct {
	Processor   *ProcessorView   `json:"processor,omitempty"`
	Recipients  []Recipient      `json:"recipients"`
	Controllers []ControllerView `json:"controllers"`
	// Position is the end of the ledger that the answer rests on.
	Position uint64 `json:"position"`
}

// ProcessorView is the processor as it is recorded.
type ProcessorView struct {
	Name         string        `json:"name"`
	Registration string        `json:"registration,omitempty"`
	Regime       string        `json:"regime"`
	Territory    []string      `json:"territory"`
	Measures     []string      `json:"measures,omitempty"`
	Contacts     []ContactView `json:"contacts,omitempty"`
}

// ContactView is a contact as it is recorded. Name, address and number are there only where they were asked for and can be
// opened.
type ContactView struct {
	Contact
	// Forgotten says that the details can never be opened again: the key was destroyed.
	Forgotten bool `json:"forgotten,omitempty"`
}

// ControllerView is a controller as it is recorded.
type ControllerView struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	Regime       string            `json:"regime"`
	Country      string            `json:"country"`
	Nation       string            `json:"nation,omitempty"`
	Contacts     []ContactView     `json:"contacts,omitempty"`
	Services     []ServiceView     `json:"services,omitempty"`
	Instructions []InstructionView `json:"instructions,omitempty"`
}

// ServiceView is a service as it is recorded.
type ServiceView struct {
	Controller string `json:"controller"`
	ID         string `json:"id"`
	Name       string `json:"name"`
	// ReportsWithin is the time in which it is bound to report, such as 24h0m0s.
	ReportsWithin string `json:"reportsWithin"`
}

// InstructionView is one version of an instruction: the newest in lists.
type InstructionView struct {
	Controller string `json:"controller"`
	Version    int    `json:"version"`
	// Versions is how many versions there are.
	Versions int `json:"versions,omitempty"`
	// InForce says that it has not been withdrawn or replaced.
	InForce bool `json:"inForce"`
	// Position is that of the entry that gave this version.
	Position uint64 `json:"position"`
	// WithdrawnPosition is that of the entry that withdrew it.
	WithdrawnPosition *uint64 `json:"withdrawnPosition,omitempty"`
	Instruction
}

// Instructions is a list of instructions, or of the versions of one, oldest first.
type Instructions struct {
	Instructions []InstructionView `json:"instructions"`
	Position     uint64            `json:"position"`
}

// Recipients is the list of recipients.
type Recipients struct {
	Recipients []Recipient `json:"recipients"`
	Position   uint64      `json:"position"`
}

// Services is the list of services.
type Services struct {
	Services []ServiceView `json:"services"`
	Position uint64        `json:"position"`
}

// LogEntry is one line of the log as it is read over HTTP.
type LogEntry struct {
	Position uint64 `json:"position"`
	// Event is the CloudEvent, byte for byte as it is stored and hashed. Do not encode it again before hashing it.
	Event json.RawMessage `json:"event,omitempty"`
	// Withheld says that the law forbids telling of the entry now (Art. 28(3)(a)). Leaf is its RFC 6962 leaf hash then, 32 bytes in
	// padded base64, by which the history is proved without it.
	Withheld bool   `json:"withheld,omitempty"`
	Leaf     []byte `json:"leaf,omitempty"`
}

// LogQuery asks for the entries about one person. Identifiers travel in bodies only.
type LogQuery struct {
	Person Text `json:"person"`
	// From is the position to begin at.
	From uint64 `json:"from,omitempty"`
}

// Heard is a line of a followed log in which nothing happened, sent so that silence can be told from a broken line.
type Heard struct {
	// End is the end of the log.
	End uint64 `json:"end"`
	// Reached is how far the log was searched, where entries are searched for.
	Reached uint64 `json:"reached,omitempty"`
}

// Source is what is known of one service as a source of entries, and what is missing of it (Art. 5(2), 24(1)).
type Source struct {
	Controller string `json:"controller"`
	Service    string `json:"service"`
	// Declared says that the register names the service, and ReportsWithin in which time it is bound to report, such as 24h.
	Declared      bool   `json:"declared"`
	ReportsWithin string `json:"reportsWithin,omitempty"`
	// Entries counts one for each person of an action.
	Entries uint64 `json:"entries"`
	Actions uint64 `json:"actions"`
	// Findings is how many of the entries have findings.
	Findings uint64 `json:"findings"`
	// First and Last are when the ledger recorded the oldest and the newest, absent where there are none.
	First        *time.Time `json:"first,omitempty"`
	Last         *time.Time `json:"last,omitempty"`
	LastPosition uint64     `json:"lastPosition"`
	// Heard is when the ledger recorded anything of the service, be it a heartbeat; absent where it never did.
	Heard *time.Time `json:"heard,omitempty"`
	// Silent says that it was not heard for longer than it may be silent.
	Silent bool `json:"silent,omitempty"`
	// Sequence is the newest of the service's own count, 0 where it keeps none, and Gaps how many of that count are missing.
	Sequence uint64 `json:"sequence,omitempty"`
	Gaps     uint64 `json:"gaps,omitempty"`
	// Missing says which are, the newest gaps first to last; 64 at most.
	Missing []Gap `json:"missing,omitempty"`
	// Unconfirmed counts what it announced and no action has confirmed, one for each person; Announced lists the oldest 64.
	Unconfirmed uint64      `json:"unconfirmed,omitempty"`
	Announced   []Announced `json:"announced,omitempty"`
	// Counts are the newest of its counts of people, beside how many the ledger knows of.
	Counts []SourceCount `json:"counts,omitempty"`
	// Complete says that nothing of all this is missing, and Sentence what is.
	Complete bool   `json:"complete"`
	Sentence string `json:"sentence"`
}

// Announced is an action that a service announced and did not confirm.
type Announced struct {
	// ID is that of the announcement.
	ID          string    `json:"id"`
	Position    uint64    `json:"position"`
	Time        time.Time `json:"time"`
	Operation   string    `json:"operation"`
	Instruction string    `json:"instruction,omitempty"`
	System      string    `json:"system,omitempty"`
	// Overdue says that it was announced longer ago than the service may be silent.
	Overdue bool `json:"overdue,omitempty"`
}

// SourceCount is how many people's data a service says that it holds, beside how many the ledger knows of.
type SourceCount struct {
	System   string `json:"system"`
	Category string `json:"category"`
	// Time is when it was counted, and Position that of the entry that says so.
	Time     time.Time `json:"time"`
	Position uint64    `json:"position"`
	// Counted is what the service says, and Known how many the entries say were there at that time.
	Counted uint64 `json:"counted"`
	Known   uint64 `json:"known"`
}

// Gap is a run of a service's own count that has not come, both ends included.
type Gap struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Sources is the list of sources.
type Sources struct {
	Sources  []Source `json:"sources"`
	Position uint64   `json:"position"`
}

// Status says how the ledger is.
type Status struct {
	Version string `json:"version"`
	// End is the end of the ledger: how many events are recorded.
	End   uint64       `json:"end"`
	Ready bool         `json:"ready"`
	Views []ViewStatus `json:"views"`
	// Reasons says why the ledger is not ready.
	Reasons []string `json:"reasons,omitempty"`
	// Proof says how far the history is signed and when it was last looked at, absent where the ledger keeps no proof.
	Proof *ProofStatus `json:"proof,omitempty"`
	// Witnessing says how the witnesses of the checkpoints are. The ledger records without them.
	Witnessing *Witnessing `json:"witnessing,omitempty"`
	// Forked says that the ledger goes on apart from what others saw of it.
	Forked *Forked `json:"forked,omitempty"`
}

// ViewStatus says how one view is.
type ViewStatus struct {
	Name     string `json:"name"`
	Position uint64 `json:"position"`
	// Lag is how many events of the ledger the view has not taken in.
	Lag uint64 `json:"lag"`
	// Stopped says why the view takes in nothing more, empty while it does.
	Stopped string `json:"stopped,omitempty"`
	// Damaged says what of the view's file is damaged, empty where nothing is known to be. What is there is not answered, and the view is
	// being built anew.
	Damaged string `json:"damaged,omitempty"`
	// Building says how far the file is that is to take the place of the one that answers.
	Building *Progress `json:"building,omitempty"`
}

// Progress says how far something is through the ledger.
type Progress struct {
	Position uint64 `json:"position"`
	End      uint64 `json:"end"`
}

// Readiness says whether the ledger takes and answers what it should, and if not, why.
type Readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons,omitempty"`
	// Notes says what somebody should see to, though the ledger is ready.
	Notes []string `json:"notes,omitempty"`
}

// Rebuild is one line of a view's rebuilding. The last has Done set, or Problem.
type Rebuild struct {
	View     string   `json:"view"`
	Position uint64   `json:"position"`
	End      uint64   `json:"end"`
	Done     bool     `json:"done,omitempty"`
	Problem  *Problem `json:"problem,omitempty"`
}

// Quarantined is a message that could not be understood. Its content rests sealed.
type Quarantined struct {
	ID         string    `json:"id"`
	Controller string    `json:"controller"`
	Service    string    `json:"service"`
	Received   time.Time `json:"received"`
	// Problem is why it was set aside.
	Problem Problem `json:"problem"`
	Bytes   int     `json:"bytes"`
}

// Quarantine is one page of what was set aside.
type Quarantine struct {
	Messages []Quarantined `json:"messages"`
	// Next is the id to ask after for the next page, empty where this is the last.
	Next string `json:"next,omitempty"`
}

// QuarantinedContent is a quarantined message, opened.
type QuarantinedContent struct {
	Quarantined
	ContentType string `json:"contentType"`
	// Headers are those of the message.
	Headers map[string]Text `json:"headers,omitempty"`
	// Body is the message as it came: text where it is UTF-8, and in padded base64 in Base64 otherwise.
	Body   Text `json:"body,omitempty"`
	Base64 Text `json:"base64,omitempty"`
}

// Replayed is what became of a quarantined message that was replayed.
type Replayed struct {
	Items []Item `json:"items"`
}
