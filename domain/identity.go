package domain

import (
	"encoding/base32"
	"encoding/binary"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cockroachdb/errors"
)

// Limits of names and identifiers. Names become NATS subject tokens and stand in every event.
const (
	MaxName            = 32
	MaxIdentifierBytes = 256
	MaxIDBytes         = 64
)

type (
	// ControllerID names a controller (Art. 4(7)): a client who decides why and how.
	ControllerID string
	// ServiceID names a service that records actions for a controller.
	ServiceID string
	// InstructionID names an instruction of one controller (Art. 28(3)(a)); its versions are counted from 1.
	InstructionID string
	// RecipientID names a recipient (Art. 4(9)): a sub-processor, another controller, an authority or a third party.
	RecipientID string
	// ContactID names a person who acts for the processor or for a controller; the person's details are sealed.
	ContactID string
)

// SafeValue marks the name as free of personal data.
func (ControllerID) SafeValue() {}

// SafeValue marks the name as free of personal data.
func (ServiceID) SafeValue() {}

// SafeValue marks the name as free of personal data.
func (RecipientID) SafeValue() {}

// SafeValue marks the name as free of personal data.
func (InstructionID) SafeValue() {}

// SafeValue marks the name as free of personal data.
func (ContactID) SafeValue() {}

// ParseName checks a name of the register: 1 to 32 of a–z, 0–9 and the hyphen, beginning with a letter or a digit.
// It returns ErrInvalid for anything else and never repeats the name, which may be somebody's address put in the wrong place.
func ParseName[T ~string](s string) (T, error) {
	if !validName(s) {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "name"),
			"A name has 1 to 32 characters of a-z, 0-9 and hyphen, and begins with a letter or a digit.")
	}
	return T(s), nil
}

func validName(s string) bool {
	if s == "" || len(s) > MaxName || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ParseID checks the id of a message: 1 to 64 of A–Z, a–z, 0–9 and . _ : -. An id rests in the clear for ever, so the
// characters of an e-mail address and of a sentence are not among them. It returns ErrInvalid.
func ParseID(s string) (string, error) {
	if s == "" || len(s) > MaxIDBytes {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "id length"), "Use a UUID as the id: 1 to 64 characters.")
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c != ':' {
			return "", errors.WithHint(errors.Wrap(ErrInvalid, "id character"),
				"Use a UUID as the id: letters, digits and . _ : - only. An id is never forgotten, so it must not identify a person.")
		}
	}
	return s, nil
}

// SubjectKey is the random pseudonym that stands in the log for one person under one controller. It is 63 random bits, so
// that a read model can hold it as a plain integer; the vault refuses to hand out one twice. It is still personal data
// (Art. 4(5), recital 26): it never enters an error, a log line or a metric.
type SubjectKey uint64

// 13 characters of Crockford's base32 in lower case hold 65 bits.
var keyEncoding = base32.NewEncoding(keyAlphabet).WithPadding(base32.NoPadding)

const (
	keyAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	keyTextLen  = 13
)

// String writes the key in 13 characters of Crockford's base32.
func (k SubjectKey) String() string { return string(k.AppendText(nil)) }

// AppendText appends the key's 13 characters.
func (k SubjectKey) AppendText(b []byte) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(k))
	return keyEncoding.AppendEncode(b, raw[:])
}

// MarshalText writes the key in 13 characters of Crockford's base32.
func (k SubjectKey) MarshalText() ([]byte, error) { return k.AppendText(nil), nil }

// UnmarshalText reads the 13 characters. It returns ErrInvalid, also where the bit that the key leaves over is set, so that a
// key has one spelling.
func (k *SubjectKey) UnmarshalText(text []byte) error {
	var raw [10]byte
	if len(text) != keyTextLen {
		return errors.Wrap(ErrInvalid, "subject key length")
	}
	n, err := keyEncoding.Decode(raw[:], text)
	if err != nil || n != 8 || strings.IndexByte(keyAlphabet, text[keyTextLen-1])&1 != 0 {
		return errors.Wrap(ErrInvalid, "subject key")
	}
	*k = SubjectKey(binary.BigEndian.Uint64(raw[:8]))
	return nil
}

// Identifier is one way to name a person to the ledger: a kind, which is not personal (email, customer, ip, phone …), and a
// value, which is. The value is kept in its normal form, so that equal identifiers are equal.
type Identifier struct {
	Kind  string
	Value Personal
}

// ParseIdentifier reads "kind:value". The kind is a name; the value has 1 to 256 bytes of UTF-8 without control characters.
// E-mail addresses are trimmed and lower-cased, IP addresses are written canonically, phone numbers lose their punctuation,
// and everything else is trimmed. It returns ErrInvalid and never repeats the value.
func ParseIdentifier(s string) (Identifier, error) {
	kind, value, ok := strings.Cut(s, ":")
	if !ok || !validName(kind) {
		return Identifier{}, errors.WithHint(errors.Wrap(ErrInvalid, "identifier kind"),
			"Write the person as kind:value, for example email:ada@example.org or customer:4711.")
	}
	value = strings.TrimSpace(value)
	if value == "" || len(value) > MaxIdentifierBytes || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return Identifier{}, errors.WithHint(errors.Wrap(ErrInvalid, "identifier value"),
			"An identifier's value has 1 to 256 bytes of UTF-8 without control characters.")
	}
	value, err := normalise(kind, value)
	if err != nil {
		return Identifier{}, err
	}
	// Lower case can be longer than what it was made of.
	if len(value) > MaxIdentifierBytes {
		return Identifier{}, errors.WithHint(errors.Wrap(ErrInvalid, "identifier in lower case"),
			"An identifier's value has 1 to 256 bytes of UTF-8 in lower case too.")
	}
	return Identifier{kind, NewPersonal(value)}, nil
}

func normalise(kind, value string) (string, error) {
	switch kind {
	case "email":
		if at := strings.LastIndexByte(value, '@'); at < 1 || at == len(value)-1 {
			return "", errors.WithHint(errors.Wrap(ErrInvalid, "email identifier"), "Write email:name@domain.")
		}
		return strings.ToLower(value), nil
	case "ip":
		addr, err := netip.ParseAddr(value)
		if err != nil {
			return "", errors.WithHint(errors.Wrap(ErrInvalid, "ip identifier"), "Write ip:192.0.2.7 or ip:2001:db8::7.")
		}
		return addr.Unmap().WithZone("").String(), nil
	case "phone":
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '+' {
				return r
			}
			return -1
		}, value)
		if strings.Trim(digits, "+") == "" {
			return "", errors.WithHint(errors.Wrap(ErrInvalid, "phone identifier"), "Write phone:+441632960001.")
		}
		return digits, nil
	default:
		return value, nil
	}
}

// Masked shows enough of an identifier for a person who already knows it to recognise it: the kind, the first character
// and, of an e-mail address, the domain's last label. It is still personal data, to be shown and never stored.
func (id Identifier) Masked() Personal {
	v := id.Value.Reveal()
	first, size := utf8.DecodeRuneInString(v)
	if size == 0 {
		return NewPersonal(id.Kind + ":")
	}
	masked := id.Kind + ":" + string(first) + "•••"
	if id.Kind == "email" {
		if dot := strings.LastIndexByte(v, '.'); dot > strings.LastIndexByte(v, '@') {
			masked += v[dot:]
		}
	}
	return NewPersonal(masked)
}
