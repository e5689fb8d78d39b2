package tiles

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// witnessedFile is the newest checkpoint that was cosigned as the policy demands, beside the published one, which may be newer.
const witnessedFile = "witnessed"

// Cosigner has checkpoints cosigned by witnesses; infra/witness implements it.
type Cosigner interface {
	// Cosign gives the checkpoint with the cosignatures that it got, and whether they are what the policy demands. It takes a
	// bounded time. prove gives the proof that the tree of an earlier size is the beginning of this one.
	Cosign(ctx context.Context, signed []byte, size domain.Position,
		prove func(ctx context.Context, from domain.Position) ([]merkle.Hash, error)) (cosigned []byte, met bool)
	// Met says whether a checkpoint that was kept is cosigned as the policy demands.
	Met(cosigned []byte) bool
}

// cosigning is what witnesses made of checkpoints. It is guarded by Tiles.mu.
type cosigning struct {
	cosigned  []byte // the last checkpoint with what witnesses signed of it, nil where they signed nothing
	witnessed []byte // the newest that met the policy, nil where there is none
	seen      Checkpoint
	changed   chan struct{} // closed, and made anew, when the last checkpoint or the witnessed one is another
}

// loadWitnessed reads the checkpoint that witnesses saw. It returns a *Damage where that is newer than the ledger's last: what
// witnesses saw was signed, so the ledger was put back to an older copy.
func (t *Tiles) loadWitnessed(ctx context.Context) error {
	t.changed = make(chan struct{})
	note, err := t.dir.File(ctx, witnessedFile)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	seen, err := OpenCheckpoint(note, t.key)
	switch {
	case err != nil:
		return err
	case seen.Size > t.head.Size:
		return damaged("witnesses saw a newer checkpoint than the last of this ledger", witnessedFile, t.head.Size, seen.Size)
	case seen.Size == t.head.Size && seen.Root != t.head.Root:
		return damaged("witnesses saw another checkpoint than the last of this ledger", witnessedFile, 0, seen.Size)
	case t.cfg.Cosigner != nil && t.cfg.Cosigner.Met(note): // by the policy of now
		t.witnessed, t.seen = note, seen
	}
	if seen == t.head {
		t.cosigned = note
	}
	return nil
}

// tell says to those who wait that there is something new. The caller holds mu.
func (t *Tiles) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// maxRetry bounds the pause before witnesses are asked again about a checkpoint that they did not all cosign.
const maxRetry = time.Minute

// cosignOn has every new checkpoint cosigned, at most one in each pause between checkpoints, until ctx ends. Nothing waits for it:
// where witnesses are slow, checkpoints are left out.
func (t *Tiles) cosignOn(ctx context.Context) {
	wait := t.cfg.Pause
	for {
		t.mu.Lock()
		signed, head, changed, done := t.signed, t.head, t.changed, t.seen == t.head || t.head.Size == 0
		t.mu.Unlock()
		if !done {
			done = t.cosign(ctx, signed, head)
		}
		if done {
			wait = t.cfg.Pause
		}
		retry := time.NewTimer(wait)
		again := retry.C
		if done {
			again = nil
		}
		select {
		case <-changed: // also by what cosign kept
		case <-again:
			wait = min(2*wait, maxRetry)
		case <-ctx.Done():
		}
		retry.Stop()
		if !pause(ctx, t.cfg.Every) {
			return
		}
	}
}

// cosign asks the witnesses about a checkpoint, keeps what they sign, and says whether that is what the policy demands.
func (t *Tiles) cosign(ctx context.Context, signed []byte, head Checkpoint) bool {
	note, met := t.cfg.Cosigner.Cosign(ctx, signed, head.Size, Continuing(t.dir, head))
	if bytes.Equal(note, signed) {
		return met
	}
	if met {
		if err := replace(filepath.Join(t.cfg.Dir, witnessedFile), note); err != nil {
			t.cfg.Logger.WarnContext(ctx, "a cosigned checkpoint could not be kept", slog.Any("error", err))
			return false
		}
	}
	t.mu.Lock()
	if bytes.Equal(t.signed, signed) {
		t.cosigned = note
	}
	if met {
		t.witnessed, t.seen = note, head
		t.tell()
	}
	t.mu.Unlock()
	if err := t.publish(); err != nil {
		t.cfg.Logger.WarnContext(ctx, "a cosigned checkpoint could not be published", slog.Any("error", err))
	}
	return met
}

// Continuing gives the proof, from the files of a log, that the tree of an earlier size is the beginning of that of a checkpoint, as
// Cosigner asks for it.
func Continuing(files Files, head Checkpoint) func(ctx context.Context, from domain.Position) ([]merkle.Hash, error) {
	return func(ctx context.Context, from domain.Position) ([]merkle.Hash, error) {
		proof, err := tlog.ProveTree(int64(head.Size), int64(from), reader(ctx, files, head))
		return hashes(proof), errors.Wrap(err, "prove what a witness saw")
	}
}

// Published gives the last checkpoint with the cosignatures that there are.
func (t *Tiles) Published() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.published()
}

// published is Published for who holds mu.
func (t *Tiles) published() []byte {
	if t.cosigned != nil {
		return t.cosigned
	}
	return t.signed
}

// Heads gives how many events the last checkpoint signs for, and the newest that witnesses cosigned as the policy demands.
func (t *Tiles) Heads() (signed, witnessed domain.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head.Size, t.seen.Size
}

// Await waits until a checkpoint covers a position, or one that witnesses cosigned as the policy demands. It returns
// domain.ErrUnavailable where ctx ends before, and where there are no witnesses to wait for.
func (t *Tiles) Await(ctx context.Context, at domain.Position, witnessed bool) error {
	if witnessed && t.cfg.Cosigner == nil {
		return errors.WithHint(errors.Wrap(domain.ErrUnavailable, "no witnesses are asked"), "Start the ledger with --witness-policy.")
	}
	for {
		t.mu.Lock()
		size, changed := t.head.Size, t.changed
		if witnessed {
			size = t.seen.Size
		}
		t.mu.Unlock()
		if at < size {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return notYet(witnessed)
		}
	}
}
