package intake

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
)

// Box seals whole messages for resting on disk, headers, subject and reason included: nothing of what a service sends rests in
// the clear before it has become an event.
type Box struct{ aead cipher.AEAD }

// NewBox makes a box of a secret key of 32 bytes.
func NewBox(key []byte) (*Box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errors.NewAssertionErrorWithWrappedErrf(err, "key of the message box")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, errors.NewAssertionErrorWithWrappedErrf(err, "cipher of the message box")
	}
	return &Box{aead}, nil
}

// headBytes is how many bytes of a message are in front of its head.
const headBytes = 4

// overhead is by how much sealing makes a message longer.
func (b *Box) overhead() int { return headBytes + b.aead.Overhead() }

// boxed is what a sealed message says beside its body.
type boxed struct {
	Subject string      `json:"subject"`
	Header  nats.Header `json:"header,omitempty"`
	// Why is the problem for which a message was set aside.
	Why json.RawMessage `json:"why,omitempty"`
	// Cut is the length of a body of which only the beginning had room.
	Cut int `json:"cut,omitempty"`
}

// seal gives the sealed message, bound to the stream in which it will rest.
func (b *Box) seal(stream string, about boxed, body []byte) ([]byte, error) {
	head, err := json.Marshal(about)
	if err != nil {
		return nil, errors.Wrap(err, "box a message")
	}
	plain := binary.BigEndian.AppendUint32(make([]byte, 0, headBytes+len(head)+len(body)), uint32(len(head)))
	plain = append(append(plain, head...), body...)
	defer clear(plain)
	return b.aead.Seal(make([]byte, 0, len(plain)+b.aead.Overhead()), nil, plain, []byte(stream)), nil
}

// open gives what seal sealed. Anything else is an assertion failure: only the ledger writes the streams.
func (b *Box) open(stream string, sealed []byte) (about boxed, body []byte, err error) {
	plain, err := b.aead.Open(nil, nil, sealed, []byte(stream))
	if err != nil || len(plain) < headBytes {
		return about, nil, errors.AssertionFailedf("a resting message does not open: another key or changed bytes")
	}
	head, rest := int(binary.BigEndian.Uint32(plain)), plain[headBytes:]
	if head > len(rest) {
		return about, nil, errors.AssertionFailedf("a resting message is cut short")
	}
	if err := json.Unmarshal(rest[:head], &about); err != nil {
		return about, nil, errors.AssertionFailedf("a resting message has no head")
	}
	return about, rest[head:], nil
}
