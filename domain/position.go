package domain

import (
	"strconv"

	"github.com/cockroachdb/errors"
)

// MaxEventBytes is the largest event that the ledger stores: the entry bundles of C2SP tlog-tiles give an entry's length
// in sixteen bits.
const MaxEventBytes = 65_535

// EventOverhead is what an append counts for each event beside the event's own bytes, on every engine alike, so that a writer who
// fills appends has one sum: JetStream spends a comma and a line feed, and KurrentDB counts the type of an event twice over.
const EventOverhead = 128

// Position is the place of an event in its ledger: a count from 0, without gaps, never used twice.
// As the end of a log it is the number of events, which is the position that the next event will take.
type Position uint64

// String writes the position as a decimal number.
func (p Position) String() string { return strconv.FormatUint(uint64(p), 10) }

// SafeValue marks a position as free of personal data, so that redacted errors keep it.
func (Position) SafeValue() {}

// ParsePosition reads a decimal position. It returns ErrInvalid for anything else.
func ParsePosition(s string) (Position, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, errors.WithHint(errors.Wrap(ErrInvalid, "position"), "A position is a whole number counted from 0.")
	}
	return Position(n), nil
}

// Batch is a run of consecutive events as a log stores them.
type Batch struct {
	// At is the position of the first event, or of the end of the log where Events is empty.
	At Position
	// Events holds the exact stored bytes of each event. They must not be changed.
	Events [][]byte
	// CaughtUp says that the batch reaches what was the end of the log when it was read. Every reading reaches such a batch,
	// be it an empty one; what comes after it is new.
	CaughtUp bool
}

// End is the position after the last event of the batch.
func (b Batch) End() Position { return b.At + Position(len(b.Events)) }
