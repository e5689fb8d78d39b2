package app

import (
	"bytes"
	"context"
	"log/slog"
	"os"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/infra/witness"
)

// ErrQuorum says that the witnesses that a policy demands did not cosign; see witness.ErrQuorum.
var ErrQuorum = witness.ErrQuorum

// openWitnesses reads the policy, where one is named, and makes the asking of its witnesses a part of the proof.
func (a *App) openWitnesses(cfg *tiles.Config) error {
	if a.cfg.WitnessPolicy == "" {
		return nil
	}
	text, err := os.ReadFile(a.cfg.WitnessPolicy)
	if err != nil {
		return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrInvalid, "read the witness policy"), err),
			"Name with --witness-policy a file that can be read.")
	}
	policy, err := witness.ParsePolicy(text)
	if err != nil {
		return err
	}
	key, err := tiles.VerifierKey(cfg.Ledger, cfg.Seed)
	if err != nil {
		return err
	}
	if err := a.keepPolicy(text); err != nil {
		return err
	}
	a.witnesses = witness.New(policy, key, witness.Config{Now: a.cfg.Now, Logger: a.cfg.Logger.With(slog.String("part", "witnesses"))})
	a.closers.add(a.witnesses.Close)
	cfg.Cosigner = a.witnesses
	return nil
}

// proving says how far the history is signed, and when it was looked at.
func (a *App) proving() *wire.ProofStatus {
	signed, _ := a.tiles.Heads()
	at := a.tiles.Times()
	return &wire.ProofStatus{
		Signed: uint64(signed), SignedAt: at.Signed.UTC(), EndCheckedAt: at.End.UTC(), Checked: uint64(at.WholeSize), CheckedAt: at.Whole.UTC(),
	}
}

// policyFile is the witness policy that the ledger was served with last, for bundles and backups of the stopped ledger.
const policyFile = "witness-policy"

func (a *App) keepPolicy(text []byte) error {
	if kept, err := a.keptPolicy(); err != nil || bytes.Equal(kept, text) {
		return err
	}
	return errors.Wrap(tiles.Directory(a.cfg.Data).Replace(policyFile, text), "keep the witness policy")
}

// keptPolicy gives that policy, nil where there is none.
func (a *App) keptPolicy() ([]byte, error) {
	text, err := os.ReadFile(a.cfg.path(policyFile))
	if err != nil && !os.IsNotExist(err) {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read the witness policy that was kept"), err)
	}
	return text, nil
}

// witnessedBy gives a checkpoint of a stopped ledger with the cosignatures that a policy demands, and says whether it has them: those that
// it bears, or those of the witnesses, which are asked once. It returns domain.ErrInvalid for a policy that cannot be read.
func (a *App) witnessedBy(ctx context.Context, policy []byte, key string, signed []byte, files tiles.Files) (cosigned []byte, met bool, err error) {
	p, err := witness.ParsePolicy(policy)
	if err != nil || p.Check(signed, key) == nil {
		return signed, err == nil, err
	}
	cosigned, met, _, err = a.askWitnesses(ctx, p, key, signed, files)
	return cosigned, met, err
}

// askWitnesses has witnesses cosign a checkpoint of a ledger that nobody serves, and says how they are. It takes a few seconds at most.
func (a *App) askWitnesses(ctx context.Context, p *witness.Policy, key string, signed []byte, files tiles.Files) (cosigned []byte, met bool, states []witness.State, err error) {
	head, err := tiles.OpenCheckpoint(signed, key)
	if err != nil {
		return nil, false, nil, err
	}
	w := witness.New(p, key, witness.Config{Now: a.cfg.Now})
	cosigned, met = w.Cosign(ctx, signed, head.Size, tiles.Continuing(files, head))
	return cosigned, met, w.States(), w.Close()
}

// witnessing says how the witnesses are, nil where none are asked.
func (a *App) witnessing() *wire.Witnessing {
	if a.witnesses == nil {
		return nil
	}
	signed, witnessed := a.tiles.Heads()
	out := &wire.Witnessing{Signed: uint64(signed), Witnessed: uint64(witnessed), Witnesses: []wire.Witness{}}
	for _, s := range a.witnesses.States() {
		out.Witnesses = append(out.Witnesses, wire.Witness{
			Name: s.Name, Cosigned: uint64(s.Size), At: s.At, Problem: s.Problem, Refused: s.Refused,
		})
	}
	return out
}

// Quorum makes a verification demand that witnesses cosigned as a C2SP tlog-policy says: it looks for the newest checkpoint of the
// files that they did, and has the log held against it, too. It returns the checkpoint, ErrQuorum where there is none, and
// domain.ErrInvalid for a policy that cannot be read.
func Quorum(ctx context.Context, v *Verification, policy []byte) (Verified, error) {
	p, err := witness.ParsePolicy(policy)
	if err != nil {
		return Verified{}, err
	}
	why := errors.WithStack(ErrQuorum)
	for _, file := range []string{"checkpoint", "witnessed"} {
		note, err := v.Files.File(ctx, file)
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return Verified{}, err
		}
		head, err := tiles.OpenCheckpoint(note, v.Key)
		if err != nil {
			return Verified{}, err
		}
		if why = p.Check(note, v.Key); why == nil {
			v.Checkpoints = append(v.Checkpoints, note)
			return head, nil
		}
	}
	return Verified{}, why
}

// Proof is a proof that was checked; see tiles.Proof.
type Proof = tiles.Proof

// CheckProof holds an event's stored bytes against a C2SP tlog-proof, with the verifier key of the log, and against a C2SP tlog-policy
// where that is not nil. It returns what tiles.CheckProof does, and ErrQuorum.
func CheckProof(proof, event []byte, key string, policy []byte) (Proof, error) {
	checked, err := tiles.CheckProof(proof, event, key)
	if err != nil || policy == nil {
		return checked, err
	}
	p, err := witness.ParsePolicy(policy)
	if err != nil {
		return checked, err
	}
	return checked, p.Check(checked.Signed, key)
}
