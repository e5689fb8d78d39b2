package cloudevents

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jigowatt/daybook/infra/wire"
)

// reader walks one JSON text of the shape that the contract has: objects and arrays of text. It is written by hand because it
// stands in the hottest way there is, and takes less than half the time of a walk over jsontext's tokens with the same checks; a
// fuzz test holds it against a general decoder.
// What it does not know itself, escapes and the inside of details, it leaves to jsontext. It is used by one goroutine at a
// time and pooled by its Decoder.
type reader struct {
	b       []byte // the body, valid UTF-8
	i       int    // the next byte
	scratch []byte // of one unquoted text or compacted object
	names   intern

	// Of the event that is being read.
	kind        *kind  // nil until the type was read
	schema      string // of its data, where it names one
	seen, given int    // the members of its data that were there, and those of them that say something
}

// keptScratch is the most scratch space that a pooled reader keeps.
const keptScratch = 4 << 10

// open begins a body. The whole of it must be UTF-8, so that no part of it need be looked at again for that.
func (r *reader) open(body []byte) *fault {
	r.b, r.i = body, 0
	if !utf8.Valid(body) {
		return refuse(wire.Malformed, "", "the body is not UTF-8", "Send UTF-8 without a byte order mark.")
	}
	return nil
}

// release lets go of the body and of what may be personal.
func (r *reader) release() {
	r.b = nil
	clear(r.scratch[:cap(r.scratch)])
	if cap(r.scratch) > keptScratch {
		r.scratch = nil
	}
}

// malformed says that what stands here is not JSON.
func (r *reader) malformed(pointer string) *fault {
	f := refuse(wire.Malformed, pointer, "the body is not JSON", "Send UTF-8 JSON (RFC 8259), each name once in its object.")
	f.offset = int64(r.i)
	return f
}

func (r *reader) twice(pointer string) *fault {
	f := r.malformed(pointer)
	f.detail = "a name stands twice in one object"
	return f
}

// peek gives the next byte that is not space, or 0 at the end.
func (r *reader) peek() byte {
	r.i = skipSpace(r.b, r.i)
	if r.i == len(r.b) {
		return 0
	}
	return r.b[r.i]
}

// wanted tells a value of the wrong kind from what is no value at all.
func (r *reader) wanted(pointer, detail string) *fault {
	switch c := r.peek(); {
	case c == '{', c == '[', c == '"', c == '-', c == 't', c == 'f', c == 'n', c >= '0' && c <= '9':
		return refuse(wire.InvalidField, pointer, detail, "The schemas say of what kind each member is.")
	}
	return r.malformed(pointer)
}

// enter begins an object or an array and says whether it has members.
func (r *reader) enter(opening, closing byte, base, member, detail string) (bool, *fault) {
	if r.peek() != opening {
		return false, r.wanted(base+member, detail)
	}
	r.i++
	if r.peek() == closing {
		r.i++
		return false, nil
	}
	return true, nil
}

// next goes on to the next member of an object or an array, and says whether there is one.
func (r *reader) next(closing byte, pointer string) (bool, *fault) {
	switch r.peek() {
	case ',':
		r.i++
		return true, nil
	case closing:
		r.i++
		return false, nil
	}
	return false, r.malformed(pointer)
}

// name reads a member's name and the colon after it. The bytes are valid until the next call.
func (r *reader) name(pointer string) ([]byte, *fault) {
	if r.peek() != '"' {
		return nil, r.malformed(pointer)
	}
	name, ok := r.quoted()
	if !ok || r.peek() != ':' {
		return nil, r.malformed(pointer)
	}
	r.i++
	return name, nil
}

// quoted reads the text whose quotation mark is the next byte. The bytes are valid until the next call.
func (r *reader) quoted() ([]byte, bool) {
	start := r.i
	escaped := false
	for i := start + 1; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			r.i = i + 1
			if !escaped {
				return r.b[start+1 : i], true
			}
			var err error
			// It refuses what is no escape and half a surrogate pair.
			r.scratch, err = jsontext.AppendUnquote(r.scratch[:0], r.b[start:r.i])
			return r.scratch, err == nil
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			r.i = i
			return nil, false
		}
	}
	r.i = len(r.b)
	return nil, false
}

// null reads null, where it stands next.
func (r *reader) null() bool {
	if r.peek() != 'n' || !bytes.HasPrefix(r.b[r.i:], []byte("null")) {
		return false
	}
	r.i += len("null")
	return true
}

// enclosed reads the object that stands next, by its brackets alone, and gives its bytes.
func (r *reader) enclosed() ([]byte, bool) {
	start, depth := r.i, 0
	for i := start; i < len(r.b); i++ {
		switch r.b[i] {
		case '"':
			for i++; i < len(r.b) && r.b[i] != '"'; i++ {
				if r.b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				r.i = i + 1
				return r.b[start:r.i], true
			}
		}
	}
	return nil, false
}

// end wants nothing more to come.
func (r *reader) end() *fault {
	if r.i = skipSpace(r.b, r.i); r.i != len(r.b) {
		return refuse(wire.Malformed, "", "something follows the end of the JSON text", "Send one JSON value in a body.")
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}
