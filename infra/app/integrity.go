package app

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/endmark"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/vault"
)

// signerSecret names the secret that is the seed of the key that signs checkpoints.
const signerSecret = "tlog-signer"

// tilesDir holds the second copy of the log with its proof; lastFile is the last checkpoint, which the next is held against.
const (
	tilesDir = "tiles"
	lastFile = "checkpoint"
)

// ErrDamaged says that a history is not the one that was signed; see tiles.ErrDamaged.
var ErrDamaged = tiles.ErrDamaged

type (
	// Damage is what differs first; see tiles.Damage.
	Damage = tiles.Damage
	// Verification says what to verify; see tiles.Verification.
	Verification = tiles.Verification
	// Verified is the checkpoint up to which a history was verified.
	Verified = tiles.Checkpoint
)

// Verify holds a log against its tiles and checkpoints; see tiles.Verify.
func Verify(ctx context.Context, v Verification) (Verified, error) { return tiles.Verify(ctx, v) }

// openTiles holds the log against what was signed, before anything reads it or writes to it.
func (a *App) openTiles(ctx context.Context) error {
	cfg, err := a.tilesConfig(ctx)
	if err != nil {
		return err
	}
	if err := a.openWitnesses(&cfg); err != nil {
		return err
	}
	a.tiles, err = tiles.Open(ctx, a.log, cfg)
	return errors.Wrap(err, "history")
}

func (a *App) tilesConfig(ctx context.Context) (tiles.Config, error) {
	ledger, secret, err := a.cfg.signing()
	if err != nil {
		return tiles.Config{}, err
	}
	seed, err := a.vault.Secret(ctx, secret, tiles.SeedSize)
	return tiles.Config{
		Dir: a.cfg.path(tilesDir), Last: a.cfg.path(lastFile), Ledger: ledger, Seed: seed,
		Now: a.cfg.Now, Logger: a.cfg.Logger.With(slog.String("part", "proof")),
	}, errors.Wrap(err, "seed of the signing key")
}

// explained says which positions are concerned where the log cannot be folded.
func (a *App) explained(ctx context.Context, err error) error {
	if !errors.HasAssertionFailure(err) {
		return err
	}
	if damage := a.tiles.Check(ctx); errors.Is(damage, ErrDamaged) {
		return errors.WithSecondaryError(damage, err)
	}
	return err
}

// guarded takes no append once the history was found to be damaged: whatever is written then stands on what nobody can prove.
type guarded struct {
	engine
	tiles *tiles.Tiles
	mark  *endmark.File
}

// Append is described at commands.Log. It returns domain.ErrUnavailable where the history is damaged.
func (g guarded) Append(ctx context.Context, at domain.Position, events [][]byte) error {
	if damage := g.tiles.Damage(); damage != nil {
		return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the history is damaged"), damage),
			"Nothing was recorded. The ledger's status says which positions are concerned; stop the ledger and run daybook repair.")
	}
	if err := g.engine.Append(ctx, at, events); err != nil {
		return err
	}
	// The frame is on disk: without the mark it only would not be missed.
	if err := g.mark.Note(at+domain.Position(len(events)), events[len(events)-1]); err != nil {
		g.tiles.Trouble(ctx, err)
	}
	return nil
}

// Verify holds the log against the tiles and the last checkpoint, and then its end; see Complete. It returns what tiles.Verify and
// Ends do.
func (s *Stopped) Verify(ctx context.Context, v Verification) (Verified, error) {
	v, err := s.Complete(ctx, v)
	if err != nil {
		return Verified{}, err
	}
	head, err := tiles.Verify(ctx, v)
	if err == nil {
		err = s.Ends(ctx)
	}
	return head, err
}

// Complete makes of what an auditor wants to verify, and of what the ledger has, what Verify takes. The key is the ledger's own where
// none is named. It returns domain.ErrNotFound where there is no checkpoint, and a *Damage where the log is none.
func (s *Stopped) Complete(ctx context.Context, v Verification) (Verification, error) {
	a := s.app
	if s.disk != nil && !s.disk.Known() {
		return v, found(badSettings, 0, 0)
	}
	last, err := s.lastSigned(ctx)
	switch {
	case errors.Is(err, ErrDamaged):
		return v, err
	case err != nil:
		return v, errors.WithHint(err, "Nothing was signed in this directory yet: name with --data the one that was given to daybook serve.")
	}
	if v.Key == "" {
		if v.Key, err = s.key(ctx); err != nil {
			return v, err
		}
	}
	v.Log, v.Files, v.Checkpoints = s.log, tiles.Directory(a.cfg.path(tilesDir)), append(v.Checkpoints, last)
	return v, putBack(ctx, v, last)
}

// putBack gives a *Damage where the last checkpoint is older than the published one, which no start takes either. What is wrong with
// either of them otherwise is for verifying to say.
func putBack(ctx context.Context, v Verification, last []byte) error {
	signed, err := v.Files.File(ctx, "checkpoint")
	if err != nil {
		return nil //nolint:nilerr // verifying asks for it again
	}
	published, err := tiles.OpenCheckpoint(signed, v.Key)
	if size := tiles.ClaimedSize(last); err == nil && size < published.Size {
		return found("the last checkpoint is older than the published one", size, published.Size)
	}
	return nil
}

// key gives the ledger's own verifier key.
func (s *Stopped) key(ctx context.Context) (string, error) {
	a := s.app
	if a.vault == nil {
		if a.cfg.NATSURL == "" && !vault.Exists(a.cfg.path("vault")) {
			return "", errors.WithHint(errors.Wrap(domain.ErrNotFound, "vault of the ledger"), "Name the verifier key with --key.")
		}
		if err := errors.CombineErrors(a.openVault(ctx), a.openSharedVault(ctx)); err != nil {
			return "", err
		}
	}
	cfg, err := a.tilesConfig(ctx)
	if err != nil {
		return "", err
	}
	return tiles.VerifierKey(cfg.Ledger, cfg.Seed)
}
