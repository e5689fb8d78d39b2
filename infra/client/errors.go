package client

import (
	"errors"

	"github.com/jigowatt/daybook/infra/wire"
)

// The kinds of error. Test with errors.Is; errors.As with *Error gives the id, the ledger's problem, and whether the action is
// in the spool.
var (
	// ErrRejected says that the ledger cannot take the action as it is. It is never sent again.
	ErrRejected = errors.New("daybook: rejected")
	// ErrConflict says that the id was recorded before with other content. It is never sent again.
	ErrConflict = errors.New("daybook: conflict")
	// ErrForbidden says that this connection may not publish for this controller and service.
	ErrForbidden = errors.New("daybook: forbidden")
	// ErrUnavailable says that the ledger did not answer, or is busy. Where Error.Spooled is set the action will be sent again;
	// otherwise repeat it under the id that Error.ID gives.
	ErrUnavailable = errors.New("daybook: unavailable")
	// ErrSpoolFull says that the spool, or without one the queue in memory, holds as much as it may.
	ErrSpoolFull = errors.New("daybook: the spool is full")
	// ErrSpool says that the spool's directory could not be read or written, or is in use by another process.
	ErrSpool = errors.New("daybook: spool")
	// ErrNoKey says that nothing can be spooled yet: the spool holds sealed payloads only, and the ledger, which has the key, has
	// never been reached from this spool's directory.
	ErrNoKey = errors.New("daybook: cannot spool before the ledger was reached once")
	// ErrClosed says that the client was closed.
	ErrClosed = errors.New("daybook: client closed")
	// ErrOptions says that Connect was called with options that cannot be.
	ErrOptions = errors.New("daybook: options")
)

// Error is what went wrong with an action.
type Error struct {
	// Kind is one of the kinds above.
	Kind error
	// ID is the action's id, empty where the error is not one action's.
	ID string
	// Problem is what the ledger said, or what it would say; nil where it said nothing.
	Problem *wire.Problem
	// Spooled says that the action is on disk and will be sent when the ledger answers again.
	Spooled bool
	// Cause is the error beneath, or nil. It holds nothing of the action.
	Cause error
}

// Error gives kind, id, and what the ledger said. None of them is personal.
func (e *Error) Error() string {
	s := e.Kind.Error()
	if e.ID != "" {
		s += " (" + e.ID + ")"
	}
	if e.Problem != nil {
		s += ": " + e.Problem.Title
		if e.Problem.Detail != "" {
			s += ": " + e.Problem.Detail
		}
		for _, f := range e.Problem.Errors {
			s += ": " + f.Pointer + ": " + f.Detail
		}
		if e.Problem.Hint != "" {
			s += ". " + e.Problem.Hint
		}
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	if e.Spooled {
		s += "; it is in the spool and will be sent"
	}
	return s
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Rejection is an action that was handed over with RecordAsync and that the ledger did not take.
type Rejection struct {
	ID string
	// Err is an ErrRejected or an ErrConflict.
	Err error
}

func invalid(id string, code wire.Code, pointer, detail string) error {
	p := wire.NewProblem(code)
	p.Errors = []wire.FieldError{{Pointer: pointer, Detail: detail}}
	return &Error{Kind: ErrRejected, ID: id, Problem: &p}
}

// ofProblem gives the error of a problem that the ledger answered with.
func ofProblem(id string, p wire.Problem) *Error {
	kind := ErrRejected
	switch {
	case p.Code == wire.Conflict:
		kind = ErrConflict
	case p.Code == wire.Forbidden:
		kind = ErrForbidden
	case p.Code.Temporary():
		kind = ErrUnavailable
	}
	return &Error{Kind: kind, ID: id, Problem: &p}
}

func unavailable(cause error) *Error { return &Error{Kind: ErrUnavailable, Cause: cause} }

func spoolError(cause error) error { return &Error{Kind: ErrSpool, Cause: cause} }

func temporary(err error) bool { return errors.Is(err, ErrUnavailable) }
