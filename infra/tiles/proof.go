package tiles

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// maxProofHashes is how many hashes a proof can need: a tree of 2⁶³ events has 63 levels.
const maxProofHashes = 63

// Proof is a C2SP tlog-proof that was read: that an event stands at a position of the log that a checkpoint signs for.
type Proof struct {
	Position   domain.Position
	Checkpoint Checkpoint
	// Signed is the checkpoint's own text, with all its signatures.
	Signed []byte
}

// CheckProof holds the stored bytes of an event against a C2SP tlog-proof, with the verifier key of the log. It needs nothing else. It
// returns domain.ErrInvalid for what is no such proof or no key, and a *Damage where the proof is not one of this event in this log.
func CheckProof(proof, event []byte, key string) (Proof, error) {
	top, signed, cut := bytes.Cut(proof, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	rest, ok := []string(nil), cut && lines[0] == "c2sp.org/tlog-proof@v1"
	if rest = lines[1:]; ok && len(rest) > 0 && strings.HasPrefix(rest[0], "extra ") {
		rest = rest[1:]
	}
	if !ok || len(rest) == 0 || len(rest) > 1+maxProofHashes {
		return Proof{}, notProof()
	}
	number, ok := strings.CutPrefix(rest[0], "index ")
	at, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil || strconv.FormatUint(at, 10) != number {
		return Proof{}, notProof()
	}
	var path []merkle.Hash
	for _, line := range rest[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != hashSize {
			return Proof{}, notProof()
		}
		path = append(path, merkle.Hash(h))
	}
	c, err := OpenCheckpoint(signed, key)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{domain.Position(at), c, signed}
	if !merkle.Included(merkle.Leaf(event), at, uint64(c.Size), path, c.Root) {
		return p, damaged("the proof is not one of this event", "", p.Position, p.Position+1)
	}
	return p, nil
}

func notProof() error {
	return errors.WithHint(errors.Wrap(domain.ErrInvalid, "proof of an event"),
		"Give a file of C2SP tlog-proof: it begins with c2sp.org/tlog-proof@v1.")
}
