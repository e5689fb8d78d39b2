// Package oversight holds what the ledger records of those who look into it: who saw a person's record, had a name revealed, took
// an export or checked the history, and why (Art. 5(1)(f), 5(2), 24, 29, 32(4)).
//
// It deliberately does not say who may look: there is no access control yet, so that an actor is who they say they are.
package oversight

import (
	"encoding/hex"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Source is the CloudEvents source of these events: a stream of its own within the log, apart from what services and the ledger
// itself recorded. No controller can bear the name in it.
const Source = domain.LedgerSource + "/oversight"

// MaxSubjects is how many of a person's keys an event names.
const MaxSubjects = domain.MaxListed

// By says who looked and why. Nothing in it names a person by anything but an id.
type By struct {
	// Actor is a contact of the register or the id of a user; empty where nobody was named.
	Actor domain.ContactID `json:"actor,omitzero"`
	// Known says how the actor is known.
	Known  Known  `json:"known"`
	Reason Reason `json:"reason"`
	// Case is the case for which it was done, where there is one.
	Case string `json:"case,omitzero"`
}

// Known says how an actor is known.
type Known string

// How an actor can be known.
const (
	// Unnamed is somebody who did not say who they are.
	Unnamed Known = "unnamed"
	// Claimed is somebody who said who they are, which nothing confirms yet.
	Claimed Known = "claimed"
)

// Reason is why somebody looked. The list is closed: free text would be a place for names, and outlives whoever is forgotten.
type Reason string

// The reasons.
const (
	Unstated    Reason = "unstated"
	ForRequest  Reason = "request"     // to answer somebody who exercises a right (Art. 12–22)
	Complaint   Reason = "complaint"   // to look into a complaint (Art. 77, DPA 2018 s. 164A)
	Instruction Reason = "instruction" // because the controller asked (Art. 28(3)(a), (h))
	Audit       Reason = "audit"       // to show or check compliance (Art. 5(2), 28(3)(h))
	Incident    Reason = "incident"    // to look into a breach (Art. 33)
	Authority   Reason = "authority"   // because an authority or court asked (Art. 31, 58)
	Support     Reason = "support"     // to help whoever runs or uses a service
	Operation   Reason = "operation"   // to keep the ledger running
)

// Reasons lists all reasons that can be stated.
func Reasons() []Reason {
	return []Reason{ForRequest, Complaint, Instruction, Audit, Incident, Authority, Support, Operation}
}

// ParseBy reads who looks and why, each of which may be left out. It returns domain.ErrInvalid, never repeating a value: it may be
// somebody's address put in the wrong place.
func ParseBy(actor, reason, inCase string) (By, error) {
	by := By{Known: Unnamed, Reason: Unstated}
	if actor != "" {
		id, err := domain.ParseName[domain.ContactID](actor)
		if err != nil {
			return By{}, errors.WithHint(errors.Wrap(err, "actor"),
				"Name who looks by the id of a contact in the register, such as petra; never by a name or an address.")
		}
		by.Actor, by.Known = id, Claimed
	}
	if reason != "" {
		if by.Reason = Reason(reason); !by.Reason.stated() {
			return By{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "reason for looking"),
				"Give one of request, complaint, instruction, audit, incident, authority, support or operation; name a case for the particulars.")
		}
	}
	if inCase != "" {
		var err error
		if by.Case, err = domain.ParseID(inCase); err != nil {
			return By{}, errors.Wrap(err, "case of a look")
		}
	}
	return by, nil
}

func (r Reason) stated() bool {
	for _, known := range Reasons() {
		if r == known {
			return true
		}
	}
	return false
}

// View is what of a person's record was looked at.
type View string

// The views of a person.
const (
	Trail    View = "trail"
	Holdings View = "holdings"
	Whole    View = "record" // identifiers, masked, holdings and the trail
	Standing View = "standing"
	Places   View = "places"
	Cases    View = "cases"
	Case     View = "case"
	Report   View = "report" // the answer to a request for access
	Looks    View = "looks"  // who looked
	Details  View = "details"
	Contacts View = "contacts"
	Entries  View = "entries" // the log, narrowed down to the person
	SetAside View = "quarantine"
	Secret   View = "secret" // what the law forbids telling the controller and the person (Art. 28(3)(a)), shown or counted
)

// Check says whether a digest and its counts can be those of an export. It returns domain.ErrInvalid.
func (e ExportMade) Check() error {
	if sum, err := hex.DecodeString(e.SHA256); err != nil || len(sum) != 32 {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "digest of an export"), "Give the file's SHA-256 in 64 hexadecimal digits.")
	}
	return nil
}

// Check says whether a verification can be of a log with an end. It returns domain.ErrInvalid.
func (v VerificationMade) Check(end domain.Position) error {
	switch root, err := hex.DecodeString(v.Root); {
	case v.Until > uint64(end) || v.From > v.Until:
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "span of a verification"), "Name positions of this ledger, the first before the end.")
	case v.Root != "" && (err != nil || len(root) != 32):
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "root of a verification"), "Give the Merkle root in 64 hexadecimal digits.")
	case v.Intact && v.Bad != nil:
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "outcome of a verification"), "A history with a wrong position is not intact.")
	}
	return nil
}
