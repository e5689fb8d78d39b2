package intake

import (
	"crypto/hpke"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// Opener opens the bodies that services sealed for the ledger (HPKE, RFC 9180).
type Opener struct {
	private hpke.PrivateKey
	key     wire.Key
}

// NewOpener reads the 32 bytes of the ledger's private sealing key. Any 32 random bytes serve. It returns an assertion failure
// for another length.
func NewOpener(private []byte) (*Opener, error) {
	key, err := wire.ParsePrivateKey(private)
	if err != nil {
		return nil, errors.NewAssertionErrorWithWrappedErrf(err, "private sealing key")
	}
	return &Opener{private: key, key: wire.NewKey(key.PublicKey())}, nil
}

// Key gives what services need to seal.
func (o *Opener) Key() wire.Key { return o.key }

// Open gives the content type and the body of what was sealed for the controller and service. It returns domain.ErrInvalid, with
// a problem of the code wire.Unsealable.
func (o *Opener) Open(c domain.ControllerID, s domain.ServiceID, sealed []byte) (string, []byte, error) {
	contentType, body, err := wire.Open(o.private, string(c), string(s), sealed)
	if err != nil {
		return "", nil, problem.New(wire.Unsealable, "the sealed message does not open",
			"Fetch the ledger's key anew from daybook.v1.key and seal for the controller and service of the subject.")
	}
	if contentType == wire.ContentSealed {
		return "", nil, problem.New(wire.Unsealable, "the message is sealed twice", "Seal a message once.")
	}
	return contentType, body, nil
}
