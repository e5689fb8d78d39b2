package app

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/bundle"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/infra/witness"
)

const (
	// coverage is how long a bundle or a backup waits until a checkpoint speaks of all that was recorded before.
	coverage = 30 * time.Second
	// cosigning is how long a bundle waits until witnesses have seen that checkpoint.
	cosigning = 5 * time.Second
)

type (
	// BundleVerdict is what a bundle proves; see bundle.Verdict.
	BundleVerdict = bundle.Verdict
	// BundleFault is what was found first where a bundle is false; see bundle.Fault.
	BundleFault = bundle.Fault
	// BundleManifest says what a bundle is; see bundle.Manifest.
	BundleManifest = bundle.Manifest
)

// bundle writes an evidence bundle of what was recorded before.
func (a *App) bundle(ctx context.Context, scope bundle.Scope, w io.Writer) (m bundle.Manifest, err error) {
	signed, err := a.covering(ctx, a.ledger.State().End)
	if err != nil {
		return m, err
	}
	var policy []byte
	if a.witnesses != nil {
		if policy, err = os.ReadFile(a.cfg.WitnessPolicy); err != nil {
			return m, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read the witness policy for a bundle"), err)
		}
	}
	dir, remove, err := a.scratch("bundle-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.CombineErrors(err, remove()) }()
	return bundle.Create(ctx, bundle.Sources{
		Log: a.log, Files: a.tiles, Signed: signed, Key: a.tiles.Key(), Policy: policy, Program: a.cfg.Version, Now: a.cfg.Now(), Dir: dir,
	}, scope, w)
}

// covering waits for a checkpoint that covers all before an end, and prefers one that witnesses cosigned.
func (a *App) covering(ctx context.Context, end domain.Position) ([]byte, error) {
	if err := a.covered(ctx, end); err != nil || end == 0 || a.witnesses == nil {
		return a.tiles.Published(), err
	}
	waiting, stop := context.WithTimeout(ctx, cosigning)
	defer stop()
	if a.tiles.Await(waiting, end-1, true) == nil {
		return a.tiles.File(ctx, "witnessed")
	}
	return a.tiles.Published(), nil // witnesses that do not answer hold no bundle up; who demands them sees it
}

// covered waits for a checkpoint that covers all before an end.
func (a *App) covered(ctx context.Context, end domain.Position) error {
	if end == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, coverage)
	defer cancel()
	return a.tiles.Await(ctx, end-1, false)
}

// StoppedBundle is a bundle of a stopped ledger.
type StoppedBundle struct {
	BundleManifest
	// Witnesses says that a policy is in it, and Cosigned that its checkpoint is cosigned as that demands.
	Witnesses, Cosigned bool
}

