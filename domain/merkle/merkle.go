// Package merkle holds the hashing of RFC 6962: the leaf that stands for an event's exact stored bytes.
//
// It deliberately stores nothing.
package merkle

import "crypto/sha256"

// Leaf gives the leaf hash of an event's stored bytes: SHA-256 over a zero byte and the bytes (RFC 6962, section 2.1).
func Leaf(event []byte) [32]byte {
	var short [1024]byte
	b := append(short[:0], 0)
	return sha256.Sum256(append(b, event...))
}
