package wire

// MaxRegisterItems is the most items that one list of an HTTP message holds.
const MaxRegisterItems = 1000

// Register is the processor's register as somebody declares it, whole or in part: who the processor is, its controllers with
// their services and instructions, and the recipients of data (Art. 28, 30(2)). The same struct is read from JSON and YAML.
// What it does not mention stays as it is recorded.
type Register struct {
	Processor   *Processor   `json:"processor,omitempty" yaml:"processor,omitempty"`
	Recipients  []Recipient  `json:"recipients,omitempty" yaml:"recipients,omitempty"`
	Controllers []Controller `json:"controllers,omitempty" yaml:"controllers,omitempty"`
}

// Processor is the firm that keeps the ledger (Art. 30(2)(a), (d)).
type Processor struct {
	Name string `json:"name" yaml:"name"`
	// Registration is the number of its registration with the supervisory authority.
	Registration string `json:"registration,omitempty" yaml:"registration,omitempty"`
	// Regime is UK or EU.
	Regime string `json:"regime" yaml:"regime"`
	// Territory lists the countries where it processes, or EEA.
	Territory []string `json:"territory" yaml:"territory"`
	// Measures describes its technical and organisational measures (Art. 32(1)), a sentence each.
	Measures []string  `json:"measures,omitempty" yaml:"measures,omitempty"`
	Contacts []Contact `json:"contacts,omitempty" yaml:"contacts,omitempty"`
}

// Contact is a person who acts for the processor or for a controller. All but id and role is sealed before it rests anywhere.
type Contact struct {
	ID string `json:"id" yaml:"id"`
	// Role is what the person does, such as Managing director; it rests in the clear.
	Role  string `json:"role" yaml:"role"`
	Name  Text   `json:"name,omitempty" yaml:"name,omitempty"`
	Email Text   `json:"email,omitempty" yaml:"email,omitempty"`
	Phone Text   `json:"phone,omitempty" yaml:"phone,omitempty"`
}

// Recipient is who receives data (Art. 4(9)).
type Recipient struct {
	ID   string `json:"id" yaml:"id"`
	Name string `json:"name" yaml:"name"`
	// Kind is sub-processor, controller, authority or third-party.
	Kind    string `json:"kind" yaml:"kind"`
	Country string `json:"country" yaml:"country"`
	// Safeguard is what a transfer rests on (Art. 45 to 49), by its DPV name, such as A45-3.
	Safeguard string `json:"safeguard,omitempty" yaml:"safeguard,omitempty"`
	// Contract is the reference of the contract (Art. 28(4)).
	Contract string `json:"contract,omitempty" yaml:"contract,omitempty"`
	// Announced is the day on which the controllers were told of a sub-processor (Art. 28(2)); absent where it was there before.
	Announced string `json:"announced,omitempty" yaml:"announced,omitempty"`
}

// Controller is a client who decides why and how (Art. 4(7)).
type Controller struct {
	ID   string `json:"id" yaml:"id"`
	Name string `json:"name" yaml:"name"`
	// Regime is UK or EU.
	Regime  string `json:"regime" yaml:"regime"`
	Country string `json:"country" yaml:"country"`
	// Nation is GB-EAW for England and Wales, GB-SCT for Scotland or GB-NIR for Northern Ireland, whose public holidays count in deadlines.
	// Without it only those count that all of them have.
	Nation string `json:"nation,omitempty" yaml:"nation,omitempty"`
	// Callbacks are the addresses to which it may have the status of its OpenDSR requests sent: https, or this machine.
	Callbacks []string `json:"callbacks,omitempty" yaml:"callbacks,omitempty"`
	// SubProcessors says how it authorises sub-processors (Art. 28(2)); absent where it said nothing beyond its instructions.
	SubProcessors *Authorisation `json:"subProcessors,omitempty" yaml:"subProcessors,omitempty"`
	Contacts      []Contact      `json:"contacts,omitempty" yaml:"contacts,omitempty"`
	Services      []Service      `json:"services,omitempty" yaml:"services,omitempty"`
	Instructions  []Instruction  `json:"instructions,omitempty" yaml:"instructions,omitempty"`
}

// Authorisation is how a controller authorises sub-processors (Art. 28(2)).
type Authorisation struct {
	// Mode is general or specific.
	Mode string `json:"mode" yaml:"mode"`
	// ObjectWithin is how long it can object to a sub-processor that is announced, such as P30D; general only.
	ObjectWithin string   `json:"objectWithin,omitempty" yaml:"objectWithin,omitempty"`
	Authorised   []string `json:"authorised,omitempty" yaml:"authorised,omitempty"` // recipients, one by one
	Refused      []string `json:"refused,omitempty" yaml:"refused,omitempty"`       // recipients that it objected to
}

// Service is a program that records actions for a controller.
type Service struct {
	ID   string `json:"id" yaml:"id"`
	Name string `json:"name" yaml:"name"`
	// ReportsWithin is the time in which it is bound to report: hours and minutes as 24h or 90m, or days as P1D. 24h by default.
	ReportsWithin string `json:"reportsWithin,omitempty" yaml:"reportsWithin,omitempty"`
}