// Bundle writes an evidence bundle of a stopped ledger, up to its last checkpoint. The policy is the witnesses', that which the ledger
// was served with last where it is nil; those that have not cosigned the checkpoint are asked. Nothing records it. It returns what
// bundle.Create does, domain.ErrNotFound for a person or a case of whom nothing is recorded, and domain.ErrInvalid for a scope or a
// policy that is none.
func (s *Stopped) Bundle(ctx context.Context, in wire.BundleRequest, policy []byte, w io.Writer, progress func(done, of domain.Position)) (m StoppedBundle, err error) {
	a := s.app
	key, err := s.key(ctx)
	if err != nil {
		return m, err
	}
	v, err := s.Complete(ctx, Verification{Key: key})
	if err != nil {
		return m, err
	}
	signed, err := v.Files.File(ctx, lastFile)
	if err != nil {
		return m, errors.Wrap(err, "checkpoint for a bundle")
	}
	if policy == nil {
		if policy, err = a.keptPolicy(); err != nil {
			return m, err
		}
	}
	if m.Witnesses = policy != nil; m.Witnesses {
		if signed, m.Cosigned, err = a.witnessedBy(ctx, policy, key, signed, v.Files); err != nil {
			return m, err
		}
	}
	scope, err := s.bundleScope(ctx, in)
	if err != nil {
		return m, err
	}
	dir, remove, err := a.scratch("bundle-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.CombineErrors(err, remove()) }()
	m.BundleManifest, err = bundle.Create(ctx, bundle.Sources{
		Log: s.log, Files: v.Files, Signed: signed, Key: key, Policy: policy, Program: a.cfg.Version, Now: a.cfg.Now(), Dir: dir, Progress: progress,
	}, scope, w)
	return m, err
}

func (s *Stopped) bundleScope(ctx context.Context, in wire.BundleRequest) (bundle.Scope, error) {
	controller, err := domain.ParseName[domain.ControllerID](in.Controller)
	if err != nil {
		return bundle.Scope{}, errors.Wrap(err, "controller of a bundle")
	}
	scope := bundle.Scope{
		Kind: bundle.OfController, Controller: controller, From: (*domain.Position)(in.From), To: (*domain.Position)(in.To),
		Since: in.Since, Before: in.Before, Regulator: in.Regulator,
	}
	switch {
	case in.Person != "":
		id, err := domain.ParseIdentifier(string(in.Person))
		if err != nil {
			return scope, errors.Wrap(err, "person of a bundle")
		}
		scope.Kind = bundle.OfPerson
		scope.Subjects, err = s.app.vault.Keys(ctx, controller, id)
		return scope, errors.Wrap(err, "find the person of a bundle")
	case in.Case != "":
		scope.Kind, scope.Case, scope.Cases = bundle.OfCase, in.Case, []string{in.Case}
		scope.Subjects, err = s.subjectsOf(ctx, request.Key{Controller: controller, Case: request.ID(in.Case)})
		return scope, err
	}
	return scope, nil
}

// subjectsOf finds whose a case is, in the log: nothing else of a stopped ledger can be asked.
func (s *Stopped) subjectsOf(ctx context.Context, key request.Key) ([]domain.SubjectKey, error) {
	for batch, err := range s.log.Read(ctx, 0) {
		if err != nil {
			return nil, errors.Wrap(err, "find a case in the log")
		}
		for _, stored := range batch.Events {
			e, err := catalog.Decode(stored)
			if err != nil {
				return nil, errors.Wrap(err, "find a case among events")
			}
			if r, is := e.Fact.(request.Received); is && r.Controller == key.Controller && r.Case == key.Case {
				return r.Subjects, nil
			}
		}
		if batch.CaughtUp {
			break
		}
	}
	return nil, errors.WithHint(errors.Wrap(domain.ErrNotFound, "case of a bundle"), "Name a case of this controller by its id.")
}

// BundleCheck says what a bundle is checked with. All may be empty.
type BundleCheck struct {
	Key string // the verifier key of the ledger; the bundle's own word where it is empty
	// Policy is a C2SP tlog-policy with the witnesses that must have cosigned.
	Policy []byte
	// Kept is a checkpoint that the caller kept; it must be of the same size, and then of the same root.
	Kept     []byte
	Progress func(done, of int)
}

// VerifyBundle checks an evidence bundle. It returns what bundle.Verify does, ErrQuorum, and domain.ErrInvalid for a policy that cannot be
// read and for a checkpoint of another size: without the ledger, nothing tells whether the one continues the other.
func VerifyBundle(r io.ReaderAt, size int64, with BundleCheck) (BundleVerdict, error) {
	v, err := bundle.Verify(r, size, with.Key, with.Progress)
	if err != nil {
		return v, err
	}
	if with.Policy != nil {
		p, err := witness.ParsePolicy(with.Policy)
		if err != nil {
			return v, err
		}
		if err := p.Check(v.Signed, v.Key); err != nil {
			return v, err
		}
	}
	if with.Kept == nil {
		return v, nil
	}
	kept, err := tiles.OpenCheckpoint(with.Kept, v.Key)
	switch {
	case err != nil:
		return v, err
	case kept.Size != v.Checkpoint.Size:
		return v, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "a checkpoint of %s entries beside a bundle of %s", kept.Size, v.Checkpoint.Size),
			"Only checkpoints of one size can be compared without the ledger: ask it, with daybook verify --checkpoint for both of them.")
	case kept.Root != v.Checkpoint.Root:
		return v, &bundle.Fault{What: "the checkpoint is another than the one that you kept", File: "checkpoint"}
	}
	return v, nil
}
