package problem

import (
	"context"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// Of gives the problem of an error. Whatever wraps none of the five kinds, and every failed assertion, is internal and shows
// nothing of itself. The texts of the other kinds are shown without the values that are not marked as safe; those of an
// unavailable part are not, because they are an engine's own.
func Of(err error) wire.Problem {
	var own interface{ Problem() wire.Problem }
	switch {
	case errors.HasAssertionFailure(err):
		return internal()
	case errors.As(err, &own):
		return own.Problem()
	case errors.Is(err, domain.ErrBusy):
		return hinted(wire.Busy, err, "Nothing was taken on. Try again after a pause, under the same id.")
	case errors.Is(err, domain.ErrUnavailable):
		return hinted(wire.Unavailable, err, "Repeat the request under the same id; what was recorded already is not recorded twice.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return hinted(wire.Unavailable, err, "The answer was not awaited. Repeat the request under the same id.")
	case errors.Is(err, domain.ErrInvalid):
		return told(wire.InvalidField, err)
	case errors.Is(err, domain.ErrNotFound):
		return told(wire.NotFound, err)
	case errors.Is(err, domain.ErrConflict):
		return told(wire.Conflict, err)
	case errors.Is(err, domain.ErrForbidden):
		return told(wire.Forbidden, err)
	}
	return internal()
}

func internal() wire.Problem {
	p := wire.NewProblem(wire.Internal)
	p.Detail = "internal error"
	p.Hint = "The ledger's log says more under this instance. Repeat the request under the same id."
	return p
}

func told(code wire.Code, err error) wire.Problem {
	p := hinted(code, err, "")
	p.Detail = Redacted(err)
	return p
}

// hinted gives a problem with all hints of the error, the innermost first, and other where it has none.
func hinted(code wire.Code, err error, other string) wire.Problem {
	p := wire.NewProblem(code)
	if p.Hint = strings.Join(errors.GetAllHints(err), " "); p.Hint == "" {
		p.Hint = other
	}
	return p
}

// Redacted gives an error's text without the values that are not marked as safe. It is what logs show.
func Redacted(err error) string { return errors.Redact(err) }

// RetryAfter gives the seconds after which to try again, and false where the same request would fail again.
func RetryAfter(p wire.Problem) (seconds int, again bool) {
	switch p.Code {
	case wire.Busy:
		return 1, true
	case wire.Unavailable:
		return 2, true
	default:
		return 0, false
	}
}

// fault is an error that is its own problem.
type fault struct{ problem wire.Problem }

// Error gives what is wrong; a problem repeats nothing of what was sent.
func (f *fault) Error() string { return f.problem.Detail }

// SafeFormatError marks the whole text as safe for redacted logs.
func (f *fault) SafeFormatError(p errors.Printer) error {
	p.Print(errors.Safe(f.problem.Detail))
	return f.Unwrap()
}

// Unwrap gives the kind of the problem.
func (f *fault) Unwrap() error {
	switch f.problem.Code {
	case wire.Conflict:
		return domain.ErrConflict
	case wire.Forbidden:
		return domain.ErrForbidden
	case wire.NotFound:
		return domain.ErrNotFound
	case wire.Busy, wire.Unavailable:
		return domain.ErrUnavailable
	default:
		return domain.ErrInvalid
	}
}

// Problem gives the problem.
func (f *fault) Problem() wire.Problem { return f.problem }

// New gives an error that is its own problem. Detail and hint are literals, or made of safe values only.
func New(code wire.Code, detail, hint string) error {
	p := wire.NewProblem(code)
	p.Detail, p.Hint = detail, hint
	return errors.WithStackDepth(&fault{p}, 1)
}

// Fields gives an error that names several members of a document, each with its own detail; a hint for the first.
func Fields(fields []wire.FieldError, hint string) error {
	p := wire.NewProblem(wire.InvalidField)
	p.Hint, p.Errors = hint, fields
	if len(fields) > 0 {
		p.Detail = wire.Path(fields[0].Pointer) + ": " + fields[0].Detail
	}
	return errors.WithStackDepth(&fault{p}, 1)
}
