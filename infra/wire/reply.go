package wire

import "time"

// Verdict says whether a recorded action kept to its instruction and the law.
type Verdict string

// The verdicts of a receipt.
const (
	Conformant   Verdict = "conformant"
	WithFindings Verdict = "findings"
)

// Finding is what is wrong with a recorded action. It is no refusal: facts are recorded.
type Finding struct {
	Code    string `json:"code"`
	Article string `json:"article"`
	Message string `json:"message"`
}

// Receipt says that an action, or a statement beside one, is durable in the log. It is sent only for what is on disk.
type Receipt struct {
	ID string `json:"id"`
	// Position is where the action's first event stands in the ledger, counted from 0.
	Position uint64 `json:"position"`
	// Events is how many consecutive events the action became: one for each person, or one where nobody is named.
	Events int `json:"events"`
	// Recorded is when the ledger wrote it, in UTC to the millisecond.
	Recorded time.Time `json:"recorded"`
	Verdict  Verdict   `json:"verdict"`
	Findings []Finding `json:"findings,omitempty"`
	// Leaf is the RFC 6962 leaf hash of the first event's stored bytes, 32 bytes in padded base64.
	Leaf []byte `json:"leaf"`
	// Duplicate says that the same action under the same id was recorded before; this is its first receipt again.
	Duplicate bool `json:"duplicate,omitempty"`
	// Notes say what was recorded and does nothing, such as an objection to what cannot be objected to (Art. 21(1)).
	Notes []Note `json:"notes,omitempty"`
	// Proof is the C2SP tlog-proof of the first event, where it was asked for and a checkpoint covered it in time.
	Proof string `json:"proof,omitempty"`
}

// Note tells whoever recorded something what it does not do, though it stands recorded.
type Note struct {
	Article string `json:"article"`
	Message string `json:"message"`
}

// Item answers one event of a batch: exactly one of its fields is set. The answer to a batch is an array of items in the order
// of the events; one event that is refused does not take the others down.
type Item struct {
	Receipt *Receipt `json:"receipt,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// Reason says why an action that was asked about is not permitted, and what would make it so.
type Reason struct {
	Code    string `json:"code"`
	Article string `json:"article"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

// Answer replies to a question: may this be done now?
type Answer struct {
	Permitted bool     `json:"permitted"`
	Reasons   []Reason `json:"reasons,omitempty"`
	// Basis is the Article 6 basis that the controller chose in the instruction.
	Basis string `json:"basis,omitempty"`
	// Instruction and Version say which instruction the answer rests on; versions count from 1.
	Instruction string `json:"instruction,omitempty"`
	Version     int    `json:"version,omitempty"`
	// Receipt says where the answer was recorded, absent where that was not asked for. Asked again under the same id, the first answer and
	// its receipt come again.
	Receipt *Receipt `json:"receipt,omitempty"`
}

// Heartbeat says that a publisher lives, and the last sequence it gave out, so that silence and gaps show.
type Heartbeat struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"`
}

// PubAck replies to an inbox message in the shape of a JetStream publish acknowledgement, so that JetStream publishers in any
// language take it for one. Exactly one of Error and the rest is set.
type PubAck struct {
	Stream    string    `json:"stream,omitempty"`
	Sequence  uint64    `json:"seq,omitempty"`
	Duplicate bool      `json:"duplicate,omitempty"`
	Error     *PubError `json:"error,omitempty"`
}

// PubError is JetStream's shape of a refusal.
type PubError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code,omitempty"`
	Description string `json:"description,omitempty"`
}
