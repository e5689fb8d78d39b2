package memlog

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Fault is one way in which an append goes wrong. Lost and Unanswered are a pair: the writer sees the same error, and must
// find out which of the two it was.
type Fault uint8

const (
	// None lets the append be.
	None Fault = iota
	// Refused writes nothing and reports domain.ErrUnavailable.
	Refused
	// Lost writes nothing and reports domain.ErrOutcomeUnknown.
	Lost
	// Unanswered writes the events and reports domain.ErrOutcomeUnknown. Where the append is at the wrong position it is
	// fenced as ever.
	Unanswered
)

// Inject makes the next appends, in order, go wrong as told; those after them are well again. None lets one pass. Faults that
// are still waiting stay before the new ones.
func (l *Log) Inject(faults ...Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, faults...)
}

// Hold makes every append wait, before anything is written, until release is called or its context ends. It stands for a slow
// disk: what a writer does meanwhile can be watched. Holds do not nest; release may be called more than once.
func (l *Log) Hold() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		return func() {}
	}
	held := make(chan struct{})
	l.held = held
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held == held {
			close(held)
			l.held = nil
		}
	}
}

// Waiting tells how many appends a Hold is keeping at this moment.
func (l *Log) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

// Disconnect ends every reading that is under way with domain.ErrUnavailable, once it has yielded what it had already taken.
// Readings that begin later are well.
func (l *Log) Disconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken++
	l.announce()
}

// admit waits while appends are held. It returns domain.ErrUnavailable when ctx ends first: nothing was written.
func (l *Log) admit(ctx context.Context) error {
	l.mu.Lock()
	held := l.held
	if held != nil {
		l.waiting++
	}
	l.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
		}
		l.mu.Lock()
		l.waiting--
		l.mu.Unlock()
	}
	if err := ctx.Err(); err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the caller left before the append"), err)
	}
	return nil
}

// nextFault takes the fault for this append. The caller holds mu.
func (l *Log) nextFault() Fault {
	if len(l.faults) == 0 {
		return None
	}
	f := l.faults[0]
	l.faults = l.faults[1:]
	return f
}
