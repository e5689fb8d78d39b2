package merkle

import "math/bits"

// Subtree is a perfect subtree: of 2^Level leaves, from Index·2^Level on. A leaf is one of level 0.
type Subtree struct {
	Level int
	Index uint64
}

// Around lists the largest perfect subtrees of a tree of a size that hold none of the leaves, from left to right. Their hashes, beside
// those of the leaves, give the root: one proof of inclusion for many leaves, as short as one can be that tells nothing of the other
// leaves. Leaves are in ascending order, none twice; it says false where they are not, or are not of the tree.
func Around(size uint64, leaves []uint64) (around []Subtree, ok bool) {
	if !ascending(size, leaves) {
		return nil, false
	}
	w := walk{leaves: leaves,
		leaf:    func(int) (Hash, bool) { return Hash{}, true },
		subtree: func(s Subtree) (Hash, bool) { around = append(around, s); return Hash{}, true },
		node:    func(Hash, Hash) Hash { return Hash{} },
	}
	_, ok = w.root(size)
	return around, ok
}

// RootAround gives the root of a tree of a size from the hashes of some leaves and those of the subtrees that Around lists for them.
// It says false where these are not as many, or where Around would.
func RootAround(size uint64, leaves []uint64, hashes, around []Hash) (root Hash, ok bool) {
	if len(hashes) != len(leaves) || !ascending(size, leaves) {
		return Hash{}, false
	}
	next := 0
	w := walk{leaves: leaves, node: Node,
		leaf: func(n int) (Hash, bool) { return hashes[n], true },
		subtree: func(Subtree) (Hash, bool) {
			if next == len(around) {
				return Hash{}, false
			}
			next++
			return around[next-1], true
		},
	}
	root, ok = w.root(size)
	return root, ok && next == len(around)
}

func ascending(size uint64, leaves []uint64) bool {
	for i, leaf := range leaves {
		if leaf >= size || i > 0 && leaf <= leaves[i-1] {
			return false
		}
	}
	return true
}

// walk goes over a tree from left to right, into those subtrees only that hold one of the leaves or are not perfect.
type walk struct {
	leaves  []uint64
	at      int // of the next leaf
	leaf    func(n int) (Hash, bool)
	subtree func(Subtree) (Hash, bool)
	node    func(left, right Hash) Hash
}

func (w *walk) root(size uint64) (Hash, bool) {
	if size == 0 {
		return (&Tree{}).Root(), true
	}
	return w.over(0, size)
}

// over gives the hash over n leaves from one on (RFC 6962, section 2.1: the left part has the largest power of two below n).
func (w *walk) over(from, n uint64) (Hash, bool) {
	perfect := n&(n-1) == 0
	if perfect && (w.at == len(w.leaves) || w.leaves[w.at]-from >= n) {
		level := bits.TrailingZeros64(n)
		return w.subtree(Subtree{level, from >> level})
	}
	if n == 1 {
		w.at++
		return w.leaf(w.at - 1)
	}
	half := uint64(1) << (bits.Len64(n-1) - 1)
	left, ok := w.over(from, half)
	if !ok {
		return Hash{}, false
	}
	right, ok := w.over(from+half, n-half)
	return w.node(left, right), ok
}
