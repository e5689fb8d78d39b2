package wire

import "time"

// ProofWanted says which proof receipts are to carry: the proof parameter of the HTTP API, or HeaderProof over NATS.
type ProofWanted string

// What can be asked for. A proof rests on a checkpoint, which is signed up to a second after an event is on disk; the answer to who
// asks waits for it, 5 seconds at most, and comes without a proof where there is none by then.
const (
	NoProof ProofWanted = ""
	// SignedProof rests on the ledger's own signature.
	SignedProof ProofWanted = "signed"
	// WitnessedProof rests on the cosignatures of witnesses, too, as the ledger's policy demands them.
	WitnessedProof ProofWanted = "witnessed"
)

// HeaderProof asks for a proof in the receipt of a NATS request on a Record subject.
const HeaderProof = "Daybook-Proof"

// MaxProofs is how many events one request may hold that asks for proofs.
const MaxProofs = 100

// ParseProofWanted reads what is asked for, and says whether it can be.
func ParseProofWanted(s string) (ProofWanted, bool) {
	switch w := ProofWanted(s); w {
	case NoProof, SignedProof, WitnessedProof:
		return w, true
	}
	return NoProof, false
}

// ProofStatus says how far the history is signed, and when it was last held against what was signed. A time is zero where that was not
// done since the ledger started.
type ProofStatus struct {
	// Signed is the number of entries beneath the last checkpoint, and SignedAt when that was signed.
	Signed   uint64    `json:"signed"`
	SignedAt time.Time `json:"signedAt,omitzero"`
	// EndCheckedAt is when the end of the log was last found to be what was signed; that is done every few seconds.
	EndCheckedAt time.Time `json:"endCheckedAt,omitzero"`
	// Checked is how many entries were looked at when the whole log was last found to be what was signed, at CheckedAt.
	Checked   uint64    `json:"checked"`
	CheckedAt time.Time `json:"checkedAt,omitzero"`
}

// Witnessing says how far the history is signed, and how far witnesses cosigned it as the ledger's policy demands.
type Witnessing struct {
	// Signed and Witnessed are the numbers of entries beneath the last checkpoint and beneath the newest that met the policy.
	Signed    uint64    `json:"signed"`
	Witnessed uint64    `json:"witnessed"`
	Witnesses []Witness `json:"witnesses"`
}

// Witness says how one witness is.
type Witness struct {
	Name string `json:"name"`
	// Cosigned is the number of entries of the newest checkpoint that it cosigned since the ledger started, At when.
	Cosigned uint64    `json:"cosigned"`
	At       time.Time `json:"at,omitzero"`
	// Problem says why it did not cosign the last checkpoint that it was asked about, empty where it did.
	Problem string `json:"problem,omitempty"`
	// Refused says that it saw another history than this one: the ledger was put back to an older copy, or somebody signs with its key.
	Refused bool `json:"refused,omitempty"`
}

// Notes gives a sentence for each witness that does not cosign.
func (w *Witnessing) Notes() []string {
	var notes []string
	if w == nil {
		return notes
	}
	for _, witness := range w.Witnesses {
		if witness.Problem != "" {
			notes = append(notes, "witness "+witness.Name+": "+witness.Problem)
		}
	}
	return notes
}
