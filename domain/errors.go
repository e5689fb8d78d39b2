package domain

import "github.com/cockroachdb/errors"

// The five kinds of failure. Every error that leaves this module wraps exactly one of them, or is internal.
// Callers test with errors.Is, never by text. Texts are unique in the whole program, because errors of equal
// type and text are one error to errors.Is.
var (
	// ErrInvalid says that the caller must change what it sent.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound says that the thing asked for was never recorded.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the request contradicts what is already recorded.
	ErrConflict = errors.New("conflict")
	// ErrForbidden says that the caller may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrUnavailable says that the same request may succeed later, unchanged.
	ErrUnavailable = errors.New("unavailable")
)

var (
	// ErrFenced says that the end of the log is not where the writer believed it to be: another writer was here.
	// Nothing of the append was written. The writer drops its state and folds the log again.
	ErrFenced = errors.Wrap(ErrConflict, "the log ends elsewhere")
	// ErrOutcomeUnknown says that an append may or may not have been written, and that the log could not be asked.
	// The writer drops its state and folds the log again; publishers repeat their message under the same id.
	ErrOutcomeUnknown = errors.Wrap(ErrUnavailable, "the outcome of an append is unknown")
	// ErrBusy says that a bounded queue is full. Nothing was taken on; try again after a pause.
	ErrBusy = errors.Wrap(ErrUnavailable, "the ledger is busy")
	// ErrForgotten says that the key of a person's dossier was destroyed, so that what was sealed with it cannot be read.
	ErrForgotten = errors.Wrap(ErrNotFound, "the key was destroyed")
)
