package tiles

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// builder turns events into the files of the tree. It keeps one bundle of entries and the right edge of the tree in memory.
type builder struct {
	tree   *merkle.Tree
	bundle []byte
	// emit takes each file that became full, bundles before the tiles above them. The content is valid during the call only.
	emit func(p place, content []byte) error
	tile [width * hashSize]byte
}

func newBuilder(emit func(place, []byte) error) *builder {
	return &builder{tree: &merkle.Tree{}, emit: emit}
}

func (b *builder) size() domain.Position { return domain.Position(b.tree.Size()) }

// add appends an event.
func (b *builder) add(event []byte) error {
	if len(event) > domain.MaxEventBytes {
		return errors.AssertionFailedf("an event of %d bytes at position %s", len(event), b.size())
	}
	lent := len(b.bundle) + 1
	b.bundle = append(append(b.bundle, byte(len(event)>>8), byte(len(event))), event...)
	leaf := merkle.LeafAfter(b.bundle[lent:])
	if (b.tree.Size()+1)%width == 0 {
		if err := b.emit(place{entries, b.tree.Size() / width, width}, b.bundle); err != nil {
			return err
		}
		b.bundle = b.bundle[:0]
	}
	return b.tree.Append(leaf, func(level int, index uint64, hashes []merkle.Hash) error {
		return b.emit(place{level, index, width}, b.join(hashes))
	})
}

func (b *builder) join(hashes []merkle.Hash) []byte {
	out := b.tile[:0]
	for i := range hashes {
		out = append(out, hashes[i][:]...)
	}
	return out
}

// partials hands on the files that are not full, as emit does with the full ones.
func (b *builder) partials(emit func(place, []byte) error) error {
	size := b.tree.Size()
	if n := int(size % width); n > 0 {
		if err := emit(place{entries, size / width, n}, b.bundle); err != nil {
			return err
		}
	}
	for level := range b.tree.Levels() {
		hashes := b.tree.Edge(level)
		if len(hashes) == 0 {
			continue
		}
		if err := emit(place{level, size >> (8 * (level + 1)), len(hashes)}, b.join(hashes)); err != nil {
			return err
		}
	}
	return nil
}
