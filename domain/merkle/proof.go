package merkle

// Included says that the proof shows the leaf at a place of the tree of a size and root (RFC 9162, section 2.1.3.2).
func Included(leaf Hash, index, size uint64, proof []Hash, root Hash) bool {
	if index >= size {
		return false
	}
	node, last, hash := index, size-1, leaf
	for _, other := range proof {
		if last == 0 {
			return false
		}
		if node&1 == 1 || node == last {
			hash = Node(other, hash)
			for node&1 == 0 && node != 0 {
				node, last = node>>1, last>>1
			}
		} else {
			hash = Node(hash, other)
		}
		node, last = node>>1, last>>1
	}
	return last == 0 && hash == root
}

// Consistent says that the proof shows the tree of the older size and root to be the beginning of the newer (RFC 9162, section
// 2.1.4.2). An empty tree is the beginning of every tree, and needs no proof.
func Consistent(older uint64, olderRoot Hash, newer uint64, newerRoot Hash, proof []Hash) bool {
	switch {
	case older > newer:
		return false
	case older == newer:
		return len(proof) == 0 && olderRoot == newerRoot
	case older == 0:
		return len(proof) == 0
	}
	if older&(older-1) == 0 {
		proof = append([]Hash{olderRoot}, proof...)
	}
	if len(proof) == 0 {
		return false
	}
	node, last := older-1, newer-1
	for node&1 == 1 {
		node, last = node>>1, last>>1
	}
	first, second := proof[0], proof[0]
	for _, other := range proof[1:] {
		if last == 0 {
			return false
		}
		if node&1 == 1 || node == last {
			first, second = Node(other, first), Node(other, second)
			for node&1 == 0 && node != 0 {
				node, last = node>>1, last>>1
			}
		} else {
			second = Node(second, other)
		}
		node, last = node>>1, last>>1
	}
	return last == 0 && first == olderRoot && second == newerRoot
}
