package tiles

import (
	"bytes"
	"context"
	"encoding/base64"
	"path/filepath"
	"strconv"

	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// sign makes everything durable that was taken in and signs for it. The new checkpoint is proved, from what stands on disk, to
// continue the last one.
func (t *Tiles) sign(ctx context.Context) error {
	before := t.state()
	next := Checkpoint{Origin: t.signer.name, Size: t.build.size(), Root: t.build.tree.Root()}
	if next.Size == before.Size {
		return nil
	}
	var partial []string
	if err := t.build.partials(func(p place, content []byte) error {
		partial = append(partial, p.path())
		return t.writer.write(p, content)
	}); err != nil {
		return err
	}
	if err := t.writer.sync(); err != nil {
		return err
	}
	last, err := ReadLast(t.cfg.Last)
	if err != nil {
		return err
	}
	if !bytes.Equal(last, t.Checkpoint()) {
		return damaged("the last checkpoint is not the one that this ledger signed", "", before.Size, next.Size)
	}
	if err := t.continues(ctx, before, next); err != nil {
		return err
	}
	signed, err := t.signer.sign(next)
	if err != nil {
		return err
	}
	if err := replace(t.cfg.Last, signed); err != nil {
		return err
	}
	t.mu.Lock()
	t.signed, t.head, t.trouble, t.cosigned = signed, next, nil, nil
	t.times.Signed = t.cfg.Now()
	t.tell()
	t.mu.Unlock()
	if err := t.publish(); err != nil {
		return err
	}
	t.old.next(t.cfg.Dir, partial)
	return nil
}

// publish puts the last checkpoint, with the cosignatures that there are, where others read it.
func (t *Tiles) publish() error {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	return replace(filepath.Join(t.cfg.Dir, checkpointFile), t.Published())
}

// continues proves that one tree is the beginning of another. It returns a *Damage where it is not.
func (t *Tiles) continues(ctx context.Context, before, next Checkpoint) error {
	if before.Size == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(int64(next.Size), int64(before.Size), reader(ctx, t.dir, next))
	if err != nil {
		return errors.WithSecondaryError(damaged("the tiles on disk are not those of the log", "", before.Size, next.Size), err)
	}
	if !merkle.Consistent(uint64(before.Size), before.Root, uint64(next.Size), next.Root, hashes(proof)) {
		return damaged("the log does not continue what was signed", "", before.Size, next.Size)
	}
	return nil
}

func hashes[S ~[]tlog.Hash](proof S) []merkle.Hash {
	out := make([]merkle.Hash, len(proof))
	for i, h := range proof {
		out[i] = merkle.Hash(h)
	}
	return out
}

// reader gives the hashes of a tree from its tiles, each proved by the root.
func reader(ctx context.Context, files Files, head Checkpoint) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: int64(head.Size), Hash: tlog.Hash(head.Root)}, tileReader{ctx, files})
}

// tileReader lives as long as one proof is made, and so does its context.
type tileReader struct {
	ctx   context.Context
	files Files
}

// Height gives the height of a tile.
func (tileReader) Height() int { return 8 }

// SaveTiles keeps nothing.
func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads tiles; what they hold is checked by the caller.
func (r tileReader) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(wanted))
	for i, tile := range wanted {
		p := place{tile.L, uint64(tile.N), tile.W}
		content, err := r.files.File(r.ctx, p.path())
		if err != nil {
			return nil, err
		}
		out[i] = content
	}
	return out, nil
}

// File gives a file of the log in the standard layout. It returns domain.ErrNotFound for what no checkpoint speaks of yet, or
// for a path that no file has.
func (t *Tiles) File(ctx context.Context, path string) ([]byte, error) {
	switch path {
	case checkpointFile:
		return t.Published(), nil
	case witnessedFile:
		note, err := t.dir.File(ctx, path)
		if errors.Is(err, domain.ErrNotFound) {
			err = errors.WithHint(errors.WithStack(errNoneSeen),
				"Start the ledger with --witness-policy to have checkpoints cosigned; daybook status says how the witnesses are.")
		}
		return note, err
	}
	p, err := parse(path)
	if err != nil {
		return nil, err
	}
	if p.position(p.width) > t.state().Size {
		return nil, errors.WithStack(errNoTile)
	}
	return t.dir.File(ctx, path)
}

// Inclusion gives the proof that the event at a position is in the tree of the last checkpoint, or of the newest that witnesses
// cosigned as the policy demands, as the text of a C2SP tlog-proof. It returns domain.ErrUnavailable for a position that no such
// checkpoint speaks of yet, and a *Damage where the tiles do not prove it.
func (t *Tiles) Inclusion(ctx context.Context, at domain.Position, witnessed bool) ([]byte, error) {
	t.mu.Lock()
	signed, head := t.published(), t.head
	if witnessed {
		signed, head = t.witnessed, t.seen
	}
	t.mu.Unlock()
	if at >= head.Size {
		return nil, notYet(witnessed)
	}
	proof, err := tlog.ProveRecord(int64(head.Size), int64(at), reader(ctx, t.dir, head))
	if err != nil {
		return nil, errors.WithSecondaryError(damaged("the tiles do not prove the event", "", at, at+1), err)
	}
	text := append(strconv.AppendUint([]byte("c2sp.org/tlog-proof@v1\nindex "), uint64(at), 10), '\n')
	for _, h := range proof {
		text = append(base64.StdEncoding.AppendEncode(text, h[:]), '\n')
	}
	return append(append(text, '\n'), signed...), nil
}
