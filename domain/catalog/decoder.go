package catalog

import (
	"bytes"
	"encoding/base64"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// maxInterned bounds the names that a Decoder keeps.
const maxInterned = 16_384

// Decoder decodes many events in a row. It shares the memory of names that repeat, and reads actions in the exact shape that
// Append gives them without a general JSON decoder, several times faster; every other shape takes the general way, with the same
// result. The zero value is ready. A Decoder serves one goroutine.
type Decoder struct {
	names map[string]string
}

// Decode reads the bytes of one event as the function of the same name does.
func (d *Decoder) Decode(stored []byte) (domain.Event, error) {
	if e, ok := d.canonicalAction(stored); ok {
		return e, nil
	}
	return decodeGeneral(stored)
}

const actionType = `"daybook.action.recorded.v1"`

// canonicalAction reads an action as Append writes it. It answers false, having decided nothing, for any other bytes.
func (d *Decoder) canonicalAction(stored []byte) (domain.Event, bool) {
	c := cursor{rest: stored, ok: true}
	var e domain.Event
	c.literal(envelopeID)
	e.ID = string(c.quoted())
	c.literal(envelopeSource)
	e.Source = d.intern(c.quoted())
	c.literal(envelopeType)
	c.literal(actionType)
	c.literal(envelopeTime)
	e.Time = c.time()
	c.literal(envelopeRecorded)
	e.Recorded = c.time()
	c.literal(`"`)
	if c.optional(envelopeSequence) {
		e.Sequence = c.number()
		c.literal(`"`)
	}
	c.literal(envelopeData)
	if !c.ok || e.ID == "" {
		return e, false
	}
	a := d.actionData(&c)
	c.literal("}")
	if !c.ok || len(c.rest) != 0 {
		return e, false
	}
	var err error
	if a.Controller, a.Service, err = splitSource(e.Source); err != nil {
		return e, false
	}
	e.Fact = a
	return e, true
}

func (d *Decoder) actionData(c *cursor) dossier.ActionRecorded {
	var a dossier.ActionRecorded
	c.literal(`{"subject":`)
	if a.Subject.UnmarshalText(c.quoted()) != nil {
		c.ok = false
	}
	c.literal(`,"identifier":`)
	a.Identifier = d.intern(c.quoted())
	c.literal(`,"operation":`)
	a.Operation = domain.Operation(d.intern(c.quoted()))
	a.Instruction = domain.InstructionID(d.member(c, `,"instruction":`))
	if c.optional(`,"version":`) {
		a.Version = int(c.number())
	}
	a.Basis = domain.Basis(d.member(c, `,"basis":`))
	a.Stated = domain.Basis(d.member(c, `,"stated":`))
	if c.optional(`,"categories":[`) {
		a.Categories = make([]domain.Category, 0, 4)
		for more := true; more && c.ok; more = c.optional(",") {
			a.Categories = append(a.Categories, domain.Category(d.intern(c.quoted())))
		}
		c.literal("]")
	}
	a.System = d.member(c, `,"system":`)
	a.From = d.member(c, `,"from":`)
	a.Location = domain.Location(d.member(c, `,"location":`))
	a.Recipient = domain.RecipientID(d.member(c, `,"recipient":`))
	if c.optional(`,"order":`) {
		a.Order = string(c.quoted())
	}
	if c.optional(`,"findings":[`) {
		for more := true; more && c.ok; more = c.optional(",") {
			f, err := domain.ParseFinding(string(c.quoted()))
			c.ok = c.ok && err == nil
			a.Findings = a.Findings.With(f)
		}
		c.literal("]")
	}
	if c.optional(`,"details":`) {
		sealed, err := base64.RawURLEncoding.AppendDecode(nil, c.quoted())
		c.ok = c.ok && err == nil
		a.Details = sealed
	}
	if c.optional(`,"action":`) {
		a.Action = string(c.quoted())
	}
	if c.optional(`,"announced":`) {
		a.Announced = string(c.quoted())
	}
	c.literal("}")
	return a
}

func (d *Decoder) member(c *cursor, name string) string {
	if !c.optional(name) {
		return ""
	}
	return d.intern(c.quoted())
}

func (d *Decoder) intern(b []byte) string {
	if s, known := d.names[string(b)]; known {
		return s
	}
	if d.names == nil || len(d.names) >= maxInterned {
		d.names = make(map[string]string, 64)
	}
	s := string(b)
	d.names[s] = s
	return s
}

// cursor walks over bytes that should have one exact shape. Once something differs, ok is false and stays so.
type cursor struct {
	rest []byte
	ok   bool
}

func (c *cursor) literal(s string) {
	if !c.optional(s) {
		c.ok = false
	}
}

func (c *cursor) optional(s string) bool {
	if !c.ok || len(c.rest) < len(s) || string(c.rest[:len(s)]) != s {
		return false
	}
	c.rest = c.rest[len(s):]
	return true
}

// quoted reads a JSON string that needs no unescaping.
func (c *cursor) quoted() []byte {
	if !c.optional(`"`) {
		c.ok = false
		return nil
	}
	end := bytes.IndexByte(c.rest, '"')
	if end < 0 {
		c.ok = false
		return nil
	}
	s := c.rest[:end]
	for _, b := range s {
		if b < 0x20 || b >= 0x7f || b == '\\' {
			c.ok = false
			return nil
		}
	}
	c.rest = c.rest[end+1:]
	return s
}

// time reads an RFC 3339 time in UTC up to the closing quote, which it leaves.
func (c *cursor) time() time.Time {
	end := bytes.IndexByte(c.rest, '"')
	if !c.ok || end < 1 || c.rest[end-1] != 'Z' {
		c.ok = false
		return time.Time{}
	}
	var t time.Time
	if t.UnmarshalText(c.rest[:end]) != nil {
		c.ok = false
	}
	c.rest = c.rest[end:]
	return t
}

// number reads a whole number of up to 19 digits without a leading zero.
func (c *cursor) number() uint64 {
	var n uint64
	i := 0
	for ; i < len(c.rest) && i < 19 && c.rest[i] >= '0' && c.rest[i] <= '9'; i++ {
		n = n*10 + uint64(c.rest[i]-'0')
	}
	if i == 0 || c.rest[0] == '0' {
		c.ok = false
	}
	c.rest = c.rest[i:]
	return n
}
