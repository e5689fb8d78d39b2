package tiles_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/tiles"
)

// included checks the text of a tlog-proof.
func included(t *testing.T, proof []byte, key string, at domain.Position, event []byte) bool {
	t.Helper()
	top, signed, cut := bytes.Cut(proof, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	if !cut || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != "index "+at.String() {
		t.Fatalf("not a proof: %s", proof)
	}
	c, err := tiles.OpenCheckpoint(signed, key)
	must(t, err)
	var hashes []merkle.Hash
	for _, line := range lines[2:] {
		h, err := base64.StdEncoding.DecodeString(line)
		must(t, err)
		hashes = append(hashes, merkle.Hash(h))
	}
	return merkle.Included(merkle.Leaf(event), uint64(at), uint64(c.Size), hashes, c.Root)
}
