package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fault says why a JSON document was refused. It holds known names, numbers and literals, never a value.
type Fault struct {
	Code Code
	// Pointer is the RFC 6901 JSON pointer of the place, empty for the whole document.
	Pointer string
	// Detail says what is wrong there; Hint what to write instead.
	Detail string
	Hint   string
}

// Error gives the place in the words of Path, and what is wrong there.
func (f *Fault) Error() string {
	if f.Pointer == "" {
		return f.Detail
	}
	return Path(f.Pointer) + ": " + f.Detail
}

// Problem gives the RFC 9457 problem of the fault.
func (f *Fault) Problem() Problem {
	p := NewProblem(f.Code)
	p.Detail, p.Hint = f.Error(), f.Hint
	if f.Pointer != "" {
		p.Errors = []FieldError{{Pointer: f.Pointer, Detail: f.Detail}}
	}
	return p
}

// Path writes a JSON pointer as people do: /controllers/1/instructions/0/basis is controllers[1].instructions[0].basis.
func Path(pointer string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

// Decode reads one JSON document into the struct that into points to, strictly: a name that the struct does not know, a name
// twice, text where a number belongs, or anything after the document is refused with its place. Names are case-sensitive, and
// null is as good as absent. It returns a *Fault.
func Decode(document []byte, into any) error {
	switch {
	case len(document) > MaxBodyBytes:
		return &Fault{TooLarge, "", "the body is longer than the ledger takes", "Send less at once."}
	case !utf8.Valid(document):
		return &Fault{Malformed, "", "the body is not UTF-8", "Send UTF-8 without a byte order mark."}
	}
	d := strict{json.NewDecoder(bytes.NewReader(document))}
	if f := d.value(reflect.ValueOf(into).Elem(), "", 0); f != nil {
		return f
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return malformed("", d.InputOffset())
	}
	return nil
}

// strict walks a document along a Go type. encoding/json alone says neither where a fault stands nor that a name stands twice.
type strict struct{ *json.Decoder }

func malformed(pointer string, offset int64) *Fault {
	return &Fault{Malformed, pointer, fmt.Sprintf("the body is not JSON, near byte %d", offset),
		"Send UTF-8 JSON (RFC 8259), each name once in its object."}
}

func (d strict) value(v reflect.Value, pointer string, depth int) *Fault {
	if depth > MaxDepth {
		return &Fault{TooLarge, pointer, "objects and arrays are nested too deeply", "Nest at most 32 objects and arrays."}
	}
	_, leaf := v.Addr().Interface().(json.Unmarshaler)
	switch {
	case v.Kind() == reflect.Pointer:
		return d.optional(v, pointer, depth)
	case v.Kind() == reflect.Struct && !leaf:
		return d.object(v, pointer, depth)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return d.array(v, pointer, depth)
	}
	return d.leaf(v, pointer)
}

func (d strict) leaf(v reflect.Value, pointer string) *Fault {
	var raw json.RawMessage
	if err := d.Decoder.Decode(&raw); err != nil {
		return malformed(pointer, d.InputOffset())
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return &Fault{InvalidField, pointer, wanted(v), "The OpenAPI document says of what kind each member is."}
	}
	return nil
}

func wanted(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return "text is wanted here"
	case reflect.Bool:
		return "true or false is wanted here"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number is wanted here"
	}
	if v.Type().String() == "time.Time" {
		return "a time such as 2026-11-23T10:00:00Z is wanted here"
	}
	return "another kind of value is wanted here"
}

// optional reads null as absent.
func (d strict) optional(v reflect.Value, pointer string, depth int) *Fault {
	held := reflect.New(v.Type().Elem())
	present, f := d.presentOr(held.Elem(), pointer, depth)
	if f == nil && present {
		v.Set(held)
	}
	return f
}

// presentOr reads a value of a pointer's type. Objects and arrays say by their first token whether they are null; words need
// the whole value.
func (d strict) presentOr(v reflect.Value, pointer string, depth int) (bool, *Fault) {
	_, leaf := v.Addr().Interface().(json.Unmarshaler)
	if v.Kind() == reflect.Struct && !leaf {
		return d.members(v, pointer, depth)
	}
	var raw json.RawMessage
	if err := d.Decoder.Decode(&raw); err != nil {
		return false, malformed(pointer, d.InputOffset())
	}
	if string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return false, &Fault{InvalidField, pointer, wanted(v), "The OpenAPI document says of what kind each member is."}
	}
	return true, nil
}

func (d strict) object(v reflect.Value, pointer string, depth int) *Fault {
	_, f := d.members(v, pointer, depth)
	return f
}

// members reads an object and says false for null.
func (d strict) members(v reflect.Value, pointer string, depth int) (bool, *Fault) {
	switch token, err := d.Token(); {
	case err != nil:
		return false, malformed(pointer, d.InputOffset())
	case token == nil:
		return false, nil
	case token != json.Delim('{'):
		return false, &Fault{InvalidField, pointer, "an object is wanted here", "The OpenAPI document says of what kind each member is."}
	}
	fields, places := fieldsOf(v.Type())
	seen := make(map[string]bool, len(fields))
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return false, malformed(pointer, d.InputOffset())
		}
		i := slices.Index(fields, name)
		if i < 0 || name == "" {
			return false, unknownMember(pointer, name, fields)
		}
		if seen[name] {
			return false, &Fault{Malformed, pointer + "/" + name, "the name stands twice in its object", "Send each name once."}
		}
		seen[name] = true
		if f := d.value(v.FieldByIndex(places[i]), pointer+"/"+name, depth+1); f != nil {
			return false, f
		}
	}
	if _, err := d.Token(); err != nil {
		return false, malformed(pointer, d.InputOffset())
	}
	return true, nil
}

func (d strict) array(v reflect.Value, pointer string, depth int) *Fault {
	switch token, err := d.Token(); {
	case err != nil:
		return malformed(pointer, d.InputOffset())
	case token == nil:
		return nil
	case token != json.Delim('['):
		return &Fault{InvalidField, pointer, "an array is wanted here", "The OpenAPI document says of what kind each member is."}
	}
	for n := 0; d.More(); n++ {
		place := pointer + "/" + strconv.Itoa(n)
		if n == MaxRegisterItems {
			return &Fault{TooLarge, place, "the array is longer than the ledger takes", "Send less at once."}
		}
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		if f := d.value(v.Index(n), place, depth+1); f != nil {
			return f
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed(pointer, d.InputOffset())
	}
	return nil
}

// fieldsOf gives the JSON names of a struct's fields in their order, those of embedded structs among them, and where each is.
func fieldsOf(t reflect.Type) (names []string, places [][]int) {
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.Anonymous && name != "-" {
			names, places = append(names, name), append(places, field.Index)
		}
	}
	return names, places
}

// unknownMember names the nearest known member. The unknown name itself is shown only where it can hardly be a value.
func unknownMember(pointer, name string, known []string) *Fault {
	f := &Fault{UnknownField, pointer, "a member is not known", "Known here are " + strings.Join(known, ", ") + "."}
	if plainName(name) {
		f.Pointer += "/" + name
		f.Detail = "this name is not known"
	}
	if near := Nearest(name, known); near != "" {
		f.Hint = "Did you mean " + near + "?"
	}
	return f
}

func plainName(name string) bool {
	if name == "" || len(name) > MaxNameBytes {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
