package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// The exit codes.
const (
	exitError        = 1
	exitUsage        = 2
	exitVerification = 3
	exitNotFound     = 4
	exitUnavailable  = 5
)

var (
	// errUsage says that the command line makes no sense.
	errUsage = errors.Wrap(domain.ErrInvalid, "command line")
	// errVerification says that something was checked and is not as it must be.
	errVerification = errors.Wrap(domain.ErrConflict, "verification failed")
)

// failure is an error as a person reads it: a sentence, what to do on a second line, and the kind for the exit code.
type failure struct {
	kind     error
	sentence string
	hint     string
	more     []string // further lines, such as the members of a message that are wrong
}

func (f *failure) Error() string     { return f.sentence }
func (f *failure) Unwrap() error     { return f.kind }
func (f *failure) ErrorHint() string { return f.hint }

func usage(sentence, hint string) error {
	return &failure{kind: errUsage, sentence: sentence, hint: hint}
}

func invalid(sentence, hint string) error {
	return &failure{kind: domain.ErrInvalid, sentence: sentence, hint: hint}
}

// refused turns the ledger's problem into a failure.
func refused(p wire.Problem) *failure {
	f := &failure{kind: kindOf(p.Code), sentence: sentenceOf(p), hint: p.Hint}
	if len(p.Errors) > 1 {
		for _, e := range p.Errors {
			f.more = append(f.more, wire.Path(e.Pointer)+": "+e.Detail)
		}
	}
	return f
}

// sentenceOf says what happened; the title is for problems that say nothing more. A place in a message stays as it is spelt.
func sentenceOf(p wire.Problem) string {
	sentence, path := upperFirst(named(p.Detail)), ""
	if len(p.Errors) == 1 {
		path = wire.Path(p.Errors[0].Pointer)
	}
	switch {
	case path != "" && strings.HasPrefix(p.Detail, path):
		sentence = p.Detail
	case path != "" && !strings.Contains(p.Detail, path):
		sentence = path + ": " + withoutKind(p.Detail)
	case sentence == "" && p.Title != "":
		sentence = p.Title
	case sentence == "":
		sentence = fmt.Sprintf("The ledger answered %d", p.Status)
	}
	if p.Instance != "" {
		sentence += " (" + p.Instance + ")"
	}
	return stopped(sentence)
}

func kindOf(code wire.Code) error {
	switch code {
	case wire.Malformed, wire.UnknownField, wire.InvalidField, wire.TooLarge, wire.UnsupportedMediaType, wire.Unsealable:
		return domain.ErrInvalid
	case wire.Conflict:
		return domain.ErrConflict
	case wire.Forbidden:
		return domain.ErrForbidden
	case wire.NotFound:
		return domain.ErrNotFound
	case wire.Busy, wire.Unavailable:
		return domain.ErrUnavailable
	case wire.Internal:
		return errInternal
	}
	return errInternal
}

// errInternal stands for a fault of the ledger's own.
var errInternal = errors.New("the ledger's own fault")

func exitCode(err error) int {
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.IsAny(err, errVerification, app.ErrDamaged):
		return exitVerification
	case errors.Is(err, domain.ErrNotFound):
		return exitNotFound
	case errors.Is(err, domain.ErrUnavailable):
		return exitUnavailable
	}
	return exitError
}

// report prints an error: the sentence on the first line, what to do on the next.
func (p *program) report(err error) {
	if errors.Is(err, context.Canceled) {
		_, _ = io.WriteString(p.err, "Stopped.\n")
		return
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{sentence: stopped("Daybook could not go on: " + withoutKind(err.Error())), hint: strings.Join(errors.GetAllHints(err), " ")}
		if errors.HasAssertionFailure(err) { // whose own hints speak of a tracker that is not ours
			f.hint = "This is a fault of the program or of its data. Run it again with -v, and keep what it logs."
		}
	}
	lines := append([]string{f.sentence}, f.more...)
	if f.hint != "" {
		lines = append(lines, f.hint)
	}
	width, is := terminal(p.err)
	for i, line := range lines {
		indent, parts := "", []string{clean(line)}
		if i > 0 {
			indent = "  "
		}
		if is { // what goes to a file stays one sentence a line, to be searched
			parts = wrap(parts[0], width-len(indent))
		}
		for _, part := range parts {
			_, _ = io.WriteString(p.err, indent+part+"\n")
		}
	}
}

// named says of what a domain's error only names, such as "operation: invalid", what is wrong with it.
func named(text string) string {
	switch bare := withoutKind(text); {
	case bare == text:
	case strings.HasSuffix(text, domain.ErrInvalid.Error()):
		return "not valid: " + bare
	case strings.HasSuffix(text, domain.ErrNotFound.Error()) && !strings.HasPrefix(bare, "no "):
		return "not found: " + bare
	}
	return withoutKind(text)
}

// withoutKind leaves out the word for the kind, which the exit code says.
func withoutKind(text string) string {
	for _, kind := range []error{domain.ErrInvalid, domain.ErrNotFound, domain.ErrConflict, domain.ErrForbidden, domain.ErrUnavailable} {
		text = strings.TrimSuffix(text, ": "+kind.Error())
	}
	return text
}

func upperFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

func stopped(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// clean shows control characters as a dot: what comes from a ledger may have been written by anybody, and must not steer the
// terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || (unicode.IsControl(r) && r != '\n') || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '·'
		}
		return r
	}, s)
}

var (
	errNotReady   = errors.Wrap(domain.ErrUnavailable, "the ledger is not ready")
	errUnfinished = errors.Wrap(domain.ErrUnavailable, "the rebuild did not finish")
)
