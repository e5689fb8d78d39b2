package domain

import "github.com/cockroachdb/errors"

// Operation is a processing operation under its DPV 2.3 name (https://w3id.org/dpv#): the eighteen that Article 4(2) lists,
// and those that a processor's instructions distinguish beside them.
type Operation string

// The operations of Article 4(2), in its order.
const (
	Collect                Operation = "Collect"
	Record                 Operation = "Record"
	Organise               Operation = "Organise"
	Structure              Operation = "Structure"
	Store                  Operation = "Store"
	Adapt                  Operation = "Adapt"
	Alter                  Operation = "Alter"
	Retrieve               Operation = "Retrieve"
	Consult                Operation = "Consult"
	Use                    Operation = "Use"
	DiscloseByTransmission Operation = "DiscloseByTransmission"
	Disseminate            Operation = "Disseminate"
	MakeAvailable          Operation = "MakeAvailable"
	Align                  Operation = "Align"
	Combine                Operation = "Combine"
	Restrict               Operation = "Restrict"
	Erase                  Operation = "Erase"
	Destruct               Operation = "Destruct"
)

// The operations beside them. Delete is removal with the possibility of retrieval and Erase without; Move takes the original
// away and Copy leaves it (DPV 2.3).
const (
	Copy         Operation = "Copy"
	Move         Operation = "Move"
	Transfer     Operation = "Transfer"
	Disclose     Operation = "Disclose"
	Export       Operation = "Export"
	Derive       Operation = "Derive"
	Anonymise    Operation = "Anonymise"
	Pseudonymise Operation = "Pseudonymise"
	Delete       Operation = "Delete"
)

// Effect is what an operation does to the data held, as far as a view of what is held must know.
type Effect uint8

// The effects.
const (
	// Neither brings data nor takes it away: consulting, using, organising.
	Neither Effect = iota
	// Brings data into a system: collecting, storing, deriving.
	Brings
	// Removes data from a system for good.
	Removes
	// Withdraws data from use with the possibility of retrieval.
	Withdraws
)

type operation struct {
	parent    Operation // permitted where the parent is
	verb      string    // past participle for a sentence
	effect    Effect
	discloses bool // names a recipient
}

var operations = map[Operation]operation{
	Collect:                {verb: "collected", effect: Brings},
	Record:                 {verb: "recorded", effect: Brings},
	Organise:               {verb: "organised"},
	Structure:              {parent: Organise, verb: "structured"},
	Store:                  {verb: "stored", effect: Brings},
	Adapt:                  {verb: "adapted"},
	Alter:                  {verb: "altered"},
	Retrieve:               {parent: Use, verb: "retrieved"},
	Consult:                {parent: Use, verb: "consulted"},
	Use:                    {verb: "used"},
	DiscloseByTransmission: {parent: Disclose, verb: "transmitted", discloses: true},
	Disseminate:            {parent: Disclose, verb: "disseminated", discloses: true},
	MakeAvailable:          {parent: Disclose, verb: "made available", discloses: true},
	Align:                  {verb: "aligned"},
	Combine:                {verb: "combined"},
	Restrict:               {verb: "restricted"},
	Erase:                  {verb: "erased", effect: Removes},
	Destruct:               {verb: "destroyed with its medium", effect: Removes},
	Copy:                   {verb: "copied", effect: Brings},
	Move:                   {parent: Transfer, verb: "moved", effect: Brings},
	Transfer:               {verb: "transferred"},
	Disclose:               {verb: "disclosed", discloses: true},
	Export:                 {parent: Disclose, verb: "exported", discloses: true},
	Derive:                 {verb: "derived", effect: Brings},
	Anonymise:              {verb: "anonymised", effect: Removes},
	Pseudonymise:           {verb: "pseudonymised"},
	Delete:                 {verb: "deleted, retrievably", effect: Withdraws},
}

// ParseOperation reads an operation by its DPV name. It returns ErrInvalid.
func ParseOperation(s string) (Operation, error) {
	op := Operation(s)
	if _, known := operations[op]; !known {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "operation"),
			"Article 4(2): name an operation as DPV does, for example Collect, Store, Use, Move, Disclose or Erase.")
	}
	return op, nil
}

// Operations lists every operation's name, the eighteen of Article 4(2) first.
func Operations() []Operation {
	return []Operation{
		Collect, Record, Organise, Structure, Store, Adapt, Alter, Retrieve, Consult, Use, DiscloseByTransmission,
		Disseminate, MakeAvailable, Align, Combine, Restrict, Erase, Destruct,
		Copy, Move, Transfer, Disclose, Export, Derive, Anonymise, Pseudonymise, Delete,
	}
}

// Within says that whoever permits the outer operation permits this one, because DPV places it beneath.
func (op Operation) Within(outer Operation) bool {
	return op == outer || (operations[op].parent != "" && operations[op].parent == outer)
}

// Verb gives the past participle for a sentence: "stored", "disclosed".
func (op Operation) Verb() string { return operations[op].verb }

// Effect says what the operation does to the data held.
func (op Operation) Effect() Effect { return operations[op].effect }

// Removal says that the operation takes data away, for good or retrievably. Taking data away brings it to nobody and nowhere.
func (op Operation) Removal() bool { return op.Effect() == Removes || op.Effect() == Withdraws }

// Discloses says that the operation gives data to a recipient, who must be named (Art. 4(9), 30(1)(d)).
func (op Operation) Discloses() bool { return operations[op].discloses }
