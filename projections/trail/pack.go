package trail

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// shape is what repeats of an event: few combinations of it are in a ledger, so that a row holds one small number for all.
type shape struct {
	kind                            string // of the event
	controller, service             string
	operation, instruction, version string
	basis, stated                   string
	categories                      string // with commas between
	system, location, recipient     string
	from, identifier                string
}

// fields gives the members in the order in which they are packed, which is part of the projection's version.
func (s *shape) fields() [14]*string {
	return [...]*string{
		&s.kind, &s.controller, &s.service, &s.operation, &s.instruction, &s.version, &s.basis, &s.stated, &s.categories,
		&s.system, &s.location, &s.recipient, &s.from, &s.identifier,
	}
}

// appendActionShape packs what repeats of an action as appendShape does, without making a shape of it: it is done for every event.
func appendActionShape(b []byte, a *dossier.ActionRecorded) []byte {
	for _, field := range [...]string{
		a.EventType(), string(a.Controller), string(a.Service), string(a.Operation), string(a.Instruction),
	} {
		b = appendText(b, field)
	}
	var digits [20]byte
	version := digits[:0]
	if a.Version != 0 {
		version = strconv.AppendInt(version, int64(a.Version), 10)
	}
	b = appendText(b, version)
	b = appendText(appendText(b, a.Basis), a.Stated)
	b = appendCategories(b, a.Categories)
	for _, field := range [...]string{a.System, string(a.Location), string(a.Recipient), a.From, a.Identifier} {
		b = appendText(b, field)
	}
	return b
}

// appendCategories packs categories as one text, with commas between.
func appendCategories(b []byte, list []domain.Category) []byte {
	size := max(0, len(list)-1)
	for _, c := range list {
		size += len(c)
	}
	b = binary.AppendUvarint(b, uint64(size))
	for i, c := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c...)
	}
	return b
}

func appendShape(b []byte, s *shape) []byte {
	for _, field := range s.fields() {
		b = appendText(b, *field)
	}
	return b
}

func (s *shape) unpack(b []byte) error {
	r := reading{rest: b}
	for _, field := range s.fields() {
		*field = string(r.text())
	}
	return r.end()
}

// appendRow packs what an event has of its own.
func appendRow(b []byte, shape int64, e *domain.Event, a *dossier.ActionRecorded) []byte {
	b = binary.AppendUvarint(b, uint64(shape))
	recorded := e.Recorded.UnixMilli()
	b = binary.AppendVarint(b, recorded)
	// Most events are reported at once: the distance is a small number. Seconds and nanoseconds apart hold any year.
	late := recorded/1000 - e.Time.Unix()
	b = binary.AppendVarint(b, late)
	b = binary.AppendUvarint(b, uint64(e.Time.Nanosecond()))
	b = binary.AppendUvarint(b, e.Sequence)
	b = binary.AppendUvarint(b, uint64(a.Findings))
	b = appendID(b, e.ID)
	b = appendText(b, a.Order)
	b = appendID(b, a.Action)
	return append(b, a.Details...)
}

// row is an unpacked row.
type row struct {
	shape      int64
	recorded   time.Time
	time       time.Time
	sequence   uint64
	findings   domain.FindingSet
	id, action string
	order      string
	details    []byte // of an action; of any other event its stored bytes
}

func (w *row) unpack(b []byte) error {
	r := reading{rest: b}
	w.shape = int64(r.uvarint())
	recorded := r.varint()
	w.recorded = time.UnixMilli(recorded).UTC()
	late := r.varint()
	w.time = time.Unix(recorded/1000-late, int64(r.uvarint())).UTC()
	w.sequence = r.uvarint()
	w.findings = domain.FindingSet(r.uvarint())
	w.id = r.id()
	w.order = string(r.text())
	w.action = r.id()
	if !r.broken && len(r.rest) > 0 {
		w.details, r.rest = r.rest, nil
	}
	return r.end()
}

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

const uuidLen = 36

// appendID packs a UUID in 16 bytes, whatever stands behind it, and any other id as it is. The first number is the length of the
// text, or 0 and then 1 for a UUID.
func appendID(b []byte, s string) []byte {
	var raw [16]byte
	if len(s) < uuidLen || !unpackUUID(raw[:], s[:uuidLen]) {
		if s == "" {
			return append(b, 0, 0)
		}
		return appendText(b, s)
	}
	b = append(append(b, 0, 1), raw[:]...)
	return appendText(b, s[uuidLen:])
}

// unpackUUID reads a UUID in its canonical form, lower case, and no other: what is read back must be what was written.
func unpackUUID(raw []byte, s string) bool {
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	var digits [32]byte
	n := copy(digits[:], s[:8])
	n += copy(digits[n:], s[9:13])
	n += copy(digits[n:], s[14:18])
	n += copy(digits[n:], s[19:23])
	copy(digits[n:], s[24:])
	_, err := hex.Decode(raw, digits[:])
	return err == nil
}

// reading unpacks. Once something does not fit, broken is set and stays so.
type reading struct {
	rest   []byte
	broken bool
}

func (r *reading) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reading) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reading) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reading) text() []byte { return r.bytes(r.uvarint()) }

func (r *reading) id() string {
	if n := r.uvarint(); n > 0 {
		return string(r.bytes(n))
	}
	if r.uvarint() == 0 {
		return ""
	}
	raw := r.bytes(16)
	if len(raw) < 16 {
		return ""
	}
	var digits [32]byte
	hex.Encode(digits[:], raw)
	s := make([]byte, 0, uuidLen+4)
	for i, part := range [...][]byte{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]} {
		if i > 0 {
			s = append(s, '-')
		}
		s = append(s, part...)
	}
	return string(append(s, r.text()...))
}

func (r *reading) end() error {
	if r.broken || len(r.rest) > 0 {
		return errors.AssertionFailedf("a row of the trail is damaged")
	}
	return nil
}
