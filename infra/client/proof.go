package client

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/jigowatt/daybook/infra/wire"
)

// ErrProof says that what came with a receipt does not prove that the action stands in the ledger that signs with the key: keep the
// receipt, and tell an auditor.
var ErrProof = errors.New("daybook: the proof does not hold")

// WithProofs asks with every Record for the proof that the action stands in the log, and checks it with the ledger's verifier key, as
// daybook keys export-public prints it: get that from an auditor rather than from the ledger. Record then waits for the next checkpoint,
// about a second. Where none comes in time the receipt has no proof, which is no error: the action is recorded. A proof that is false
// comes with the receipt and ErrProof.
func WithProofs(key string) Option {
	return func(o *options) {
		if _, err := readKey(key); err != nil {
			o.problem = &Error{Kind: ErrOptions, Problem: &wire.Problem{Title: "WithProofs needs a verifier key, written as name+number+key"}, Cause: err}
		}
		o.proofKey = key
	}
}

// CheckProof holds the proof of a receipt, a C2SP tlog-proof, against its leaf and position and against the verifier key of the ledger.
// It needs nothing else, so that it may be done long afterwards. It returns ErrProof, also where the receipt has no proof.
func CheckProof(r Receipt, key string) error {
	k, err := readKey(key)
	if err != nil {
		return err
	}
	top, signed, cut := strings.Cut(r.Proof, "\n\n")
	lines := strings.Split(top, "\n")
	if !cut || len(lines) < 2 || len(lines) > 2+maxProofHashes || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != "index "+strconv.FormatUint(r.Position, 10) {
		return ErrProof
	}
	var path [][]byte
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != sha256.Size {
			return ErrProof
		}
		path = append(path, hash)
	}
	size, root, ok := k.open(signed)
	if !ok || r.Position >= size || !bytes.Equal(rootOf(r.Leaf, r.Position, size-1, path), root) {
		return ErrProof
	}
	return nil
}

// maxProofHashes is how many hashes a proof can need: a tree of 2⁶³ events has 63 levels.
const maxProofHashes = 63

// verifierKey is the key of a signed note.
type verifierKey struct {
	name   string
	number uint32
	public ed25519.PublicKey
}

func readKey(text string) (verifierKey, error) {
	name, rest, _ := strings.Cut(text, "+")
	number, coded, _ := strings.Cut(rest, "+")
	hash, notHash := hex.DecodeString(number)
	key, notKey := base64.StdEncoding.DecodeString(coded)
	if notHash != nil || notKey != nil || name == "" || len(hash) != 4 || len(key) != 1+ed25519.PublicKeySize || key[0] != 1 {
		return verifierKey{}, ErrProof
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	if !bytes.Equal(sum[:4], hash) {
		return verifierKey{}, ErrProof
	}
	return verifierKey{name, binary.BigEndian.Uint32(hash), ed25519.PublicKey(key[1:])}, nil
}

// open gives what a checkpoint says, where the key signed it.
func (k verifierKey) open(signed string) (size uint64, root []byte, ok bool) {
	text, signatures, _ := strings.Cut(signed, "\n\n")
	text += "\n"
	for line := range strings.Lines(signatures) {
		coded, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— "+k.name+" ")
		raw, err := base64.StdEncoding.Strict().DecodeString(coded)
		if !is || err != nil || len(raw) != 4+ed25519.SignatureSize || binary.BigEndian.Uint32(raw) != k.number || !ed25519.Verify(k.public, []byte(text), raw[4:]) {
			continue
		}
		lines := strings.Split(text, "\n")
		if len(lines) != 4 || lines[0] != k.name {
			return 0, nil, false
		}
		size, notSize := strconv.ParseUint(lines[1], 10, 63)
		root, notRoot := base64.StdEncoding.DecodeString(lines[2])
		return size, root, notSize == nil && notRoot == nil && len(root) == sha256.Size
	}
	return 0, nil, false
}

// rootOf gives the root that a path leads to from the leaf at an index (RFC 9162, 2.1.3.2), nil where the path has another length.
func rootOf(leaf []byte, index, last uint64, path [][]byte) []byte {
	node := leaf
	for _, p := range path {
		if last == 0 {
			return nil
		}
		if index&1 == 1 || index == last {
			node = inner(p, node)
			for index&1 == 0 && index != 0 {
				index, last = index>>1, last>>1
			}
		} else {
			node = inner(node, p)
		}
		index, last = index>>1, last>>1
	}
	if last != 0 {
		return nil
	}
	return node
}

func inner(left, right []byte) []byte {
	sum := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return sum[:]
}
