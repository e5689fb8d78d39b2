package tiles

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// since gives the tree with which checking goes on from a checkpoint that was verified before: the right edge of its tree, read from
// the tiles. The edge proves itself, because its root must be the one that was signed; and a tree that grows from it by the events
// of the log to the root of a later checkpoint proves that the earlier is its beginning, as a consistency proof does.
//
// It begins at the last full bundle, so that at most 255 events are hashed once more. What that gives is held against the checkpoint
// where checking comes to its size.
func since(ctx context.Context, v Verification, head Checkpoint) (*merkle.Tree, error) {
	begin := uint64(head.Size) / width * width
	var failed error
	tree, ok := merkle.Resume(begin, func(level int, index uint64, n int) ([]merkle.Hash, bool) {
		content, err := v.Files.File(ctx, place{level, index, n}.path())
		if err != nil || len(content) != n*hashSize {
			failed = err
			return nil, false
		}
		hashes := make([]merkle.Hash, n)
		for i := range hashes {
			hashes[i] = hashAt(content, i)
		}
		return hashes, true
	})
	switch {
	case ok:
		return tree, nil
	case failed != nil && !errors.Is(failed, domain.ErrNotFound):
		return nil, failed
	}
	return nil, damaged("the tiles do not reach back to the checkpoint that was verified before", "", 0, head.Size)
}
