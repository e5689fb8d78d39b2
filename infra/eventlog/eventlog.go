// Package eventlog holds the limits that every engine of the log keeps, so that all of them refuse the same appends, and the few
// things that engines do alike.
//
// It deliberately does not store anything: the engines are the packages below it, each ignorant of the others, and
// logtest is the contract that all of them pass.
package eventlog

import (
	"bytes"
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// EventOverhead is what a frame counts for each event beside the event's own bytes; see domain.EventOverhead.
const EventOverhead = domain.EventOverhead

// MinMaxFrame is the least that an engine may set as its MaxFrame: one event of the largest size must always fit.
const MinMaxFrame = domain.MaxEventBytes + EventOverhead

var (
	errNoEvents   = errors.Wrap(domain.ErrInvalid, "an append without events")
	errEmptyEvent = errors.Wrap(domain.ErrInvalid, "an event without bytes")
	errLongEvent  = errors.Wrap(domain.ErrInvalid, "an event that is too large")
	errLineFeed   = errors.Wrap(domain.ErrInvalid, "an event that is more than one line")
	errLongFrame  = errors.Wrap(domain.ErrInvalid, "an append that is too large")
)

// Size gives the bytes that events count towards MaxFrame: their own, and EventOverhead for each.
func Size(events [][]byte) int {
	n := 0
	for _, e := range events {
		n += len(e) + EventOverhead
	}
	return n
}

// Check returns domain.ErrInvalid unless the events may be appended together to an engine with the limit maxFrame, which
// counts as Size does. Engines call it before they write anything.
func Check(events [][]byte, maxFrame int) error {
	if len(events) == 0 {
		return errors.WithStack(errNoEvents)
	}
	for i, e := range events {
		switch {
		case len(e) == 0:
			return errors.Wrapf(errEmptyEvent, "event %d of the append", errors.Safe(i))
		case len(e) > domain.MaxEventBytes:
			return errors.WithHintf(errors.Wrapf(errLongEvent, "event %d of the append", errors.Safe(i)),
				"An event holds at most %d bytes: put large documents elsewhere and record where they are.", domain.MaxEventBytes)
		case bytes.IndexByte(e, '\n') >= 0:
			return errors.Wrapf(errLineFeed, "event %d of the append", errors.Safe(i))
		}
	}
	if Size(events) > maxFrame {
		return errors.WithHint(errors.WithStack(errLongFrame), "Split the batch: it exceeds what one append may hold.")
	}
	return nil
}

// Clone copies events into one piece of memory, for an engine that keeps what its caller may change.
func Clone(events [][]byte) [][]byte {
	n := 0
	for _, e := range events {
		n += len(e)
	}
	buf, out := make([]byte, 0, n), make([][]byte, len(events))
	for i, e := range events {
		start := len(buf)
		buf = append(buf, e...)
		out[i] = buf[start:len(buf):len(buf)]
	}
	return out
}

// CheckName returns domain.ErrInvalid for what cannot be the name of a ledger: it becomes a part of names and subjects of servers.
func CheckName(name string) error {
	ok := len(name) <= 20
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}
	if ok {
		return nil
	}
	return errors.WithHint(errors.Wrap(domain.ErrInvalid, "the ledger's name"),
		"A ledger's name has at most 20 small letters, digits and hyphens.")
}

// Pause waits, and says whether ctx lasted as long.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
