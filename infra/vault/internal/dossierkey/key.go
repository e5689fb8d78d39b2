// Package dossierkey does with one dossier's data key what vaults do with it: sealing, opening and digesting.
//
// The key is random and never derived, so that once it is destroyed nobody can make it again (Art. 17(1)).
//
// It deliberately does not know where keys are kept.
package dossierkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync/atomic"

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
	aead   cipher.AEAD
	raw    Raw
	digest atomic.Pointer[[sha256.Size]byte] // derived when it is first needed
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
	var buffer [128]byte
	text := plain.Reveal()
	sealed := make([]byte, 0, len(text)+Overhead)
	return k.aead.Seal(sealed, nil, []byte(text), append(append(buffer[:0], detail), aad...))
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
func (k *Key) Digest(content []byte) ([8]byte, error) {
	key := k.digest.Load()
	if key == nil {
		// The data key is uniformly random already, so there is nothing to extract first.
		derived, err := hkdf.Expand(sha256.New, k.raw[:], "daybook digest v1", sha256.Size)
		if err != nil {
			return [8]byte{}, errors.Wrap(err, "derive digest key")
		}
		key = (*[sha256.Size]byte)(derived)
		k.digest.Store(key)
	}
	mac := hmac.New(sha256.New, key[:])
	_, _ = mac.Write(content)
	var sum [sha256.Size]byte
	return [8]byte(mac.Sum(sum[:0])), nil
}
