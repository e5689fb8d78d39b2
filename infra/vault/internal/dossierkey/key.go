// Package dossierkey does with one dossier's data key what vaults do with it: sealing, opening and digesting.
//
// The key is random and never derived, so that once it is destroyed nobody can make it again (Art. 17(1)).
//
// It deliberately does not know where keys are kept.
package dossierkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

const (
	// Size is the length of a data key in bytes (AES-256).
	Size = 32
	// MACSize is the length of a blind index entry in bytes.
	MACSize = 16
	// Overhead is how many bytes sealed content is longer: nonce and tag.
	Overhead = 12 + 16
)

// MAC is the entry of an identifier in a blind index.
type MAC [MACSize]byte

// Raw is a data key as it is wrapped and kept.
type Raw [Size]byte

// Key is a data key ready for use. It may be used concurrently.
type Key struct {
	aead cipher.AEAD
	raw  Raw
}

// New makes a data key ready for use.
func New(raw *Raw) (*Key, error) {
	block, err := aes.NewCipher(raw[:])
	if err != nil {
		return nil, errors.Wrap(err, "expand data key")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, errors.Wrap(err, "expand data key")
	}
	return &Key{aead: aead, raw: *raw}, nil
}

// The first byte of the associated data keeps details and identifiers from being taken for each other.
const (
	detail     = 'd'
	identifier = 'i'
)

// Seal encrypts a detail, bound to aad.
func (k *Key) Seal(aad string, plain domain.Personal) domain.Sealed {
	text := plain.Reveal()
	// What goes through an interface does not stay on the stack: one piece of memory holds both.
	both := append(append(append(make([]byte, 0, 1+len(aad)+len(text)), detail), aad...), text...)
	bound := 1 + len(aad)
	return k.aead.Seal(make([]byte, 0, len(text)+Overhead), nil, both[bound:], both[:bound:bound])
}

// Open decrypts what Seal made with the same aad. It returns an assertion failure for anything else.
func (k *Key) Open(aad string, sealed domain.Sealed) (domain.Personal, error) {
	var buffer [128]byte
	plain, err := k.aead.Open(nil, nil, sealed, append(append(buffer[:0], detail), aad...))
	if err != nil {
		return domain.Personal{}, errors.NewAssertionErrorWithWrappedErrf(err, "a sealed detail was changed or belongs elsewhere")
	}
	return domain.NewPersonal(string(plain)), nil
}

// AppendIdentifier appends an encrypted identifier to dst, bound to its index entry.
func (k *Key) AppendIdentifier(dst []byte, mac MAC, id domain.Identifier) []byte {
	var aad [1 + MACSize]byte
	aad[0] = identifier
	copy(aad[1:], mac[:])
	var buffer [domain.MaxName + 1 + domain.MaxIdentifierBytes]byte
	return k.aead.Seal(dst, nil, AppendText(buffer[:0], id), aad[:])
}

// Identifier decrypts what AppendIdentifier made for the same index entry. It returns an assertion failure for anything else.
func (k *Key) Identifier(mac MAC, sealed []byte) (domain.Identifier, error) {
	plain, err := k.aead.Open(nil, nil, sealed, append([]byte{identifier}, mac[:]...))
	if err != nil {
		return domain.Identifier{}, errors.NewAssertionErrorWithWrappedErrf(err, "a sealed identifier was changed or belongs elsewhere")
	}
	kind, value, _ := strings.Cut(string(plain), ":")
	return domain.Identifier{Kind: kind, Value: domain.NewPersonal(value)}, nil
}

// AppendText appends an identifier as kind:value; a kind has no colon.
func AppendText(dst []byte, id domain.Identifier) []byte {
	return append(append(append(dst, id.Kind...), ':'), id.Value.Reveal()...)
}

// Digest gives the first 8 bytes of an HMAC-SHA-256 under a key that can only be had from the data key.
func (k *Key) Digest(content []byte) [8]byte {
	// The data key is uniformly random already, so that there is nothing to extract first: this is HKDF-Expand (RFC 5869, section 2.3)
	// to one block.
	key := authenticate((*[sha256.Size]byte)(&k.raw), "daybook digest v1\x01")
	sum := authenticate(&key, content)
	return [8]byte(sum[:])
}

// authenticate is HMAC-SHA256 (RFC 2104) under a key of one digest's length. It is made of two digests here because crypto/hmac takes
// eight pieces of memory for each key, and nearly every action comes with a key of its own.
func authenticate[T ~string | ~[]byte](key *[sha256.Size]byte, content T) [sha256.Size]byte {
	var short [512]byte
	inner := pad(short[:0], key, 0x36)
	sum := sha256.Sum256(append(inner, content...))
	outer := pad(short[:0], key, 0x5c)
	return sha256.Sum256(append(outer, sum[:]...))
}

// pad appends a key, filled with zeros to the block of the digest, each byte combined with another.
func pad(b []byte, key *[sha256.Size]byte, with byte) []byte {
	for _, k := range key {
		b = append(b, k^with)
	}
	for range sha256.BlockSize - sha256.Size {
		b = append(b, with)
	}
	return b
}
