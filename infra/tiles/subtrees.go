package tiles

import (
	"context"

	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jigowatt/daybook/domain/merkle"
)

// askedAtOnce is how many hashes are looked up together. Tiles that several of them need are read once; each may need one of its own,
// of 8 KiB, which bounds the memory.
const askedAtOnce = 4096

// Subtrees hands on the hashes of perfect subtrees of the tree that a checkpoint signs for, in the order in which they are asked for,
// each proved by the root. It ends with the first error of each, and returns a *Damage where the tiles do not prove them.
func Subtrees(ctx context.Context, files Files, head Checkpoint, wanted []merkle.Subtree, each func(merkle.Hash) error) error {
	read := reader(ctx, files, head)
	indexes := make([]int64, 0, min(askedAtOnce, len(wanted)))
	for len(wanted) > 0 {
		if err := ctx.Err(); err != nil {
			return ended()
		}
		indexes = indexes[:0]
		for _, s := range wanted[:min(askedAtOnce, len(wanted))] {
			indexes = append(indexes, tlog.StoredHashIndex(s.Level, int64(s.Index)))
		}
		found, err := read.ReadHashes(indexes)
		if err != nil {
			return errors.WithSecondaryError(damaged("the tiles do not prove the entries", "", 0, head.Size), err)
		}
		for _, h := range found {
			if err := each(merkle.Hash(h)); err != nil {
				return err
			}
		}
		wanted = wanted[len(indexes):]
	}
	return nil
}
