package wire

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// The errors of sealing. None of them repeats anything of the body.
var (
	// ErrKey says that a sealing key is of a kind or length that this version does not know.
	ErrKey = errors.New("unusable sealing key")
	// ErrContentType says that a content type is longer than the 255 bytes that a sealed body can hold.
	ErrContentType = errors.New("content type too long to seal")
	// ErrUnopened says that a sealed body does not open: another key, another controller or service, or changed bytes.
	ErrUnopened = errors.New("sealed body does not open")
)

// Key is the ledger's public sealing key as the key subject gives it: the identifiers of RFC 9180's algorithms and the
// serialised public key.
type Key struct {
	KEM  uint16 `json:"kem"`
	KDF  uint16 `json:"kdf"`
	AEAD uint16 `json:"aead"`
	// Key is the public key, in padded base64.
	Key []byte `json:"key"`
	// ID is 16 hexadecimal digits of the SHA-256 of the public key. Sealed bodies carry it, so that keys can be changed.
	ID string `json:"id"`
}

// A sealed body is: version, key id, encapsulated key, ciphertext. The plaintext is the length of the content type in one
// byte, the content type, the body.
const (
	sealVersion  = 1
	keyIDBytes   = 8
	sealHeader   = 1 + keyIDBytes
	encapsulated = 32
	tagBytes     = 16
	maxInnerType = 255
	// SealOverhead is the most bytes by which sealing makes a body longer, without the content type itself.
	SealOverhead = sealHeader + encapsulated + 1 + tagBytes
	// MaxSealedBytes is the largest sealed body.
	MaxSealedBytes = MaxBodyBytes + SealOverhead + maxInnerType
)

func suite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.DHKEM(ecdh.X25519()), hpke.HKDFSHA256(), hpke.AES256GCM()
}

// GenerateKey makes a new private sealing key for a ledger (X25519). The ledger keeps it secret; see NewKey for what it shows.
func GenerateKey() (hpke.PrivateKey, error) {
	kem, _, _ := suite()
	return kem.GenerateKey()
}

// ParsePrivateKey reads the 32 bytes that a private key's Bytes method gave. It returns ErrKey.
func ParsePrivateKey(raw []byte) (hpke.PrivateKey, error) {
	kem, _, _ := suite()
	private, err := kem.NewPrivateKey(raw)
	if err != nil {
		return nil, ErrKey
	}
	return private, nil
}

// NewKey gives what the ledger shows of its sealing key.
func NewKey(public hpke.PublicKey) Key {
	_, kdf, aead := suite()
	raw := public.Bytes()
	id := keyID(raw)
	return Key{KEM: public.KEM().ID(), KDF: kdf.ID(), AEAD: aead.ID(), Key: raw, ID: hex.EncodeToString(id[:])}
}

func keyID(public []byte) [keyIDBytes]byte {
	sum := sha256.Sum256(public)
	return [keyIDBytes]byte(sum[:keyIDBytes])
}

// Check says whether the key can seal. It returns ErrKey.
func (k Key) Check() error {
	_, err := k.public()
	return err
}

func (k Key) public() (hpke.PublicKey, error) {
	kem, kdf, aead := suite()
	if k.KEM != kem.ID() || k.KDF != kdf.ID() || k.AEAD != aead.ID() {
		return nil, ErrKey
	}
	public, err := kem.NewPublicKey(k.Key)
	if err != nil {
		return nil, ErrKey
	}
	if id := keyID(k.Key); hex.EncodeToString(id[:]) != k.ID {
		return nil, ErrKey
	}
	return public, nil
}

// info binds a sealed body to a controller and a service, so that it cannot be moved to another subject. Names hold no zero
// byte, so that the binding is unambiguous.
func info(controller, service string) []byte {
	return []byte("daybook.v1.sealed\x00" + controller + "\x00" + service)
}

// Seal encrypts a body of a content type for the ledger (HPKE, RFC 9180), bound to the controller and service of the subjects
// that it may be sent on. It returns ErrKey or ErrContentType.
func Seal(key Key, controller, service, contentType string, body []byte) ([]byte, error) {
	public, err := key.public()
	if err != nil {
		return nil, err
	}
	if len(contentType) > maxInnerType {
		return nil, ErrContentType
	}
	_, kdf, aead := suite()
	enc, sender, err := hpke.NewSender(public, kdf, aead, info(controller, service))
	if err != nil {
		return nil, ErrKey
	}
	id := keyID(key.Key)
	sealed := make([]byte, 0, len(body)+SealOverhead+len(contentType))
	sealed = append(sealed, sealVersion)
	sealed = append(sealed, id[:]...)
	plain := make([]byte, 0, 1+len(contentType)+len(body))
	plain = append(plain, byte(len(contentType)))
	plain = append(plain, contentType...)
	plain = append(plain, body...)
	ciphertext, err := sender.Seal(sealed[:sealHeader], plain)
	clear(plain)
	if err != nil {
		return nil, ErrKey
	}
	sealed = append(sealed, enc...)
	return append(sealed, ciphertext...), nil
}

// SealedFor gives the id of the key that a body was sealed for, as in Key.ID, so that a ledger with several keys can choose.
// It says false for what is not a sealed body.
func SealedFor(sealed []byte) (string, bool) {
	if len(sealed) < SealOverhead || sealed[0] != sealVersion {
		return "", false
	}
	return hex.EncodeToString(sealed[1:sealHeader]), true
}

// Open decrypts what Seal made for the private key's ledger and the same controller and service, and gives the content type
// and the body. It returns ErrUnopened for anything else.
func Open(private hpke.PrivateKey, controller, service string, sealed []byte) (contentType string, body []byte, err error) {
	if _, ok := SealedFor(sealed); !ok || len(sealed) > MaxSealedBytes {
		return "", nil, ErrUnopened
	}
	_, kdf, aead := suite()
	header, rest := sealed[:sealHeader], sealed[sealHeader:]
	recipient, err := hpke.NewRecipient(rest[:encapsulated], private, kdf, aead, info(controller, service))
	if err != nil {
		return "", nil, ErrUnopened
	}
	plain, err := recipient.Open(header, rest[encapsulated:])
	if err != nil || len(plain) == 0 || len(plain) < 1+int(plain[0]) {
		return "", nil, ErrUnopened
	}
	typeEnd := 1 + int(plain[0])
	return string(plain[1:typeEnd]), plain[typeEnd:], nil
}
