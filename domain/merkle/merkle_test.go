package merkle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/jigowatt/daybook/domain/merkle"
)

// The first two are the leaf hashes that Certificate Transparency's own implementations test RFC 6962 against.
func TestTheLeafIsThatOfRFC6962(t *testing.T) {
	for in, want := range map[string]string{
		"":     "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"\x00": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	} {
		if leaf := merkle.Leaf([]byte(in)); hex.EncodeToString(leaf[:]) != want {
			t.Errorf("the leaf of %q is %x, want %s", in, leaf, want)
		}
	}
}

func TestTheLeafCoversEveryByteAtEverySize(t *testing.T) {
	for _, n := range []int{1, 2, 63, 1022, 1023, 1024, 1025, 65_535} {
		event := bytes.Repeat([]byte{'x'}, n)
		want := sha256.Sum256(append([]byte{0}, event...))
		if got := merkle.Leaf(event); got != want {
			t.Errorf("%d bytes: the leaf is %x, want %x", n, got, want)
		}
		lent := append([]byte{'y'}, event...)
		if got := merkle.LeafAfter(lent); got != want || lent[0] != 'y' {
			t.Errorf("%d bytes: after a byte that is lent the leaf is %x, want %x", n, got, want)
		}
		event[n-1]++
		if merkle.Leaf(event) == want {
			t.Errorf("%d bytes: the last byte does not count", n)
		}
	}
}
