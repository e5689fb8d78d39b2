package cloudevents

import (
	"fmt"
	"strconv"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// fault is why a message was refused. It holds literals, known names, and numbers, never a value; all of it but foreign is
// safe to log.
type fault struct {
	code    wire.Code
	pointer string // of known names and indexes
	foreign string // the cleaned name of an unknown member, shown to its sender alone
	detail  string
	hint    string
	item    int // index in a batch, or -1
	offset  int64
}

// Error gives the place and the reason, and no value.
func (f *fault) Error() string {
	return fmt.Sprintf("%s%s: %v", f.place(), f.detail, domain.ErrInvalid)
}

func (f *fault) place() string {
	place := "event"
	if f.item >= 0 {
		place += " " + strconv.Itoa(f.item)
	}
	if f.pointer != "" {
		place += " " + f.pointer
	}
	return place + ": "
}

// SafeFormatError marks the whole text as safe for redacted logs.
func (f *fault) SafeFormatError(p errors.Printer) error {
	p.Print(errors.Safe(f.place() + f.detail))
	return domain.ErrInvalid
}

// Format prints the error by its safe text.
func (f *fault) Format(s fmt.State, verb rune) { errors.FormatError(f, s, verb) }

// Unwrap gives domain.ErrInvalid.
func (f *fault) Unwrap() error { return domain.ErrInvalid }

// ErrorHint says what to do about it.
func (f *fault) ErrorHint() string { return f.hint }

// within gives the fault as it stands in item i of a batch.
func (f *fault) within(i int) *fault {
	g := *f
	g.item = i
	return &g
}

// Problem gives the RFC 9457 problem of an error from this package, for its sender. It says false for other errors.
func Problem(err error) (wire.Problem, bool) {
	var f *fault
	if !errors.As(err, &f) {
		return wire.Problem{}, false
	}
	return f.Problem(), true
}

// Problem gives the fault as its sender sees it.
func (f *fault) Problem() wire.Problem {
	p := wire.NewProblem(f.code)
	p.Hint = f.hint
	pointer := f.pointer
	if f.foreign != "" {
		pointer += "/" + f.foreign
	}
	if f.item >= 0 {
		pointer = "/" + strconv.Itoa(f.item) + pointer
	}
	p.Detail = f.detail
	if f.offset > 0 {
		p.Detail += ", near byte " + strconv.FormatInt(f.offset, 10)
	}
	if pointer != "" {
		p.Errors = []wire.FieldError{{Pointer: pointer, Detail: f.detail}}
	}
	return p
}

func refuse(code wire.Code, pointer, detail, hint string) *fault {
	return &fault{code: code, pointer: pointer, detail: detail, hint: hint, item: -1}
}

func unknown(pointer string, name []byte, known []string) *fault {
	f := refuse(wire.UnknownField, pointer, "a member is not known", "Names are case-sensitive; the schemas list those that are known.")
	if cleanName(name) {
		f.foreign = string(name)
	}
	if near := wire.Nearest(string(name), known); near != "" {
		f.hint = "Did you mean " + near + "?"
	}
	return f
}

// cleanName says whether an unknown name can be shown to its sender: short, and made of what member names are made of. What
// does not look like a name may be a value in the wrong place.
func cleanName(name []byte) bool {
	if len(name) == 0 || len(name) > wire.MaxNameBytes {
		return false
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return true
}
