// Package merkle holds the hashing of RFC 6962: the leaf that stands for an event's exact stored bytes, the tree that grows by one
// leaf at a time, and the checking of proofs.
//
// It deliberately stores nothing, and says only of which hashes a proof is made: they are of the whole tree.
package merkle

import "crypto/sha256"

// Hash is a SHA-256 hash: of a leaf, of a node, or of a whole tree.
type Hash = [sha256.Size]byte

// Leaf gives the leaf hash of an event's stored bytes: SHA-256 over a zero byte and the bytes (RFC 6962, section 2.1).
func Leaf(event []byte) Hash {
	var short [1024]byte
	b := append(short[:0], 0)
	return sha256.Sum256(append(b, event...))
}

// LeafAfter gives the leaf hash of an event that stands after one byte that the caller lends: it is overwritten meanwhile, and as it
// was when LeafAfter returns. It saves the copy that Leaf makes of every event.
func LeafAfter(lent []byte) Hash {
	was := lent[0]
	lent[0] = 0
	leaf := sha256.Sum256(lent)
	lent[0] = was
	return leaf
}

// Node gives the hash of the node above two others: SHA-256 over a one byte and both (RFC 6962, section 2.1).
func Node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}
