package tiles

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/note"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// SeedSize is the length of the seed of a signing key.
const SeedSize = ed25519.SeedSize

// Origin gives the name under which a ledger signs: the first line of its checkpoints and the name of its key.
func Origin(ledger string) string {
	if ledger == "" {
		ledger = "ledger"
	}
	return "daybook/" + ledger
}

// Checkpoint is a signed tree head (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	// Size is the number of events, which is the position after the last.
	Size domain.Position
	Root merkle.Hash
}

func (c Checkpoint) text() string {
	return c.Origin + "\n" + c.Size.String() + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// signer signs notes with an Ed25519 key (C2SP signed-note).
type signer struct {
	name string
	key  ed25519.PrivateKey
}

// Name gives the key's name, which is the log's origin.
func (s signer) Name() string { return s.name }

// KeyHash gives the key's number in a signature line.
func (s signer) KeyHash() uint32 {
	h := sha256.Sum256(append([]byte(s.name+"\n\x01"), s.key.Public().(ed25519.PublicKey)...))
	return binary.BigEndian.Uint32(h[:])
}

// Sign signs a note's text.
func (s signer) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

// verifierKey gives the key with which anybody checks: name+hash+key, as C2SP signed-note writes it.
func (s signer) verifierKey() (string, error) {
	key, err := note.NewEd25519VerifierKey(s.name, s.key.Public().(ed25519.PublicKey))
	return key, errors.Wrap(err, "verifier key")
}

// VerifierKey gives the key with which anybody checks the checkpoints that a ledger signs with a seed.
func VerifierKey(ledger string, seed []byte) (string, error) {
	s, err := newSigner(Origin(ledger), seed)
	if err != nil {
		return "", err
	}
	return s.verifierKey()
}

func newSigner(origin string, seed []byte) (signer, error) {
	if len(seed) != SeedSize {
		return signer{}, errors.AssertionFailedf("a seed of %d bytes", len(seed))
	}
	return signer{origin, ed25519.NewKeyFromSeed(seed)}, nil
}

// OpenCheckpoint reads a signed checkpoint with the verifier key of its log. It returns domain.ErrInvalid for a key that is none,
// and a *Damage where the checkpoint is not one that the key signed.
func OpenCheckpoint(signed []byte, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "verifier key"),
			"A verifier key is written as name+number+key; the ledger that signs tells it at /api/v1/proof/key.")
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, damaged("the checkpoint does not bear the ledger's signature", checkpointFile, 0, 0)
	}
	for _, s := range n.Sigs { // bits that do not count could be changed unseen
		if raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || base64.StdEncoding.EncodeToString(raw) != s.Base64 {
			return Checkpoint{}, damaged("the checkpoint has a signature that is not written as it must be", checkpointFile, 0, 0)
		}
	}
	c, ok := parseCheckpoint(n.Text)
	if !ok || c.Origin != verifier.Name() {
		return Checkpoint{}, damaged("what is signed is not a checkpoint of this ledger", checkpointFile, 0, 0)
	}
	return c, nil
}

func parseCheckpoint(text string) (c Checkpoint, ok bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return c, false
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil {
		return c, false
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != hashSize {
		return c, false
	}
	c = Checkpoint{Origin: lines[0], Size: domain.Position(size), Root: merkle.Hash(root)}
	return c, c.text() == text
}

// sign gives the signed note of a checkpoint.
func (s signer) sign(c Checkpoint) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, s)
	return bytes.Clone(signed), errors.Wrap(err, "sign a checkpoint")
}

// ClaimedSize gives the size that a checkpoint speaks of, without asking who signed it; 0 where it says none.
func ClaimedSize(signed []byte) domain.Position {
	text, _, _ := strings.Cut(string(signed), "\n\n")
	c, ok := parseCheckpoint(text + "\n")
	if !ok {
		return 0
	}
	return c.Size
}
