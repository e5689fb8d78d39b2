package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

const (
	// Size is the length of a key-encryption key in bytes (AES-256).
	Size = 32
	// Overhead is how many bytes longer a wrapped key is: the nonce and the tag of AES-256-GCM.
	Overhead = 12 + 16
	// CheckSize is the length of a check value in bytes.
	CheckSize = 16

	redacted = "‹key›"
)

var (
	// ErrWrongKey says that a key was wrapped by another key-encryption key than this one.
	ErrWrongKey = errors.Wrap(domain.ErrForbidden, "the key-encryption key does not fit the data")

	errSize    = errors.Wrap(domain.ErrInvalid, "the key-encryption key has a wrong size")
	errMarshal = errors.AssertionFailedf("a key-encryption key was about to be marshalled")
)

// KEK is a key-encryption key. It refuses to be printed, logged or marshalled. Make it with New or Load; it may be copied and
// used concurrently.
type KEK struct{ key *expanded }

// expanded is behind a pointer so that fmt's walk through unexported fields shows an address.
type expanded struct {
	aead  cipher.AEAD
	check [CheckSize]byte
}

// New takes a key of Size bytes, which the caller may overwrite afterwards. It returns domain.ErrInvalid for another length.
func New(raw []byte) (KEK, error) {
	if len(raw) != Size {
		return KEK{}, errors.WithHint(errors.WithStack(errSize),
			"A key-encryption key is 32 random bytes, written in base64: openssl rand -base64 32")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return KEK{}, errors.Wrap(err, "expand key-encryption key")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return KEK{}, errors.Wrap(err, "expand key-encryption key")
	}
	check, err := hkdf.Key(sha256.New, raw, nil, "daybook key check v1", CheckSize)
	if err != nil {
		return KEK{}, errors.Wrap(err, "derive check value")
	}
	return KEK{&expanded{aead, [CheckSize]byte(check)}}, nil
}

// Wrap encrypts a key (AES-256-GCM, random nonce), bound to aad, which says whose key it is.
func (k KEK) Wrap(key, aad []byte) []byte { return k.AppendWrap(nil, key, aad) }

// AppendWrap appends to dst what Wrap gives.
func (k KEK) AppendWrap(dst, key, aad []byte) []byte { return k.key.aead.Seal(dst, nil, key, aad) }

// Unwrap decrypts what Wrap made with the same aad. It returns an assertion failure where the bytes were changed, or were
// wrapped by another key or for another owner.
func (k KEK) Unwrap(wrapped, aad []byte) ([]byte, error) {
	key, err := k.key.aead.Open(nil, nil, wrapped, aad)
	if err != nil {
		return nil, errors.NewAssertionErrorWithWrappedErrf(err, "a wrapped key was changed or belongs elsewhere")
	}
	return key, nil
}

// Check gives a value that tells whether data belongs to this key, and from which the key cannot be found.
func (k KEK) Check() []byte { return append([]byte(nil), k.key.check[:]...) }

// Fits compares a check value with this key's. It returns ErrWrongKey.
func (k KEK) Fits(check []byte) error {
	if subtle.ConstantTimeCompare(check, k.key.check[:]) == 1 {
		return nil
	}
	return errors.WithHint(errors.WithStack(ErrWrongKey),
		"Give the key that the data was made with: DAYBOOK_KEK, the credential daybook-kek, or the file keys/kek from your backup.")
}

// IsZero says that there is no key.
func (k KEK) IsZero() bool { return k.key == nil }

// Format writes a placeholder for every verb.
func (k KEK) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String gives a placeholder.
func (k KEK) String() string { return redacted }

// LogValue gives a placeholder.
func (k KEK) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON fails.
func (k KEK) MarshalJSON() ([]byte, error) { return nil, errMarshal }

// MarshalText fails.
func (k KEK) MarshalText() ([]byte, error) { return nil, errMarshal }
