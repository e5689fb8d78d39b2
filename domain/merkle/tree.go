package merkle

import "crypto/sha256"

// TileWidth is how many hashes a full tile holds: eight levels of the tree in one (C2SP tlog-tiles).
const TileWidth = 256

// maxLevels is how many levels of tiles 2⁶³ leaves have.
const maxLevels = 8

// Tree is a Merkle tree that keeps only its right edge: of each level of tiles, the hashes of the tile that is not full. Its zero
// value is the empty tree. It is not for several goroutines at once.
type Tree struct {
	size uint64
	edge [maxLevels][]Hash
}

// Resume gives the tree of a size whose right edge the function tells: the first width hashes of a tile, by the level of tiles, 0
// for leaves, and its place in the level. It says false where the function does, or gives too few.
func Resume(size uint64, tile func(level int, index uint64, width int) ([]Hash, bool)) (*Tree, bool) {
	t := &Tree{size: size}
	for level := range t.edge {
		count := size >> (8 * level)
		width := int(count % TileWidth)
		if width == 0 {
			continue
		}
		hashes, ok := tile(level, count/TileWidth, width)
		if !ok || len(hashes) < width {
			return nil, false
		}
		t.edge[level] = append(make([]Hash, 0, TileWidth), hashes[:width]...)
	}
	return t, true
}

// Size gives the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Levels gives how many levels of tiles there are.
func (t *Tree) Levels() int {
	n := 0
	for count := t.size; count > 0; count /= TileWidth {
		n++
	}
	return n
}

// Edge gives the hashes of a level's last tile, where it is not full. They must not be changed, and change with the next leaf.
func (t *Tree) Edge(level int) []Hash { return t.edge[level] }

// Append adds a leaf, and hands on each tile that it fills, the lowest first, whose hashes are valid during the call only. It ends
// with the first error of full; the tree must not be used after one.
func (t *Tree) Append(leaf Hash, full func(level int, index uint64, hashes []Hash) error) error {
	t.size++
	return t.raise(0, leaf, full)
}

// raise adds a hash to a level, and what it fills to the levels above.
func (t *Tree) raise(level int, hash Hash, full func(level int, index uint64, hashes []Hash) error) error {
	for ; level < maxLevels; level++ {
		if t.edge[level] == nil {
			t.edge[level] = make([]Hash, 0, TileWidth)
		}
		t.edge[level] = append(t.edge[level], hash)
		if len(t.edge[level]) < TileWidth {
			return nil
		}
		hashes := t.edge[level]
		if err := full(level, t.size>>(8*(level+1))-1, hashes); err != nil {
			return err
		}
		hash = Above(hashes)
		t.edge[level] = hashes[:0]
	}
	return nil
}

// AppendTile adds the TileWidth leaves of one full tile, and above, which Above gave for them, to a tree whose last tile of leaves
// is full: what Append does leaf by leaf, so that several tiles can be hashed at once and added in order.
func (t *Tree) AppendTile(leaves []Hash, above Hash, full func(level int, index uint64, hashes []Hash) error) error {
	t.size += TileWidth
	if err := full(0, t.size/TileWidth-1, leaves); err != nil {
		return err
	}
	return t.raise(1, above, full)
}

// Root gives the hash of the whole tree (RFC 6962, section 2.1).
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	var root Hash
	begun := false
	for _, hashes := range t.edge {
		for n := len(hashes); n > 0; { // the perfect trees in it, the smallest and rightmost first
			width := n & -n
			part := Above(hashes[n-width : n])
			if begun {
				part = Node(part, root)
			}
			root, begun, n = part, true, n-width
		}
	}
	return root
}

// Above gives the hash above hashes whose number, at most TileWidth, is a power of two. It changes none of them.
func Above(hashes []Hash) Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	var row [TileWidth / 2]Hash
	n := len(hashes) / 2
	for i := range n {
		row[i] = Node(hashes[2*i], hashes[2*i+1])
	}
	for ; n > 1; n /= 2 {
		for i := range n / 2 {
			row[i] = Node(row[2*i], row[2*i+1])
		}
	}
	return row[0]
}
