package domain

import (
	"encoding/base64"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/errors"
)

// Personal is a value that is, or may be, personal data (Art. 4(1)) in the clear. It refuses to be printed, logged or
// marshalled, whatever struct it stands in: it is a pointer inside, so that fmt's walk through unexported fields shows an
// address and never the content. Only Reveal gives the content, and only vaults and last-moment renderers call it.
type Personal struct{ value *string }

const redacted = "‹personal›"

// NewPersonal wraps a value.
func NewPersonal(value string) Personal { return Personal{&value} }

// Reveal gives the content. The caller must not let it reach a log, an error, a metric, a subject, a header or a read model.
func (p Personal) Reveal() string {
	if p.value == nil {
		return ""
	}
	return *p.value
}

// IsZero says that there is no content.
func (p Personal) IsZero() bool { return p.value == nil || *p.value == "" }

// Format writes a placeholder for every verb.
func (p Personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String gives a placeholder.
func (p Personal) String() string { return redacted }

// LogValue gives a placeholder.
func (p Personal) LogValue() slog.Value { return slog.StringValue(redacted) }

var errPersonalMarshal = errors.AssertionFailedf("a personal value was about to be marshalled; seal it first")

// MarshalJSON fails: personal data is sealed before it is written anywhere.
func (p Personal) MarshalJSON() ([]byte, error) { return nil, errPersonalMarshal }

// MarshalText fails: personal data is sealed before it is written anywhere.
func (p Personal) MarshalText() ([]byte, error) { return nil, errPersonalMarshal }

// Sealed is personal data encrypted under the key of one dossier: the nonce and the AES-256-GCM ciphertext. It can be
// stored and copied freely; once the dossier's key is destroyed nobody can read it again.
type Sealed []byte

// IsZero says that nothing was sealed.
func (s Sealed) IsZero() bool { return len(s) == 0 }

// MarshalText writes the bytes in unpadded base64url.
func (s Sealed) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, s), nil
}

// UnmarshalText reads unpadded base64url.
func (s *Sealed) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.AppendDecode(nil, text)
	if err != nil {
		return errors.Wrap(ErrInvalid, "sealed value")
	}
	*s = b
	return nil
}
