package report

import (
	"context"
	"encoding/json"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// Prover proves that events are in the log; infra/tiles implements it.
type Prover interface {
	// Await waits until a checkpoint covers a position, or one that witnesses cosigned. It returns domain.ErrUnavailable where ctx
	// ends before.
	Await(ctx context.Context, at domain.Position, witnessed bool) error
	// Inclusion gives the C2SP tlog-proof of the event at a position.
	Inclusion(ctx context.Context, at domain.Position, witnessed bool) ([]byte, error)
}

// Wanted reads which proof is asked for with a message of a number of events. It returns domain.ErrInvalid for one that there is not, and
// for more events than one request may ask proofs for; nothing is recorded then.
func Wanted(asked string, prover Prover, events int) (wire.ProofWanted, error) {
	wanted, ok := wire.ParseProofWanted(asked)
	switch {
	case !ok:
		return wanted, errors.WithHint(errors.Wrap(domain.ErrInvalid, "a proof that there is not is asked for"), "Ask for signed or witnessed.")
	case wanted == wire.NoProof:
		return wanted, nil
	case prover == nil:
		return wanted, errors.WithHint(errors.Wrap(domain.ErrInvalid, "receipts of this ledger carry no proof"),
			"Ask the ledger that signs, or for no proof.")
	case events > wire.MaxProofs:
		return wanted, errors.WithHint(errors.Wrap(domain.ErrInvalid, "proofs are asked for more events than one request takes"),
			"Ask for proofs with at most 100 events in a request.")
	}
	return wanted, nil
}

// Prove gives the proof of a receipt's first event, nil where there is none before ctx ends: the event is on disk whatever becomes of
// its proof, which can be asked for later.
func Prove(ctx context.Context, prover Prover, r commands.Receipt, wanted wire.ProofWanted) []byte {
	if wanted == wire.NoProof || r.Events == 0 {
		return nil
	}
	witnessed := wanted == wire.WitnessedProof
	if prover.Await(ctx, r.Position, witnessed) != nil {
		return nil
	}
	proof, err := prover.Inclusion(ctx, r.Position, witnessed)
	if err != nil {
		return nil
	}
	return proof
}

// AppendProved appends the JSON of a receipt with its proof, or without one where it is nil.
func AppendProved(b []byte, r commands.Receipt, proof []byte) []byte {
	b = AppendReceipt(b, r)
	if proof == nil {
		return b
	}
	text, err := json.Marshal(string(proof))
	if err != nil { // a string always can be
		return b
	}
	return append(append(append(b[:len(b)-1], `,"proof":`...), text...), '}')
}