// Instruction is a controller's documented instruction (Art. 28(3)(a)).
type Instruction struct {
	ID    string `json:"id" yaml:"id"`
	Title string `json:"title" yaml:"title"`
	// Purpose is a purpose by its DPV name, such as CustomerCare (Art. 5(1)(b)).
	Purpose string `json:"purpose" yaml:"purpose"`
	// Basis is A6-1-a to A6-1-f, or A6-1-ea in the UK regime; the controller chose it.
	Basis string `json:"basis" yaml:"basis"`
	// Interest names the legitimate interest, or the recognised condition that A6-1-ea needs.
	Interest string `json:"interest,omitempty" yaml:"interest,omitempty"`
	// Condition is A9-2-a to A9-2-j where special categories are permitted.
	Condition  string   `json:"condition,omitempty" yaml:"condition,omitempty"`
	Operations []string `json:"operations" yaml:"operations"`
	Categories []string `json:"categories" yaml:"categories"`
	// Recipients names recipients of the register.
	Recipients []string `json:"recipients,omitempty" yaml:"recipients,omitempty"`
	// Territory lists the countries where the data may be, or EEA.
	Territory []string    `json:"territory" yaml:"territory"`
	Retention []Retention `json:"retention,omitempty" yaml:"retention,omitempty"`
	// Safeguard is what transfers outside the processor's territory rest on (Art. 45 to 49), by its DPV name.
	Safeguard string `json:"safeguard,omitempty" yaml:"safeguard,omitempty"`
	// Erasure lists the removals that count as erasure; Erase, Destruct and Anonymise by default (Art. 17).
	Erasure   []string `json:"erasure,omitempty" yaml:"erasure,omitempty"`
	Given     Warrant  `json:"given" yaml:"given"`
	Withdrawn *Warrant `json:"withdrawn,omitempty" yaml:"withdrawn,omitempty"`
}

// Retention says how long data is kept after what (Art. 5(1)(e)).
type Retention struct {
	// After is recorded, order-closed, enquiry-answered, quote-declined, contract-ended, consent-withdrawn, date or instruction-withdrawn.
	After string `json:"after" yaml:"after"`
	// Keep is a period as ISO 8601 writes it: P7Y, P6M, P30D. After a date it may be left out, and is P0D then.
	Keep string `json:"keep,omitempty" yaml:"keep,omitempty"`
	// On is the day from which a period after a date runs, as 2027-01-31.
	On string `json:"on,omitempty" yaml:"on,omitempty"`
	// Categories are those that the rule is for; none for all that no rule of the instruction names.
	Categories []string `json:"categories,omitempty" yaml:"categories,omitempty"`
}

// Warrant says who gave or withdrew an instruction, when and how.
type Warrant struct {
	// By is the id of one of the controller's contacts.
	By string `json:"by" yaml:"by"`
	// On is the day, as 2026-01-05, or the moment, as 2026-01-05T09:30:00Z.
	On string `json:"on" yaml:"on"`
	// How is contract, signed-document, e-mail or portal.
	How string `json:"how" yaml:"how"`
	// Reference is that of the document in the processor's files.
	Reference string `json:"reference,omitempty" yaml:"reference,omitempty"`
	// Then is what becomes of the data when an instruction is withdrawn: delete, or return for handing it back to the controller before it
	// is deleted (Art. 28(3)(g)). delete by default.
	Then string `json:"then,omitempty" yaml:"then,omitempty"`
}

// ParseRegisterJSON reads a register from JSON as Decode does, strictly. It returns a *Fault that names the place.
func ParseRegisterJSON(document []byte) (Register, error) {
	var r Register
	if err := Decode(document, &r); err != nil {
		return Register{}, err
	}
	return r, nil
}

// How a declaration would change, or changed, a thing.
const (
	ChangeNew       = "new"
	ChangeChanged   = "changed"
	ChangeWithdrawn = "withdrawn"
)

// Plan is what a declaration changes.
type Plan struct {
	Changes []Change `json:"changes"`
	// Position is that of the first change where they were recorded.
	Position *uint64 `json:"position,omitempty"`
	// Recorded says that the changes are in the ledger; a plan that was only asked for, or has no changes, is not.
	Recorded bool `json:"recorded"`
}

// Change is one difference between a declaration and what is recorded.
type Change struct {
	// Kind is processor, controller, service, recipient, contact or instruction.
	Kind string `json:"kind"`
	// Controller is whose it is, empty for the processor's own and for recipients.
	Controller string `json:"controller,omitempty"`
	Name       string `json:"name"`
	// Change is ChangeNew, ChangeChanged or ChangeWithdrawn.
	Change string `json:"change"`
	// Version is that of an instruction, 0 for anything else.
	Version int `json:"version,omitempty"`
	// Summary says it in one sentence, without personal data.
	Summary string `json:"summary"`
}
