package tiles

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"sort"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// Log is the event log as it is followed. It is described at projections.Log.
type Log interface {
	Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error]
}

// Verification says what to hold a log against. Log, Files and Key are required.
type Verification struct {
	Log   Log
	Files Files
	Key   string // the verifier key
	// Checkpoints are further ones that the log must agree with, such as the last that an auditor saw.
	Checkpoints [][]byte
	// Since is a checkpoint up to which the auditor verified everything before, nil for none: only what was added to it is checked,
	// and that it is the beginning of what stands now. The other checkpoints must not be older.
	Since []byte
	// Progress hears now and then how many of the events were checked.
	Progress func(done, of domain.Position)
}

// From gives the position from which on entries are checked: the size of the checkpoint in Since, 0 where there is none.
func (v Verification) From() domain.Position { return ClaimedSize(v.Since) }

// Verify holds every event against the entries, tiles and checkpoints, and gives the newest checkpoint. It returns a *Damage with
// the first bad position where anything differs, domain.ErrNotFound where there is no checkpoint and never was, domain.ErrInvalid for a key that
// is none, and domain.ErrUnavailable.
func Verify(ctx context.Context, v Verification) (Checkpoint, error) {
	signed, err := v.Files.File(ctx, checkpointFile)
	if errors.Is(err, domain.ErrNotFound) {
		return Checkpoint{}, v.unsigned()
	}
	if err != nil {
		return Checkpoint{}, err
	}
	heads, err := v.heads(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	last := heads[len(heads)-1]
	h := holding{log: v.Log, files: v.Files, tree: &merkle.Tree{}, progress: func(done domain.Position) {
		if v.Progress != nil {
			v.Progress(done, last.Size)
		}
	}}
	if v.Since != nil {
		if h.tree, err = since(ctx, v, heads[0]); err != nil {
			return last, err
		}
	}
	return last, h.hold(ctx, heads)
}

// unsigned makes the error for a proof without a checkpoint: damage where somebody kept one, because what was signed once is gone.
func (v Verification) unsigned() error {
	size := domain.Position(0)
	for _, kept := range append([][]byte{v.Since}, v.Checkpoints...) {
		size = max(size, ClaimedSize(kept))
	}
	if size > 0 {
		return damaged("the tiles have lost their checkpoint", checkpointFile, 0, size)
	}
	return errors.WithStack(errNone)
}

// heads gives the checkpoints that the log must agree with, in the order of their sizes.
func (v Verification) heads(signed []byte) ([]Checkpoint, error) {
	notes := append([][]byte{signed}, v.Checkpoints...)
	if v.Since != nil {
		notes = append([][]byte{v.Since}, notes...)
	}
	var heads []Checkpoint
	for _, note := range notes {
		c, err := OpenCheckpoint(note, v.Key)
		if err != nil {
			return nil, err
		}
		if v.Since != nil && len(heads) > 0 && c.Size < heads[0].Size {
			if len(heads) == 1 { // the ledger's own
				return nil, damaged("the history is shorter than the checkpoint that was verified before", checkpointFile, c.Size, heads[0].Size)
			}
			return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "a checkpoint older than the one to begin at"),
				"Leave out --checkpoint, or begin with the oldest checkpoint that you kept.")
		}
		heads = append(heads, c)
	}
	slices.SortStableFunc(heads, func(a, b Checkpoint) int { return int(int64(a.Size) - int64(b.Size)) })
	return heads, nil
}

// feed adds the events of the log to the tree up to a size. It returns a *Damage where the log does not have them.
func feed(ctx context.Context, log Log, b *builder, size domain.Position) error {
	var failed error
	err := events(ctx, log, b.size(), size, func(event []byte) bool {
		failed = b.add(event)
		return failed == nil
	})
	return errors.CombineErrors(failed, err)
}

// events hands on the events of the log from a position up to a size, until take says false. It returns a *Damage where the log does
// not have them.
func events(ctx context.Context, log Log, from, size domain.Position, take func(event []byte) bool) error {
	if from == size {
		return nil
	}
	at := from
	for batch, err := range log.Read(ctx, from) {
		switch {
		case errors.Is(err, domain.ErrInvalid):
			return shorter(End(ctx, log, at), size)
		case errors.HasAssertionFailure(err):
			return errors.WithSecondaryError(damaged("the log has a gap or cannot be read", "", at, at+1), err)
		case err != nil:
			return errors.Wrap(err, "read the log against its proof")
		case batch.At != at:
			return damaged("the log has a gap", "", at, batch.At)
		}
		for _, event := range batch.Events[:min(len(batch.Events), int(size-at))] {
			if !take(event) {
				return nil
			}
			at++
		}
		if at == size {
			return nil
		}
		if batch.CaughtUp {
			return shorter(at, size)
		}
	}
	return ended()
}

func ended() error { return errors.Wrap(domain.ErrUnavailable, "the check of the log was ended") }

func shorter(end, size domain.Position) error {
	return damaged("the log is shorter than what was signed", "", end, size)
}

// End finds the end of a log that ends before a position.
func End(ctx context.Context, log Log, before domain.Position) domain.Position {
	beyond := sort.Search(int(before), func(i int) bool {
		for _, err := range log.Read(ctx, domain.Position(i)) {
			return err != nil
		}
		return true
	})
	return domain.Position(max(beyond-1, 0))
}

// compare holds a file against what it must be by the events of the log.
func compare(ctx context.Context, files Files, p place, content []byte) error {
	have, err := files.File(ctx, p.path())
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return damaged("a file of the proof is missing", p.path(), p.position(0), p.position(p.width))
	case err != nil:
		return err
	case bytes.Equal(have, content):
		return nil
	case p.level == entries:
		return compareEntries(ctx, files, p, have, content)
	}
	for i := range p.width {
		if len(have) < (i+1)*hashSize || hashAt(have, i) != hashAt(content, i) {
			return damaged("a tile is not that of the events", p.path(), p.position(i), p.position(i+1))
		}
	}
	return damaged("a tile is longer than it may be", p.path(), p.position(p.width-1), p.position(p.width))
}

// compareEntries finds the first entry that differs, and asks the tile which of the two is the one that was signed.
func compareEntries(ctx context.Context, files Files, p place, have, content []byte) error {
	tile, err := files.File(ctx, place{0, p.index, p.width}.path())
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	for i := range p.width {
		n, m := entryLength(content), entryLength(have)
		if m >= 0 && bytes.Equal(content[:n], have[:m]) {
			content, have = content[n:], have[m:]
			continue
		}
		at, signed := p.position(i), func(event []byte) bool {
			return len(tile) >= (i+1)*hashSize && merkle.Leaf(event) == hashAt(tile, i)
		}
		switch {
		case signed(content[2:n]):
			return damaged("an entry is not the event of the log, which is the one in the tile", p.path(), at, at+1)
		case m >= 0 && signed(have[2:m]):
			return damaged("the event in the log is not the one in the entries and the tile", p.path(), at, at+1)
		}
		return damaged("the event in the log, the entry and the tile differ", p.path(), at, at+1)
	}
	return damaged("a bundle of entries is longer than it may be", p.path(), p.position(p.width-1), p.position(p.width))
}
